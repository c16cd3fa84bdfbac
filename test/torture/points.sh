#!/bin/sh
# Every fault point of the code x kill, error, delay x every pair of PostgreSQL and MariaDB. A task goes through load and catch-up, stream, a resync
# beside the stream, a reload that adds a table, pause and resume, and a stop; at the begin of each of these the place is armed, and the first one of
# daemon or worker that comes by it dies, fails or waits there. At the end nothing may be lost, doubled, other than on the source, or stuck.
#	DIRECTIONS='postgresql-mariadb ...' ACTIONS='kill error delay:400' POINTS='apply.begin ...' AT_ONCE=8 points.sh
# Servers stay for all runs of a direction; each run has databases and a daemon of its own. What became of each run stands
# in $O/torture-points.txt; what failed is kept in the folder of that name.
: "${TOP:=$(cd "$(dirname "$0")/../.." && pwd)}"
. "$TOP/test/system/lib.sh"
. "$TOP/test/torture/lib.sh"
: "${REPLD_FAULTY:=$O/faults/repld}"
directions=${DIRECTIONS:-postgresql-postgresql postgresql-mariadb mariadb-postgresql mariadb-mariadb}
actions=${ACTIONS:-kill error delay:400}
points=${POINTS:-$(fault_points)}
stuck_after=${STUCK:-90}
kept=${KEPT:-$O/torture-points}
rm -rf "$kept"
REPLD=$REPLD_FAULTY
needs postgresql mariadb

# ---- one run, in a subshell: $RUN its folder, DB, SRC, DST, task ------------------------------------------------------------

src_of() { case $1 in postgresql-*) echo pgsrc ;; *) echo masrc ;; esac; }
dst_of() { case $1 in *-postgresql) echo pgdst ;; *) echo madst ;; esac; }
is_pg() { [ "$(kind_of "$1")" = postgresql ]; }
admin() {			# NAME SQL: outside of the run's database
	(DB=$ADMIN_DB; is_pg "$1" || DB=mysql; sql "$1" "$2")
}

databases_make() {
	if is_pg "$SRC"; then
		admin "$SRC" "CREATE DATABASE $DB TEMPLATE points"
	else
		admin "$SRC" "CREATE DATABASE $DB CHARACTER SET utf8mb4"
		sqlf "$SRC" "$TOP/test/system/workload_my.sql"
		sqlf "$SRC" "$TOP/test/torture/points_mariadb.sql"
	fi
	if is_pg "$DST"; then admin "$DST" "CREATE DATABASE $DB"; else admin "$DST" "CREATE DATABASE $DB CHARACTER SET utf8mb4"; fi
}

databases_drop() {
	if is_pg "$SRC"; then
		sql "$SRC" "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '$DB'" || return
		admin "$SRC" "DROP DATABASE $DB WITH (FORCE)"
	else
		admin "$SRC" "DROP DATABASE $DB"
	fi
	if is_pg "$DST"; then admin "$DST" "DROP DATABASE $DB WITH (FORCE)"; else admin "$DST" "DROP DATABASE $DB"; fi
}

conf_run() {			# EXCLUDED CHUNKS
	schema=public
	is_pg "$SRC" || schema=$DB
	{
		printf 'daemon: { control_socket = "%s"; };\nendpoints:\n{\n' "$REPLD_SOCKET"
		conf_endpoint "$SRC"
		conf_endpoint "$DST"
		printf '};\ntasks: { %s: { source = "%s"; target = "%s"; tables = ( { include = "%s.*"; }%s );\n' "$task" "$SRC" "$DST" "$schema" \
			"$(for t in halt $1; do printf ', { exclude = "%s.%s"; }' "$schema" "$t"; done)"
		printf '\tstaging: { ring_size = "4MB"; }; apply: { max_rows = 100; max_bytes = "64kB"; }; full_load: { chunks = "%s"; }; }; };\n' "$2"
	} >"$CONF.new"
	mv "$CONF.new" "$CONF"
}

# As a service manager does it: a daemon that dies is started again.
keep_up() {
	until [ -e "$RUN/end" ]; do
		REPLD_FAULT="$fault" REPLD_FAULT_ONCE="$RUN/once" REPLD_FAULT_SMALL=yes "$REPLD" -c "$CONF" >>"$RUN/repld.out" 2>>"$RUN/repld.log" &
		echo $! >"$RUN/pid"
		rc=0
		wait $! || rc=$?
		echo "$rc" >>"$RUN/exits"
		[ -e "$RUN/end" ] || sleep 0.1
	done
}

write_on() {
	until [ -n "$(sql "$SRC" 'SELECT a FROM halt')" ]; do
		sql "$SRC" 'CALL write_on()' >>"$RUN/writer.log" 2>&1 || :
	done
}

ask() { timeout 30 "$REPLD" ctl "$@" >"$RUN/answer" 2>&1; }

# Asks until the answer is yes: a worker that dies with a command under way has not said whether it did it.
insist() {			# COMMAND ARGUMENT...
	in_end=$(($(date +%s) + stuck_after))
	until ask "$@"; do
		[ "$(date +%s)" -lt $in_end ] || { cat "$RUN/answer"; fail "stuck: $*"; }
		sleep 0.2
	done
}

# A worker that dies or fails in each phase is waited for longer each time; that is not what takes time here.
nudge() {
	nu_state=$(task_get "$task" state) || return 0
	[ "$nu_state" != error ] || { "$REPLD" ctl status "$task"; fail 'stuck: in error'; }
	case $nu_state in retrying | starting) [ "$(task_get "$task" retry.attempt)" -lt 2 ] || ask restart "$task" || : ;; esac
}

level() {
	le_end=$(($(date +%s) + stuck_after))
	until ask sync "$task" --timeout 3; do
		[ "$(date +%s)" -lt $le_end ] || { cat "$RUN/answer"; "$REPLD" ctl status "$task" --tables; fail 'stuck: no sync'; }
		nudge
		sleep 0.2
	done
}

in_own_stream() {
	io_end=$(($(date +%s) + stuck_after))
	until all_stream "$task"; do
		[ "$(date +%s)" -lt $io_end ] || { "$REPLD" ctl status "$task" --tables; fail 'stuck: not in the own stream'; }
		nudge
		sleep 0.3
	done
}

# Armed anew, but for what another fault of the run does. Which phases passed the place is in $RUN/passed.
phase() {			# NAME
	note_passage
	step "$1"
	PHASE=$1
	rm -f "$RUN/once/$point"
}
note_passage() {
	[ -z "${PHASE:-}" ] || [ ! -e "$RUN/once/$point" ] || echo "$PHASE" >>"$RUN/passed"
}

# A load waits while anything of XA is prepared on the source, that of other runs too: it does not stay for long.
write_phase() {			# NUMBER
	sql "$SRC" "CALL phase($1)"
	! is_pg "$SRC" || return 0
	sql "$SRC" "XA START '$DB.$1'; INSERT INTO parts VALUES (-$1, 'xa'); UPDATE uniq SET u = u + 100 WHERE id = 20; XA END '$DB.$1';
		XA PREPARE '$DB.$1'"
	sleep 0.3
	sql "$SRC" "XA COMMIT '$DB.$1'"
}

late_is_known() { [ -n "$(sql "$DST" "SELECT 1 FROM repld.table_state WHERE task = '$task' AND source_name = 'late'")" ]; }

# ---- what is on both sides --------------------------------------------------------------------------------------------------

content() {			# NAME FILE: a line for each row of all tables, sorted
	if is_pg "$1"; then
		psql_of "$1" -At -P null=NULL -c "SELECT 'kv', k, u, md5(t), x, d, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') FROM kv"
	else
		my_sql "$1" "SELECT 'kv', k, u, MD5(t), x, d, DATE_FORMAT(at, '%Y-%m-%d %H:%i:%s.%f') FROM kv"
	fi >"$2.rows"
	for table in ledger_next acct big late uniq parts; do
		case $table in
		ledger_next) what='who, n' ;;
		acct) what='id, bal' ;;
		big | late) what='id, v, md5(t)' ;;
		uniq) what='id, u' ;;
		parts) what='id, md5(t)' ;;
		esac
		echo "SELECT '$table', $what FROM $table;"
	done >"$2.sql"
	echo "SELECT 'ledger', who, n FROM ledger;" >>"$2.sql"
	if is_pg "$1"; then psql_of "$1" -At -P null=NULL -f "$2.sql"; else my_sqlf "$1" "$2.sql" | tr '\t' '|'; fi >>"$2.rows"
	LC_ALL=C sort "$2.rows" >"$2"
	rm -f "$2.rows" "$2.sql"
}

# lost, duplicated: rows of the ledger; differs: lines of all tables that only one side has.
verdict() {
	awk -F '|' '
	$1 == "ledger_next" { n[$2] = $3 }
	$1 == "ledger" { if (seen[$2, $3]++) twice++; else found[$2]++; if ($3 > n[$2]) beyond++ }
	END { for (w in n) lost += n[w] - found[w]; print "lost", lost + 0, "duplicated", twice + beyond + 0 }' "$RUN/target" >"$RUN/verdict"
	LC_ALL=C comm -3 "$RUN/source" "$RUN/target" >"$RUN/differs"
	read -r _ lost _ twice <"$RUN/verdict"
	[ "$lost" = 0 ] || fail "lost: $lost of the ledger"
	[ "$twice" = 0 ] || fail "duplicated: $twice of the ledger"
	[ ! -s "$RUN/differs" ] || { head -n 20 "$RUN/differs"; fail "differs: $(wc -l <"$RUN/differs") lines"; }
	grep -q '^ledger|1|' "$RUN/target" || fail 'nothing was written'
}

end_run() {
	rc=$?
	set +e
	[ -z "${REASON:-}" ] || echo "$REASON" >"$RUN/reason"
	: >"$RUN/end"
	[ ! -s "$RUN/pid" ] || kill -9 "$(cat "$RUN/pid")" 2>/dev/null
	sql "$SRC" 'INSERT INTO halt VALUES (2)' >/dev/null 2>&1
	wait
	exit $rc
}

one_run() {			# NUMBER DIRECTION ACTION POINT
	set -eu
	RUN=$TMP/r$1 DB=app_$1 task=p$1 SRC=$(src_of "$2") DST=$(dst_of "$2") point=$4
	mkdir -p "$RUN/once"
	REPLD_SOCKET=$RUN/socket CONF=$RUN/conf
	export REPLD_SOCKET
	trap end_run EXIT
	fault=$point=$3
	case $point in
	load.resumed | ranged.finish)	# these need a load by key that was cut short
		fault=$fault,load.committed=kill@2
		: >"$RUN/once/load.committed"
		;;
	esac
	databases_make
	write_on &
	conf_run late ctid

	phase load
	keep_up &
	write_phase 1
	level
	in_own_stream

	phase stream
	write_phase 2
	level

	phase resync
	insist resync "$task" "$schema.kv" "$schema.ledger" "$schema.big" --yes
	write_phase 3
	level
	in_own_stream

	phase reload
	rm -f "$RUN/once/load.committed"
	conf_run '' key
	again=0
	until late_is_known; do
		[ $again -lt "$stuck_after" ] || fail 'stuck: the reload is not taken'
		[ $((again % 4)) -ne 0 ] || kill -HUP "$(cat "$RUN/pid")" || :
		again=$((again + 1))
		sleep 0.5
		nudge
	done
	write_phase 4
	level
	in_own_stream

	phase pause
	insist pause "$task"
	write_phase 5
	insist resume "$task"
	level

	phase stop
	write_phase 6
	was=$(cat "$RUN/pid")
	kill -TERM "$was" || :
	wait_for 30 gone "$was" || fail 'stuck: SIGTERM does not end the daemon'
	level

	phase end
	: >"$RUN/once/$point"	# from here on nothing happens
	sql "$SRC" 'INSERT INTO halt VALUES (1)'
	wait_for 30 grep -q . "$RUN/pid"
	level
	in_own_stream
	content "$SRC" "$RUN/source"
	content "$DST" "$RUN/target"
	verdict
	: >"$RUN/end"
	kill -TERM "$(cat "$RUN/pid")"
	wait
	expect 'the exit of a daemon that nothing hurts' 0 "$(tail -n 1 "$RUN/exits")"
	"$REPLD" cleanup -c "$CONF" "$task" --yes >"$RUN/answer" 2>&1 || { cat "$RUN/answer"; fail 'cleanup fails'; }
	databases_drop
}

# ---- all runs ------------------------------------------------------------------------------------------------------------------

report_run() {			# NUMBER DIRECTION ACTION POINT RC
	rr_dir=$TMP/r$1 rr_what='ok'
	[ "$5" = 0 ] || rr_what="FAILED $(cat "$rr_dir/reason" 2>/dev/null || tail -n 1 "$rr_dir/out")"
	echo "$2 $3 $4 passed: $(sort -u "$rr_dir/passed" 2>/dev/null | tr '\n' ' '): $rr_what" >>"$TMP/results"
	if [ "$5" = 0 ]; then
		rm -rf "$rr_dir"
	else
		mkdir -p "$kept"
		mv "$rr_dir" "$kept/$2-$3-$4"
		tail -n 1 "$TMP/results"
	fi
}

worker() {			# takes what no other one has taken
	while read -r n direction action point <&3; do
		mkdir "$TMP/taken.$n" 2>/dev/null || continue
		rc=0
		(one_run "$n" "$direction" "$action" "$point") >"$TMP/out.$n" 2>&1 </dev/null &
		wait $! || rc=$?	# behind || itself nothing would end where a command fails
		mv "$TMP/out.$n" "$TMP/r$n/out"
		report_run "$n" "$direction" "$action" "$point" $rc
	done 3<"$TMP/todo"
}

pg_ready() {			# the database that each run's source is a copy of
	ADMIN_DB=app
	sql pgsrc 'CREATE DATABASE points'
	(DB=points; sqlf pgsrc "$TOP/test/system/workload.sql"; sqlf pgsrc "$TOP/test/torture/points_postgresql.sql") >/dev/null
}

ADMIN_DB=app
case " $directions " in *' postgresql-'*) pg_start pgsrc max_connections=300 max_replication_slots=60 max_wal_senders=60; pg_ready ;; esac
case " $directions " in *'-postgresql '*) pg_start pgdst max_connections=300 ;; esac
case " $directions " in *' mariadb-'*) my_start masrc max-connections=500 max-binlog-size=16M ;; esac
case " $directions " in *'-mariadb '*) my_start madst max-connections=500 ;; esac

begin=$(date +%s) failed=0 total=0
: >"$TMP/results"
for direction in $directions; do
	: >"$TMP/todo"
	for point in $points; do
		for action in $actions; do
			total=$((total + 1))
			echo "$total $direction $action $point" >>"$TMP/todo"
		done
	done
	dir_begin=$(date +%s) pids=''
	while [ "$(echo "$pids" | wc -w)" -lt "${AT_ONCE:-8}" ]; do
		background worker
		pids="$pids $BG"
	done
	for pid in $pids; do wait "$pid" || :; done
	for action in $actions; do
		grep "^$direction $action " "$TMP/results" >"$TMP/some" || :
		passed=$(grep -c 'passed: [a-z]' "$TMP/some") || :
		times=$(sed 's/.*passed: \([a-z ]*\):.*/\1/' "$TMP/some" | wc -w)
		lost=$(grep -c 'FAILED lost' "$TMP/some") || :
		twice=$(grep -c 'FAILED duplicated' "$TMP/some") || :
		stuck=$(grep -c 'FAILED stuck' "$TMP/some") || :
		bad=$(grep -c FAILED "$TMP/some") || :
		failed=$((failed + bad))
		result "$direction ${action%:*}: $passed of $(wc -l <"$TMP/some") points passed, in $times phases; $lost lost, $twice duplicated," \
			"$stuck stuck, $((bad - lost - twice - stuck)) otherwise wrong"
	done
	say "   $direction: $(($(date +%s) - dir_begin)) s"
done
say "   $total runs in $(($(date +%s) - begin)) s"
for direction in $directions; do
	never=$(sed -n "s/^$direction [^ ]* \([^ ]*\) passed: : .*/\1/p" "$TMP/results" | sort | uniq -c |
		awk -v n="$(echo "$actions" | wc -w)" '$1 == n { print $2 }')
	result "$direction: not on its way:" $never
done
cp "$TMP/results" "$kept.txt"
[ $failed -eq 0 ] || fail "$failed runs failed; see $kept"
