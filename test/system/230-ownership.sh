#!/bin/sh
# Whose the task is: a position is learnt under its lock and behind the former session's end; the checkpoint is the last thing of a
# transaction, and nothing commits beside a newer connection; a table has one owner; a row that somebody took away is named.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

rows() { sql dst 'SELECT count(*) FROM k'; }
insert() { n=$((n + 1)); sql src "INSERT INTO k VALUES ($n, 'row $n')"; }
there() { [ "$(rows)" = "$n" ]; }
waits() {			# FOR-QUERY: a session of the task on the target waits for a lock
	[ "$(sql dst "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'repld t%' AND wait_event_type = 'Lock'
		AND query LIKE '$1%'")" != 0 ]
}
locked() {			# TABLE MODE
	[ "$(sql dst "SELECT count(*) FROM pg_locks WHERE relation = '$1'::regclass AND mode = '$2' AND pid <> pg_backend_pid()")" != 0 ]
}
end_of() { sql dst "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '$1'" >/dev/null; }

pg_start src
pg_start dst wal_writer_delay=10s
sql src 'CREATE TABLE k (a int, t text); ALTER TABLE k REPLICA IDENTITY FULL; CREATE TABLE keyed (id int PRIMARY KEY, v int);
	INSERT INTO keyed VALUES (1, 1), (2, 2)'
n=0
conf_task t
repld_start
loaded t
insert
synced t
sleep 2

step 'the position is learnt under its lock: a commit that is on its way is waited for'
# what a batch has written is taken back, and written once more by a session that does not commit yet
sql dst 'CREATE TABLE before AS SELECT * FROM repld.checkpoint'
insert
wait_for 10 there || fail 'the row does not come'
repld_kill
cols=$(sql dst "SELECT string_agg(quote_ident(attname), ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'before'::regclass AND attnum > 0")
sql dst "CREATE TABLE behind AS SELECT * FROM repld.checkpoint;
	UPDATE repld.checkpoint SET ($cols) = (SELECT $cols FROM before); DELETE FROM k WHERE a = $n"
background psql_of dst -o /dev/null -c "BEGIN; INSERT INTO k VALUES ($n, 'row $n');
	UPDATE repld.checkpoint SET ($cols) = (SELECT $cols FROM behind); SELECT pg_sleep(3); COMMIT"
sleep 0.5
repld_start
synced t
insert
synced t
compare public.k

step 'the former session is ended first, though it hangs in its COMMIT'
at_commit() {			# WHAT
	sql dst "CREATE OR REPLACE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN $1 RETURN NEW; END \$\$"
}
at_commit 'PERFORM pg_advisory_xact_lock(4711);'
sql dst 'CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON k DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit();
	ALTER TABLE k ENABLE ALWAYS TRIGGER at_commit'
background psql_of dst -o /dev/null -c "SET application_name = 'holds'" -c 'SELECT pg_advisory_lock(4711)' -c 'SELECT pg_sleep(600)'
sleep 0.5
insert
wait_for 10 waits COMMIT || fail 'the COMMIT does not wait'
expect 'rows meanwhile' $((n - 1)) "$(rows)"
at_commit ''
kill -9 "$(worker_pid t)"
synced t 30
compare public.k
end_of holds

step 'while rows are on their way into the target the checkpoint row is free for others'
background psql_of dst -o /dev/null -c "SET application_name = 'locks'" \
	-c 'BEGIN; LOCK TABLE k IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600)'
wait_for 5 locked k AccessExclusiveLock || fail 'the table is not locked'
sql src 'UPDATE keyed SET v = v + 1'
insert
wait_for 10 waits INSERT || fail 'the batch does not wait'
sql dst "SELECT FROM repld.checkpoint WHERE task = 't' FOR SHARE NOWAIT" || fail 'the checkpoint row is locked from the first statement on'
end_of locks
synced t
compare public.k public.keyed

step 'another connection of the task has taken its place: nothing more is committed by this one'
before=$(rows)
sql dst "UPDATE repld.checkpoint SET conn = conn + 1 WHERE task = 't'"
insert
wait_state t error 20
expect 'kind' fenced "$(task_get t error.kind)"
holds 3 task_is t error || fail 'a task that was fenced starts again by itself'
expect 'rows on the target' "$before" "$(rows)"
ctl restart t >/dev/null
synced t
compare public.k
repld_stop

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
