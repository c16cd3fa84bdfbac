#!/bin/sh
# kill -9 of the worker and of the daemon at random while the source commits: nothing lost, nothing doubled, no hand needed.
# matrix: postgresql
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

seconds=25
pg_start src
pg_start dst
workload_make 8
conf_task t
repld_start
loaded t

step "kills for $seconds s under 400 transactions a second"
workload_start $seconds 8 -R 400
kills=0 daemons=0
while running "$BENCH_PID"; do
	sleep "$(random 2).$(random 10)"
	if [ "$(random 3)" = 0 ]; then
		repld_kill
		sleep "0.$(random 5)"
		repld_start
		daemons=$((daemons + 1))
	else
		worker=$(worker_pid t) || continue		# between two lives
		kill -9 "$worker" 2>/dev/null || continue
	fi
	kills=$((kills + 1))
done
workload_wait
say "   $kills kills, $daemons of them of the daemon"
[ $kills -ge 5 ] || fail "only $kills kills"

step 'it comes back by itself and both sides are equal'
synced t 60
workload_compare
expect 'task' running "$(task_get t state)"

step 'a worker that dies on an idle task comes back too'
worker=$(worker_pid t)
kill -9 "$worker"
back() { new=$(worker_pid t) && [ "$new" != "$worker" ] && task_is t running; }
wait_for 30 back || fail 'the worker does not come back'
sql src 'SELECT churn(1)' >/dev/null
synced t
workload_compare
repld_stop
