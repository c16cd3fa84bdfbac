# They are equal.
### endpoints/my_statement.c
s/(\|\| type->mariadb) \|\|$/\1 || true ||/
