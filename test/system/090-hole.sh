#!/bin/sh
# Holes: a slot that was dropped, made anew, or moved on by hand; a publication that is gone; another server under the same name. Each stops the
# task with place and remedy, and nothing is applied past it.
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src 'CREATE TABLE a (id int PRIMARY KEY)'
n=0
write_row() { n=$((n + 1)); sql src "INSERT INTO a VALUES ($n)"; }

fresh() {			# a task that streams, from nothing
	[ -z "$REPLD_PID" ] || repld_stop
	sql src "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots" >/dev/null
	sql src 'DROP PUBLICATION IF EXISTS repld_t'
	sql dst 'DROP SCHEMA IF EXISTS repld CASCADE; DROP TABLE IF EXISTS a'
	conf_task t
	repld_start
	loaded t
	write_row
	synced t
	compare public.a
	applied=$(sql dst 'SELECT max(id) FROM a')
}
stops() {			# WHAT-THE-MESSAGE-NAMES
	wait_state t error 40
	ctl status t >"$TMP/out" || :
	expect_text "$1" "$TMP/out"
	case $(task_get t error.remedy) in '' | null) fail 'no remedy is named' ;; esac
	holds 2 task_is t error || fail 'the error does not last'
	expect 'rows on the target' "$applied" "$(sql dst 'SELECT max(id) FROM a')"
	say "   $(task_get t error.message)"
	say "   fix: $(task_get t error.remedy)"
}
slot_gone() { [ "$(sql src 'SELECT count(*) FROM pg_replication_slots WHERE active')" = 0 ]; }

step 'the slot is dropped while repld is down'
fresh
repld_stop
write_row
sql src "SELECT pg_drop_replication_slot('repld_t')" >/dev/null
repld_start
stops 'slot.*repld_t'
expect 'kind' hole "$(task_get t error.kind)"

step 'a restart does not paper over it'
repld_stop
repld_start
stops 'slot.*repld_t'
expect 'slots' 0 "$(sql src 'SELECT count(*) FROM pg_replication_slots')"

step 'the remedy: loading again brings it back'
ctl restart t --reload --yes >"$TMP/out" 2>&1 || { cat "$TMP/out" >&2; fail 'restart --reload is refused'; }
loaded t
synced t
compare public.a

step 'the slot is dropped and made anew under the same name'
fresh
repld_stop
sql src "SELECT pg_drop_replication_slot('repld_t')" >/dev/null
write_row
sql src "SELECT pg_create_logical_replication_slot('repld_t', 'pgoutput')" >/dev/null
write_row
repld_start
stops 'slot.*repld_t'
expect 'kind' hole "$(task_get t error.kind)"

step 'the slot is moved on by hand'
fresh
repld_stop
write_row
sql src "SELECT pg_replication_slot_advance('repld_t', pg_current_wal_lsn())" >/dev/null
write_row
repld_start
stops 'slot.*repld_t'

step 'the slot is taken from a running task'
fresh
sql src 'SELECT pg_terminate_backend(active_pid), pg_drop_replication_slot(slot_name) FROM pg_replication_slots' >/dev/null 2>&1 ||
	{ wait_for 2 slot_gone; sql src "SELECT pg_drop_replication_slot('repld_t')" >/dev/null 2>&1; } || :
if [ "$(sql src 'SELECT count(*) FROM pg_replication_slots')" = 0 ]; then
	write_row
	stops 'slot.*repld_t'
else
	say '   repld was faster: the slot is in use again'
fi

step 'the publication is dropped'
fresh
repld_stop
sql src 'DROP PUBLICATION repld_t'
write_row
repld_start
stops 'publication.*repld_t'

step 'the log is gone: max_slot_wal_keep_size'
fresh
repld_stop
sql src "ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'"
pg_reload src
sql src "CREATE TABLE filler (t text)"
sql src "INSERT INTO filler SELECT repeat('x', 1000) FROM generate_series(1, 80000); SELECT pg_switch_wal(); CHECKPOINT" >/dev/null
sql src "INSERT INTO filler SELECT 'x'; SELECT pg_switch_wal(); CHECKPOINT" >/dev/null
expect 'wal_status' lost "$(sql src 'SELECT wal_status FROM pg_replication_slots')"
repld_start
stops 'slot.*repld_t'
repld_stop
sql src 'ALTER SYSTEM RESET max_slot_wal_keep_size'
sql src 'DROP TABLE filler'
pg_reload src

step 'another server under the same name'
fresh
repld_stop
pg_start other
psql_of other -c "CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1); CREATE PUBLICATION repld_t FOR TABLE a" \
	-c "SELECT pg_create_logical_replication_slot('repld_t', 'pgoutput')" -c 'INSERT INTO a VALUES (777)' >/dev/null
sed -i "s,socket = \"$TMP/src\",socket = \"$TMP/other\"," "$CONF"
repld_start
stops 'system.identifier|another (server|source)|identity'
repld_stop
