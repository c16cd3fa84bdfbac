#!/bin/sh
# 30 kill -9 of worker or daemon at random, half of them during the load, under at least 300 source transactions a second: ledger and content.
# usage: test/long/kills30.sh     (KILLS=30 RATE=400; some 5 minutes)
# timeout: 3600
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server
kills=${KILLS:-30} rate=${RATE:-400}

pg_start src max_wal_size=2GB
pg_start dst max_wal_size=2GB
workload_make 16
sql src "CREATE TABLE big (id int PRIMARY KEY, v int, t text);
	INSERT INTO big SELECT g, 0, repeat('x', 300) FROM generate_series(1, 400000) g"
echo "SELECT churn(:client_id + 1);
\\set id random(1, 400000)
UPDATE big SET v = v + 1 WHERE id = :id;" >"$TMP/churn.sql"
conf_task t 'full_load: { max_rate = "6MB"; };'
workload_start $((kills * 10)) 16 -R "$rate"
sleep 1
repld_start

done_kills=0 of_daemon=0 in_load=0 in_stream=0
kill_one() {
	phase=$(task_get t phase) || phase=starting
	if [ "$(random 2)" = 0 ]; then
		repld_kill
		sleep "0.$(random 10)"
		repld_start
		of_daemon=$((of_daemon + 1))
	else
		worker=$(worker_pid t) || return 0
		kill -9 "$worker" 2>/dev/null || return 0
	fi
	case $phase in
	full_load | starting | check) in_load=$((in_load + 1)) ;;
	*) in_stream=$((in_stream + 1)) ;;
	esac
	done_kills=$((done_kills + 1))
	printf '   %s %s\n' "$done_kills" "$phase"
}
step "$((kills / 2)) kills during the load"
while [ $done_kills -lt $((kills / 2)) ]; do
	sleep "$((1 + $(random 3))).$(random 10)"
	kill_one
done
sed -i 's/max_rate = "6MB"/max_rate = ""/' "$CONF"
ctl reload >/dev/null
loaded t 600
step 'the others during the stream'
while [ $done_kills -lt "$kills" ]; do
	sleep "$(random 4).$(random 10)"
	kill_one
done
running "$BENCH_PID" || fail 'the workload ended before the last kill'
kill "$BENCH_PID"		# by signal: its own counts are not printed
wait "$BENCH_PID" || :
writers_gone() { [ "$(sql src "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgbench'")" = 0 ]; }
wait_for 20 writers_gone || fail 'writers outlive pgbench'
synced t 300
say "   $done_kills kills: $of_daemon of the daemon; $in_load before the end of the load, $in_stream after it"
say "   source transactions: $(sql src 'SELECT sum(n) FROM ledger_next')"
workload_compare
compare public.big
expect 'task' running "$(task_get t state)"
repld_stop
