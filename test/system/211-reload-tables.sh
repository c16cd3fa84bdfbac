#!/bin/sh
# Tables that come, go, come again and get another place, under writes to them and to the others: the answer says what becomes of them, and
# they are equal afterwards. A table that has left is loaded anew when it returns; another place is taken only where that is agreed.
# timeout: 180
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
workload_make 4
sql src 'CREATE TABLE extra (id int PRIMARY KEY, v int); INSERT INTO extra SELECT g, 0 FROM generate_series(1, 2000) g;
	CREATE TABLE more (id int PRIMARY KEY); INSERT INTO more VALUES (1)'
echo 'UPDATE extra SET v = v + 1 WHERE id = 1 + (random() * 1999)::int; INSERT INTO extra SELECT max(id) + 1, 0 FROM extra' >"$TMP/extra.sql"
write() {			# RULES [OPTIONS]
	conf_write <<-CONF
		t: { source = "src"; target = "dst"; tables = ( { include = "public.*"; }, { exclude = "public.extra"; },
			{ exclude = "public.more"; } $1 ); full_load: { target_tables = "truncate"; ${2:-} }; };
	CONF
}
"$PGBIN/pg_dump" -h "$TMP/src" -p $PORT -U postgres --schema-only app 2>"$TMP/dump.err" | psql_of dst -f - >/dev/null || fail 'the schema is not copied'
sql dst 'CREATE SCHEMA dw; CREATE TABLE dw.extra (id int PRIMARY KEY, v int); INSERT INTO dw.extra VALUES (-1, 5)'
write ''
repld_start
loaded t
workload_start 60 4 -R 200
(exec_bench src "$TMP/extra.sql" -T 60 -c 1 -R 100 >"$TMP/extra.log" 2>&1) &
JOBS_PIDS="$JOBS_PIDS $!"
extra=$!

step 'added'
write ', { include = "public.extra"; }'
run_rc 0 ctl reload
expect_text 'task t: table public\.extra is added, as public\.extra: it is loaded beside the stream' "$TMP/out"
streaming() { [ "$(table_get t public.extra state)" = streaming ]; }
wait_for 60 streaming || fail 'the table that was added does not come to stream'

step 'removed: what is there stays, and no longer changes'
write ''
run_rc 0 ctl reload
expect_text 'task t: table public\.extra has left: public\.extra is no longer written' "$TMP/out"
forgotten() { [ -z "$(sql dst "SELECT 1 FROM repld.table_state WHERE source_name = 'extra'")" ]; }
wait_for 20 forgotten || fail 'the table that left is not forgotten'
synced t
rows=$(sql dst 'SELECT count(*) FROM extra')
sleep 1
synced t
expect 'rows of the table that left' "$rows" "$(sql dst 'SELECT count(*) FROM extra')"

step 'added again: what changed meanwhile is there'
write ', { include = "public.extra"; }'
run_rc 0 ctl reload
expect_text 'task t: table public\.extra is added' "$TMP/out"
wait_for 60 streaming || fail 'the table that returned does not come to stream'

step 'another place on the target: refused, where nobody has agreed to load it again; nothing is touched'
before=$(sql dst 'SELECT count(*) FROM dw.extra')
write ', { include = "public.extra"; target = "dw.extra"; }'
run_rc 1 ctl reload
expect_text 'task t: refused, it goes on as before' "$TMP/out"
expect_text 'task t: public\.extra: its rows are in public\.extra, and the rules now name dw\.extra; fix: set on_change = "reload"' "$TMP/out"
expect 'rows at the other place' "$before" "$(sql dst 'SELECT count(*) FROM dw.extra')"
wait_for 20 streaming || fail 'the table does not stream on'

step 'agreed: loaded again there'
write ', { include = "public.extra"; target = "dw.extra"; on_change = "reload"; }'
run_rc 0 ctl reload
expect_text 'task t: table public\.extra goes to dw\.extra: it is loaded beside the stream; public\.extra stays as it is' "$TMP/out"
moved() { [ "$(table_get t public.extra target)" = dw.extra ] && streaming; }
wait_for 60 moved || fail 'the table does not come to its other place'

step 'and back, agreed for all tables, with another one added in the same step'
write ', { include = "public.extra"; }, { include = "public.more"; }' 'on_change = "reload";'
run_rc 0 ctl reload
expect_text 'task t: table public\.extra goes to public\.extra: ' "$TMP/out"
expect_text 'task t: table public\.more is added' "$TMP/out"
moved_back() { [ "$(table_get t public.extra target)" = public.extra ] && streaming; }
wait_for 60 moved_back || fail 'the table does not come back to its former place'

step 'a large one is added, leaves in the middle of its load, comes again, and another one with it'
sql src 'CREATE TABLE large (id int PRIMARY KEY, t text); INSERT INTO large SELECT g, repeat(md5(g::text), 30) FROM generate_series(1, 100000) g'
sql dst 'CREATE TABLE large (id int PRIMARY KEY, t text)'
L=', { include = "public.extra"; }, { include = "public.more"; }'
for wait in 0.1 0.5 1 2; do
	write "$L" 'on_change = "reload";'
	sed 's/{ exclude = "public.extra"; }/&, { exclude = "public.large"; }/' "$CONF" >"$CONF.new" && mv "$CONF.new" "$CONF"
	run_rc 0 ctl reload
	sleep $wait
	sql src "UPDATE large SET t = 'gone $wait' WHERE id % 100 = 1; DELETE FROM large WHERE id % 1000 = ${wait#0.}"
	write "$L" 'on_change = "reload"; parallel_chunks = 1;'
	run_rc 0 ctl reload
	sql src "UPDATE large SET t = 'back $wait' WHERE id % 100 = 2"
	sleep $wait
done
joined t 90

step 'everything is equal'
workload_wait
wait "$extra" || { cat "$TMP/extra.log" >&2; fail 'the writer failed'; }
synced t
workload_compare
compare public.extra public.more public.large
repld_stop
