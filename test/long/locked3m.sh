#!/bin/sh
# The target is locked for 3 minutes while the source has wal_sender_timeout 5 s: no disconnect, then it catches up.
# usage: test/long/locked3m.sh     (LOCKED=180)
# timeout: 900
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server
seconds=${LOCKED:-180}

pg_start src wal_sender_timeout=5s
pg_start dst
workload_make 8
conf_task t
repld_start
loaded t
walsender() { sql src "SELECT string_agg(pid::text, ' ') FROM pg_stat_replication"; }
sender=$(walsender) worker=$(worker_pid t)
step "locked for $seconds s, 500 transactions a second"
background psql_of dst -o /dev/null -c "BEGIN; LOCK TABLE kv, acct IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep($seconds); COMMIT"
lock=$BG
workload_start $((seconds - 5)) 8 -R 500
while running "$lock"; do
	expect 'walsender' "$sender" "$(walsender)"
	say "   lag $(task_get t lag.seconds) s, $(task_get t lag.bytes) bytes; ring $(task_get t ring.used_bytes); state $(task_get t state)"
	sleep 15
done
workload_wait
begin=$(now_ms)
synced t 300
say "   level $((($(now_ms) - begin) / 1000)) s after the lock went; peak memory $(($(peak_kb "$worker") / 1024)) MB"
expect 'walsender' "$sender" "$(walsender)"
expect 'worker' "$worker" "$(worker_pid t)"
expect_no_text 'replication timeout' "$TMP/src/log"
workload_compare
repld_stop
