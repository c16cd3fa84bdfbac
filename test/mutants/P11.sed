# The checkpoint is written whatever the connection.
### endpoints/pg_commit.c
s/AND conn = \$3::int8/AND $3::int8 IS NOT NULL/
