#!/bin/sh
# A transaction many times the ring: bounded memory, one target transaction; the same with the target's connection cut in the middle.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

rows=300000
pg_start src
pg_start dst
workload_make 2
sql src 'CREATE TABLE big (id int PRIMARY KEY, v int, t text)'
conf_task t 'staging: { ring_size = "4MB"; }; apply: { max_bytes = "1MB"; };'
repld_start
loaded t
worker=$(worker_pid t)

bounded() {			# ring_size + 64 MB
	peak=$(peak_kb "$worker")
	say "   the worker's peak memory: $((peak / 1024)) MB"
	[ $SLOW != 1 ] || [ "$peak" -lt $(((4 + 64) * 1024)) ] || fail "peak memory $peak kB"
}
seen_by_others() { sql dst 'SELECT count(*) FROM big'; }

step "one transaction of $rows rows"
sql src "BEGIN; SELECT churn(1); INSERT INTO big SELECT g, 0, md5(g::text) || md5((-g)::text) FROM generate_series(1, $rows) g;
	UPDATE big SET v = 1 WHERE id % 3 = 0; DELETE FROM big WHERE id % 10 = 0; COMMIT" >/dev/null
begin=$(now_ms)
states=$(for i in 1 2 3 4 5 6 7 8; do seen_by_others; sleep 0.2; done | sort -un | tr '\n' ' ')
synced t 90
say "   on the target after $(($(now_ms) - begin)) ms"
for seen in $states; do
	[ "$seen" = 0 ] || [ "$seen" = $((rows - rows / 10)) ] || fail "part of a transaction was to be seen: $seen rows"
done
workload_compare
compare public.big
expect 'the same worker' "$worker" "$(worker_pid t)"
bounded

step "the target's connection is cut in the middle"
sql src "BEGIN; SELECT churn(2); UPDATE big SET v = v + 1, t = t || 'x'; INSERT INTO big SELECT g, 2, 'second' FROM
	generate_series($rows + 1, $((rows * 2))) g; COMMIT" >/dev/null
writing() { [ "$(sql dst "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
	AND xact_start < now() - interval '1.5 s' AND backend_xid IS NOT NULL")" != 0 ]; }
wait_for 60 writing || fail 'never saw the target transaction open'
cut=$(sql dst "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'client backend' AND
	pid <> pg_backend_pid() AND backend_xid IS NOT NULL")
[ "$cut" -ge 1 ] || fail 'nothing to cut'
synced t 120
workload_compare
compare public.big
worker=$(worker_pid t)
bounded
repld_stop
