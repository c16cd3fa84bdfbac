# lib.sh - what the system tests and the long proofs share: private PostgreSQL servers, the daemon, comparison by content.
# Sourced as the first thing by a POSIX sh script that knows TOP (the repository). Everything lives in $TMP and ends with the
# script, whatever ends it; KEEP=1 leaves the files (the processes end all the same).
# Environment: O (the build folder), REPLD (the binary), PGBIN (PostgreSQL's programs), PLUGIN (wal2json: the output plugin of the tasks
# that read PostgreSQL, in place of pgoutput), TMPDIR, KEEP, VERBOSE.
# A test prints what it does; its last line says why it failed or was skipped (exit 77).
# Servers named src* are sources (role source, wal_level logical), all others targets; the database is always "app".

# shellcheck disable=SC2012,SC2046,SC2086	# lists of pids and of words are meant to split
set -eu
LC_ALL=C.UTF-8
export LC_ALL
umask 022

O=${O:-$TOP/build}
REPLD=${REPLD:-$O/repld}
SLOW=1				# sanitizers: how much longer things may take
case $O in */asan | */tsan) SLOW=5 ;; esac
PLUGIN=${PLUGIN:-pgoutput}
NULL_NUMBER=NULL
DST=dst				# the target that the comparisons look at
DB=app
PORT=5432			# of the sockets; nothing listens on TCP unless a test asks for it
SESSION='-c client_min_messages=warning -c datestyle=ISO -c extra_float_digits=1 -c bytea_output=hex -c intervalstyle=postgres -c timezone=UTC'
SERVERS=''			# names of all servers made so far
JOBS_PIDS=''			# what background() started
REPLD_PID=''
STEP='start'

as_postgres=
[ "$(id -u)" != 0 ] || as_postgres='runuser -u postgres --'

say() { printf '%s\n' "$*"; }

# What the test proves next; named when it fails.
step() {
	STEP=$*
	say "-- $*"
}

fail() {
	say "FAILED at: $STEP" >&2
	REASON=$*
	exit 1
}

skip() {
	REASON=
	say "skipped: $*"
	exit 77
}

# Programs of clients in $PGBIN, of the server in $PGSERVER: the same folder, unless $PG_SERVER names one of test/servers.
find_servers() {
	if [ -z "${PGBIN:-}" ]; then
		PGBIN=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
		[ -n "$PGBIN" ] || PGBIN=$(pg_config --bindir 2>/dev/null) || PGBIN=
	fi
	PGSERVER=$PGBIN
	if [ "$PG_SERVER" != host ]; then
		fetched "$PG_SERVER"
		PGSERVER=$FETCHED/bin
	fi
	[ -n "$PGBIN" ] && [ -x "$PGBIN/psql" ] && [ -x "$PGSERVER/initdb" ] && [ -x "$PGSERVER/postgres" ]
}

skip_if_no_server() {
	find_servers || skip 'no PostgreSQL server programs here (make deps installs them)'
	[ -z "$as_postgres" ] || id postgres >/dev/null 2>&1 || skip 'running as root and there is no user postgres'
	[ -x "$REPLD" ] || fail "no $REPLD: build first"
	PGVERSION=$("$PGSERVER/postgres" -V | sed 's/[^0-9]*\([0-9][0-9]*\).*/\1/')
	[ "$PLUGIN" != wal2json ] || find_wal2json
}

# Beside the server, or where $PLUGIN_PATH says. Older than 2.6 it can't tell a null from NaN in a numeric column: $NULL_NUMBER is what such a
# column of a test may hold.
find_wal2json() {
	wj_library=${PLUGIN_PATH:-${PGSERVER%/bin}/lib}/wal2json.so
	[ -e "$wj_library" ] || skip 'the output plugin wal2json is not installed (make deps)'
	grep -q numeric-data-types-as-string "$wj_library" || NULL_NUMBER=0
}

# ---- the end ------------------------------------------------------------------------------------------------------

kill_tree() (			# PID...: and what they started
	for pid in "$@"; do
		kill_tree $(children_of "$pid")
		kill -9 "$pid" 2>/dev/null || :
	done
)

cleanup() {
	rc=$?
	trap - EXIT
	trap '' HUP INT TERM
	set +e
	[ -z "$JOBS_PIDS$REPLD_PID" ] || kill_tree $JOBS_PIDS $REPLD_PID
	for server in $SERVERS; do
		db_halt "$server"
	done
	if [ $rc -ne 0 ] && [ $rc -ne 77 ] && [ $rc -ne 130 ]; then
		[ ! -s "$TMP/repld.log" ] || { say "== the daemon's last lines"; tail -n "${LOGLINES:-30}" "$TMP/repld.log"; } >&2
		[ -z "${KEEP:-}" ] || say "kept: $TMP" >&2
		say "${REASON:-a command failed (exit $rc) at: $STEP}" >&2
	fi
	[ -n "${KEEP:-}" ] || rm -rf "$TMP"
	exit $rc
}

TMP=$(mktemp -d "${TMPDIR:-/tmp}/repld-test.XXXXXX")
chmod 755 "$TMP"
CONF=$TMP/repld.conf
REPLD_SOCKET=$TMP/control.sock
export REPLD_SOCKET
trap cleanup EXIT
trap 'say interrupted >&2; exit 130' HUP INT TERM

# ---- PostgreSQL ---------------------------------------------------------------------------------------------------

# A cluster to copy, made once per build folder. Sources and targets have one each: a copy has the system identifier of its origin.
pg_template() {			# src|dst
	template=$O/test/pgtemplate-$PGVERSION-$1
	[ ! -d "$template" ] || return 0
	say "making $template"
	mkdir -p "$O/test" "$TMP/t"
	[ -z "$as_postgres" ] || chown postgres "$TMP/t"
	(cd "$TMP" && $as_postgres "$PGSERVER/initdb" -D "$TMP/t/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
		--no-sync >"$TMP/initdb.log" 2>&1) || { cat "$TMP/initdb.log" >&2; fail 'initdb failed'; }
	cat >>"$TMP/t/data/postgresql.conf" <<-CONF
		listen_addresses = ''
		max_connections = 100
		shared_buffers = '64MB'
		max_wal_size = '512MB'
		wal_level = logical
		max_replication_slots = 20
		max_wal_senders = 20
		timezone = 'UTC'
		log_line_prefix = '%m [%p] %a '
		log_checkpoints = off
		include_if_exists = 'test.conf'
	CONF
	(cd "$TMP" && echo 'CREATE DATABASE app;' | $as_postgres "$PGSERVER/postgres" --single -F -D "$TMP/t/data" postgres \
		>/dev/null 2>"$TMP/initdb.log") || { cat "$TMP/initdb.log" >&2; fail 'CREATE DATABASE failed'; }
	cp -a "$TMP/t/data" "$template.$$"
	mv -T "$template.$$" "$template" 2>/dev/null || rm -rf "$template.$$"
	rm -rf "$TMP/t"
}

is_source() { case $1 in src* | ??src*) true ;; *) false ;; esac; }

# Starts a server, made where it is not there yet. A source runs without fsync; a target keeps it on: repld insists.
pg_start() {			# NAME [setting=value...]
	server=$1
	shift
	if [ ! -d "$TMP/$server/data" ]; then
		kind=dst
		! is_source "$server" || kind=src
		pg_template $kind
		mkdir -p "$TMP/$server"
		[ -z "$as_postgres" ] || chown postgres "$TMP/$server"
		cp -a --reflink=auto "$template" "$TMP/$server/data"
		{
			echo "unix_socket_directories = '$TMP/$server'"
			! is_source "$server" || echo 'fsync = off'
			[ "$PLUGIN" != wal2json ] || ! is_source "$server" || wal2json_settings
		} >"$TMP/$server/data/test.conf"
		SERVERS="$SERVERS $server"
	fi
	for setting in "$@"; do
		echo "${setting%%=*} = '${setting#*=}'" >>"$TMP/$server/data/test.conf"
	done
	(cd "$TMP" && $as_postgres "$PGSERVER/pg_ctl" -D "$TMP/$server/data" -l "$TMP/$server/log" -w -t 60 start >/dev/null) ||
		{ tail -n 20 "$TMP/$server/log" >&2; fail "server $server does not start"; }
}

# Since their release of August 2026 servers take only the plugins that they are told of.
wal2json_settings() {
	! "$PGSERVER/postgres" -C output_plugin_libraries -D "$TMP/$server/data" >/dev/null 2>&1 || [ -n "${PLUGIN_REFUSED:-}" ] ||
		echo "output_plugin_libraries = 'pgoutput, test_decoding, wal2json'"
	[ -z "${PLUGIN_PATH:-}" ] || echo "dynamic_library_path = '$PLUGIN_PATH:\$libdir'"
}

pg_stop() {			# NAME [smart|fast|immediate]
	(cd "$TMP" && $as_postgres "$PGSERVER/pg_ctl" -D "$TMP/$1/data" -m "${2:-fast}" -w -t 60 stop >/dev/null)
}

pg_halt() {			# as pg_stop, at the end, whatever state it is in
	[ -f "$TMP/$1/data/postmaster.pid" ] || return 0
	postmaster=$(head -n 1 "$TMP/$1/data/postmaster.pid")
	(cd "$TMP" && $as_postgres "$PGSERVER/pg_ctl" -D "$TMP/$1/data" -m immediate -w -t 20 stop >/dev/null 2>&1) ||
		kill_tree "$postmaster"
}

pg_kill() {			# NAME: as a crash of the server; returns when its processes are gone
	postmaster=$(head -n 1 "$TMP/$1/data/postmaster.pid")
	backends=$(children_of "$postmaster")
	kill -9 "$postmaster"
	wait_for 20 gone $postmaster $backends || fail "processes of $1 stay"
	rm -f "$TMP/$1/data/postmaster.pid" "$TMP/$1/.s.PGSQL.$PORT.lock"	# where nobody reaps, the corpse counts as alive
}

pg_reload() { (cd "$TMP" && $as_postgres "$PGSERVER/pg_ctl" -D "$TMP/$1/data" reload >/dev/null); }

psql_of() {			# NAME ARGUMENT...
	po_server=$1
	shift
	PGOPTIONS="$SESSION" "$PGBIN/psql" -X -q -h "$TMP/$po_server" -p $PORT -U postgres -d $DB -v ON_ERROR_STOP=1 "$@"
}

both() { sql src "$1"; sql dst "$1"; }

exec_bench() {			# NAME SCRIPT ARGUMENT...: pgbench with our own script, in place of this (sub)shell
	be_server=$1 be_script=$2
	shift 2
	exec "$PGBIN/pgbench" -n -h "$TMP/$be_server" -p $PORT -U postgres -f "$be_script" "$@" $DB
}

# ---- processes ----------------------------------------------------------------------------------------------------

children_of() {			# PID
	cat /proc/[0-9]*/stat 2>/dev/null |
		awk -v p="$1" '{ pid = $1; sub(/^.*\) /, ""); if ($2 == p && $1 != "Z") print pid }'
}

running() {			# PID: alive, and not a corpse that waits for its parent
	[ -r "/proc/$1/stat" ] && ! sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | grep -q '^[ZX]'
}

gone() {
	for go_pid in "$@"; do
		! running "$go_pid" || return 1
	done
}

background() {			# COMMAND...: its pid is in $BG; ends with the test
	"$@" &
	BG=$!
	JOBS_PIDS="$JOBS_PIDS $BG"
}

# Waits until the command succeeds; its output is dropped.
wait_for() {			# SECONDS COMMAND...
	wf_end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt $wf_end ] || return 1
		sleep 0.1
	done
}

holds() {			# SECONDS COMMAND...: the command succeeds now and all that time
	ho_end=$(($(date +%s) + $1))
	shift
	while [ "$(date +%s)" -lt $ho_end ]; do
		"$@" >/dev/null 2>&1 || return 1
		sleep 0.2
	done
}

now_ms() { date +%s%3N; }
peak_kb() { awk '/^VmHWM:/ { print $2 }' "/proc/$1/status"; }
random() { od -An -N4 -tu4 /dev/urandom | awk -v n="$1" '{ print $1 % n }'; }	# 0 .. n-1

# ---- the daemon ---------------------------------------------------------------------------------------------------

conf_endpoint() {		# NAME
	role=target
	! is_source "$1" || role=source
	case $(kind_of "$1") in
	postgresql) printf '\t%s: { type = "postgresql"; role = "%s"; socket = "%s"; port = %s; dbname = "%s"; user = "%s"; };\n' \
		"$1" $role "$TMP/$1" $PORT $DB "${ROLE:-postgres}" ;;
	*) printf '\t%s: { type = "mysql"; role = "%s"; socket = "%s"; dbname = "%s"; user = "%s"; };\n' \
		"$1" $role "$TMP/$1/sock" $DB "${MYROLE:-repld_$role}" ;;
	esac
}

# Writes $CONF: endpoints for all servers made so far, the tasks from stdin.
conf_write() {
	{
		printf 'daemon:\n{\n\tcontrol_socket = "%s";\n\tlog_level = "%s";\n%s\n};\nendpoints:\n{\n' "$REPLD_SOCKET" \
			"${LOGLEVEL:-info}" "${DAEMON_OPTIONS:-}"
		for server in $SERVERS; do
			conf_endpoint "$server"
		done
		printf '};\ntasks:\n{\n'
		with_plugin
		printf '};\n'
	} >"$CONF.new"
	mv "$CONF.new" "$CONF"
}

# One task a line; what stands there of postgresql: { } stays.
with_plugin() {
	case $PLUGIN in
	pgoutput) cat ;;
	*) sed -e "/: { source = \"[^\"]*\"/{/plugin = /b" -e "s/postgresql: {/& plugin = \"$PLUGIN\";/;t" \
		-e "s/: { source = \"[^\"]*\";/& postgresql: { plugin = \"$PLUGIN\"; };/" -e '}' ;;
	esac
}

# Where the plugin can't tell them from NULL, NaN and infinities, and NULL itself, become 0 in these tables of a source, before they are written.
plain_numbers() {		# TABLE...
	[ "$NULL_NUMBER" = 0 ] || return 0
	for pn_table in "$@"; do
		pn_body=$(sql $SRC "SELECT string_agg(format('IF coalesce(NEW.%1\$I::text, ''NaN'') IN (''NaN'', ''Infinity'', ''-Infinity'') THEN
			NEW.%1\$I := 0; END IF;', attname), ' ') FROM pg_attribute WHERE attrelid = '$pn_table'::regclass AND attnum > 0
			AND NOT attisdropped AND attgenerated = '' AND atttypid IN (700, 701, 1700)")
		[ -n "$pn_body" ] || continue
		sql $SRC "CREATE FUNCTION plain_$pn_table() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN $pn_body RETURN NEW; END \$\$;
			CREATE TRIGGER a_plain BEFORE INSERT OR UPDATE ON $pn_table FOR EACH ROW EXECUTE FUNCTION plain_$pn_table();
			ALTER TABLE $pn_table ENABLE ALWAYS TRIGGER a_plain"
	done
}

# The usual task: $SRC to $DST (src and dst), all of the default schema, with more options where given.
conf_task() {			# [TASK [OPTION...]]
	ct_task=${1:-t} ct_schema=public
	[ $# -eq 0 ] || shift
	[ "$(kind_of $SRC)" = postgresql ] || ct_schema=$DB
	conf_write <<-CONF
		$ct_task: { source = "$SRC"; target = "$DST"; tables = ( { include = "$ct_schema.*"; } ); $* };
	CONF
}

repld_start() {
	"$REPLD" -c "$CONF" >>"$TMP/repld.out" 2>>"$TMP/repld.log" &
	REPLD_PID=$!
	wait_for $((10 * SLOW)) repld_answers_or_ended || fail "the daemon does not answer"
	running "$REPLD_PID" || fail 'the daemon ended at once'
}

repld_answers() {
	ra_rc=0
	ctl status >/dev/null 2>&1 || ra_rc=$?
	[ $ra_rc -le 1 ]
}

repld_answers_or_ended() { repld_answers || ! running "$REPLD_PID"; }

repld_stop() {			# within 5 s, exit 0
	rs_begin=$(now_ms)
	kill -TERM "$REPLD_PID"
	rs_rc=0
	wait "$REPLD_PID" || rs_rc=$?
	REPLD_PID=
	rs_took=$(($(now_ms) - rs_begin))
	[ $rs_rc -eq 0 ] || fail "the daemon ended with $rs_rc on SIGTERM"
	[ $rs_took -lt $((5500 * SLOW)) ] || fail "SIGTERM took $rs_took ms"
}

repld_kill() {			# kill -9; its workers end with it
	rk_workers=$(children_of "$REPLD_PID")
	kill -9 "$REPLD_PID"
	wait "$REPLD_PID" 2>/dev/null || :
	REPLD_PID=
	wait_for 10 gone $rk_workers || fail "workers outlive their supervisor: $rk_workers"
}

worker_pid() {			# TASK; fails while there is none
	for wp_pid in $(children_of "$REPLD_PID"); do
		case $(tr '\0' ' ' <"/proc/$wp_pid/cmdline" 2>/dev/null) in
		*"worker $1 ") echo "$wp_pid"; return 0 ;;
		esac
	done
	return 1
}

ctl() { "$REPLD" ctl "$@"; }

# JSON on stdin to lines "path<TAB>value", arrays by number: tasks.0.lag.seconds. Fails on anything that is not one JSON value.
json_flat() {
	LC_ALL=C awk '
	function die(why) { print "JSON: " why " at byte " p > "/dev/stderr"; bad = 1; exit 1 }
	function ws() { while (index(" \t\r\n", c = substr(s, p, 1)) && c != "") p++ }
	function str(	v, c) {
		p++
		v = ""
		while ((c = substr(s, p, 1)) != "\"") {
			if (c == "" || c < " ") die("string")
			if (c == "\\") { p++; c = substr(s, p, 1); if (index("\"\\/", c) == 0) c = "\\" c }
			v = v c
			p++
		}
		p++
		return v
	}
	function value(path,	c, k, n, v) {
		ws()
		c = substr(s, p, 1)
		if (c == "{" || c == "[") {
			n = 0
			p++
			ws()
			if (substr(s, p, 1) == (c == "{" ? "}" : "]")) { p++; print path "\t" c; return }
			for (;;) {
				ws()
				k = n++
				if (c == "{") {
					if (substr(s, p, 1) != "\"") die("key")
					k = str()
					ws()
					if (substr(s, p, 1) != ":") die("colon")
					p++
				}
				value(path == "" ? k : path "." k)
				ws()
				v = substr(s, p++, 1)
				if (v == ",") continue
				if (v == (c == "{" ? "}" : "]")) return
				die("comma")
			}
		}
		if (c == "\"") { print path "\t" str(); return }
		if (!match(substr(s, p, 64), /^(-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?|true|false|null)/)) die("value")
		print path "\t" substr(s, p, RLENGTH)
		p += RLENGTH
	}
	{ s = s $0 "\n" }
	END { if (bad) exit 1; p = 1; value(""); ws(); if (p <= length(s)) die("rest") }'
}

# The value of one key of a task: task_get orders lag.seconds
task_get() {
	ctl status "$1" --json 2>/dev/null | json_flat 2>/dev/null |
		awk -F '\t' -v key="tasks.0.$2" '$1 == key { sub(/^[^\t]*\t/, ""); print; found = 1 } END { exit !found }'
}

table_get() {			# TASK SOURCE-TABLE KEY
	ctl status "$1" --tables --json 2>/dev/null | json_flat 2>/dev/null | awk -F '\t' -v table="$2" -v key="$3" '
		/^tasks\.0\.tables\./ { split($1, a, "."); sub(/^[^\t]*\t/, ""); v[a[4], a[5]] = $0; n = a[4] }
		END { for (i = 0; i <= n; i++) if (v[i, "source"] == table) { print v[i, key]; exit 0 } exit 1 }'
}

task_is() { [ "$(task_get "$1" state)" = "$2" ]; }		# TASK STATE
phase_is() { [ "$(task_get "$1" phase)" = "$2" ]; }

wait_state() {			# TASK STATE [SECONDS]
	wait_for "${3:-30}" task_is "$1" "$2" || {
		ctl status "$1" >&2 || :
		fail "task $1 is $(task_get "$1" state), not $2, after ${3:-30} s"
	}
}

# All that the source had committed is on the target. A daemon or worker on its way up is waited for.
synced() {			# TASK [SECONDS]
	sy_end=$(($(date +%s) + ${2:-60}))
	until ctl sync "$1" --timeout "${2:-60}" >"$TMP/sync" 2>&1; do
		if [ "$(date +%s)" -ge $sy_end ]; then
			cat "$TMP/sync" >&2
			ctl status "$1" >&2 || :
			fail "task $1 is not in sync after ${2:-60} s"
		fi
		sleep 0.3
	done
}

loaded() {			# TASK [SECONDS]: the full load is done, the stream runs
	wait_for "${2:-60}" phase_is "$1" cdc || {
		ctl status "$1" >&2 || :
		fail "task $1 does not come to phase cdc in ${2:-60} s"
	}
}

# Every table streams, and nothing of a load group is left on either server.
all_stream() {			# TASK
	[ "$(sql $DST "SELECT count(*) FROM repld.table_state WHERE task = '$1' AND (state <> 'streaming' OR load_group <> 0)")" = 0 ] &&
		[ "$(sql $DST "SELECT count(*) FROM repld.checkpoint WHERE task = '$1'")" = 1 ] &&
		{ [ "$(kind_of $SRC)" != postgresql ] ||
			[ "$(sql $SRC "SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'repld\\_$1\\_%'")" = 0 ]; }
}

joined() {			# TASK [SECONDS]: what is loaded beside the stream has joined it
	wait_for "${2:-60}" all_stream "$1" || {
		ctl status "$1" --tables >&2 || :
		sql $DST "SELECT source_name, state, load_group, snapshot, error FROM repld.table_state WHERE task = '$1'" >&2
		fail "not all tables of task $1 are in its own stream after ${2:-60} s"
	}
}

expect() {			# WHAT EXPECTED ACTUAL
	[ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"
}

expect_text() {			# PATTERN FILE: an extended regular expression, case ignored
	grep -Eiq -- "$1" "$2" || { cat "$2" >&2; fail "nothing like '$1' in what was said"; }
}

expect_no_text() {
	! grep -Eiq -- "$1" "$2" || { cat "$2" >&2; fail "'$1' is in what was said"; }
}

# run_rc EXPECTED COMMAND...: output and errors in $TMP/out
run_rc() {
	rr_want=$1 rr_rc=0
	shift
	"$@" >"$TMP/out" 2>&1 </dev/null || rr_rc=$?
	[ $rr_rc -eq "$rr_want" ] || { cat "$TMP/out" >&2; fail "exit $rr_rc, expected $rr_want: $*"; }
}

# ---- comparison ---------------------------------------------------------------------------------------------------

# The whole content of a table, one line a row, sorted; columns in the order of their names, so that both sides agree.
dump_table() {			# NAME TABLE FILE
	dt_cols=$(sql "$1" "SELECT string_agg(quote_ident(attname), ',' ORDER BY attname COLLATE \"C\") FROM pg_attribute
		WHERE attrelid = '$2'::regclass AND attnum > 0 AND NOT attisdropped")
	sql "$1" "COPY (SELECT $dt_cols FROM $2) TO STDOUT" >"$3.rows" || fail "can't read $2 on $1"	# in a pipe it would not be seen
	LC_ALL=C sort -S 256M -T "$TMP" "$3.rows" >"$3"
	rm -f "$3.rows"
}

# Equal by content, all columns, all rows: compare public.a 'public.b = public.other' (source = target where the names differ).
compare() {
	for co_pair in "$@"; do
		co_src=${co_pair%% = *} co_dst=${co_pair##* = }
		dump_both "$co_src" "$co_dst"
		co_a=$(sha256sum <"$TMP/cmp.src") co_b=$(sha256sum <"$TMP/cmp.dst")
		co_n=$(wc -l <"$TMP/cmp.src")
		if [ "$co_a" != "$co_b" ]; then
			say "$co_src: $co_n rows on the source, $(wc -l <"$TMP/cmp.dst") on the target; < source, > target" >&2
			LC_ALL=C diff "$TMP/cmp.src" "$TMP/cmp.dst" | grep '^[<>]' | cut -c1-300 | head -n 10 >&2
			fail "$co_src differs"
		fi
		say "   equal: $co_src, $co_n rows"
	done
	rm -f "$TMP/cmp.src" "$TMP/cmp.dst"
}

# ---- the workload of workload.sql: ledger, bank, key-value ----------------------------------------------------------

workload_make() {		# CLIENTS [ROWS of kv for each]
	case $(kind_of $SRC) in
	postgresql)
		sqlf $SRC "$TOP/test/system/workload.sql" >/dev/null
		plain_numbers kv
		sql $SRC "SELECT workload_fill($1, ${2:-100})" >/dev/null
		echo 'SELECT churn(:client_id + 1);' >"$TMP/churn.sql"
		;;
	*)
		sqlf $SRC "$TOP/test/system/workload_my.sql"
		sql $SRC "CALL workload_fill($1, ${2:-100})"
		;;
	esac
}

# With an unlike source the only argument of pgbench that is understood is -R, transactions a second.
workload_start() {		# SECONDS CLIENTS [pgbench's arguments]: ends by itself or by workload_stop
	ws_seconds=$1 ws_clients=$2
	shift 2
	case $(kind_of $SRC) in
	postgresql) exec_bench $SRC "$TMP/churn.sql" -M prepared -T "$ws_seconds" -c "$ws_clients" -j 2 "$@" >"$TMP/bench.log" 2>&1 & ;;
	*) my_bench "$ws_seconds" "$ws_clients" "$@" >"$TMP/bench.log" 2>&1 & ;;
	esac
	BENCH_PID=$!
	JOBS_PIDS="$JOBS_PIDS $BENCH_PID"
}

# A deadlock in an UPDATE is fatal to the procedure that would handle it: what was done until then stays, and is not counted.
my_client() {			# WHO SECONDS RATE
	mc_until=$(($(now_ms) + $2 * 1000))
	while [ "$mc_until" -gt "$(now_ms)" ]; do
		mc_left=$(((mc_until - $(now_ms) + 999) / 1000))
		mariadb_of $SRC -N -B -e "CALL churn_for($1, $mc_left, $3)" >"$TMP/bench.$1" 2>"$TMP/bench.$1.err" && return 0
		grep -q '^ERROR 1213 ' "$TMP/bench.$1.err" || { cat "$TMP/bench.$1.err" >&2; return 1; }
	done
}

# As pgbench, and says what it says; fails where a client fails.
my_bench() {			# SECONDS CLIENTS [-R RATE]
	mb_seconds=$1 mb_clients=$2 mb_rate=0 mb_pids='' mb_who=0
	[ "${3:-}" != -R ] || mb_rate=$4
	while [ $mb_who -lt "$mb_clients" ]; do
		mb_who=$((mb_who + 1))
		my_client $mb_who "$mb_seconds" "$mb_rate / $mb_clients" &
		mb_pids="$mb_pids $!"
	done
	for mb_pid in $mb_pids; do
		wait "$mb_pid" || exit 1
	done
	rm -f "$TMP"/bench.*.err
	mb_done=$(cat "$TMP"/bench.[0-9]* | awk '{ n += $1 } END { print n }')
	rm -f "$TMP"/bench.[0-9]*
	echo "number of transactions actually processed: $mb_done"
	echo "tps = $((mb_done / mb_seconds))"
}

workload_wait() {
	wait "$BENCH_PID" || { cat "$TMP/bench.log" >&2; fail 'the workload failed'; }
	say "   workload: $(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$TMP/bench.log") transactions," \
		"$(sed -n 's/^tps = \([0-9]*\).*/\1/p' "$TMP/bench.log") a second"
}

# Which transaction of the target wrote what is there twice, and where that of the daemon had come to.
ledger_doubled() {
	ld_place=''
	[ "$(kind_of $DST)" != postgresql ] || ld_place=', xmin, ctid'
	say "there twice on the target: $(sql $DST "SELECT n, who$ld_place FROM ledger WHERE (n, who) IN (SELECT n, who FROM ledger GROUP BY n, who HAVING count(*) > 1)" |
		head -n 20 | tr '\n' ' ')"
	say "there twice on the source: $(sql $SRC 'SELECT n, who FROM ledger GROUP BY n, who HAVING count(*) > 1' | head -n 20 | tr '\n' ' ')"
	cat "$TMP/repld.log" >&2
}

# No source transaction lost, none doubled: each client's numbers are 1..n without gap, as many as its counter says.
ledger_check() {
	lc_bad=$(sql $DST "SELECT next.who, coalesce(l.found, 0), coalesce(l.diff, 0), coalesce(l.high, 0), next.n FROM ledger_next next
		LEFT JOIN (SELECT who, count(*) AS found, count(DISTINCT n) AS diff, max(n) AS high FROM ledger GROUP BY who) l ON l.who = next.who
		WHERE coalesce(l.found, 0) <> next.n OR coalesce(l.diff, 0) <> next.n OR coalesce(l.high, 0) <> next.n ORDER BY next.who") ||
		fail "can't read the ledger on the target"
	[ -z "$lc_bad" ] || ledger_doubled
	[ -z "$lc_bad" ] || fail "the ledger on the target has gaps or duplicates (client|rows|different|highest|counter):" $lc_bad
	say "   ledger: $(sql $DST 'SELECT count(*) FROM ledger') transactions, none lost, none doubled"
}

bank_check() {
	expect 'the sum of all accounts on the target' "$(sql $SRC 'SELECT sum(bal) FROM acct')" "$(sql $DST 'SELECT sum(bal) FROM acct')"
}

workload_compare() {
	ledger_check
	bank_check
	compare public.acct public.kv public.ledger public.ledger_next
}

# ---- small programs of the tests, which make builds; built here where a test is run by hand ---------------------------

helper() {			# NAME: its path in $HELPER
	HELPER=$O/test/system/$1
	[ -x "$HELPER" ] && return
	HELPER=$TMP/$1
	[ -x "$HELPER" ] && return
	${CC:-cc} -std=c17 -D_GNU_SOURCE -O1 -o "$HELPER" "$TOP/test/system/$1.c" || fail "can't compile $1.c"
}

. "$TOP/test/system/lib_servers.sh"
