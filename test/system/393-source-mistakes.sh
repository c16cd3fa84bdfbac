#!/bin/sh
# What is wrong with a MySQL or MariaDB source, or with what the configuration says of it, is told before a task starts, each with what helps: a server that is
# not there, a password that was never right, each right that is missing, settings of its log, tables without transactions, binlogs that were purged.
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
needs postgresql mysql mariadb

pg_start dst
(umask 077; echo secret >"$TMP/password"; echo wrong >"$TMP/wrong")

task() {			# WHAT OF THE SOURCE
	cat >"$CONF" <<-CONF
	daemon: { control_socket = "$REPLD_SOCKET"; };
	endpoints: {
		src: { type = "mysql"; role = "source"; $1 };
		dst: { role = "target"; socket = "$TMP/dst"; port = $PORT; dbname = "app"; user = "postgres"; };
	};
	tasks: { t: { source = "src"; target = "dst"; tables = ( { include = "app.a"; } ); }; };
	CONF
}
check() {			# EXIT
	run_rc "$1" "$REPLD" check -c "$CONF" t
}
finds() {			# EXIT PATTERN...
	fi_exit=$1
	shift
	check "$fi_exit"
	for pattern in "$@"; do
		expect_text "$pattern" "$TMP/out"
	done
}
# What check names as the fix of a right that is missing is what helps.
lacks() {			# RIGHT ON
	sql $server "REVOKE $1 ON $2 FROM least@'%'"
	check 1
	fix=$(sed -n "s/^ *fix: \(GRANT .*\)@\.\.\.\$/\1/p" "$TMP/out")
	[ -n "$fix" ] || { cat "$TMP/out" >&2; fail "no GRANT is named for $1"; }
	say "   $fix"
	sql $server "$fix@'%'"
	check 0
}

for server in mysrc masrc; do
	case $server in mysrc) name=MySQL rights='REPLICATION CLIENT' ;; *) name=MariaDB rights='BINLOG MONITOR' ;; esac
	DST=dst SRC=$server
	db_start $server sync_binlog=1 tcp=yes
	place="socket = \"$TMP/$server/sock\"; dbname = \"app\"; user = \"least\"; "
	password="password_file = \"$TMP/password\";"
	sql $server "CREATE TABLE a (id int PRIMARY KEY, v varchar(20)); INSERT INTO a VALUES (1, 'one');
		CREATE USER least@'%' IDENTIFIED BY 'secret'; GRANT SELECT ON app.* TO least@'%';
		GRANT REPLICATION SLAVE, $rights, RELOAD ON *.* TO least@'%'"
	[ $server = masrc ] || sql $server "GRANT XA_RECOVER_ADMIN ON *.* TO least@'%'"

	step "$name: a server that is not there"
	task "host = \"127.0.0.1\"; port = 1; tls = \"disable\"; dbname = \"app\"; user = \"least\"; $password"
	finds 3 '127\.0\.0\.1 port 1\).*\(Connection refused\)' 'fix: see that the server runs and listens there .*endpoint src'
	task "socket = \"$TMP/$server/nothing\"; dbname = \"app\"; user = \"least\"; $password"
	finds 3 'No such file or directory' 'fix: see that the server runs, and check socket of endpoint src'

	step "$name: a password that was never right is an error, not tried again"
	task "$place password_file = \"$TMP/wrong\";"
	finds 3 'correct the password in password_file of endpoint src, .*/wrong, or the account.s.*or check user'
	repld_start
	wait_state t error
	expect 'kind' config "$(task_get t error.kind)"
	repld_stop
	task "host = \"127.0.0.1\"; port = $(cat "$TMP/$server/port"); tls = \"disable\"; dbname = \"app\"; user = \"repld_source_tls\";"
	finds 3 'an account that requires TLS is refused like this too'

	step "$name: each right, and nothing else, is needed"
	task "$place $password"
	check 0
	expect_no_text '^  (blocker|risk)' "$TMP/out"
	lacks 'REPLICATION SLAVE' '*.*'
	lacks "$rights" '*.*'
	[ $server = masrc ] || lacks RELOAD '*.*'	# MariaDB's snapshots can be compared
	sql $server "REVOKE SELECT ON app.* FROM least@'%'; GRANT SELECT (id) ON app.a TO least@'%'"
	finds 1 'user least may not read it' 'GRANT SELECT ON .app.\..a. TO'
	sql $server "REVOKE SELECT (id) ON app.a FROM least@'%'; GRANT INSERT ON app.a TO least@'%'"
	finds 1 'app.a: user least may not read it' 'GRANT SELECT ON .app.\..a. TO'
	sql $server "REVOKE INSERT ON app.a FROM least@'%'"
	finds 1 'include = "app\.a" matches no table' 'or GRANT SELECT: tables that the account may not read'
	sql $server "GRANT SELECT ON app.* TO least@'%'"

	step "$name: a database that is not there"
	task "$(echo "$place" | sed 's/"app"/"appp"/') $password"
	finds 1 'endpoint src: there is no database appp' 'correct dbname'
	task "$place $password"

	step "$name: settings of the log"
	sql $server 'SET GLOBAL binlog_format = MIXED'
	finds 1 'blocker .*binlog_format is MIXED: changes can be logged as statements'
	sql $server 'SET GLOBAL binlog_format = ROW; SET GLOBAL binlog_expire_logs_seconds = 7200'
	finds 0 'risk .*keeps its binlogs for 2 h: after a longer pause' 'binlog_expire_logs_seconds = 604800'
	sql $server 'SET GLOBAL binlog_expire_logs_seconds = 864000'
	check 0
	expect_no_text 'keeps its binlogs' "$TMP/out"
	if [ $server = mysrc ]; then
		sql $server 'SET GLOBAL gtid_mode = ON_PERMISSIVE'
		finds 0 'info .*gtid_mode is ON_PERMISSIVE, not ON: the checkpoint is a file and an offset'
		sql $server 'SET GLOBAL gtid_mode = ON'
	fi

	step "$name: tables without transactions"
	sql $server 'ALTER TABLE a ENGINE = MyISAM'
	finds 1 'risk .*app\.a: its engine .MyISAM. has no snapshots: it is locked' 'ALTER TABLE .app.\..a. ENGINE = InnoDB' \
		'blocker .*least may not lock tables' 'GRANT LOCK TABLES ON .app.\.\* TO .least'
	sql $server 'ALTER TABLE a ENGINE = InnoDB'

	step "$name: with these rights a task loads and streams"
	repld_start
	loaded t
	sql $server "INSERT INTO a VALUES (2, 'two')"
	synced t
	sql $server "CREATE TABLE others (t longtext); INSERT INTO others SELECT repeat('x', 100000); INSERT INTO a VALUES (4, 'four')"
	synced t
	keeps_little() { ks_kept=$(task_get t source_log.retained_bytes) && [ "$ks_kept" -lt 50000 ]; }
	wait_for 10 keeps_little || fail "the log that the source keeps is not told from the present checkpoint on: $(task_get t source_log.retained_bytes)"
	expect_text 'kept ' "$(ctl status t >"$TMP/status"; echo "$TMP/status")"
	compare 'app.a = public.a'

	step "$name: binlogs that were purged are found before the task is"
	repld_stop
	check 0
	[ $server = mysrc ] || sql $server 'SET GLOBAL slave_connections_needed_for_purge = 0' 2>/dev/null || :
	purge() {
		sql $server 'FLUSH BINARY LOGS'
		wait_for 10 purged || fail 'the binlog is not purged'
	}
	purged() {
		sql $server "PURGE BINARY LOGS TO '$(sql $server 'SHOW BINARY LOGS' | tail -n 1 | cut -d '|' -f 1)'"
		[ "$(sql $server 'SHOW BINARY LOGS' | wc -l)" = 1 ]
	}
	sql $server 'FLUSH BINARY LOGS'
	purge
	check 0			# nothing of it was needed
	sql $server "INSERT INTO a VALUES (3, 'three')"
	purge
	finds 1 'blocker .*the source has purged binlogs with transactions that were not applied' 'repld ctl restart t --reload'
	"$REPLD" cleanup -c "$CONF" t --yes >/dev/null || fail cleanup
	sql dst 'DROP TABLE a'
	db_stop $server
done
