#!/bin/sh
# One pair of kinds of servers: a million rows are loaded under write load, then half a million row changes are streamed, and all the while
# worker and daemon are killed 50 times: nothing lost, nothing doubled, by content and by ledger, and no hand is needed.
# usage: test/long/pairs.sh SOURCE TARGET     postgresql, mysql, mariadb; some 5 minutes
#        ROWS=1000000 CHANGES=500000 KILLS=50, RATE=5000 and LOAD_RATE=800 (changes a second), LIMIT=6MB (of the load, a second), SEED=
#        KILLS=0 RATE=0 PAUSED=yes: how fast it goes, the stream from a backlog
# timeout: 3600
TOP=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
SRC_KIND=${1:-$SRC_KIND} DST_KIND=${2:-$DST_KIND}
. "$TOP/test/long/lib.sh"
. "$TOP/test/long/lib_pairs.sh"
needs
rows=${ROWS:-1000000} changes=${CHANGES:-500000} kills=${KILLS:-50} rate=${RATE:-5000} slow=${LOAD_RATE:-800} limit=${LIMIT:-6MB}
options_of() {			# KIND [option of MySQL and MariaDB...]
	case $1 in
	postgresql) echo shared_buffers=256MB max_wal_size=4GB ;;
	*) shift; echo innodb-buffer-pool-size=512M "$@" ;;
	esac
}

db_start src $(options_of "$SRC_KIND" max-binlog-size=$((rows * 32)))	# so that the stream goes through many files
db_start dst $(options_of "$DST_KIND")
step "$SRC_KIND to $DST_KIND, seed $SEED: $rows rows"
pairs_tables src
pairs_fill src "$rows"
pairs_ledger_target dst

peak=0
note_peak() {
	np_pid=$(worker_pid t) || return 0
	np_kb=$(peak_kb "$np_pid" 2>/dev/null) || return 0
	[ "${np_kb:-0}" -le $peak ] || peak=$np_kb
}
of_daemon=0 in_load=0 in_stream=0 between=0
kill_one() {
	# most of them meet a task that works, the others may meet one on its way up
	[ "$(random 4)" = 0 ] || wait_for 120 task_is t running || { ctl status t >&2; fail 'the task does not come back'; }
	sleep "$(random 3).$(random 10)"
	phase=$(task_get t phase) || phase=none
	[ "$(task_get t state)" != error ] || { ctl status t >&2; fail 'the task is in error: it waits for a hand'; }
	[ "$(task_get t state)" = running ] || phase=none
	note_peak
	if [ "$(random 3)" != 0 ]; then	# a worker that dies again and again is waited for longer each time
		repld_kill
		sleep "0.$(random 10)"
		repld_start
		of_daemon=$((of_daemon + 1))
	else
		until ko_worker=$(worker_pid t) && kill -9 "$ko_worker" 2>/dev/null; do
			sleep 0.2		# between two lives
		done
	fi
	case $phase in
	none | null | check) between=$((between + 1)) ;;
	*) if [ -e "$GO" ]; then in_stream=$((in_stream + 1)); else in_load=$((in_load + 1)); fi ;;
	esac
	[ -z "${VERBOSE:-}" ] || say "   killed in phase $phase"
}

conf_task t 'full_load: { max_rate = "'"$([ "$kills" = 0 ] || echo "$limit")"'"; };'
"$REPLD" check -c "$CONF" >"$TMP/check" 2>&1 || { cat "$TMP/check" >&2; fail 'check finds blockers'; }
writers_start "$changes" "$slow" "$rate"
sleep 1
step 'load, under writes'
begin=$(now_ms)
repld_start
n=0
while [ $n -lt $((kills / 3)) ]; do
	kill_one
	n=$((n + 1))
done
if [ "$kills" != 0 ]; then
	sed -i 's/max_rate = "'"$limit"'"/max_rate = ""/' "$CONF"
	wait_for 60 ctl reload || { ctl reload >&2; fail 'the configuration is not taken'; }
fi
writers_write || { cat "$TMP"/writer.*.log >&2; fail 'no writer is left'; }
loaded t 900
joined t 900
load_ms=$(($(now_ms) - begin))
say "   loaded after $((load_ms / 1000)) s"

step "$changes row changes"
[ -z "${PAUSED:-}" ] || ctl pause t >/dev/null
begin=$(now_ms)
: >"$GO"
while [ $n -lt "$kills" ]; do
	kill_one
	writers_write || after=$((${after:-0} + 1))
	n=$((n + 1))
done
while writers_write; do sleep 0.2; note_peak; done
writers_wait
if [ -n "${PAUSED:-}" ]; then
	begin=$(now_ms)
	ctl resume t >/dev/null
fi
written_ms=$(($(now_ms) - begin))
synced t 900
stream_ms=$(($(now_ms) - begin))
note_peak

step 'equal by content, and the ledger is exact'
pairs_ledger
sql dst 'CREATE VIEW ledger_seen AS SELECT n, who FROM ledger'
compare public.digit public.doc public.bag 'public.ledger = public.ledger_seen' public.ledger_next public.big
expect 'task' running "$(task_get t state)"
expect_no_text '(^| )error task=' "$TMP/repld.log"
repld_stop
say "$SRC_KIND to $DST_KIND, seed $SEED: $rows rows in $((load_ms / 1000)) s ($((rows * 1000 / load_ms)) a second)," \
	"$CHANGED changes in $TRANSACTIONS transactions in $((stream_ms / 1000)) s ($((CHANGED * 1000 / stream_ms)) a second," \
	"level $((stream_ms - written_ms)) ms after the last), $kills kills ($of_daemon of the daemon; $in_load in the load, $in_stream in the stream," \
	"$between on the way up, ${after:-0} behind the last change), worker's peak $((peak / 1024)) MB"
