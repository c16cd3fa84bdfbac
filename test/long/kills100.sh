#!/bin/sh
# 100 kill -9 of worker or daemon at random times, and 20 crashes of each server (kill -9 of the postmaster, or an immediate stop), a third of
# all during the load, under at least 300 source transactions a second with key changes, swaps of unique values, savepoints and rollbacks:
# nothing lost, nothing doubled, by ledger and by content, and no hand is needed.
# usage: test/long/kills100.sh     (KILLS=100 CRASHES=20 RATE=300 OFFERED=450 ROWS=400000; some 15 minutes)
# timeout: 7200
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/long/lib.sh"
skip_if_no_server
kills=${KILLS:-100} crashes=${CRASHES:-20} rate=${RATE:-300} rows=${ROWS:-400000}
clients=16

pg_start src max_wal_size=2GB
pg_start dst max_wal_size=2GB
workload_make $clients
sql src "CREATE TABLE big (id int PRIMARY KEY, v int, t text);
	INSERT INTO big SELECT g, 0, repeat('x', 300) FROM generate_series(1, $rows) g"
echo "SELECT churn(:client_id + 1);
\\set id random(1, $rows)
UPDATE big SET v = v + 1 WHERE id = :id;" >"$TMP/churn.sql"

# Writes on and on; a crash of the source ends pgbench, not the writing.
write_on() {
	while [ ! -e "$TMP/enough" ]; do
		(exec_bench src "$TMP/churn.sql" -M prepared -T 7200 -c $clients -j 2 -R "${OFFERED:-450}") >>"$TMP/bench.log" 2>&1 || :
		sleep 0.1
	done
}

done_processes=0 of_daemon=0 done_src=0 done_dst=0 between=0 in_load=0 in_stream=0 src_down_ms=0
note_phase() {
	phase=$(table_get t public.big state) || phase=unknown
	[ "$(task_get t phase)" != null ] || phase='on its way up'
	[ "$(task_get t state)" != error ] || { ctl status t >&2; fail 'the task is in error: it waits for a hand'; }
}
kill_process() {
	if [ "$(random 2)" = 0 ]; then
		repld_kill
		sleep "0.$(random 10)"
		repld_start
		of_daemon=$((of_daemon + 1))
	else
		until worker=$(worker_pid t) && kill -9 "$worker" 2>/dev/null; do
			sleep 0.2		# between two lives
		done
	fi
	done_processes=$((done_processes + 1))
}
crash() {			# src|dst
	cr_begin=$(now_ms)
	if [ "$(random 2)" = 0 ]; then pg_kill "$1"; else pg_stop "$1" immediate; fi
	sleep "$(random 3).$(random 10)"
	pg_start "$1"
	case $1 in
	src) done_src=$((done_src + 1)) src_down_ms=$((src_down_ms + $(now_ms) - cr_begin)) ;;
	dst) done_dst=$((done_dst + 1)) ;;
	esac
}
one_event() {			# process|src|dst
	# most of them meet a task that works, the others may meet one on its way up
	[ "$(random 4)" = 0 ] || wait_for 120 task_is t running || { ctl status t >&2; fail 'the task does not come back'; }
	sleep "$(random 4).$(random 10)"
	note_phase
	if [ "$1" = process ]; then kill_process; else crash "$1"; fi
	case $phase in
	streaming) in_stream=$((in_stream + 1)) ;;
	queued | loading | loaded | catch_up) in_load=$((in_load + 1)) ;;
	*) between=$((between + 1)) ;;
	esac
	printf '   %s: %s %s\n' "$((done_processes + done_src + done_dst))" "$1" "$phase"
}

{
	yes process | head -n "$kills"
	yes src | head -n "$crashes"
	yes dst | head -n "$crashes"
} | shuf >"$TMP/events"
total=$(wc -l <"$TMP/events")

conf_task t 'full_load: { max_rate = "6MB"; };'
begin=$(now_ms)
background write_on
writer=$BG
sleep 1
repld_start
step "$((total / 3)) of $total crashes during the load"
n=0
while read -r event <&3; do
	one_event "$event"
	n=$((n + 1))
	if [ $n -eq $((total / 3)) ]; then
		sed -i 's/max_rate = "6MB"/max_rate = ""/' "$CONF"
		ctl reload >/dev/null
		joined t 900
		step 'the others during the stream'
	fi
done 3<"$TMP/events"
written=$(sql src 'SELECT sum(n) FROM ledger_next')
spent=$(($(now_ms) - begin))
: >"$TMP/enough"
writers_stop "$writer"

step 'it comes back by itself and both sides are equal'
ended=$(now_ms)
synced t 600
caught_up=$(($(now_ms) - ended))
workload_compare
compare_hash public.big
expect 'task' running "$(task_get t state)"
expect_no_text '(^| )error task=' "$TMP/repld.log"
repld_stop
up_ms=$((spent - src_down_ms))
say "$done_processes kills of worker or daemon ($of_daemon of the daemon), $done_src crashes of the source, $done_dst of the target;" \
	"$in_load during the load, $in_stream during the stream, $between while the task was on its way up"
say "$written source transactions in $((spent / 1000)) s, $((written * 1000 / up_ms)) a second while the source was up; level $caught_up ms after the last"
[ $((written * 1000 / up_ms)) -ge "$rate" ] || fail "the source made fewer than $rate transactions a second"
