#!/bin/sh
# Changes that a source keeps out of its binlog are found before a task runs: databases that it leaves out, a replica that does not log what it gets;
# and tables of MariaDB whose log holds more than their rows.
# matrix: mariadb mysql
# timeout: 200
TOP=$(cd "$(dirname "$0")/../.." && pwd)
DST_KIND=postgresql
SRC_KIND=mariadb
. "$TOP/test/system/lib.sh"
needs mariadb mysql postgresql
db_start dst

blocked() {			# PATTERN
	"$REPLD" check -c "$CONF" >"$TMP/check" 2>&1 && fail 'check finds no blocker'
	expect_text "$1" "$TMP/check"
}
anew() {			# SERVER [option...]: without those of before
	db_stop "$1"
	sed -i '/^binlog-do-db\|^binlog-ignore-db/d' "$TMP/$1/my.cnf"
	db_start "$@"
}
passes() {
	"$REPLD" check -c "$CONF" >"$TMP/check" 2>&1 || { cat "$TMP/check" >&2; fail 'check finds blockers'; }
	[ $# -eq 0 ] || expect_text "$1" "$TMP/check"
}

for server in masrc mysrc; do
	step "databases that $server leaves out of its log"
	db_start $server binlog-ignore-db=app
	sql $server 'CREATE TABLE kv (id int PRIMARY KEY)'
	conf_write <<-CONF
		t: { source = "$server"; target = "dst"; tables = ( { include = "app.*"; } ); };
	CONF
	blocked 'leaves database app out of its binlog'
	repld_start
	wait_state t error
	repld_stop
	anew $server binlog-do-db=app binlog-do-db=other
	passes 'leaves databases out of its binlog .all but app,other'
	anew $server binlog-do-db=other
	blocked 'leaves database app out of its binlog'
	step "$server as a replica that does not log what it gets"
	# MySQL 5.6 has GTIDs only where it logs what it gets
	case $server-$MYVERSION in
	mysrc-5.6*) anew $server gtid-mode=OFF enforce-gtid-consistency=0 log-slave-updates=0 ;;
	*) anew $server log-slave-updates=0 ;;
	esac
	passes
	sql $server "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_USER = 'nobody'" 2>/dev/null ||
		sql $server "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_USER = 'nobody'"
	blocked 'is a replica, and does not write to its binlog'
	anew $server log-slave-updates=1
	passes
done
