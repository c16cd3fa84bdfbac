#!/bin/sh
# A table of 2 million rows is loaded again, and another one is added by a reload, under writes to both and to others: the lag stays under 2 s (by
# the status and by heartbeat rows), everything is equal afterwards, nothing is left of the load group. Then the same 20 times with a kill -9 of
# worker or daemon in the middle, where only the lag may be more.
# usage: test/long/resync.sh     (ROWS=2000000 ADDED=500000 ROUNDS=20 RATE=150 LAG=2000; some 25 minutes and 6 GB in TMPDIR)
# timeout: 10800
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/long/lib.sh"
skip_if_no_server
rows=${ROWS:-2000000} added=${ADDED:-500000} rounds=${ROUNDS:-20} rate=${RATE:-150} lag=${LAG:-2000}
clients=8

pg_start src shared_buffers=256MB max_wal_size=4GB
pg_start dst shared_buffers=256MB max_wal_size=4GB
heartbeat_make
workload_make $clients
sql src "CREATE TABLE big (id int PRIMARY KEY, v int NOT NULL, u int UNIQUE, t text);
	INSERT INTO big SELECT g, 0, g, repeat('x', 80) FROM generate_series(1, $rows) g;
	CREATE TABLE later (id int PRIMARY KEY, v int NOT NULL, t text);
	INSERT INTO later SELECT g, 0, repeat('y', 80) FROM generate_series(1, $added) g"
sql src 'VACUUM ANALYZE big, later'
# Each client changes rows of its own (id modulo clients); key changes go to numbers above those of the load.
echo "SELECT churn(:client_id + 1);
\\set a random(1, $rows / $clients - 1) * $clients + :client_id
\\set b random(1, $rows / $clients - 1) * $clients + :client_id
\\set c random(1, $added / $clients - 1) * $clients + :client_id
BEGIN;
UPDATE big SET v = v + 1, t = left(t || 'z', 200) WHERE id = :a;
DELETE FROM big WHERE id = :b;
INSERT INTO big VALUES (:b, 1, - :b::int, 'again') ON CONFLICT DO NOTHING;
UPDATE big SET id = id + $rows WHERE id = :a AND v % 3 = 0 AND NOT EXISTS (SELECT FROM big WHERE id = :a::int + $rows);
UPDATE later SET v = v + 1 WHERE id = :c;
DELETE FROM later WHERE id = :c AND v % 5 = 0;
COMMIT;" >"$TMP/churn.sql"

conf_write <<'CONF'
	t: { source = "src"; target = "dst"; tables = ( { include = "public.*"; }, { exclude = "public.later"; } ); };
CONF
repld_start
loaded t 600
heartbeat_start

# Lag as the status says it, each 0.2 s: time and milliseconds.
sample_lag() {
	exec 2>/dev/null
	while [ ! -e "$TMP/enough" ]; do
		echo "$(date +%s.%3N) $(lag_said)" >>"$1"
		sleep 0.2
	done
}
lags() {			# FILE SINCE: the highest, samples, and how many were null
	awk -v since="$2" '$1 >= since { n++; if ($2 == "null" || $2 == "") none++; else if ($2 > most) most = $2 }
		END { print most + 0, n + 0, none + 0 }' "$1"
}
background sample_lag "$TMP/lags"
sampler=$BG
heartbeat_watch "$TMP/arrivals"
summary=
all_equal() {			# TABLE...: the writers stand still
	synced t 600
	workload_compare
	compare_hash public.big "$@"
}
judge_lag() {			# WHAT SINCE
	read -r said samples none <<-LAGS
		$(lags "$TMP/lags" "$2")
	LAGS
	beat=$(heartbeat_slowest "$TMP/arrivals" "$2")
	summary="$summary$1: $took ms; lag at most $said ms in $samples looks at the status ($none without one), $beat ms by the heartbeats
"
	say "   $took ms; lag at most $said ms in $samples looks ($none null); the slowest heartbeat took $beat ms"
	[ "$said" -lt "$lag" ] || fail "$1: the status said $said ms of lag"
	[ "$beat" -lt "$lag" ] || fail "$1: the heartbeats say $beat ms of lag"
}
beside() {			# WHAT COMMAND...: what it begins joins the stream under writes
	what=$1
	shift
	step "$what under $rate transactions a second"
	workload_start 7200 $clients -R "$rate"
	sleep 5
	synced t
	begin=$(date +%s.%3N)
	"$@" >"$TMP/out" 2>&1 || { cat "$TMP/out" >&2; fail "$what is refused"; }
	wait_for 60 grouped || fail "$what: no load group"
	joined t 1800
	took=$(awk -v a="$begin" -v b="$(date +%s.%3N)" 'BEGIN { printf "%d", (b - a) * 1000 }')
	sleep 3
	synced t 600
	judge_lag "$what" "$begin"
	writers_stop "$BENCH_PID"
}
grouped() { ! all_stream t; }
add_table() {
	sed -i 's/, { exclude = "public.later"; }//' "$CONF"
	ctl reload
}

beside 'resync of the large table' ctl resync t public.big --yes
all_equal
big_ms=$took
beside 'a table added by reload' add_table
all_equal public.later
later_ms=$took

: >"$TMP/enough"
wait "$sampler" || :
step "$rounds rounds with a kill in the middle"
round=0 of_daemon=0 met=0
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	workload_start 7200 $clients -R "$rate"
	case $((round % 3)) in
	0) tables='public.big public.later' takes_ms=$big_ms ;;
	1) tables=public.big takes_ms=$big_ms ;;
	2) tables=public.later takes_ms=$later_ms ;;
	esac
	ctl resync t $tables --yes >"$TMP/out" 2>&1 || { cat "$TMP/out" >&2; fail 'resync is refused'; }
	if [ "$rounds" -ge 10 ]; then
		sleep "$(random "$takes_ms" | awk '{ print $1 * 0.0009 }')"
	else
		look=0	# so few kills are not left to chance
		until grouped || [ $((look += 1)) -gt 100 ]; do sleep 0.02; done
	fi
	if grouped; then met=$((met + 1)) in='in the middle'; else in='after the end'; fi
	if [ "$(random 2)" = 0 ]; then
		of_daemon=$((of_daemon + 1)) who=daemon
		repld_kill
		repld_start
	else
		who=worker
		until worker=$(worker_pid t) && kill -9 "$worker" 2>/dev/null; do sleep 0.1; done
	fi
	joined t 1800
	writers_stop "$BENCH_PID"
	say "   $round: $tables, kill of the $who $in"
	all_equal public.later >"$TMP/equal" || { cat "$TMP/equal"; fail "round $round"; }
done
[ $((met * 2)) -ge "$rounds" ] || fail "only $met of $rounds kills met a load group"
heartbeat_stop
watching_stop "$HEARTWATCH"
synced t
compare public.heartbeat
all_equal public.later
expect 'task' running "$(task_get t state)"
expect_no_text '(^| )error task=' "$TMP/repld.log"
repld_stop
printf '%s' "$summary"
say "$rounds rounds with a kill -9 ($of_daemon of the daemon, $met in the middle of the load group): equal each time, no slot and no row left"
