# What is a number by its column is one.
### endpoints/my_statement.c
/^is_plain_number/,/^}/s/return false;/continue;/
