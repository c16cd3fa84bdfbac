#!/bin/sh
# The row of a load group is edited or deleted by hand, with its slot or without, while one of its tables is loaded and another still loads: the
# group's load begins again, the others go on, and nothing is missing at the end.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src "CREATE TABLE quick (id int PRIMARY KEY, v int); INSERT INTO quick SELECT g, 0 FROM generate_series(1, 100) g;
	CREATE TABLE slow (id int PRIMARY KEY, t text); INSERT INTO slow SELECT g, repeat('x', 100) FROM generate_series(1, 5000) g;
	CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1)"
row='FROM repld.checkpoint WHERE task = '"'t'"' AND load_group > 0'
half() { [ "$(table_get t public.quick state)" = loaded ] && [ "$(table_get t public.slow state)" = loading ]; }
slot_free() { [ "$(sql src "SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'repld_t_g%' AND NOT active")" = 1 ]; }
half_way() {			# the group of quick and slow, the one loaded, the other not
	conf_task t 'full_load: { max_rate = "64kB"; };'
	ctl reload >/dev/null
	wait_state t running
	ctl resync t public.quick public.slow --yes >/dev/null
	wait_for 30 half || { ctl status t --tables >&2 || :; fail 'the group does not come half way'; }
	sql src 'UPDATE quick SET v = v + 1; DELETE FROM quick WHERE id = (SELECT max(id) FROM quick); INSERT INTO other SELECT max(id) + 1 FROM other'
}
all_equal() {
	joined t 40
	synced t
	compare public.quick public.slow public.other
	expect 'slots' repld_t "$(sql src "SELECT string_agg(slot_name, ' ') FROM pg_replication_slots")"
}
begun_again() { grep -q "the load of these tables begins again: $1" "$TMP/repld.log"; }
tamper() {			# MESSAGE SQL-ON-THE-TARGET [SQL-ON-THE-SOURCE]: while the daemon is stopped
	half_way
	repld_stop
	wait_for 10 slot_free || fail 'the group has no slot'
	expect 'rows of the group' 1 "$(sql dst "SELECT count(*) $row")"
	sql dst "$2"
	[ $# -lt 3 ] || sql src "$3" >/dev/null
	: >"$TMP/repld.log"
	conf_task t
	repld_start
	all_equal
	begun_again "$1" || fail 'the load did not begin again'
}

conf_task t
repld_start
loaded t
synced t

step 'its position is moved on by hand'
tamper 'the row of task t, load group [0-9]*, in repld.checkpoint was changed' "UPDATE repld.checkpoint SET position = '1/0' WHERE load_group > 0"

step 'its row is deleted'
tamper 'the row of load group [0-9]* in repld.checkpoint is gone' 'DELETE FROM repld.checkpoint WHERE load_group > 0'

step 'its row and its slot are gone'
tamper 'the row of load group [0-9]* in repld.checkpoint is gone' 'DELETE FROM repld.checkpoint WHERE load_group > 0' \
	"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE 'repld_t_g%'"

step 'its row is deleted while it runs'
half_way
sql dst 'DELETE FROM repld.checkpoint WHERE load_group > 0'
conf_task t
ctl reload >/dev/null
all_equal
expect 'the task' running "$(task_get t state)"
repld_stop
