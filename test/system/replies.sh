#!/bin/sh
# Replies to COMMIT that are lost on their way, between one pair of kinds of servers, under a ledger workload: every other one is of a commit that
# happened, the others never reached the target, which a look past the proxy confirms each time. The daemon finds out, and goes on by itself.
# usage: SRC_KIND= DST_KIND= replies.sh     REPLIES=12, LOADS=0 (more of them in the load), LATE=0 (more that reach the server
#        after their client has gone), RATE=400 (transactions a second), CLIENTS=4
TOP=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/lib_proxy.sh"
needs
replies=${REPLIES:-12} loads=${LOADS:-0} late=${LATE:-0} rate=${RATE:-400} clients=${CLIENTS:-4}

db_start src
db_start dst
workload_make "$clients"
fillers=$([ "$loads" = 0 ] || seq 1 12)
for filler in $fillers; do		# so that a load has many COMMITs
	sql src "CREATE TABLE filler$filler AS SELECT k AS id, k AS n, repeat('filler', 300) AS t FROM kv"
	sql src "ALTER TABLE filler$filler ADD PRIMARY KEY (id)"
done
proxy_start dst
conf_task t "full_load: { max_rate = \"$([ "$loads" = 0 ] || echo 1MB)\"; };"

churning() {
	while [ ! -e "$TMP/enough" ]; do
		workload_start 5 "$clients" -R "$rate"
		workload_wait
	done
}
background churning
CHURN=$BG

swallowed_are() { [ "$(proxy dst swallowed)" -ge "$1" ]; }
class_there() { proxy dst list | grep -q "^$1\$"; }
in_error() { task_is t error || [ "$(sql dst "SELECT count(*) FROM repld.table_state WHERE state IN ('error', 'suspended', 'suspect')")" != 0 ]; }

# Armed, met, looked at behind the gate, and gone on from.
n=0 happened=0 not=0 slowest=0
reply() {			# VERB CLASS HOW END SKIP
	n=$((n + 1))
	proxy dst "$@"
	wait_for 60 swallowed_are $n || { ctl status t >&2; fail "no COMMIT was seen for a minute: $*"; }
	position=$(grep '^swallow ' "$TMP/dst.proxy/events" | tail -n 1 | cut -d ' ' -f 5-)
	if [ "$1" = swallow ]; then
		there=$(sql dst "SELECT count(*) FROM repld.checkpoint WHERE task = 't' AND position = '$position'")
		case $3-$there in
		late*) ;;
		happened-1) happened=$((happened + 1)) ;;
		not-0) not=$((not + 1)) ;;
		*) fail "COMMIT of $position, armed as $3: the target has it $there times" ;;
		esac
	fi
	re_begin=$(now_ms)
	proxy dst gate open
}

goes_on() {
	wait_for 90 class_there "$1" && wait_state t running 30 || { ctl status t --tables >&2; fail 'the task does not go on'; }
	! in_error || { ctl status t --tables >&2; fail 'it waits for a hand'; }
	took=$(($(now_ms) - re_begin))
	[ $took -le $slowest ] || slowest=$took
}

step "$SRC_KIND to $DST_KIND: $loads replies lost in the load"
repld_start
load_over() { phase_is t cdc && all_stream t; }
swallowed_or_over() { swallowed_are "$1" || load_over; }
while [ $n -lt "$loads" ] && ! load_over; do
	n=$((n + 1))
	proxy dst swallow-any load "$([ $((n % 2)) = 0 ] && echo not || echo happened)" "$([ $((n % 3)) = 0 ] && echo rst || echo cut)" "$(random 3)"
	wait_for 60 swallowed_or_over $n || { ctl status t >&2; fail 'neither a COMMIT of the load was seen for a minute nor its end'; }
	proxy dst gate open
done
proxy dst swallow-none load
proxy dst gate open
in_load=$(proxy dst swallowed) n=$in_load
loaded t 120
joined t 120
! in_error || { ctl status t --tables >&2; fail 'it waits for a hand'; }

step "$replies replies lost in the stream"
i=0
while [ $i -lt "$replies" ]; do
	case $((i % 2)) in 0) how=happened ;; *) how=not ;; esac
	case $((i / 2 % 2)) in 0) end='cut' ;; *) end='rst' ;; esac
	reply swallow apply $how $end "$(random 4)"
	goes_on apply
	i=$((i + 1))
done
i=0
while [ $i -lt "$late" ]; do
	reply swallow apply "late-$(echo '0 1 3 10 1000 1500' | cut -d ' ' -f $((i % 6 + 1)))" "$([ $((i % 2)) = 0 ] && echo cut || echo rst)" "$(random 4)"
	sleep 2
	goes_on apply
	i=$((i + 1))
done

step 'level, equal by content, and the ledger is exact'
: >"$TMP/enough"
wait "$CHURN" || fail 'the workload failed'
synced t 120
expect 'the task' running "$(task_get t state)"
workload_compare
for filler in $fillers; do compare public.filler$filler >"$TMP/filler"; done
expect_no_text '(^| )error task=' "$TMP/repld.log"
expect 'of those in the stream, happened and not' "$(((replies + 1) / 2)) $((replies / 2))" "$happened $not"
say "$SRC_KIND to $DST_KIND: $replies replies lost in the stream ($happened had happened, $not had not), $in_load in the load, $late that came late:" \
	"none lost, none doubled of $(sql dst 'SELECT count(*) FROM ledger') transactions, back after $slowest ms at most"
