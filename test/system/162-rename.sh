#!/bin/sh
# A task that is given another name: told apart from a new one by its slot and its tables, renamed where the configuration says so, once the
# former one does not run; what the file no longer names is listed by check and status.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src 'CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)'
former='postgresql: { slot = "repld_old"; publication = "repld_old"; };'
goes_on() {			# TASK
	sql src 'INSERT INTO a SELECT max(id) + 1 FROM a'
	wait_state "$1" running
	loaded "$1"
	synced "$1"
	compare public.a
}
refused() {			# TASK PATTERN...
	wait_state "$1" error
	expect 'kind' config "$(task_get "$1" error.kind)"
	ctl status "$1" >"$TMP/out" || :
	shift
	for pattern in "$@"; do
		expect_text "$pattern" "$TMP/out"
	done
	expect 'the former row' old "$(sql dst "SELECT task FROM repld.checkpoint WHERE source_kind <> ''")"
	say "   $(task_get new error.message)"
	say "   fix: $(task_get new error.remedy)"
}

reload_refused() {		# PATTERN: the answer says why; a restart of the daemon takes the file as it is
	run_rc 1 ctl reload
	expect_text "$1" "$TMP/out"
	repld_stop
	repld_start
}

conf_task old
repld_start
goes_on old
loads=$(sql dst 'SELECT attempt FROM repld.table_state')
repld_stop

step 'another name alone: the tables are the former task'"'"'s'
conf_task new
repld_start
refused new 'belongs to task old' 'rename_from = "old"'
expect 'no slot is made' repld_old "$(sql src 'SELECT slot_name FROM pg_replication_slots')"
run_rc 1 "$REPLD" check -c "$CONF"
expect_text 'risk .*target dst: repld.checkpoint has task old, which is not in the file: slot repld_old' "$TMP/out"
expect_text 'fix: .*repld cleanup old; .*rename_from = "old"' "$TMP/out"
expect_text 'risk .*source src: slot repld_old belongs to no task of the file and keeps [0-9.]+ .*not in use' "$TMP/out"
expect_text "fix: .*SELECT pg_drop_replication_slot\('repld_old'\)" "$TMP/out"

step 'and so is the slot'
conf_task new "$former"
reload_refused 'rename_from = "old"'
refused new 'slot repld_old of this source is task old' 'rename_from = "old"'
run_rc 1 "$REPLD" check -c "$CONF"
expect_text 'slot repld_old of this source is task old' "$TMP/out"
expect_no_text 'belongs to no task of the file' "$TMP/out"

step 'rename_from without the names of slot and publication'
conf_task new 'rename_from = "old";'
reload_refused 'slot = "repld_old"; publication = "repld_old"'
refused new 'slot repld_old and publication repld_old' 'slot = "repld_old"; publication = "repld_old"'
run_rc 1 "$REPLD" check -c "$CONF"
expect_text 'slot = "repld_old"; publication = "repld_old"' "$TMP/out"

step 'while the former task runs elsewhere it is waited for'
repld_stop
first=$CONF
CONF=$TMP/old.conf
conf_task old
"$REPLD" run -c "$CONF" old >"$TMP/old.out" 2>&1 &
OLD=$!
JOBS_PIDS="$JOBS_PIDS $OLD"
CONF=$first
streams() { [ "$(sql src "SELECT active FROM pg_replication_slots WHERE slot_name = 'repld_old'")" = t ]; }
wait_for 20 streams || fail 'the former task does not run'
conf_task new "rename_from = \"old\"; $former"
repld_start
wait_state new retrying
ctl status new >"$TMP/out" || :
expect_text 'task old, which is to be renamed to new, still runs: .*pid [0-9]+' "$TMP/out"
kill -TERM $OLD
wait $OLD || :

step 'then it is renamed, and goes on without a load'
goes_on new
expect 'rows of checkpoint' new "$(sql dst 'SELECT string_agg(task, chr(44)) FROM repld.checkpoint')"
expect 'tables' "new|$loads" "$(sql dst 'SELECT task, attempt FROM repld.table_state')"
expect 'the slot' repld_old "$(sql src 'SELECT slot_name FROM pg_replication_slots')"
expect_text 'task old is task new from now on' "$TMP/repld.log"

step 'the option may stay'
repld_stop
run_rc 0 "$REPLD" check -c "$CONF"
expect_no_text 'goes on as new|not in the file|belongs to no task' "$TMP/out"

step 'a slot of no task stands in the status'
sql src "SELECT pg_create_logical_replication_slot('repld_lost', 'pgoutput'), pg_create_logical_replication_slot('repld_old_g1', 'pgoutput'),
	pg_create_logical_replication_slot('another', 'pgoutput')" >/dev/null
repld_start
goes_on new
orphan() { ctl status --json | json_flat | grep "^orphans" | tr '\t\n' '= ' | sed 's/=[0-9][0-9]*/=N/'; }
there() { [ "$(orphan)" = 'orphans.0.endpoint=src orphans.0.kind=slot orphans.0.name=repld_lost orphans.0.retained_bytes=N orphans.0.active=false ' ]; }
wait_for 10 there || fail "the orphan is not in the status: $(orphan)"
ctl status >"$TMP/out"
expect_text 'orphan: slot repld_lost on src .* keeps [0-9]' "$TMP/out"
sql src "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active" >/dev/null

step 'and may go; a rename cut short by an edited row says so under the new name'
conf_task new "$former"
ctl reload >/dev/null
goes_on new
repld_stop
sql dst "UPDATE repld.checkpoint SET position = '0/1'"
conf_task again "rename_from = \"new\"; $former"
repld_start
wait_state again error
expect 'kind' hole "$(task_get again error.kind)"
ctl status again >"$TMP/out" || :
expect_text 'the row of task again in repld.checkpoint was changed' "$TMP/out"
run_rc 0 ctl restart again --reload --yes
goes_on again

step 'check of a task that will be renamed shows the former one'"'"'s tables as its own'
repld_stop
conf_task last "rename_from = \"again\"; $former"
run_rc 0 "$REPLD" check -c "$CONF"
expect_text 'task again goes on as last' "$TMP/out"
expect_no_text 'will be made|belongs to task' "$TMP/out"

step 'renamed in the file of a running daemon, by one reload'
conf_task again "$former"
repld_start
goes_on again
conf_task last "rename_from = \"again\"; $former"
run_rc 0 ctl reload
goes_on last
expect 'rows of checkpoint' last "$(sql dst 'SELECT string_agg(task, chr(44)) FROM repld.checkpoint')"
repld_stop

step 'cleanup of the renamed task takes everything away'
run_rc 0 "$REPLD" cleanup -c "$CONF" last --yes
expect 'slots' 0 "$(sql src 'SELECT count(*) FROM pg_replication_slots')"
