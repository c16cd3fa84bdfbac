# The checkpoint is not missed where there is no row.
### endpoints/pg_commit.c
s/SELECT 1 \/ count\(\*\) /SELECT count(*) /
