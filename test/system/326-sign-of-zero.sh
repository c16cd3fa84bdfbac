#!/bin/sh
# 0 and -0 are equal and yet two values, which PostgreSQL and MySQL keep: of two rows without key that differ in it the right one is changed.
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=postgresql DST_KIND=mysql
. "$TOP/test/system/lib.sh"

needs
db_start src
db_start dst
sql src "CREATE TABLE zero (d float8, f float4, n int);
	ALTER TABLE zero REPLICA IDENTITY FULL;
	INSERT INTO zero VALUES (0, 1, 1), ('-0', 1, 1), (0, 1, 1), ('-0', 1, 1), (1, 0, 2), (1, '-0', 2), (1, '-0', 2)"
conf_write <<CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "public.*"; } ); };
CONF
repld_start
loaded t
signs() { sql "$1" 'SELECT d, f, n FROM zero ORDER BY n, 1, 2' | sort; }
expect 'rows after the load' "$(signs src)" "$(signs dst)"
sql src "DELETE FROM zero WHERE ctid = (SELECT ctid FROM zero WHERE d::text = '-0' LIMIT 1);
	UPDATE zero SET n = 3 WHERE ctid = (SELECT ctid FROM zero WHERE f::text = '-0' LIMIT 1)"
synced t
expect 'rows after the changes' "$(signs src)" "$(signs dst)"
repld_stop
