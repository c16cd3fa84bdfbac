#!/bin/sh
# A table of 5 million rows loads while 32 writers make a million mixed changes: savepoints, key changes, swaps, large values. Equal by content?
# usage: test/long/load5m.sh     (ROWS=5000000 CHANGES=1000000; some 10 minutes and 8 GB in TMPDIR)
# timeout: 3600
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server
rows=${ROWS:-5000000} changes=${CHANGES:-1000000}

pg_start src shared_buffers=256MB max_wal_size=4GB
pg_start dst shared_buffers=256MB max_wal_size=4GB
workload_make 32
step "a table of $rows rows"
sql src "CREATE TABLE big (id bigint PRIMARY KEY, u bigint UNIQUE, v int NOT NULL, name text, t text, at timestamptz);
	ALTER TABLE big ALTER t SET STORAGE EXTERNAL;
	INSERT INTO big SELECT g, g, 0, md5(g::text), CASE WHEN g % 500 = 0 THEN repeat(md5(g::text), 100) END,
		'2024-01-01+00'::timestamptz + g * interval '1 s' FROM generate_series(1, $rows) g"
sql src 'CREATE SEQUENCE fresh'
sql src 'VACUUM ANALYZE big'
sqlf src "$TOP/test/long/big.sql" >/dev/null
echo "SELECT churn(:client_id + 1);
SELECT big_change(:client_id, 32, $rows);" >"$TMP/churn.sql"

conf_task t 'full_load: { parallel_chunks = 4; };'
step "load and $changes changes at once"
begin=$(now_ms)
# one call of both makes 10 row changes on average
exec_bench src "$TMP/churn.sql" -M prepared -t $((changes / 10 / 32)) -c 32 -j 2 >"$TMP/bench.log" 2>&1 &
BENCH_PID=$!
JOBS_PIDS="$JOBS_PIDS $BENCH_PID"
sleep 1
repld_start
loaded t 3000
say "   loaded and level after $((($(now_ms) - begin) / 1000)) s: $(task_get t full_load.rows) rows"
if running "$BENCH_PID"; then say '   the writers outlive the load'; else say '   the writers have ended before'; fi
worker=$(worker_pid t)
workload_wait
say "   row changes in the source: $(sql src "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) - $rows FROM pg_stat_user_tables")"
synced t 1800
say "   streamed: $(task_get t totals.transactions) transactions, $(task_get t totals.inserts) inserts, $(task_get t totals.updates) updates," \
	"$(task_get t totals.deletes) deletes; all done after $((($(now_ms) - begin) / 1000)) s"
say "   the worker's peak memory: $(($(peak_kb "$worker") / 1024)) MB"
step 'equal by content'
workload_compare
compare public.big
repld_stop
