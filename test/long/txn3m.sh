#!/bin/sh
# One transaction of 3 million rows: the worker's peak memory (VmHWM) against ring_size + 64 MB; the same with the target's connection cut at 90 %.
# usage: test/long/txn3m.sh     (ROWS=3000000 RING=64; some 5 minutes and 4 GB in TMPDIR)
# timeout: 3600
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server
rows=${ROWS:-3000000} ring=${RING:-64}

pg_start src shared_buffers=256MB max_wal_size=4GB
pg_start dst shared_buffers=256MB max_wal_size=4GB
workload_make 2
sql src 'CREATE TABLE big (id int PRIMARY KEY, v int, t text)'
conf_task t "staging: { ring_size = \"${ring}MB\"; };"
repld_start
loaded t

figure() {
	kb=$(peak_kb "$(worker_pid t)")
	say "   the worker's peak memory: $kb kB = $((kb / 1024)) MB; the bound: $ring + 64 MB"
	[ "$kb" -lt $(((ring + 64) * 1024)) ] || fail 'over the bound'
}

step "one transaction of $rows rows"
begin=$(now_ms)
sql src "BEGIN; SELECT churn(1); INSERT INTO big SELECT g, 0, md5(g::text) || md5((-g)::text) FROM generate_series(1, $rows) g; COMMIT" >/dev/null
committed=$(now_ms)
synced t 1200
took=$(($(now_ms) - committed))
say "   written in $(((committed - begin) / 1000)) s, on the target $((took / 1000)) s later, $((rows * 1000 / (took + 1))) rows a second"
workload_compare
compare public.big
figure

step "the same once more, the target's connection cut at 90 % of it"
sql src "BEGIN; SELECT churn(2); UPDATE big SET v = v + 1; COMMIT" >/dev/null
begin=$(now_ms)
full=$(sql dst "SELECT pg_total_relation_size('big')")
nine() { [ "$(sql dst "SELECT pg_total_relation_size('big') > $full * 1.90")" = t ]; }	# new row versions double the table
if wait_for 600 nine; then
	say "   cut after $((($(now_ms) - begin) / 1000)) s, at $(sql dst "SELECT (pg_total_relation_size('big') - $full) * 100 / $full") % of the growth"
else
	fail 'the transaction never came to 90 %'
fi
[ "$(sql dst "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'client backend'
	AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL")" -ge 1 ] || fail 'nothing to cut'
synced t 2400
say "   on the target $((($(now_ms) - begin) / 1000)) s after the commit"
workload_compare
compare public.big
figure
repld_stop
