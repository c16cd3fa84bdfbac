#!/bin/sh
# One owner a task: a second daemon with the same tasks waits and names the first, and takes over when that one dies, with nothing lost or
# doubled. A loader of a former owner can't commit its chunk any more.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src 'CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1); CREATE TABLE log (n int)'
sql src 'ALTER TABLE log REPLICA IDENTITY FULL'
more() { sql src 'INSERT INTO a SELECT max(id) + 1 FROM a; INSERT INTO log SELECT max(id) FROM a'; }
conf_task t
repld_start
loaded t

step 'the same file again: the socket is taken'
run_rc 1 "$REPLD" -c "$CONF"
expect_text 'control.sock' "$TMP/out"

step 'a second daemon waits and names the owner'
first_pid=$REPLD_PID first_worker=$(worker_pid t) first_socket=$REPLD_SOCKET
REPLD_SOCKET=$TMP/second.sock
CONF=$TMP/second.conf
conf_task t
repld_start
second_pid=$REPLD_PID
JOBS_PIDS="$JOBS_PIDS $first_pid $second_pid"
named() { ctl status t 2>/dev/null | grep -q "owned by another daemon: $(hostname), pid $first_worker, since 20"; }
wait_for 10 named || { ctl status t >&2 || :; fail 'the owner is not named'; }
more
holds 2 task_is t starting || fail 'the second daemon does not wait'
expect 'kind of error' null "$(task_get t error)"
REPLD_SOCKET=$first_socket
synced t
compare public.a public.log

step 'the first dies under load; the second goes on from its checkpoint'
(for _ in 1 2 3 4 5 6 7 8 9 10; do more; done) &
writer=$!
REPLD_PID=$first_pid
repld_kill
REPLD_PID=$second_pid
REPLD_SOCKET=$TMP/second.sock
wait_state t running
wait $writer
synced t
compare public.a public.log
expect 'the owner' "$(worker_pid t)" "$(sql dst 'SELECT owner_pid FROM repld.checkpoint')"
repld_stop

# ---- loaders ------------------------------------------------------------------------------------------------------

# Holds the row that the loader locks at the end of its chunk, and changes it under its eyes: taken_away TABLE CHANGE
sql dst 'CREATE SCHEMA aside; CREATE TABLE aside.go ()'
loader_waits() { [ "$(sql dst "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'repld t load' AND wait_event_type = 'Lock'")" = 1 ]; }
held() { [ "$(sql dst "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND granted")" = 1 ]; }
begun() { [ "$(sql dst "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'repld t load' AND query ~* 'copy '")" = 1 ]; }
hold() {
	sql dst "BEGIN; SELECT FROM $1 FOR UPDATE; SELECT pg_advisory_xact_lock(77);
		DO \$\$ BEGIN WHILE NOT EXISTS (SELECT FROM aside.go) LOOP PERFORM pg_sleep(0.05); END LOOP; END \$\$; $2; COMMIT" >/dev/null
}
taken_away() {
	sql dst 'TRUNCATE aside.go'
	"$REPLD" cleanup -c "$CONF" t --yes >/dev/null
	sql dst 'DROP TABLE IF EXISTS a, log'
	conf_task t 'full_load: { max_rate = "64kB"; };'
	repld_start
	wait_for 20 begun || fail 'no load begins'
	background hold "$1" "$2"
	wait_for 10 held || fail 'the row is not held'
	conf_task t
	ctl reload >/dev/null
	wait_for 20 loader_waits || { sql dst "SELECT application_name, wait_event_type, state, query FROM pg_stat_activity" >&2; fail 'no loader comes to the end of its chunk'; }
	sql dst 'INSERT INTO aside.go DEFAULT VALUES'
	wait $BG || fail 'the change is refused'
	wait_state t error
	ctl status t >"$TMP/out" || :
	expect 'kind' fenced "$(task_get t error.kind)"
	say "   $(task_get t error.message)"
	expect 'rows of the chunk' 0 "$(sql dst 'SELECT count(*) FROM big')"
	expect 'the chunk in the ledger' 0 "$(sql dst 'SELECT count(*) FROM repld.load_chunk')"
}
sql src "DROP TABLE a, log; CREATE TABLE big (id int PRIMARY KEY, filler text); INSERT INTO big SELECT g, repeat('x', 100) FROM generate_series(1, 5000) g"

step 'a loader whose task has a new owner'
taken_away repld.checkpoint 'UPDATE repld.checkpoint SET epoch = epoch + 1'
ctl restart t >/dev/null
loaded t
compare public.big
repld_stop

step 'a loader whose table is loaded anew by another'
sql dst 'DROP TABLE big'
taken_away repld.table_state 'UPDATE repld.table_state SET attempt = attempt + 1'
ctl restart t >/dev/null
loaded t
compare public.big
repld_stop
