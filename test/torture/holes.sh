#!/bin/sh
# A table of holes: each is made under a task that has streamed; the task must be in error within ten seconds, with place and remedy, nothing applied
# past it, and the remedy that it names must bring everything back. All kinds of source, to PostgreSQL.	KINDS='postgresql mariadb mysql' holes.sh
. "$TOP/test/torture/lib.sh"
kinds=${KINDS:-postgresql mariadb mysql}

if [ -z "${HOLES_OF:-}" ]; then
	rc=0
	for kind in $kinds; do
		HOLES_OF=$kind SRC_KIND=$kind sh "$0" || rc=1
	done
	exit $rc
fi

. "$TOP/test/system/lib.sh"
needs
mysql() { [ "$HOLES_OF" = mysql ]; }
pg() { [ "$HOLES_OF" = postgresql ]; }

# ---- a task that streams ------------------------------------------------------------------------------------------------

n=0 caught=0 missed=0
table=$TMP/table
printf '%-44s %7s  %s\n' "$HOLES_OF: what happened" 'after' 'what the task said; what helps' >"$table"
write_row() { n=$((n + 1)); sql src "INSERT INTO a VALUES ($n, 'row $n')"; }
rows_there() { [ "$(sql dst 'SELECT max(id) FROM a')" = "$n" ]; }
place() { sql src "$(mysql && echo 'SHOW BINARY LOG STATUS' || echo 'SHOW MASTER STATUS')" | awk -F '|' 'NR == 1 { print $1 ":" $2 }'; }
checkpoint() { sql dst "UPDATE repld.checkpoint SET $1 WHERE task = 't'"; }
reset_log() { sql src "$(mysql && echo 'RESET BINARY LOGS AND GTIDS' || echo 'RESET MASTER')"; }
slot() { sql src "SELECT $1 FROM pg_replication_slots WHERE slot_name = 'repld_t'"; }

db_start src
db_start dst
sql src 'CREATE TABLE a (id int PRIMARY KEY, v varchar(200))'
write_row
conf_task t
repld_start
loaded t
write_row
wait_for 20 rows_there || fail 'the task does not stream'

# ---- one hole -----------------------------------------------------------------------------------------------------------

# As the message has it, but for what differs each time.
one_line() { tr '\n' ' ' | cut -c 1-230; }

made() {			# the hole is there, the daemon runs: it is found, and what it names helps
	hole_start=$(now_ms)
	if ! wait_for 10 task_is t error; then
		printf '%-44s %7s  %s\n' "$name" - "NOT FOUND: the task is $(task_get t state)" | tee -a "$table"
		missed=$((missed + 1))
		return
	fi
	hole_ms=$(($(now_ms) - hole_start))
	hole_said=$(task_get t error.message | one_line) hole_at=$(task_get t error.position) hole_fix=$(task_get t error.remedy | one_line)
	hole_past=$(sql dst "SELECT count(*) FROM a WHERE id > $before")
	case $hole_at-$hole_said in
	null-*repld.checkpoint* | -*repld.checkpoint*) hole_at='none: the row that says it is what is wrong' ;;
	null-* | -*) hole_at='NO PLACE' ;;
	esac
	case $hole_fix in '' | null) hole_fix='NO REMEDY' ;; esac
	[ "$hole_past" = 0 ] || hole_said="$hole_past ROWS APPLIED PAST IT; $hole_said"
	printf '%-44s %5d.%d  %s (at %s); %s\n' "$name" $((hole_ms / 1000)) $((hole_ms % 1000 / 100)) "$hole_said" "$hole_at" "$hole_fix" | tee -a "$table"
	case $hole_at$hole_fix in *NO\ *) missed=$((missed + 1)); return ;; esac
	[ "$hole_past" = 0 ] && caught=$((caught + 1)) || missed=$((missed + 1))
}

# The tables are loaded again, and all goes on.
healed() {			# [COMMAND of ctl...]
	[ $# -gt 0 ] || set -- restart t --reload --yes
	wait_for 20 ctl "$@" >"$TMP/out" 2>&1 || { cat "$TMP/out" >&2; fail "$name: ctl $* is refused"; }
	wait_state t running 60
	loaded t
	write_row
	synced t
	compare public.a >/dev/null || fail "$name: not equal after the remedy"
}

# The function makes the hole while the daemon is down, or starts it.
hole() {			# NAME FUNCTION [COMMAND of ctl that heals...]
	name=$1 make=$2
	shift 2
	synced t
	before=$n
	repld_stop
	$make
	[ -n "$REPLD_PID" ] || repld_start
	made
	healed "$@"
}

# ---- what can happen ----------------------------------------------------------------------------------------------------

edited_back() { checkpoint "position = '$(pg && echo 0/1000000 || echo binlog.000001:4)'"; }
edited_away() { checkpoint "position = 'somewhere'"; }
row_deleted() { write_row; sql dst "DELETE FROM repld.checkpoint WHERE task = 't'"; }
slot_dropped() { sql src "SELECT pg_drop_replication_slot('repld_t')" >/dev/null; write_row; }
slot_taken() {			# under the task
	repld_start
	wait_state t running
	until [ -z "$(slot slot_name)" ]; do
		sql src 'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active_pid IS NOT NULL' >/dev/null
		sql src "SELECT pg_drop_replication_slot('repld_t')" >/dev/null 2>&1 || :
	done
	write_row
}
slot_again() {
	sql src "SELECT pg_drop_replication_slot('repld_t')" >/dev/null
	write_row
	sql src "SELECT pg_create_logical_replication_slot('repld_t', 'pgoutput')" >/dev/null
	write_row
}
slot_ahead() { write_row; sql src "SELECT pg_replication_slot_advance('repld_t', pg_current_wal_lsn())" >/dev/null; }
slot_lost() {
	sql src "ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'"
	pg_reload src
	sql src "CREATE TABLE filler AS SELECT repeat('x', 1000) t FROM generate_series(1, 80000)"
	sql src 'SELECT pg_switch_wal()' >/dev/null
	sql src 'CHECKPOINT'
	sql src "INSERT INTO filler SELECT 'x'"
	sql src 'SELECT pg_switch_wal()' >/dev/null
	sql src 'CHECKPOINT'
	[ "$(slot wal_status)" = lost ] || fail 'the slot is not lost'
	sql src 'ALTER SYSTEM RESET max_slot_wal_keep_size'
	sql src 'DROP TABLE filler'
	pg_reload src
}
publication_gone() { sql src 'DROP PUBLICATION repld_t'; write_row; }
other_system() {
	db_start srcother
	sql srcother "CREATE TABLE a (id int PRIMARY KEY, v varchar(200)); INSERT INTO a VALUES (1, 'another one');"
	pg && sql srcother "CREATE PUBLICATION repld_t FOR TABLE a" &&
		sql srcother "SELECT pg_create_logical_replication_slot('repld_t', 'pgoutput')" >/dev/null
	sed -i "s,$TMP/src\\b,$TMP/srcother," "$CONF"
}
former_system() { repld_stop; sed -i "s,$TMP/srcother,$TMP/src," "$CONF"; repld_start; wait_state t running 60; }
other_timeline() {		# a server that was brought back to an earlier moment and went on from there
	db_stop src
	rm -rf "$TMP/src/data"
	cp -a "$TMP/early" "$TMP/src/data"
	echo "restore_command = 'false'" >>"$TMP/src/data/postgresql.auto.conf"
	: >"$TMP/src/data/standby.signal"
	chown -R --reference="$TMP/src/data/PG_VERSION" "$TMP/src/data"
	db_start src
	sql src 'SELECT pg_promote()' >/dev/null
	n=$((n + 100))
	write_row
}
keep_early() {			# what other_timeline goes back to
	repld_stop
	db_stop src
	rm -rf "$TMP/early"
	cp -a "$TMP/src/data" "$TMP/early"
	db_start src
	repld_start
	write_row
	synced t
}
purged() {
	write_row
	sql src 'FLUSH BINARY LOGS'
	write_row
	sql src 'FLUSH BINARY LOGS'
	last=$(place)
	wait_for 20 purged_to "${last%:*}" || fail 'the source does not purge'
}
purged_to() { sql src "PURGE BINARY LOGS TO '$1'" && [ "$(sql src 'SHOW BINARY LOGS' | awk -F '|' 'NR == 1 { print $1 }')" = "$1" ]; }
was_reset() { write_row; reset_log; }
reset_and_grown() {
	reset_log
	sleep 1.1		# the time in a file of the log has whole seconds
	i=0
	while [ $i -lt 40 ]; do i=$((i + 1)); n=$((n + 1)); echo "INSERT INTO a VALUES ($n, REPEAT('x', 150));"; done >"$TMP/grow.sql"
	sqlf src "$TMP/grow.sql"
}
gtid_gap() {			# transactions that were never here are said to have been
	reset_log
	if mysql; then
		sql src "SET GLOBAL gtid_purged = '$(sql src 'SELECT @@server_uuid'):1-100000'"
	else
		sql src 'SET SESSION gtid_seq_no = 100000; CREATE TABLE gap (a int)'
		sql src 'FLUSH BINARY LOGS'
		last=$(place)
		sleep 1
		purged_to "${last%:*}" || :
	fi
	write_row
}
clone() {			# of the same data
	db_stop src
	if mysql; then rm "$TMP/src/data/auto.cnf"; db_start src; else db_start src server-id=777; fi
	reset_log
	write_row
}
older_data() {
	db_stop src
	rm -rf "$TMP/src/data"
	cp -a "$TMP/early" "$TMP/src/data"
	sleep 1
	db_start src
	n=$((n + 100))
	write_row
}
spoiled() {			# HOW
	write_row
	last=$(place)
	db_stop src
	helper_edit
	"$EDIT" "$TMP/src/data/${last%:*}" "$1" || fail 'no event to spoil'
	db_start src
	write_row
}
helper_edit() { EDIT=$O/test/torture/binlog_edit; [ -x "$EDIT" ] || fail 'binlog_edit is not built: make torture'; }
bad_sum() { spoiled crc; }
unknown_event() { spoiled unknown; }
lost_events() { spoiled incident; }
names_unknown() {		# rows between two changes of a table whose names the log does not say
	sql src 'SET GLOBAL binlog_row_metadata = MINIMAL'
	write_row
	before=$n		# what comes before it is applied
	sql src 'ALTER TABLE a ADD w int, RENAME COLUMN v TO x'
	n=$((n + 1))
	sql src "INSERT INTO a VALUES ($n, 'row $n', 1)"
	sql src 'ALTER TABLE a DROP w, RENAME COLUMN x TO v'
	sql src 'SET GLOBAL binlog_row_metadata = FULL'
	write_row
}
incomplete_row() {		# an insert that lacks columns
	sql src "SET SESSION binlog_row_image = MINIMAL; INSERT INTO a (id) VALUES ($((n + 1)))"
	n=$((n + 1))
}
statement() { n=$((n + 1)); sql src "SET SESSION binlog_format = STATEMENT; INSERT INTO a VALUES ($n, UPPER('row'))"; }

hole 'checkpoint edited: an earlier place' edited_back
hole 'checkpoint edited: no place' edited_away
hole 'checkpoint row deleted' row_deleted
if pg; then
	hole 'slot dropped' slot_dropped
	hole 'slot dropped under the task' slot_taken
	hole 'slot dropped and made again' slot_again
	hole 'slot ahead of the checkpoint' slot_ahead
	hole 'slot invalidated' slot_lost
	hole 'publication dropped' publication_gone
else
	hole 'binlog purged' purged
	hole 'binlog reset' was_reset
	hole 'binlog reset, and grown again' reset_and_grown
	hole 'gap of GTIDs' gtid_gap
	hole 'server replaced by a clone' clone
	keep_early
	hole 'data of an earlier day' older_data
	hole 'checksum of an event is wrong' bad_sum
	hole 'event of an unknown type' unknown_event
	hole 'LOST_EVENTS' lost_events
	hole 'shape unknown: names are not in the log' names_unknown
	mysql || hole 'row as a statement' statement
fi
synced t
before=$n name='another server under its name'
repld_stop
other_system
repld_start
made
former_system

if pg; then
	keep_early
	hole 'another timeline, of before the checkpoint' other_timeline
fi

echo
cat "$table"
result "$HOLES_OF: $caught holes found in time, with place and remedy, nothing applied past them, healed; $missed missed"
repld_stop
[ $missed -eq 0 ]
