# All rows of one content are changed.
### endpoints/pg_statement.c
s/" LIMIT 1\)"/")"/
s/" WHERE t\.ctid = "/" WHERE t.ctid IN "/
