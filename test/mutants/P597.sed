# Hidden columns are columns.
### endpoints/my_shape.c
/^is_hidden/,/^}/s/return t->mariadb/return false \&\& t->mariadb/
