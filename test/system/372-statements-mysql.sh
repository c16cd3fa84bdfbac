#!/bin/sh
# Statements in the log of MySQL: temporary tables with the names of captured ones, lists of names without end, comments that other versions execute;
# and with MySQL 5.6, that keeps names in small letters, a DROP that failed at one of its tables.
# matrix: mysql
# timeout: 200
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mysql DST_KIND=postgresql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/statements.sh"

conf_write <<CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "app.*"; } ); };
CONF
repld_start
loaded t
if [ "$MYSQL_SERVER" = mysql-5.6 ]; then
	step 'a DROP that failed at one of its tables has dropped the others'
	sql src 'TRUNCATE TABLE KV; INSERT INTO Kv VALUES (11, 1), (12, 2)'
	all
	sql src 'DROP TABLE KW, missing' 2>/dev/null && fail 'DROP of a table that is not there works'
	wait_state t error
	ctl status t >"$TMP/out" || :
	expect_text 'app.kw was dropped' "$TMP/out"
	exit 0
fi
temporary_tables
unclear_statements
