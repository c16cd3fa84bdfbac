# The checkpoint is written whatever the epoch.
### endpoints/pg_commit.c
s/AND epoch = \$2::int8/AND $2::int8 IS NOT NULL/
