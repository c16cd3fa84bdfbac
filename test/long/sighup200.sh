#!/bin/sh
# SIGHUP 200 times under load, every second time with a broken file: nothing lost, the tasks that do not change keep their process.
# usage: test/long/sighup200.sh     (TIMES=200)
# timeout: 900
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server
times=${TIMES:-200}

pg_start src
pg_start dst
workload_make 8
sql src 'CREATE TABLE other (id int PRIMARY KEY, v int); INSERT INTO other VALUES (1, 0)'
write() {
	conf_write <<-CONF
		t: { source = "src"; target = "dst"; tables = ( { include = "public.*"; }, { exclude = "public.other"; } ); };
		u: { source = "src"; target = "dst"; tables = ( { include = "public.other"; } ); apply: { max_rows = $1; }; };
	CONF
}
write 5000
repld_start
loaded t
loaded u
t=$(worker_pid t) u=$(worker_pid u)
workload_start $((times / 3 + 30)) 8 -R 500
step "$times SIGHUPs"
i=0
while [ $i -lt "$times" ]; do
	i=$((i + 1))
	if [ $((i % 2)) -eq 0 ]; then echo 'endpoints: { broken' >"$CONF"; else write $((1000 + i)); fi
	kill -HUP "$REPLD_PID"
	sleep 0.3
done
write 5000
running "$REPLD_PID" || fail 'the daemon ended'
workload_wait
synced t
synced u
expect 'process of the task that did not change' "$t" "$(worker_pid t)"
expect 'process of the task that was tuned' "$u" "$(worker_pid u)"
say "   refused in the log: $(grep -c 'repld\.conf:1' "$TMP/repld.log")"
workload_compare
compare public.other
repld_stop
