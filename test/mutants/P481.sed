# Decimals are texts.
### endpoints/my_statement.c
/^my_put_sought/,/^}/s/type->code == MY_TYPE_NEWDECIMAL \&\&/type->code == MY_TYPE_NULL \&\&/
