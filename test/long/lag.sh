#!/bin/sh
# Lag is 0 on an idle source, null with the source down, and within 1 s of the truth while the target is locked; what the log keeps is what
# pg_replication_slots says. The truth: rows written each 100 ms that say when, looked for on the target.
# usage: test/long/lag.sh     (LOCKED=30 IDLE=20 seconds, OTHERS=300 MB, LOOKS=6)
# timeout: 900
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/long/lib.sh"
skip_if_no_server
locked=${LOCKED:-30} idle=${IDLE:-20} others=${OTHERS:-300} looks=${LOOKS:-6}

pg_start src
pg_start dst
heartbeat_make
workload_make 4
sql src 'CREATE TABLE other (id int, t text)'
conf_write <<'CONF'
	t: { source = "src"; target = "dst"; tables = ( { include = "public.*"; }, { exclude = "public.other"; } ); };
CONF
repld_start
loaded t

worst=0 samples=0 limit=1000
measure() {
	lo_before=$(heartbeat_lag)
	lo_said=$(lag_said)
	lo_after=$(heartbeat_lag)
}

# What the status says lies between the truth before and the truth after, give or take the limit in milliseconds.
judge() {
	[ "$lo_said" != null ] || fail 'lag is null while the source answers'
	lo_off=$(off_by "$lo_before" "$lo_after" "$lo_said")
	[ "$lo_off" -le "$worst" ] || worst=$lo_off
	samples=$((samples + 1))
	[ "$lo_off" -le $limit ] || fail "lag is $lo_said ms in the status; the truth was $lo_before ms before and $lo_after ms after"
}

look() {
	measure
	judge
}

step "idle for $idle s: lag is 0"
synced t
zero=0 blips=0 end=$(($(date +%s) + idle))
while [ "$(date +%s)" -lt $end ]; do
	case $(lag_said) in
	0) zero=$((zero + 1)) ;;
	null) fail 'lag is null on an idle source' ;;
	*) blips=$((blips + 1)) ;;	# the server's own records: seen, and reached a moment later
	esac
	sleep 0.1
done
say "   $zero samples of 0, $blips of more"
[ $((blips * 20)) -le $zero ] || fail "lag was not 0 in $blips of $((zero + blips)) samples"

step 'what the source keeps: status and pg_replication_slots agree'
slot() { sql src "SELECT (pg_current_wal_lsn() - restart_lsn)::bigint || ' ' || (pg_current_wal_lsn() - '0/0')::bigint
	FROM pg_replication_slots WHERE slot_name = 'repld_t'"; }
worst_kept=0
round=0
while [ $round -lt "$looks" ]; do
	round=$((round + 1))
	[ $((round % 2)) -eq 0 ] || sql src "INSERT INTO other SELECT g, repeat('x', 1000) FROM generate_series(1, 20000) g"
	read -r kept_before end_before <<-SLOT
		$(slot)
	SLOT
	sleep 2			# asked each second, told each quarter of one
	said=$(task_get t source_log.retained_bytes)
	read -r kept_after end_after <<-SLOT
		$(slot)
	SLOT
	off=$(off_by "$kept_before" "$kept_after" "$said")
	say "   $kept_before, then $kept_after bytes; the status says $said; written between: $((end_after - end_before))"
	[ "$off" -le "$worst_kept" ] || worst_kept=$off
	[ "$off" -le $((end_after - end_before)) ] || fail "retained_bytes is off by $off"
done

step "the target is locked for $locked s"
heartbeat_start
sleep 2
look
background psql_of dst -o /dev/null -c "BEGIN; LOCK TABLE heartbeat IN EXCLUSIVE MODE; SELECT pg_sleep($locked); COMMIT"
lock=$BG
most=0
while measure && running "$lock"; do		# the moment it goes, the status is a quarter of a second old
	judge
	[ "$lo_said" -le "$most" ] || most=$lo_said
	sleep 0.1
done
say "   $samples samples, the highest lag $most ms; off by $worst ms at most"
[ "$most" -ge $(((locked - 2) * 1000)) ] || fail "lag was never more than $most ms"

step 'and after it'
sleep 2
begin=$samples
while [ $samples -lt $((begin + locked)) ]; do
	look
	sleep 0.1
done

# From here on the source, too, may be what is slow: of what it has not sent nothing is known but its end, asked for each second.
worst_locked=$worst worst=0 limit=2000
step 'others write as fast as they can: lag is no more than the time until repld has heard of it'
background sql src "INSERT INTO other SELECT g, repeat('x', 1000) FROM generate_series(1, $others * 1000) g"
busy=$BG
while running "$busy"; do
	look
	sleep 0.1
done

step "four clients write captured rows without a pause for $idle s: lag is that of the oldest row that is missing, not of the writing"
workload_start "$idle" 4
while running "$BENCH_PID"; do
	look
	sleep 0.1
done
workload_wait
synced t 120
heartbeat_stop

step 'the source is down: lag is null'
pg_stop src immediate
down=$(now_ms) looked=0
while [ $looked -lt 30 ]; do
	said=$(ctl status t --json | json_flat | awk -F '\t' '$1 == "tasks.0.state" { s = $2 } $1 == "tasks.0.lag.seconds" { print s, $2 }')
	case $said in
	running*) [ $(($(now_ms) - down)) -lt 5000 ] || fail 'the task does not see that the source is gone' ;;
	*' null') looked=$((looked + 1)) took=${took:-$(($(now_ms) - down))} ;;
	*) fail "state and lag with the source down: $said" ;;
	esac
	sleep 0.1
done
pg_start src
wait_for 60 task_is t running || fail 'the task does not come back'
synced t
is_zero() { [ "$(lag_said)" = 0 ]; }
wait_for 5 is_zero || fail "lag is $(task_get t lag.seconds), not 0, after the source came back"
compare public.heartbeat
workload_compare
repld_stop
say "lag: off by $worst_locked ms at most around the lock, $most ms the highest, by $worst ms while the source was busy, $samples looks; 0 in $zero of $((zero + blips)) looks when idle;" \
	"null $took ms after the source went; retained_bytes off by $worst_kept bytes at most"
