# What stands before a parenthesis may be a function.
### endpoints/my_condition.c
/^put_word/,/^}/s/return put_column\(r, name\);/buf_str(r->out, name);\n\treturn true;/
