#!/bin/sh
# The task's rows on the target are deleted by hand, while the task runs and while it is stopped, or are of an older backup. Each stops the task,
# nothing is applied past it, and each remedy that is named works.
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src 'CREATE TABLE a (id int PRIMARY KEY)'
n=0
write_row() { n=$((n + 1)); sql src "INSERT INTO a VALUES ($n)"; }
stops() {			# KIND WHAT-THE-MESSAGE-NAMES: nothing is written from then on
	wait_state t error
	expect 'kind' "$1" "$(task_get t error.kind)"
	ctl status t >"$TMP/out" || :
	expect_text "$2" "$TMP/out"
	write_row
	holds 1 task_is t error || fail 'the error does not last'
	expect 'rows on the target' "$applied" "$(sql dst 'SELECT max(id) FROM a')"
	say "   $(task_get t error.message)"
	say "   fix: $(task_get t error.remedy)"
}
goes_on() {
	wait_state t running
	loaded t
	synced t
	compare public.a
	applied=$(sql dst 'SELECT max(id) FROM a')
}

conf_task t
repld_start
loaded t
write_row
synced t
goes_on

step 'the row is deleted while the task runs'
sql dst "DELETE FROM repld.checkpoint"
write_row
stops hole 'went away while the task ran'

step 'a restart does not paper over it: table states without a row'
ctl restart t >/dev/null
wait_state t error
stops hole 'is gone, while repld.table_state'
repld_stop
repld_start
stops hole 'is gone, while repld.table_state'
run_rc 1 "$REPLD" check -c "$CONF"
expect_text 'is gone, while repld.table_state' "$TMP/out"
run_rc 0 ctl restart t --reload --yes
goes_on

step 'the row is deleted while the task is stopped, and put back'
repld_stop
sql dst 'CREATE TABLE kept AS SELECT * FROM repld.checkpoint; DELETE FROM repld.checkpoint'
write_row
repld_start
stops hole 'is gone, while repld.table_state'
repld_stop
sql dst 'DELETE FROM repld.checkpoint; INSERT INTO repld.checkpoint SELECT * FROM kept; DROP TABLE kept'
repld_start
goes_on

step 'the table states are deleted while the checkpoint stays'
repld_stop
sql dst 'DELETE FROM repld.table_state'
repld_start
stops hole 'repld.table_state are gone'
run_rc 1 ctl restart t --reload --yes
expect_text 'not done: public.a: the table has rows already' "$TMP/out"
stops config 'has rows|not empty'
sql dst 'TRUNCATE a'
run_rc 0 ctl restart t --reload --yes
goes_on

step 'the target is restored from a backup of yesterday, its tables and repld.checkpoint with them'
"$PGBIN/pg_dump" -h "$TMP/dst" -p $PORT -U postgres -d $DB --clean --if-exists >"$TMP/backup.sql"
write_row
goes_on
confirmed() { [ "$(sql src "SELECT confirmed_flush_lsn >= '$at' FROM pg_replication_slots WHERE slot_name = 'repld_t'")" = t ]; }
at=$(sql dst 'SELECT position FROM repld.checkpoint')
wait_for 15 confirmed || fail 'the slot is not confirmed'
repld_stop
psql_of dst -f "$TMP/backup.sql" >/dev/null
expect 'the last row on the target' $((applied - 1)) "$(sql dst 'SELECT max(id) FROM a')"
applied=$((applied - 1))
repld_start
stops hole 'older backup'
run_rc 1 "$REPLD" check -c "$CONF"
expect_text 'no longer continues the checkpoint' "$TMP/out"
run_rc 0 ctl restart t --reload --yes
goes_on

step 'a backup that the slot still continues is gone on from'
repld_stop
"$PGBIN/pg_dump" -h "$TMP/dst" -p $PORT -U postgres -d $DB --clean --if-exists >"$TMP/backup.sql"
write_row
psql_of dst -f "$TMP/backup.sql" >/dev/null
repld_start
goes_on
repld_stop
