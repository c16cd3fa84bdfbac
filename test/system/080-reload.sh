#!/bin/sh
# Reload: SIGHUP and ctl reload under load, every second time with a broken file: a bad file changes nothing and says where it is wrong, only
# the tasks that changed are touched, and the answer lists what took effect, what waits, what was refused.
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

rounds=${ROUNDS:-15}
pg_start src
pg_start dst
workload_make 4
sql src 'CREATE TABLE other (id int PRIMARY KEY, v int); INSERT INTO other VALUES (1, 0);
	CREATE TABLE third (id int PRIMARY KEY); INSERT INTO third VALUES (1)'
write() {			# MAX-ROWS-OF-TASK-u [MORE-TASKS]
	conf_write <<-CONF
		t: { source = "src"; target = "dst"; tables = ( { include = "public.*"; }, { exclude = "public.other"; },
			{ exclude = "public.third"; } ); };
		u: { source = "src"; target = "dst"; tables = ( { include = "public.other"; } ); apply: { max_rows = $1; }; ${UMORE:-} };
		${2:-}
	CONF
}
write 5000
repld_start
loaded t
loaded u
worker=$(worker_pid t)
daemon=$REPLD_PID

step "$rounds times SIGHUP under load, every second time with a broken file"
workload_start $((rounds + 12)) 4 -R 300
i=0
while [ $i -lt "$rounds" ]; do
	i=$((i + 1))
	if [ $((i % 2)) -eq 0 ]; then
		echo 'tasks: { t: { this is broken' >"$CONF"
	else
		write $((1000 + i))
	fi
	kill -HUP "$REPLD_PID"
	sql src "UPDATE other SET v = $i"
	sleep 0.8
	running "$daemon" || fail 'the daemon ended'
	expect 'the worker of the task that did not change' "$worker" "$(worker_pid t)"
done
write 5000
[ "$(grep -c 'repld\.conf:1:' "$TMP/repld.log")" -ge $((rounds / 2)) ] || fail 'the broken files are not named in the log, with file and line'

step 'ctl reload: a broken file'
cp "$CONF" "$TMP/good"
printf 'tasks: {\n t: { source = "src";\n targets = 5; }; };\n' >"$CONF"
run_rc 2 ctl reload 2>/dev/null || :
[ "$rr_rc" -ne 0 ] || fail 'a broken file is reloaded'
expect_text 'repld\.conf:3:' "$TMP/out"
expect_text 'targets' "$TMP/out"
expect 'the worker' "$worker" "$(worker_pid t)"
cp "$TMP/good" "$CONF"

step 'ctl reload: an option that takes effect at once, in the same process'
other_worker=$(worker_pid u)
write 1234
run_rc 0 ctl reload
expect_text 'u.*max_rows' "$TMP/out"
expect 'the worker of u' "$other_worker" "$(worker_pid u)"

step 'an option that takes effect with the next run of its task, and only that: in the same process, from the checkpoint'
UMORE='staging: { ring_size = "32MB"; };'
write 1234
run_rc 0 ctl reload
expect_text 'u.*ring_size' "$TMP/out"
expect_text 'u: takes effect with the run that begins now: staging\.ring_size' "$TMP/out"
changed() { task_is u running && [ "$(task_get u ring.size_bytes)" = 33554432 ]; }
wait_for 20 changed || fail 'task u does not run with the new ring_size'
expect 'the worker of u' "$other_worker" "$(worker_pid u)"
expect 'the worker of t' "$worker" "$(worker_pid t)"

step 'what waits for a restart of the daemon is named'
DAEMON_OPTIONS='	http_listen = "127.0.0.1:9";' write 1234
run_rc 0 ctl reload
expect_text 'http_listen' "$TMP/out"
expect_text 'restart' "$TMP/out"
write 1234
run_rc 0 ctl reload

step 'a task is added'
write 1234 'v: { source = "src"; target = "dst"; tables = ( { include = "public.third"; } ); };'
run_rc 0 ctl reload
expect_text '\bv\b' "$TMP/out"
loaded v
synced v
compare public.third

step 'a task is disabled, another one leaves the file: nothing is dropped, what stays behind is named'
UMORE='enabled = false;'
write 1234
run_rc 0 ctl reload
expect_text 'repld_v' "$TMP/out"
expect_text 'repld_u' "$TMP/out"
wait_state u stopped
wait_for 10 eval '! worker_pid v' || fail 'the task that left the file still runs'
expect 'slots' 'repld_t repld_u repld_v' "$(sql src "SELECT string_agg(slot_name, ' ' ORDER BY slot_name) FROM pg_replication_slots")"
expect 'checkpoint rows' 't u v' "$(sql dst "SELECT string_agg(task, ' ' ORDER BY task) FROM repld.checkpoint")"
UMORE=
write 1234
run_rc 0 ctl reload
wait_state u running
synced u
compare public.other

step 'nothing is lost'
expect 'the worker of t, all the time' "$worker" "$(worker_pid t)"
workload_wait
synced t
workload_compare
repld_stop
