# The cast to text takes blanks away.
### endpoints/pg_statement.c
s/const bool blanks = .*;/const bool blanks = false;/
