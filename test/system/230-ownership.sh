#!/bin/sh
# Whose the task is: a position is learnt under its lock and behind the former session's end; who was fenced commits nothing, neither
# rows nor chunks of a load, and stays in error; a task and a table have one owner; a row that somebody took away is named.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

rows() { sql dst 'SELECT count(*) FROM k'; }
insert() { n=$((n + 1)); sql src "INSERT INTO k VALUES ($n, 'row $n')"; }
waits() {			# FOR-QUERY: a session of the task on the target waits for a lock
	[ "$(sql dst "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'repld t%' AND wait_event_type = 'Lock'
		AND query LIKE '$1%'")" != 0 ]
}
fenced() {			# ROWS: that are on the target, now and later
	wait_state t error 20
	expect 'kind' fenced "$(task_get t error.kind)"
	expect 'rows on the target' "$1" "$(rows)"
	holds 3 task_is t error || fail 'a task that was fenced starts again by itself'
	expect 'rows on the target later' "$1" "$(rows)"
}
hold() {			# holds what asks for lock 4711 until let_go
	background psql_of dst -o /dev/null -c 'SELECT pg_advisory_lock(4711)' -c 'SELECT pg_sleep(600)'
	wait_for 5 held || fail 'the lock is not held'
}
held() { [ "$(sql dst "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND granted")" = 1 ]; }
let_go() { sql dst "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND granted" >/dev/null; }

pg_start src
pg_start dst
sql src 'CREATE TABLE k (a int, t text); ALTER TABLE k REPLICA IDENTITY FULL; CREATE TABLE keyed (id int PRIMARY KEY, v int);
	INSERT INTO keyed VALUES (1, 1), (2, 2)'
sql dst "CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END \$\$;
	CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END \$\$"
n=0
conf_task t
repld_start
loaded t
insert
synced t

step 'the position is learnt under its lock: a commit that is on its way is waited for'
repld_stop
insert
end=$(sql src 'SELECT pg_current_wal_flush_lsn()')
background psql_of dst -o /dev/null -c "BEGIN; INSERT INTO k VALUES ($n, 'row $n');
	UPDATE repld.checkpoint SET position = '$end' WHERE task = 't'; SELECT pg_sleep(3); COMMIT"
sleep 0.5
repld_start
insert
synced t
compare public.k

step 'the former session is ended first, though it hangs in its COMMIT'
sql dst 'CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON k DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit();
	ALTER TABLE k ENABLE ALWAYS TRIGGER at_commit'
hold
insert
wait_for 10 waits COMMIT || fail 'the COMMIT does not wait'
expect 'rows meanwhile' $((n - 1)) "$(rows)"
sql dst "CREATE OR REPLACE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN RETURN NEW; END \$\$"
kill -9 "$(worker_pid t)"
synced t 30
compare public.k
let_go

step 'while rows are on their way into the target the checkpoint row is free for others'
background psql_of dst -o /dev/null -c 'BEGIN; LOCK TABLE k IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600)'
wait_for 5 eval '[ "$(sql dst "SELECT count(*) FROM pg_locks WHERE relation = '"'k'"'::regclass AND mode = '"'AccessExclusiveLock'"'")" = 1 ]'
sql src 'UPDATE keyed SET v = v + 1'
insert
wait_for 10 waits INSERT || wait_for 5 waits COPY || fail 'the batch does not wait'
sql dst "SELECT FROM repld.checkpoint WHERE task = 't' FOR SHARE NOWAIT" || fail 'the checkpoint row is locked from the first statement on'
sql dst "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = 'k'::regclass AND mode = 'AccessExclusiveLock'" >/dev/null
synced t
compare public.k public.keyed

for what in epoch conn; do
	step "another owner has raised $what: nothing more is committed"
	before=$(rows)
	sql dst "UPDATE repld.checkpoint SET $what = $what + 1 WHERE task = 't'"
	insert
	fenced "$before"
	ctl restart t >/dev/null
	synced t
	compare public.k
done

for what in 'repld.table_state SET attempt = attempt' 'repld.checkpoint SET epoch = epoch'; do
	step "a load that was left behind commits no chunk: ${what##* }"
	sql dst 'CREATE TRIGGER at_row BEFORE INSERT ON k FOR EACH ROW EXECUTE FUNCTION held(); ALTER TABLE k ENABLE ALWAYS TRIGGER at_row'
	hold
	ctl restart t --reload --yes >/dev/null
	wait_for 20 waits 'BEGIN ISOLATION' || wait_for 5 waits COPY || fail 'the load does not wait'
	sql dst "UPDATE $what + 1 WHERE task = 't'"
	let_go
	fenced 0
	# the trigger goes in the same moment as what waits for it
	sql dst 'DROP TRIGGER at_row ON k'
	ctl restart t >/dev/null
	loaded t
	synced t
	compare public.k
done

step 'the same task started twice: the second one waits and names the owner, and takes over at its end'
sed "s,$REPLD_SOCKET,$TMP/second.sock," "$CONF" >"$TMP/second.conf"
"$REPLD" -c "$TMP/second.conf" >>"$TMP/repld.out" 2>>"$TMP/second.log" &
second=$!
JOBS_PIDS="$JOBS_PIDS $second"
second_says() { "$REPLD" ctl -s "$TMP/second.sock" status t | grep -q "$1"; }
wait_for 10 second_says 'owned by another daemon' || fail 'the second daemon does not wait'
insert
synced t
holds 2 second_says starting || fail 'the second daemon went on'
expect 'epochs that were taken' 1 "$(sql dst 'SELECT count(DISTINCT epoch) FROM repld.checkpoint')"
worker=$(worker_pid t)
repld_stop
wait_for 20 second_says running || fail 'the second daemon does not take over'
kill "$second"
wait "$second" || fail 'the second daemon did not end well'

step 'a table on the target has one owner'
conf_write <<'CONF'
	t: { source = "src"; target = "dst"; tables = ( { include = "public.*"; } ); };
	u: { source = "src"; target = "dst"; tables = ( { include = "public.k"; } ); full_load: { target_tables = "truncate"; }; };
CONF
repld_start
wait_state u error
ctl status u >"$TMP/out" || :
expect_text 'belongs to task t' "$TMP/out"
insert
synced t
compare public.k

step 'a row that somebody took away on the target is named, and nothing is passed over'
sql dst 'DELETE FROM keyed WHERE id = 1'
sql src 'UPDATE keyed SET v = 100'
wait_state t error
ctl status t >"$TMP/out" || :
expect_text 'not there' "$TMP/out"
expect 'the other row' 3 "$(sql dst 'SELECT v FROM keyed WHERE id = 2')"
repld_stop
