#!/bin/sh
# The task's row on the target is changed by hand: a position, a slot's name, a source, the epoch. Each stops the task and names what is there,
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
row() { sql dst "SELECT $1 FROM repld.checkpoint WHERE task = 't'"; }
edit() { sql dst "UPDATE repld.checkpoint SET $1 WHERE task = 't'"; }
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
repld_stop

step 'the position is set back by hand'
position=$(row position)
edit "position = '0/1000000'"
repld_start
stops hole 'position 0/1000000, slot repld_t'
run_rc 1 "$REPLD" check -c "$CONF"
expect_text 'position 0/1000000, slot repld_t' "$TMP/out"

step 'the first remedy: the value is put back'
edit "position = '$position'"
ctl restart t >/dev/null
goes_on

step 'the second: the tables are loaded again'
repld_stop
edit "position = 'somewhere'"
repld_start
stops hole 'position somewhere'
run_rc 0 ctl restart t --reload --yes
goes_on

step 'the third: a position that is known to be right'
repld_stop
position=$(row position)
edit "position = '0/FFFFFFFF'"
repld_start
stops hole 'position 0/FFFFFFFF'
run_rc 0 ctl restart t --from "$position" --yes
goes_on
expect 'the slot is still the task'"'"'s' t "$(row slot_made)"

step 'the slot and the source of the row'
repld_stop
slot=$(row slot)
edit "slot = 'other'"
repld_start
stops hole 'slot other'
edit "slot = '$slot', source_id = '1'"
ctl restart t >/dev/null
wait_state t error
stops hole 'source 1\b'
run_rc 0 ctl restart t --from "$(row position)" --yes
goes_on

step 'a pause outlives the edit, and the edit the pause'
repld_stop
edit "paused = true, position = '0/1'"
repld_start
wait_state t paused
ctl resume t >/dev/null
stops hole 'position 0/1,'
run_rc 0 ctl restart t --reload --yes
goes_on

step 'the epoch is raised while the task runs'
edit 'epoch = epoch + 1'
write_row
stops fenced 'another owner.*'
expect_text 'fix: .*owner_host' "$TMP/out"
ctl restart t >/dev/null
goes_on

repld_stop
