#!/bin/sh
# The commands that work without a daemon: discover, run, cleanup.
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src "CREATE SCHEMA sales; CREATE TABLE sales.orders (id int PRIMARY KEY, t varchar(10) NOT NULL); CREATE TABLE a (id int PRIMARY KEY);
	CREATE TABLE \"Odd.Name\" (\"x y\" int PRIMARY KEY);
	INSERT INTO sales.orders SELECT g, 'x' FROM generate_series(1, 5000) g; INSERT INTO a VALUES (1); INSERT INTO \"Odd.Name\" VALUES (1), (2); ANALYZE"
conf_write <<'CONF'
	t: { source = "src"; target = "dst"; tables = ( { include = "public.a"; }, { include = "sales.*"; } ); };
	other: { source = "src"; target = "dst"; mode = "full_load"; tables = ( { include = "public.Odd*"; } ); };
CONF

discover() { run_rc 0 "$REPLD" discover -c "$CONF" "$@"; }
step 'discover, on a source and on a target'
discover src schemas
expect_text 'sales' "$TMP/out"
expect_no_text 'pg_catalog' "$TMP/out"
discover src tables
expect_text 'sales\.orders' "$TMP/out"
expect_text 'public\.a' "$TMP/out"
discover src tables 'sales.*'
expect_text 'sales\.orders' "$TMP/out"
expect_no_text 'public\.a' "$TMP/out"
discover src columns 'sales.orders'
expect_text 'varying\(10\)|varchar\(10\)' "$TMP/out"
discover src counts 'sales.orders' --exact
expect_text '5,?000' "$TMP/out"
discover src counts
discover dst schemas
discover dst tables
for what in schemas tables columns counts; do
	"$REPLD" discover -c "$CONF" src $what --json 2>/dev/null </dev/null | json_flat >"$TMP/flat" || fail "discover $what --json is no JSON"
	[ -s "$TMP/flat" ] || fail "discover $what --json says nothing"
done
run_rc 2 "$REPLD" discover -c "$CONF" nowhere tables
run_rc 2 "$REPLD" discover -c "$CONF" src nonsense

step 'run until the load is done, until it has caught up, then goes on from there'
run_rc 0 timeout 60 "$REPLD" run -c "$CONF" t --until full_load
expect 'rows loaded' 5000 "$(sql dst 'SELECT count(*) FROM sales.orders')"
sql src "UPDATE sales.orders SET t = 'y' WHERE id <= 10; INSERT INTO a VALUES (2)"
run_rc 0 timeout 60 "$REPLD" run -c "$CONF" t --until caught_up
compare sales.orders public.a
run_rc 0 timeout 60 "$REPLD" run -c "$CONF" other
compare 'public."Odd.Name"'
run_rc 2 "$REPLD" run -c "$CONF" no_such_task

step 'SIGTERM ends run at a transaction boundary'
"$REPLD" run -c "$CONF" t >"$TMP/run" 2>&1 &
run=$!
JOBS_PIDS="$JOBS_PIDS $run"
sleep 2
sql src 'INSERT INTO a VALUES (3)'
arrived() { [ "$(sql dst 'SELECT count(*) FROM a')" = 3 ]; }
wait_for 15 arrived || { cat "$TMP/run" >&2; fail 'run does not stream'; }

step 'a task that runs is not run a second time, nor cleaned up'
repld_start
sleep 3
compare public.a
case $(task_get t state) in
running) fail 'the task runs twice' ;;
esac
ctl status t >"$TMP/out" || :
expect_text 'pid|owner|owned|another|host' "$TMP/out"
"$REPLD" cleanup -c "$CONF" t --yes >"$TMP/out" 2>&1 </dev/null && fail 'cleanup of a running task'
kill -TERM $run
rc=0
wait $run || rc=$?
[ $rc -eq 0 ] || { cat "$TMP/run" >&2; fail "run ended with $rc on SIGTERM"; }
wait_state t running
sql src 'INSERT INTO a VALUES (4)'
synced t
compare public.a
"$REPLD" cleanup -c "$CONF" t --yes >"$TMP/out" 2>&1 </dev/null && fail 'cleanup of a task that the daemon runs'
repld_stop

step 'cleanup lists and asks; --yes drops what repld made, and nothing else'
sql src 'CREATE PUBLICATION of_the_dba'
sql src "SELECT pg_create_logical_replication_slot('of_the_dba', 'pgoutput')" >/dev/null
run_rc 2 "$REPLD" cleanup -c "$CONF" t
expect_text 'repld_t' "$TMP/out"
expect 'slots before' 2 "$(sql src 'SELECT count(*) FROM pg_replication_slots')"
run_rc 0 "$REPLD" cleanup -c "$CONF" t --yes
expect 'slots after' of_the_dba "$(sql src 'SELECT slot_name FROM pg_replication_slots')"
expect 'publications after' of_the_dba "$(sql src 'SELECT pubname FROM pg_publication')"
expect 'checkpoint rows after' 0 "$(sql dst "SELECT count(*) FROM repld.checkpoint WHERE task = 't'")"
expect 'table states after' 0 "$(sql dst "SELECT count(*) FROM repld.table_state WHERE task = 't'")"
expect 'the tables stay' 4 "$(sql dst 'SELECT count(*) FROM a')"
