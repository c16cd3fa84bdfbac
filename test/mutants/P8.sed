# The position is read without a lock, and nothing else waits for who holds one.
### endpoints/pg_own.c
/^lock_row/,/^}/{
s/" FOR UPDATE"/""/
s/VALUES \(\$1\) ON CONFLICT DO NOTHING/SELECT $1 WHERE NOT EXISTS (SELECT FROM repld.checkpoint WHERE task = $1)/
}
