#!/bin/sh
# Runs the tests that make has built in $O, one line each, two at a time:
#   ok   system 010-load (3.2 s)        FAIL unit map: ... and the end of its log        skip fuzz ... reason
# and a closing line alone: N passed, N failed, N skipped (and, where a server could not be fetched, which and why). Exit 1 on a failure.
#
#   run.sh check | matrix | asan | tsan | lint | fuzz         T='PATTERN ...' chooses by "kind name"
#
# matrix: system tests against servers of other versions, named NNN-name@SERVER.
# A system test is test/system/NNN-name.sh; it gets REPLD (the binary), O, REPLD_FAULTY (a binary built FAULTS=1),
# TMPDIR as it is; exit 0 passed, 77 skipped (the last line of output is the reason), else failed. Its first 15 lines may say
#   # timeout: SECONDS     (180 without)           # alone: yes       (nothing beside it)
#   # sanitizers: yes      (also in asan and tsan) # faults: yes      (needs REPLD_FAULTY)
#   # matrix: KIND ...     (also against other versions of postgresql, mysql, mariadb)
# A server that has to be fetched (test/servers) is fetched before the first test that uses it. Where that fails, the tests that need
# it are failures under CI, skips elsewhere.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 2
: "${O:=$top/build}" "${T:=}" "${CI:=}" "${JOBS:=2}" "${SECONDS_EACH:=60}"
mode=${1:-check}
out=$O/test
export O T CI
export REPLD="$O/repld" NO_SERVERS="$out/no-servers" LC_ALL=C

now_ms() { echo $(($(date +%s%N) / 1000000)); }
head_says() { sed -n "1,15s/^# $2: *//p" "$1" 2>/dev/null | head -n 1; }

# ---- one test: run.sh --one KIND NAME COMMAND...  ------------------------------------------------------------------
# The command's output is kept in $out/KIND-NAME.log (system tests: $out/NAME.log).

sanitizer_env() { # LOG: reports go to LOG.san.PID, so that those of a daemon in the background are seen as well
	common="log_path=$1.san:exitcode=99"
	supp=$top/test
	export ASAN_OPTIONS="$common:detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=0"
	export UBSAN_OPTIONS="$common:print_stacktrace=1"
	export LSAN_OPTIONS="suppressions=$supp/lsan.supp:print_suppressions=0"
	export TSAN_OPTIONS="$common:suppressions=$supp/tsan.supp:second_deadlock_stack=1:history_size=4"
	if grep -q '^[^#]' "$supp/asan.supp"; then
		ASAN_OPTIONS="$ASAN_OPTIONS:suppressions=$supp/asan.supp"
	fi
	export CK_TIMEOUT_MULTIPLIER=4
}

no_server() { # REASON: may a skip for this reason pass where everything has been installed?
	printf '%s\n' "$1" | grep -qiE 'server|postgres|maria|mysql|clang|installed'
}

one() {
	kind=$1 name=$2
	shift 2
	case $kind in system) log=$out/$name.log ;; *) log=$out/$kind-$name.log ;; esac
	limit=$(head_says "test/system/${name%@*}.sh" timeout)
	case $name in
	*@postgresql-*) export PG_SERVER="${name#*@}" ;;
	*@mysql-*) export MYSQL_SERVER="${name#*@}" ;;
	*@mariadb-*) export MARIADB_SERVER="${name#*@}" ;;
	esac
	[ "$kind" = system ] || limit=300
	case $mode in asan | tsan) sanitizer_env "$log" ;; esac
	rm -f "$log" "$log".san.*
	start=$(now_ms)
	if [ "$mode" = tsan ] && setarch -R true 2>/dev/null; then
		set -- setarch -R "$@" # its shadow memory wants the addresses where they used to be
	fi
	# timeout(1) leads a process group of its own; its number is for stop_all
	sh -c 'echo $$ >"$0"; exec "$@"' "$log.pid" timeout -k 10 "${limit:-180}" "$@" >"$log" 2>&1 </dev/null
	rc=$?
	ms=$(($(now_ms) - start))
	took="$((ms / 1000)).$((ms % 1000 / 100)) s"
	last=$(tail -n 1 "$log" | cut -c 1-160)
	[ $rc -ne 124 ] && [ $rc -ne 137 ] || echo "(ended after $took: over its time)" >>"$log"
	rm -f "$log.pid"
	for found in "$log".san.*; do
		[ -s "$found" ] || continue
		# that it cannot follow every coroutine is no finding: the simulator tells it of each change of stacks
		grep -v 'fully support makecontext/swapcontext' "$found" >"$log.found" || continue
		head -n 30 "$log.found" >>"$log"
		rc=99
	done
	rm -f "$log.found"
	if [ $rc -eq 77 ] && [ -n "$CI" ] && no_server "$last"; then
		echo "(a skip is a failure here: everything is meant to be installed)" >>"$log"
		rc=1
	fi
	what="$kind $name"
	case $kind/$last in unit/"ok   unit $name: "*) what="${last#ok   }" ;; esac
	report $rc >"$log.line"
	cat "$log.line"
	rm -f "$log.line"
}

report() { # RC: the test's line, and its result for the count
	case $1 in
	0) echo "ok   $what ($took)"; echo pass >>"$out/results" ;;
	77) echo "skip $what ${last:-no reason given}"; echo skip >>"$out/results" ;;
	*)
		echo "FAIL $what ($took)"
		tail -n 40 "$log" | sed 's/^/     | /'
		echo "     | log: $log"
		echo fail >>"$out/results"
		;;
	esac
}

# ctrl-C reaches make, us and xargs, but not the tests: each is in a group of its own.
stop_all() {
	for p in "$out"/*.pid; do
		[ ! -e "$p" ] || kill "$(cat "$p")" 2>/dev/null
		rm -f "$p"
	done
	exit 130
}

# ---- the lists: each line is KIND NAME COMMAND... ------------------------------------------------------------------

list_lint() {
	for f in test/lint/*.sh; do
		n=${f##*/}
		echo "lint ${n%.sh} sh $f"
	done
}

list_unit() {
	for f in test/unit/test_*.c; do
		n=${f##*/test_} n=${n%.c}
		[ -e "$f" ] && echo "unit $n $O/test/unit/test_$n"
	done
}

list_scenario() {
	[ ! -e test/scenario/run.sh ] || echo "scenario all sh test/scenario/run.sh"
}

list_sim() { # FOLDER SEEDS: the same seeds each time; only a build with fault points has it
	echo "sim seeds $1/test/sim/sim -j 2 -n $2"
}

list_replay() {
	for f in test/fuzz/fuzz_*.c; do
		n=${f##*/fuzz_} n=${n%.c}
		[ -e "$f" ] && echo "corpus $n sh test/run.sh --replay $n"
	done
}

list_system() { # yes|no (alone) [sanitizers]
	for f in test/system/[0-9]*.sh; do
		[ -e "$f" ] || continue
		n=${f##*/} n=${n%.sh} alone=$(head_says "$f" alone)
		[ "${alone:-no}" = "$1" ] || continue
		[ $# -lt 2 ] || [ "$(head_says "$f" sanitizers)" = yes ] || continue
		echo "system $n sh $f"
	done
}

list_matrix() {
	for server in $(sh test/servers/servers.sh names); do
		[ "$server" != "$default_server" ] || continue
		for f in test/system/[0-9]*.sh; do
			case " $(head_says "$f" matrix) " in *" ${server%-*} "*) ;; *) continue ;; esac
			n=${f##*/}
			echo "system ${n%.sh}@$server sh $f"
		done
	done
}

chosen() { # keeps the lines whose "kind name" holds one of the words of T
	while read -r kind name rest; do
		[ -n "$T" ] || { echo "$kind $name $rest"; continue; }
		for word in $T; do
			case "$kind $name" in *"$word"*) echo "$kind $name $rest"; break ;; esac
		done
	done
}

run_list() { # WIDTH: reads lines, runs them
	chosen | xargs -r -P "$1" -L 1 sh test/run.sh --one "$mode"
}

# ---- servers -------------------------------------------------------------------------------------------------------

default_server=mysql-9.7 # fetched for the tests of every version

# Those that the listed tests use: what is there, and what is fetched now. What can't be had goes to $out/no-servers, a line each, so
# that no test tries again.
find_servers() { # reads lines of tests
	list=$(cat)
	[ -n "$list" ] || return 0
	wanted=$(printf '%s\n' "$list" | sed -n 's/^system [^ ]*@\([^ ]*\) .*/\1/p' | sort -u)
	# shellcheck disable=SC2046
	grep -lE '^[^#]*(mysql|DST_KIND)' $(printf '%s\n' "$list" | sed -n 's/^system .* //p' | sort -u) /dev/null >/dev/null 2>&1 &&
		wanted="$default_server $wanted"
	postgres=$(find /usr/lib/postgresql/*/bin/postgres 2>/dev/null | sort -V | tail -n 1)
	postgres=$("${postgres:-false}" --version 2>/dev/null | sed 's/[^0-9]*\([0-9.]*\).*/\1/')
	maria=$(PATH=$PATH:/usr/sbin mariadbd --no-defaults --version 2>/dev/null | sed 's/.*Ver \([0-9.]*\).*/\1/')
	echo "servers: PostgreSQL ${postgres:-none}, MariaDB ${maria:-none}"
	[ -n "$postgres" ] || echo 'host servers: PostgreSQL: not installed' >>"$NO_SERVERS"
	[ -n "$maria" ] || echo 'host servers: MariaDB: not installed' >>"$NO_SERVERS"
	for server in $wanted; do
		begun=$(now_ms)
		if found=$(sh test/servers/servers.sh get "$server" 2>"$out/fetch.log"); then
			echo "servers: $(echo "$found" | cut -d ' ' -f 1,2) ($(($(now_ms) - begun)) ms)"
		else
			echo "$server $(tail -n 1 "$out/fetch.log")" >>"$NO_SERVERS"
			tail -n 1 "$out/fetch.log"
		fi
	done
}

# ---- fuzzing -------------------------------------------------------------------------------------------------------
# A target begins with "covers: FILE ...", its decoder, in a comment of its own; another one, "options: ...", is for libFuzzer.

LINES_COVERED=90 # % of the decoder, by test/corpus/NAME alone
fuzz_bin() { echo "$O/fuzz/test/fuzz/fuzz_$1"; }
fuzz_env() {
	export ASAN_OPTIONS='allocator_may_return_null=1:detect_leaks=1' LLVM_PROFILE_FILE="$O/fuzz/$1.%m.profraw"
}
fuzz_args() { # NAME
	[ ! -e "test/fuzz/$1.dict" ] || echo "-dict=test/fuzz/$1.dict"
	echo "-artifact_prefix=$O/fuzz/found-$1- -timeout=20 -rss_limit_mb=2048 -print_final_stats=1"
}

replay() { # NAME: the corpus alone
	bin=$(fuzz_bin "$1")
	[ -x "$bin" ] || { echo "clang with libFuzzer is not installed: make deps"; exit 77; }
	[ -d "test/corpus/$1" ] || { echo "no corpus in test/corpus/$1"; exit 1; }
	fuzz_env "$1"
	# shellcheck disable=SC2046
	exec "$bin" $(fuzz_args "$1") -runs=0 "test/corpus/$1"
}

# Lines of its decoder that the corpus alone reaches: a number in $O/fuzz/NAME.cover, and how it is made up as output.
coverage() { # NAME
	covers=$(sed -n 's,^/\* covers: \(.*\) \*/$,\1,p' "test/fuzz/fuzz_$1.c")
	ver=$(clang -dumpversion | cut -d . -f 1)
	cov=$(command -v llvm-cov || command -v "llvm-cov-$ver")
	merge=$(command -v llvm-profdata || command -v "llvm-profdata-$ver")
	rm -f "$O/fuzz/$1".*.profraw "$O/fuzz/$1.cover"
	[ -n "$covers" ] || { echo "test/fuzz/fuzz_$1.c does not begin with /* covers: FILE ... */"; return; }
	if [ -z "$cov" ] || [ -z "$merge" ]; then
		echo 'llvm-cov and llvm-profdata are not installed: make deps'
		return
	fi
	(replay "$1") >/dev/null 2>&1
	"$merge" merge -o "$O/fuzz/$1.profdata" "$O/fuzz/$1".*.profraw || return
	# shellcheck disable=SC2086
	"$cov" report "$(fuzz_bin "$1")" -instr-profile="$O/fuzz/$1.profdata" $covers >"$O/fuzz/$1.report" || return
	# columns: file, regions missed %, functions missed %, lines missed %
	awk '/%/ { print $1 ": " $10 " of " $8 " lines" }' "$O/fuzz/$1.report"
	awk '$1 == "TOTAL" { sub("%", "", $10); print $10 }' "$O/fuzz/$1.report" >"$O/fuzz/$1.cover"
}

corpus_suffices() { # NAME
	covered=$(cat "$O/fuzz/$1.cover" 2>/dev/null)
	if [ -z "$covered" ]; then
		echo 'it is not known what the corpus covers; the beginning of the log says why'
		[ -z "$CI" ]
		return
	fi
	[ "${covered%.*}" -lt "$LINES_COVERED" ] || return 0
	echo "test/corpus/$1 alone covers $covered % of the lines that test/fuzz/fuzz_$1.c names, $LINES_COVERED % are wanted: the decoder has grown."
	echo "Add inputs that reach what is new: by hand, with a name that says what they are; or what this run has found:"
	echo "    O=$O sh test/run.sh --merge $1"
	echo "Lines that are not reached: ${cov:-llvm-cov} show $(fuzz_bin "$1") -instr-profile=$O/fuzz/$1.profdata FILE"
	return 1
}

merge() { # NAME: what a run has found comes into the corpus, named by its contents, where it reaches what nothing there does
	all=$O/fuzz/merge-$1
	rm -rf "$all" && mkdir -p "$all" && cp -R "test/corpus/$1/." "$all/" || exit 1
	fuzz_env "$1"
	# shellcheck disable=SC2046
	"$(fuzz_bin "$1")" $(fuzz_args "$1") -merge=1 -use_counters=0 "$all" "$O/fuzz/work-$1" || exit 1
	for f in "$all"/*; do
		n=${f##*/}
		[ -e "test/corpus/$1/$n" ] || cp "$f" "test/corpus/$1/made-$(echo "$n" | cut -c 1-8)"
	done
	rm -rf "$all" "$O/fuzz/$1".*.profraw
}

fuzz() { # NAME
	bin=$(fuzz_bin "$1") work=$O/fuzz/work-$1
	coverage "$1"
	rm -rf "$work" && mkdir -p "$work"
	[ ! -d "test/corpus/$1" ] || cp -R "test/corpus/$1/." "$work/"
	fuzz_env "$1"
	# shellcheck disable=SC2046
	"$bin" $(fuzz_args "$1") $(sed -n 's,^/\* options: \(.*\) \*/$,\1,p' "test/fuzz/fuzz_$1.c") -max_total_time="$SECONDS_EACH" "$work" 2>&1
	rc=$?
	rm -f "$O/fuzz/$1".*.profraw
	corpus_suffices "$1" || [ $rc -ne 0 ] || rc=1
	return $rc
}

fuzz_all() {
	rm -f "$out/results"
	mkdir -p "$out" && : >"$out/results" && : >"$NO_SERVERS"
	for f in test/fuzz/fuzz_*.c; do
		[ -e "$f" ] || continue
		n=${f##*/fuzz_} n=${n%.c}
		log=$out/fuzz-$n.log
		echo "fuzz $n for $SECONDS_EACH s"
		fuzz "$n" >"$log" 2>&1
		rc=$?
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		covered=$(cat "$O/fuzz/$n.cover" 2>/dev/null)
		what="fuzz $n: ${runs:-0} runs; the corpus alone covers ${covered:-?} % of the decoder" took="$SECONDS_EACH s"
		report $rc
	done
}

# ---- main ----------------------------------------------------------------------------------------------------------

count() {
	n() { grep -c "^$1" "$out/results"; }
	passed=$(n pass) failed=$(n fail) skipped=$(n skip)
	[ "$((passed + failed + skipped))" -gt 0 ] || echo "no test was run"
	echo "$passed passed, $failed failed, $skipped skipped$(sed 's/^[^ ]* servers: \(.*\)/ (no server \1)/' "$NO_SERVERS" | tr -d '\n')"
	[ "$failed" -eq 0 ] && [ "$((passed + skipped))" -gt 0 ]
}

case $mode in
--one) mode=$2; shift 2; one "$@"; exit 0 ;;
--replay) replay "$2" ;;
--merge) merge "$2"; exit ;;
fuzz) fuzz_all; count; exit ;;
esac

trap stop_all INT TERM HUP
[ "$JOBS" -le 4 ] 2>/dev/null || JOBS=4
mkdir -p "$out" && rm -f "$out"/*.log "$out"/*.log.san.* "$out"/*.pid && : >"$out/results" && : >"$NO_SERVERS"
case $mode in
check | matrix) REPLD_FAULTY="$O/faults/repld" ;;
*) REPLD_FAULTY=$REPLD ;; # the sanitizer builds are built FAULTS=1
esac
export REPLD_FAULTY
case $mode in
lint) list_lint | run_list 2 ;;
check)
	{ list_lint; list_unit; list_scenario; list_replay; } | run_list "$JOBS"
	list_sim "$O/faults" 10000 | run_list 1
	{ list_system no; list_system yes; } | chosen | find_servers
	list_system no | run_list 2
	list_system yes | run_list 1
	;;
matrix)
	list_matrix | chosen | find_servers
	list_matrix | run_list 2
	;;
asan | tsan)
	{ list_unit; list_scenario; } | run_list "$JOBS"
	[ "$mode" = tsan ] || list_sim "$O" 1000 | run_list 1
	{ list_system no sanitizers; list_system yes sanitizers; } | chosen | find_servers
	list_system no sanitizers | run_list 2
	list_system yes sanitizers | run_list 1
	;;
*) echo "run.sh: unknown mode $mode" >&2; exit 2 ;;
esac
count
