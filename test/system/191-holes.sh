#!/bin/sh
# Slots that no longer continue the checkpoint: invalidated under a running task, of another plugin, of another database. Each stops the task within
# 10 s, names place and remedy, and the remedy works; what lies behind the checkpoint is fine; a slot that is only busy is waited for.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src 'CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE filler (t text)'
n=0
write_row() { n=$((n + 1)); sql src "INSERT INTO a VALUES ($n)"; }
rows() { sql dst 'SELECT max(id) FROM a'; }
drop_slot() { sql src "SELECT pg_drop_replication_slot('repld_t')" >/dev/null; }
stops() {			# WHAT-THE-MESSAGE-NAMES ROWS
	wait_state t error 10
	ctl status t >"$TMP/out" || :
	expect_text "$1" "$TMP/out"
	expect 'kind' hole "$(task_get t error.kind)"
	case $(task_get t error.remedy) in *'restart t --reload'*) ;; *) fail 'no remedy is named' ;; esac
	case $(task_get t error.position) in '' | null) fail 'no position is named' ;; esac
	expect 'rows on the target' "$2" "$(rows)"
	say "   $(task_get t error.message)"
}
reloads() {
	ctl restart t --reload --yes >"$TMP/out" 2>&1 || { cat "$TMP/out" >&2; fail 'restart --reload is refused'; }
	loaded t
	write_row
	synced t
	compare public.a
}

conf_write <<-CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "public.a"; } ); };
CONF
repld_start
loaded t
write_row
synced t

step 'a slot that is behind the checkpoint, or moved up to it, is fine'
repld_stop
at=$(sql dst 'SELECT position FROM repld.checkpoint')
sql src "SELECT pg_replication_slot_advance('repld_t', '$at')" >/dev/null
write_row
repld_start
synced t
compare public.a

step 'another session holds the slot: waited for'
repld_stop
mkfifo "$TMP/hold"
"$PGBIN/pg_recvlogical" -h "$TMP/src" -p $PORT -U postgres -d $DB -S repld_t --start -n -s 1 -f "$TMP/hold" \
	-o proto_version=1 -o publication_names=repld_t 2>/dev/null &
holder=$!
JOBS_PIDS="$JOBS_PIDS $holder"
tail -f "$TMP/hold" >/dev/null &
JOBS_PIDS="$JOBS_PIDS $!"
is_active() { [ "$(sql src 'SELECT active FROM pg_replication_slots')" = t ]; }
wait_for 5 is_active || fail 'the slot is not held'
repld_start
wait_state t retrying 5
case $(task_get t error.message) in *active*) ;; *) fail "$(task_get t error.message)" ;; esac
kill $holder
write_row
synced t
compare public.a

step 'the slot loses its log under a task that runs: its row waits for a lock'
lock_it() { psql_of dst -c 'BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)' 2>/dev/null; }
background lock_it
locked() { [ "$(sql dst "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'a'::regclass AND granted")" = 1 ]; }
wait_for 5 locked
write_row
waiting() { [ "$(sql dst "SELECT count(*) FROM pg_locks WHERE relation = 'a'::regclass AND NOT granted")" -ge 1 ]; }
wait_for 5 waiting || fail 'the row does not wait'
sql src "ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'"
pg_reload src
sql src "INSERT INTO filler SELECT repeat('x', 1000) FROM generate_series(1, 80000)"
sql src 'SELECT pg_switch_wal(); CHECKPOINT' >/dev/null
is_lost() { [ "$(sql src 'SELECT wal_status FROM pg_replication_slots')" = lost ]; }
wait_for 10 is_lost || fail "the slot is not lost: $(sql src 'SELECT wal_status FROM pg_replication_slots')"
sql src "INSERT INTO a VALUES (1000)"
sql dst "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()" >/dev/null
stops 'slot.*repld_t.*lost' $n
sql src 'DELETE FROM a WHERE id = 1000'
sql src 'ALTER SYSTEM RESET max_slot_wal_keep_size'
pg_reload src

step 'the remedy drops it and makes another'
reloads

step 'a slot of another plugin under its name'
repld_stop
was=$(rows)
drop_slot
if sql src "SELECT pg_create_logical_replication_slot('repld_t', 'test_decoding')" >/dev/null 2>&1; then
	write_row
	repld_start
	stops 'slot.*repld_t.*test_decoding' "$was"
	repld_stop
	drop_slot
else
	say '   (no plugin test_decoding here)'
fi

step 'a slot of another database under its name'
sql src 'CREATE DATABASE other'
"$PGBIN/psql" -X -q -h "$TMP/src" -p $PORT -U postgres -d other -Atc \
	"SELECT pg_create_logical_replication_slot('repld_t', 'pgoutput')" >/dev/null
write_row
repld_start
stops 'slot.*repld_t.*other' "$was"

step 'a reload does not touch what is not its own'
ctl restart t --reload --yes >"$TMP/out" 2>&1 || :
wait_state t error 10
expect 'the stranger slot' other "$(sql src 'SELECT database FROM pg_replication_slots')"
expect 'rows on the target' "$was" "$(rows)"
repld_stop
"$PGBIN/psql" -X -q -h "$TMP/src" -p $PORT -U postgres -d other -Atc "SELECT pg_drop_replication_slot('repld_t')" >/dev/null
repld_start
stops 'slot.*repld_t is gone' "$was"
reloads
repld_stop
