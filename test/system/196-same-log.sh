#!/bin/sh
# A copy of the source's files, with its slot, went its own way: same identity, same timeline, and its log has grown past the checkpoint. The last
# transaction that was applied is not in it: nothing is applied. A source that only crashed has it, and the task goes on.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

LOGLEVEL=debug
n=0
write_row() { n=$((n + 1)); sql src "INSERT INTO a VALUES ($n)"; }
slot_behind() { [ "$(sql src "SELECT confirmed_flush_lsn < '$(sql dst 'SELECT commit_end FROM repld.checkpoint')' FROM pg_replication_slots")" = t ]; }
proven() { grep -c 'last transaction that was applied is in the source' "$TMP/repld.log" || :; }

pg_start src
pg_start dst
sql src 'CREATE TABLE a (id int PRIMARY KEY)'
conf_task t
repld_start
loaded t
write_row
synced t

step 'the source crashes: its slot is behind what was applied, its log has it'
repld_kill
pg_stop src immediate
pg_start src
repld_start
wait_state t running
write_row
write_row
synced t
repld_kill
pg_stop src immediate
pg_start src
slot_behind || fail 'the slot is not behind: this proves nothing'
before=$(proven)
write_row
repld_start
synced t
compare public.a
[ "$(proven)" -gt "$before" ] || fail 'the log was not looked at'

step 'a second time, with a transaction larger than the ring behind it'
repld_kill
sql src 'INSERT INTO a SELECT g FROM generate_series(1000, 200000) g'
pg_stop src immediate
pg_start src
repld_start
synced t
compare public.a

step 'a copy of its files takes the place, and writes on past the checkpoint'
repld_stop
pg_stop src
cp -a "$TMP/src/data" "$TMP/copy"
pg_start src
repld_start
write_row
synced t
write_row
synced t
applied=$(sql dst 'SELECT count(*) FROM a')
at=$(sql dst 'SELECT position FROM repld.checkpoint')
repld_stop
pg_stop src
mv "$TMP/src/data" "$TMP/aside"
mv "$TMP/copy" "$TMP/src/data"
pg_start src
sql src 'INSERT INTO a SELECT g FROM generate_series(-1000, -1) g'
sql src 'INSERT INTO a VALUES (-5000)'
[ "$(sql src "SELECT pg_current_wal_flush_lsn() > '$at'")" = t ] || fail 'the copy did not grow past the checkpoint'
repld_start
wait_state t error 10
expect 'kind' hole "$(task_get t error.kind)"
case $(task_get t error.message) in *'not the one that was read'*) ;; *) fail "$(task_get t error.message)" ;; esac
case $(task_get t error.remedy) in *'--reload'*) ;; *) fail 'no remedy is named' ;; esac
expect 'rows on the target' "$applied" "$(sql dst 'SELECT count(*) FROM a')"
say "   $(task_get t error.message)"

step 'the former one is back: it goes on'
pg_stop src
rm -rf "$TMP/src/data"
mv "$TMP/aside" "$TMP/src/data"
pg_start src
ctl restart t >/dev/null
write_row
synced t
compare public.a
repld_stop
