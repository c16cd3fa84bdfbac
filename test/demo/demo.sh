#!/bin/sh
# make demo: private servers in a temporary folder, a shop of some 200,000 rows on PostgreSQL and a web site's visits on MariaDB, one daemon that
# copies the shop to PostgreSQL and to MariaDB and the visits to PostgreSQL, its full load, half a minute of live workload with a kill -9 of a worker
# and of the daemon on the way, then all sides compared by content.
# Ends and cleans up by itself, also on ctrl-c; DEMO_KEEP=1 keeps it running after the summary. DEMO_SECONDS: of the live workload.

TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip() { say "demo: $*"; exit 1; }
skip_if_no_server
# Without MariaDB the demo shows what it can.
if (skip() { exit 1; }; find_mariadb) >/dev/null 2>&1; then
	find_mariadb >/dev/null
	mariadb=yes
else
	mariadb=''
fi

seconds=${DEMO_SECONDS:-30}
clients=4
rate=${DEMO_RATE:-800}
tables='customers products orders order_items'
mart_tables='customers products orders'		# a generated column stays where its expression is understood
web_tables='pages visits'
tasks="orders${mariadb:+ mart web}"

# ---- the screen ---------------------------------------------------------------------------------------------------

if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
	live=yes columns=$(stty size 2>/dev/null </dev/tty | cut -d ' ' -f 2) || columns=
	[ "${columns:-0}" -gt 20 ] || columns=100
else
	live='' columns=200
fi
if [ -n "$live" ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$(printf '\033[1m') green=$(printf '\033[32m') red=$(printf '\033[31m') dim=$(printf '\033[2m') off=$(printf '\033[0m')
else
	bold='' green='' red='' dim='' off=''
fi
frame=0				# lines of the status on the screen, to be drawn over

title() { wipe; printf '\n%s%s%s\n' "$bold" "$*" "$off"; }
wipe() { [ "$frame" -eq 0 ] || printf '\033[%dA\033[J' "$frame"; frame=0; }
event() { wipe; printf '%s%s%s\n' "$red" "$*" "$off"; }
thousands() { printf '%s' "$1" | sed ':a; s/\([0-9]\)\([0-9]\{3\}\)\($\|,\)/\1,\2\3/; ta'; }
seconds_of() { awk -v ms="$1" 'BEGIN { printf "%.1f s", ms / 1000 }'; }
mb_of() { awk -v kb="$1" 'BEGIN { printf "%.0f MB", kb / 1024 }'; }

# The status in place on a terminal; elsewhere its lines every few seconds. show HEADING
show() {
	ctl status >"$TMP/screen" 2>/dev/null || [ -s "$TMP/screen" ] || echo 'the daemon does not answer' >"$TMP/screen"
	if [ -n "$live" ]; then
		wipe
		{ echo; printf '%s\n' "$1"; sed 's/^/  /' "$TMP/screen"; } >"$TMP/frame"
		cut -c "1-$((columns - 1))" "$TMP/frame" | sed "s/^  TASK .*/$dim&$off/; s/ running /$green&$off/; s/ error /$red&$off/; s/ retrying /$red&$off/"
		frame=$(wc -l <"$TMP/frame")
	elif [ $((shown % 8)) -eq 0 ]; then
		printf '%s\n' "$1"
		sed 's/^/  /' "$TMP/screen"
	fi
	shown=$((shown + 1))
}
shown=0

# ---- the servers, the shop, the configuration ---------------------------------------------------------------------

version=$("$REPLD" --version | head -n 1)
printf '%s%s, a demonstration%s: two PostgreSQL %s servers%s of its own under %s; nothing else is touched.\n' "$bold" "$version" "$off" \
	"$PGVERSION" "${mariadb:+ and two of MariaDB $MAVERSION}" "$TMP"
[ -n "$mariadb" ] || say '(No MariaDB server is here: its two tasks are left out. make deps installs it.)'

# A role with no more rights than it needs; before PostgreSQL 15 the replica role takes a superuser.
make_roles() {
	ROLE=repld
	sql src 'CREATE ROLE repld LOGIN REPLICATION; GRANT USAGE ON SCHEMA shop TO repld; GRANT SELECT ON ALL TABLES IN SCHEMA shop TO repld;
		CREATE PUBLICATION repld_orders FOR TABLE shop.customers, shop.products, shop.orders, shop.order_items;
		CREATE PUBLICATION repld_mart FOR TABLE shop.customers, shop.products, shop.orders'
	sql dst 'CREATE ROLE repld LOGIN; GRANT CREATE ON DATABASE app TO repld'
	if [ "$PGVERSION" -ge 15 ]; then
		sql dst 'GRANT SET ON PARAMETER session_replication_role TO repld'
	else
		sql dst 'ALTER ROLE repld SUPERUSER'
	fi
}

title '1. Sources with a shop and a web site, and empty targets'
begun=$(now_ms)
pg_start src fsync=on synchronous_commit=off max_slot_wal_keep_size=10GB
pg_start dst
psql_of src -f "$TOP/test/demo/shop.sql" >/dev/null
make_roles
if [ -n "$mariadb" ]; then
	my_start masrc
	my_start madst
	my_sqlf masrc "$TOP/test/demo/web.sql"
fi
total=0
count() {			# SERVER SCHEMA TABLE...
	co_server=$1 co_schema=$2 co_kind=PostgreSQL
	[ "$(kind_of "$1")" = postgresql ] || co_kind=MariaDB
	shift 2
	for table in "$@"; do
		n=$(sql "$co_server" "SELECT count(*) FROM $co_schema.$table")
		total=$((total + n))
		printf '   %-12s %9s rows  %s\n' "$table" "$(thousands "$n")" "$co_kind"
	done
}
count src shop $tables
[ -z "$mariadb" ] || count masrc app $web_tables
printf '   %-12s %9s rows, made in %s\n' together "$(thousands $total)" "$(seconds_of $(($(now_ms) - begun)))"

write_conf() {
	cat <<'CONF'
	orders: {                       # PostgreSQL to PostgreSQL
	    source = "src"; target = "dst";
	    tables = ( { include = "shop.*"; } );
	};
CONF
	[ -z "$mariadb" ] || cat <<'CONF'
	mart: {                         # PostgreSQL to MariaDB
	    source = "src"; target = "madst";
	    tables = ( { include = "shop.*"; target_schema = "app"; }, { exclude = "shop.order_items"; } );
	};
	web: {                          # MariaDB to PostgreSQL
	    source = "masrc"; target = "dst";
	    tables = ( { include = "app.*"; target_schema = "web"; } );
	};
CONF
}
write_conf | conf_write
title '2. The tasks, as they stand in repld.conf'
write_conf | sed 's/^	/   /'
title '3. repld check: what would stop a task, what it would do, what becomes of each column'
check_rc=0
"$REPLD" check -c "$CONF" >"$TMP/check" 2>&1 || check_rc=$?
# Of each task what is found and how it ends; of the last one its last table as well, which goes from one kind of server to the other.
awk -v last="${tasks##* }" '/^task / { print; task = $2; next } /^  (blocker|risk)/ { print; next }
	/^  table / { n = task == last ":" ? n + 1 : 0; shown = 0 } n == 2 && ++shown <= 12' "$TMP/check" | cut -c "1-$((columns - 4))" | sed 's/^/   /'
say "   ... ($(wc -l <"$TMP/check") lines in all)"
[ $check_rc -eq 0 ] || fail 'repld check says no'

# ---- the full load ------------------------------------------------------------------------------------------------

title '4. The full load'
begun=$(now_ms)
repld_start
wait_loaded() {
	show "   loading, $(seconds_of $(($(now_ms) - begun)))"
	for task in $tasks; do
		phase_is $task cdc || return 1
	done
}
load_end=$(($(date +%s) + 60))
until wait_loaded; do
	[ "$(date +%s)" -lt $load_end ] || fail 'the load did not end in 60 s'
	sleep 0.2
done
load_ms=$(($(now_ms) - begun))
loaded_rows=0
for task in $tasks; do
	loaded_rows=$((loaded_rows + $(task_get $task full_load.rows)))
done
shown=0
show "   loaded"
wipe
printf '   %s%s rows loaded in %s, start of the daemon and indexes included: %s rows a second%s\n' "$green" \
	"$(thousands "$loaded_rows")" "$(seconds_of $load_ms)" "$(thousands $((loaded_rows * 1000 / load_ms)))" "$off"

# ---- half a minute of life ----------------------------------------------------------------------------------------

title "5. A live workload of about $(thousands $rate) transactions a second for $seconds s, and two kills"
echo 'SELECT shop.live();' >"$TMP/churn.sql"
begun=$(now_ms)
workload_start "$seconds" $clients -R "$rate"
# A visit a statement, and what comes of it, on the web site's own server.
visit() {
	n=0
	while running "$BENCH_PID"; do
		n=$((n + 1))
		echo "BEGIN; INSERT INTO visits (visitor, page, at, mobile) VALUES (UUID(), 1 + $n % 400, NOW(6), $n % 2); UPDATE pages SET hits = hits + 1 WHERE id = 1 + $n % 400; COMMIT;"
		[ $((n % 10)) -ne 0 ] || echo "DELETE FROM visits WHERE id = $n; UPDATE visits SET data = JSON_SET(data, '\$.seen', $n) WHERE id = 5000 + $n;"
		sleep 0.01
	done
}
[ -z "$mariadb" ] || { visit | mariadb_of masrc >/dev/null 2>"$TMP/visits.log" & JOBS_PIDS="$JOBS_PIDS $!"; VISITS=$!; }
worker_killed='' daemon_killed='' peak=0 rows=0
: >"$TMP/lags"

sample() {			# peak memory, lag; rows streamed, as the checkpoint row counts them over all lives of the worker
	rows=$(sql dst "SELECT sum(inserts + updates + deletes) FROM repld.checkpoint")
	[ -z "$mariadb" ] || rows=$((rows + $(sql madst 'SELECT sum(inserts + updates + deletes) FROM repld.checkpoint')))
	pid=$(worker_pid orders) || return 0
	kb=$(peak_kb "$pid" 2>/dev/null) || return 0
	[ "${kb:-0}" -le $peak ] || peak=$kb
	task_get orders lag.seconds | grep -v null >>"$TMP/lags" || :
}

# Waits for a task that runs in another process than before, at most 20 s: its time in $back
wait_back() {
	back_begun=$(now_ms)
	until new=$(worker_pid orders) && [ "$new" != "$1" ] && task_is orders running; do
		[ $(($(now_ms) - back_begun)) -lt 20000 ] || fail 'it did not come back in 20 s'
		show "   $(seconds_of $(($(now_ms) - begun)))  waiting for it to come back"
		sleep 0.1
	done
	back=$(($(now_ms) - back_begun))
	sample
}

while running "$BENCH_PID"; do
	sample
	took=$((($(now_ms) - begun) / 1000))
	show "   $took s of $seconds s; $(thousands "$rows") rows streamed so far"
	if [ -z "$worker_killed" ] && [ $took -ge $((seconds / 3)) ]; then
		victim=$(worker_pid orders)
		event "   $took s: kill -9 $victim, the worker of task orders"
		kill -9 "$victim"
		wait_back "$victim"
		worker_killed=$back
		event "   the supervisor has started another one; the task runs again after $(seconds_of $back)"
	elif [ -z "$daemon_killed" ] && [ $took -ge $((seconds * 2 / 3)) ]; then
		victim=$(worker_pid orders) || victim=0
		event "   $took s: kill -9 $REPLD_PID, the daemon; its workers end with it"
		repld_kill
		sleep 1
		event "   a second later the demo starts the daemon again, as systemd would"
		repld_start
		wait_back "$victim"
		daemon_killed=$back
		event "   the task runs again after $(seconds_of $back)"
	fi
	sleep 0.4
done
wait "$BENCH_PID" || { cat "$TMP/bench.log" >&2; fail 'the workload failed'; }
[ -z "$mariadb" ] || wait "$VISITS" || { cat "$TMP/visits.log" >&2; fail 'the visits failed'; }
ended=$(now_ms)
for task in $tasks; do
	synced $task 30
done
caught_up=$(($(now_ms) - ended))
sample
transactions=$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$TMP/bench.log")
tps=$(sed -n 's/^tps = \([0-9]*\).*/\1/p' "$TMP/bench.log")
shown=0
show "   the workload has ended; the targets were level $(seconds_of $caught_up) later"
frame=0

# ---- both sides, row by row ---------------------------------------------------------------------------------------

title '6. All sides compared by content, all rows and columns'
different=0
compared() {			# HEADING SOURCE SCHEMA TARGET SCHEMA TABLE...: each side's rows in one canonical form
	say "   $1"
	SRC=$2 DST=$4 cd_from=$3 cd_to=$5
	shift 5
	for table in "$@"; do
		dump_both "$cd_from.$table" "$cd_to.$table"
		if cmp -s "$TMP/cmp.src" "$TMP/cmp.dst"; then
			word="${green}identical$off"
		else
			word="${red}DIFFERENT$off" different=1
		fi
		printf '   %-12s %9s rows  %9s rows  %s  sha256 %s\n' "$table" "$(thousands "$(wc -l <"$TMP/cmp.src")")" \
			"$(thousands "$(wc -l <"$TMP/cmp.dst")")" "$word" "$(sha256sum <"$TMP/cmp.dst" | cut -c 1-16)"
	done
}
compared 'orders, PostgreSQL to PostgreSQL' src shop dst shop $tables
if [ -n "$mariadb" ]; then
	compared 'mart, PostgreSQL to MariaDB' src shop madst app $mart_tables
	compared 'web, MariaDB to PostgreSQL' masrc app dst web $web_tables
fi

title '7. What happened'
lag=$(sort -g "$TMP/lags" | awk '{ v[NR] = $1 } END { if (NR) printf "asked %d times: %.2f s in the middle, %.2f s at most", NR, v[int((NR + 1) / 2)], v[NR] }')
line() { printf '   %-16s %s\n' "$1" "$2"; }
line 'loaded' "$(thousands "$loaded_rows") rows in $(seconds_of $load_ms)"
line 'source' "$(thousands "$transactions") transactions, $(thousands "$tps") a second, with savepoints rolled back and keys changed"
line 'streamed' "$(thousands "$rows") row changes, $(thousands $((rows * 1000 / (ended - begun)))) a second, as the checkpoint row counts them"
line 'lag' "${lag:-unknown}"
line 'memory' "$(mb_of $peak) at most (the worker's VmHWM)"
line 'survived' "kill -9 of the worker (streaming again after $(seconds_of "${worker_killed:-0}")) and of the daemon ($(seconds_of "${daemon_killed:-0}") after its start)"
if [ $different -ne 0 ]; then
	fail 'the sides differ'
fi
line 'result' "${green}${bold}nothing lost, nothing doubled: sources and targets are identical$off"

if [ -n "${DEMO_KEEP:-}" ]; then
	title 'It keeps running (DEMO_KEEP). Look around from another terminal:'
	cat <<-TEXT
	   $REPLD ctl -s $REPLD_SOCKET status --tables --watch
	   $PGBIN/psql -h $TMP/src -p $PORT -U postgres $DB       # the source: change something in schema shop
	   $PGBIN/psql -h $TMP/dst -p $PORT -U postgres $DB       # the target; schema repld holds the checkpoint
	   $CONF
	   $TMP/repld.log
	   ctrl-c ends it and removes all of it.
	TEXT
	while running "$REPLD_PID"; do
		sleep 1
	done
fi
repld_stop
