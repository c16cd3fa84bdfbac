#!/bin/sh
# What networks do to connections, between one pair of kinds of servers, under a ledger workload: each fault is found within the time that is stated
# for its kind, the task goes on by itself, and at the end everything is equal and the ledger exact.
# usage: SRC_KIND= DST_KIND= network.sh     FAULTS='SERVER:CLASS:COMMAND...' (the whole list without), FLIPS=6 (of each kind), RATE=100
#
# Flipped bytes, without TLS: everywhere in a binlog, whose events have CRC32; otherwise only in the heads of messages, that is in what says of which
# kind and how long a message is: no checksum covers a row's value on its way, and nobody could tell it from what was meant.
TOP=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/lib_proxy.sh"
needs
rate=${RATE:-100} flips=${FLIPS:-6} clients=4

# Seconds until the task has to be back, of a connection that says nothing more.
silent() {			# SERVER CLASS
	case $1-$2 in
	dst-apply) echo 60 ;;		# a look at the session after 30 s, another one after 10
	dst-guard | dst-any) echo 40 ;;	# a ping each 5 s, with a deadline of 20 s
	src-source) echo 60 ;;		# a deadline of 30 s
	*) if [ "$SRC_KIND" = postgresql ]; then echo 90; else echo 40; fi ;;	# silence of 60 s; heartbeats, of 15 s
	esac
}

db_start src
db_start dst
workload_make $clients
proxy_start src
proxy_start dst
conf_task t
repld_start
loaded t
joined t

churning() {
	while [ ! -e "$TMP/enough" ]; do
		workload_start 5 $clients -R "$rate"
		workload_wait
	done
}
background churning >"$TMP/churning"
CHURN=$BG

committed() { sql "$1" 'SELECT sum(n) FROM ledger_next'; }
# In error is what a person has to look at: a message that makes no sense may be the network's doing or the server's. A restart is the remedy.
in_error=0
come_to() {			# NUMBER
	if task_is t error; then
		in_error=$((in_error + 1))
		say "   in error: $(task_get t error.message)"
		ctl restart t >/dev/null || :
	fi
	[ "$(committed dst)" -ge "$1" ]
}
back() {			# WHAT SECONDS SINCE
	ba_want=$(($(committed src) + 10))
	wait_for "$2" come_to $ba_want || { ctl status t >&2; fail "$1: not back after $2 s"; }
	wait_for 30 task_is t running || { ctl status t >&2; fail "$1: not running"; }
	took=$(($(now_ms) - $3))
	sed 1,"$lines"d "$TMP/repld.log" >"$TMP/said"
	say "   $1: back after $took ms; $(sed -n 's/^[^ ]* warning task=t retry in [^:]*: //p' "$TMP/said" | head -n 1 | cut -c 1-140)"
}
class_there() { proxy "$1" list | grep -q "^$2\$"; }

# Found: what was applied by another connection meanwhile does not count.
noticed() { sed 1,"$lines"d "$TMP/repld.log" | grep -Eq "retry in|can't be asked"; }

table=''
silence() {			# SERVER CLASS VERB
	[ "$2" = any ] || wait_for 30 class_there "$1" "$2" || fail "there is no connection of class $2"
	lines=$(wc -l <"$TMP/repld.log") si_begin=$(now_ms)
	expect_some "$(proxy "$1" "$3" "$2")"
	wait_for "$(silent "$1" "$2")" noticed || { ctl status t >&2; fail "$3 $1 $2: not found after $(silent "$1" "$2") s"; }
	found=$((($(now_ms) - si_begin) / 1000))
	back "$3 $1 $2, found after $found s" 60 "$si_begin"
	table="$table, $3 $1 $2 $found s"
}
expect_some() { [ "$1" -gt 0 ] || fail 'there was no such connection'; }

ended() {			# SERVER CLASS cut|rst
	[ "$2" = any ] || wait_for 30 class_there "$1" "$2" || fail "there is no connection of class $2"
	lines=$(wc -l <"$TMP/repld.log") en_begin=$(now_ms)
	expect_some "$(proxy "$1" "$3" "$2")"
	back "$3 $1 $2" 60 "$en_begin"
}

# The path as a whole, new connections too, for so long. What is on its way arrives later.
dark() {			# SERVER SECONDS
	lines=$(wc -l <"$TMP/repld.log") da_begin=$(now_ms)
	proxy "$1" dark
	sleep "$2"
	ctl status t | sed 1,2d | cut -c 1-160
	proxy "$1" light
	back "dark $1 for $2 s" 90 "$da_begin"
}

weather() {			# SERVER SECONDS COMMAND...: a slow path is none that is broken
	we_server=$1 we_seconds=$2 lines=$(wc -l <"$TMP/repld.log") we_begin=$(now_ms)
	shift 2
	proxy "$we_server" "$@"
	sleep "$we_seconds"
	case $1 in slow) proxy "$we_server" slow any 0 0 ;; delay) proxy "$we_server" delay any 0 ;; esac
	back "$we_server: $* for $we_seconds s" 60 "$we_begin"
	expect_no_text 'retry in' "$TMP/said"
}

# A server far away: the task comes up again, each word taking its time.
far() {				# SERVER MS
	lines=$(wc -l <"$TMP/repld.log") fa_begin=$(now_ms)
	proxy "$1" delay any "$2"
	proxy "$1" cut any >/dev/null
	back "$1: $2 ms away, after a cut" 60 "$fa_begin"
	proxy "$1" delay any 0
	expect_no_text ' error task' "$TMP/said"
}

flipped_are() { [ "$(proxy_said "$1" '^flipped ')" -ge "$2" ]; }
flipping() {			# SERVER CLASS up|down head|any MOST
	fl_n=0
	while [ $fl_n -lt "$flips" ]; do
		fl_n=$((fl_n + 1))
		wait_for 60 class_there "$1" "$2" || fail "there is no connection of class $2"
		lines=$(wc -l <"$TMP/repld.log") fl_seen=$(proxy_said "$1" '^flipped ') fl_begin=$(now_ms)
		proxy "$1" flip "$2" "$3" "$4" "$(random "$5")"
		wait_for 60 flipped_are "$1" $((fl_seen + 1)) || fail 'nothing came by to be flipped'
		back "$1: $(tail -n 1 "$TMP/$1.proxy/events" | cut -c 1-100)" 130 "$fl_begin"
	done
	n_flips=$((${n_flips:-0} + flips))
}

one() {				# SERVER CLASS COMMAND...
	case $3 in
	cut | rst) ended "$@" ;;
	hole | mute) silence "$@" ;;
	dark) dark "$1" "$4" ;;
	far) far "$1" "$4" ;;
	slow | delay) weather "$1" 10 "$3" "$2" "$4" ${5:+"$5"} ;;
	flip) flipping "$1" "$2" "$4" "$5" "$6" ;;
	*) fail "no fault: $3" ;;
	esac
	n_faults=$((${n_faults:-0} + 1))
}

all_faults() {
	for af in dst:apply dst:guard dst:any src:stream src:source src:any; do
		echo "$af:cut $af:rst $af:hole"
	done
	echo 'dst:apply:mute dst:any:mute src:stream:mute src:any:mute'
	echo 'dst:any:dark:12 src:any:dark:12 dst:any:dark:50 src:any:dark:80'
	echo 'dst:any:slow:50:1 src:any:slow:200:1 dst:any:delay:150 src:any:delay:150'
	echo 'dst:any:far:150 src:any:far:150'
	echo 'dst:apply:flip:up:head:200 dst:apply:flip:down:head:200 src:source:flip:down:head:20'
	if [ "$SRC_KIND" = postgresql ]; then
		echo 'src:stream:flip:down:head:200 src:stream:flip:up:head:3'
	else
		echo 'src:stream:flip:down:any:20000 src:stream:flip:down:head:200 src:stream:flip:down:any:2000'
	fi
}

for fault in ${FAULTS:-$(all_faults)}; do
	step "$SRC_KIND to $DST_KIND: $fault"
	# shellcheck disable=SC2046
	one $(echo "$fault" | tr : ' ')
done

step 'level, equal by content, and the ledger is exact'
: >"$TMP/enough"
wait "$CHURN" || { cat "$TMP/churning" >&2; fail 'the workload failed'; }
synced t 120
workload_compare
say "$SRC_KIND to $DST_KIND: ${n_faults:-0} faults, ${n_flips:-0} flipped bytes ($in_error of them put the task in error, which a restart ended):" \
	"none lost, none doubled of $(committed dst) transactions$table"
