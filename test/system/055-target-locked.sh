#!/bin/sh
# The target's table is locked for 20 s, the source has wal_sender_timeout 2 s: no disconnect, the status tells, then it catches up.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

seconds=20
pg_start src wal_sender_timeout=2s
pg_start dst
workload_make 4
conf_task t 'staging: { ring_size = "4MB"; }; apply: { max_bytes = "1MB"; };'
repld_start
loaded t
worker=$(worker_pid t)
walsender() { sql src "SELECT string_agg(pid::text, ' ') FROM pg_stat_replication"; }
sender=$(walsender)
[ -n "$sender" ] || fail 'no walsender'

step "the target is locked for $seconds s while the source writes more than the ring holds"
background psql_of dst -o /dev/null -c "BEGIN; LOCK TABLE kv IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep($seconds); COMMIT"
sleep 0.5
workload_start $((seconds - 6)) 4 -R 400
workload_wait
sql src "SELECT churn(1); INSERT INTO kv SELECT -g, 'full' || g, repeat('z', 1500), 0, 0, NULL FROM generate_series(1, 8000) g" >/dev/null
holds 3 expr "$(walsender)" = "$sender" || fail 'the source has dropped the connection'
lag=$(task_get t lag.seconds)
say "   lag seen: $lag s, $(task_get t lag.bytes) bytes; ring $(task_get t ring.used_bytes) of $(task_get t ring.size_bytes)"
expr "${lag%%.*}" '>=' 8 >/dev/null || fail "the target hangs for ten seconds and more, the status says lag $lag s"

step 'then it catches up over the same connection, in the same process'
synced t 60
expect 'walsender' "$sender" "$(walsender)"
expect 'worker' "$worker" "$(worker_pid t)"
workload_compare
expect_no_text 'terminating walsender process due to replication timeout' "$TMP/src/log"
repld_stop
