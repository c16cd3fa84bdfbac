#!/bin/sh
# One workload again and again, on real servers: a load of all tables beside writes, then more writes; each time one allocation of memory of ours (a
# binary with fault points), or one system call (preload.c), fails in another place. Nothing may crash but for want of memory, everything must go on by
# itself to the same end. The last line says what was done.
#	SAMPLES='mem:120 recv:40:ECONNRESET all:0:SHORT ...'	one round each: mem:N, or what preload.c takes; a place that is not reached counts as such
#				any:KIND:N:WHAT counts the calls of the daemon's first process too, the others those of its workers alone
# The short forms in test/system source this file.
TOP=${TOP:-$(cd "$(dirname "$0")/../../.." && pwd)}
. "$TOP/test/system/lib.sh"
needs
[ -x "${REPLD_FAULTY:-}" ] || fail 'no binary built with FAULTS=1'
REPLD=$REPLD_FAULTY
SAMPLES=${SAMPLES:-all:0:SHORT recv:200:ECONNRESET mem:300}
PRELOAD=$TMP/preload.so
${CC:-cc} -std=c17 -D_GNU_SOURCE -O1 -shared -fPIC -o "$PRELOAD" "$TOP/test/torture/memory/preload.c" || fail "can't compile preload.c"
${CC:-cc} -std=c17 -D_GNU_SOURCE -O1 -DPRELOAD_PROGRAM -o "$TMP/counts" "$TOP/test/torture/memory/preload.c" || fail "can't compile preload.c"

acted=0 missed=0 deaths=0 refused=0 rounds=0

# In the daemon's environment alone: the test's own programs are left in peace.
arm() {				# SAMPLE
	armed=$1
	rm -rf "$TMP/once" "$TMP/io"
	case $1 in
	mem:*)
		mkdir "$TMP/once"
		set -- "REPLD_FAULT=mem=error@${1#mem:}" "REPLD_FAULT_ONCE=$TMP/once"
		;;
	any:*) set -- "LD_PRELOAD=$PRELOAD" "REPLD_IO_STATE=$TMP/io" "REPLD_IO=${1#any:}" ;;
	*) set -- "LD_PRELOAD=$PRELOAD" "REPLD_IO_STATE=$TMP/io" "REPLD_IO=$1" REPLD_IO_WHO=repld-worker ;;
	esac
	env "$@" "$REPLD" -c "$CONF" >>"$TMP/repld.out" 2>>"$TMP/repld.log" &
	REPLD_PID=$!
}

has_acted() {
	case $armed in
	mem:*) [ -e "$TMP/once/mem" ] ;;
	*SHORT) [ "${armed#*all}" != "$armed" ] || [ "$("$TMP/counts" "$TMP/io" | sed -n 's/^acted //p')" != 0 ] ;;
	*) [ "$("$TMP/counts" "$TMP/io" | sed -n 's/^acted //p')" != 0 ] ;;
	esac
}

# A first process that the failure ends at its start, or that has no memory, is started again, as systemd would.
alive() {
	running "$REPLD_PID" && return
	wait "$REPLD_PID" 2>/dev/null || last_rc=$?
	tail -n 1 "$TMP/repld.log" | grep -Eq '^repld: |error|out of memory' || fail "the daemon ended with ${last_rc:-0} and without a word"
	refused=$((refused + 1))
	say "   $armed: the daemon ended: $(tail -n 1 "$TMP/repld.log" | cut -c 1-140)"
	"$REPLD" -c "$CONF" >>"$TMP/repld.out" 2>>"$TMP/repld.log" &
	REPLD_PID=$!
	wait_for 20 repld_answers_or_ended || fail 'the daemon does not answer'
	running "$REPLD_PID" || fail 'the daemon ended at once'
}

begun() { repld_answers_or_ended && alive && phase_is t cdc; }

work() {			# TIMES: of one writer
	case $(kind_of $SRC) in
	postgresql) yes 'SELECT churn(1);' | head -n "$1" >"$TMP/work.sql" ;;
	*) yes 'CALL churn(1);' | head -n "$1" >"$TMP/work.sql" ;;
	esac
	sqlf $SRC "$TMP/work.sql" >/dev/null
}

# Asked again where the answer was lost on the way, or the task was just between two runs.
reload_asked() { alive && "$REPLD" ctl restart t --reload --yes; }

round() {			# SAMPLE
	rounds=$((rounds + 1))
	log_before=$(wc -c <"$TMP/repld.log")
	arm "$1"
	wait_for 60 begun || fail "$1: it does not come to stream"
	work 10
	wait_for 60 reload_asked || fail "$1: a reload is not taken"
	work 10
	alive
	loaded t 90
	work 10
	synced t 90
	alive
	workload_compare >/dev/null
	tail -c "+$((log_before + 1))" "$TMP/repld.log" >"$TMP/round.log"
	! grep -Eq 'SIGSEGV|SIGBUS|SIGILL|SIGFPE|Sanitizer|runtime error' "$TMP/round.log" || { cat "$TMP/round.log" >&2; fail "$1: a crash"; }
	if grep -q SIGABRT "$TMP/round.log"; then
		grep -q 'out of memory' "$TMP/round.log" || { cat "$TMP/round.log" >&2; fail "$1: a worker aborts"; }
	fi
	deaths=$((deaths + $(grep -c 'worker ended' "$TMP/round.log" || :)))
	if has_acted; then acted=$((acted + 1)); else missed=$((missed + 1)); fi
	[ -z "${VERBOSE:-}" ] || say "   $1: $(grep -Ec ' (warning|error) ' "$TMP/round.log" || :) warnings, acted: $(has_acted && echo yes || echo no)"
	repld_stop
	rm -f "$TMP/round.log"
}

db_start src
db_start dst
workload_make 1 50
conf_task t 'full_load: { target_tables = "truncate"; };' >/dev/null
plain=$("$REPLD" --version >/dev/null && echo yes)
expect 'a binary that runs' yes "$plain"
conf_task t
repld_start
loaded t
repld_stop

step "$(echo "$SAMPLES" | wc -w) failures, one a round"
for sample in $SAMPLES; do
	round "$sample"
done
say "$(kind_of $SRC) > $(kind_of $DST): $rounds rounds, $acted failures in place, $missed places not reached, $deaths dead workers, $refused dead daemons;" \
	'nothing lost, nothing doubled'
