#!/bin/sh
# A target that stood still leaves ring and socket full: the server waits for room again and again, and where it waits with the rest of a COMMIT and
# is asked for the end of its log, its keepalive names a place before that COMMIT. Asked over and over: none is taken, nothing is there twice.
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src 'CREATE SEQUENCE number; CREATE TABLE one (n bigint DEFAULT nextval($$number$$)); ALTER TABLE one REPLICA IDENTITY FULL'
conf_write <<'CONF'
	t: { source = "src"; target = "dst"; tables = ( { include = "public.*"; } ); staging: { ring_size = "4MB"; };
		apply: { max_bytes = "1MB"; }; };
CONF
echo 'INSERT INTO one DEFAULT VALUES;' >"$TMP/one.sql"
repld_start
loaded t

step 'places that the server names late are not taken'
PGOPTIONS='-c synchronous_commit=off' exec_bench src "$TMP/one.sql" -T 12 -c 4 >"$TMP/bench.log" 2>&1 &
bench=$!
JOBS_PIDS="$JOBS_PIDS $bench"
for i in 1 2 3; do
	sql dst 'BEGIN; LOCK TABLE one IN EXCLUSIVE MODE; SELECT pg_sleep(3)' >/dev/null
	for j in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		ctl sync t --timeout 0 >/dev/null 2>&1 || :
	done
done
kill -9 "$(worker_pid t)"
wait_state t running 60
wait "$bench" || { cat "$TMP/bench.log" >&2; fail 'the transactions failed'; }
synced t
expect 'numbers that are there twice' 0 "$(sql dst 'SELECT count(*) - count(DISTINCT n) FROM one')"
compare public.one
repld_stop
