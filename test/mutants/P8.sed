# The position is read without a lock, and nothing else waits for who holds one.
### endpoints/pg_own.c
/^lock_row/,/^}/{
s/" FOR UPDATE"/""/
s/VALUES \(\$1, \$2::int8,"/SELECT $1, $2::int8,"/
s/\* 1000000\)::int8 END\)"/* 1000000)::int8 END"/
s/" ON CONFLICT DO NOTHING"/" WHERE NOT EXISTS (SELECT FROM repld.checkpoint WHERE task = $1 AND load_group = $2::int8)"/
}
