# A row that is gone already is an error.
### endpoints/pg_pipe.c
s/\(s->may_be_gone && n < s->rows\)/false/
