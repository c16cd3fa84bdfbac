#!/bin/sh
# A table of MySQL whose key is bigint unsigned is loaded by ranges of it, beyond 2^63 as well, and its load goes on where a kill cut it off, while rows
# are written, deleted and moved to other ranges.
# matrix: mysql
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mysql DST_KIND=postgresql
. "$TOP/test/system/lib.sh"

needs
db_start src
db_start dst
sql src "CREATE TABLE digit (n int PRIMARY KEY); INSERT INTO digit VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
	CREATE TABLE wide (id bigint unsigned PRIMARY KEY, v int NOT NULL, pad varchar(1500) NOT NULL, UNIQUE KEY wide_v (v))"
sql src "INSERT INTO wide SELECT CAST(n AS unsigned) * 922337203685477, n, REPEAT('x', 1400) FROM (
	SELECT a.n * 1000 + b.n * 100 + c.n * 10 + d.n + e.n * 10000 AS n FROM digit a CROSS JOIN digit b CROSS JOIN digit c CROSS JOIN digit d
	CROSS JOIN (SELECT n FROM digit WHERE n < 2) e) r;
	INSERT INTO wide VALUES (18446744073709551615, -1, 'last')"
sql src 'ANALYZE TABLE wide' >/dev/null
conf_write <<CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "$DB.wide"; } );
		full_load: { parallel_chunks = 2; max_rate = "5MB"; }; };
CONF
run_rc 0 "$REPLD" check -c "$CONF"
expect_text 'loaded by key \(resumes\)' "$TMP/out"

step 'kills in the load, under writes'
repld_start
n=20000
for round in 1 2 3; do
	wait_for 30 phase_is t full_load || fail 'no load'
	sleep 1
	repld_kill
	for i in 1 2 3 4 5; do
		n=$((n + 1)) at=$((round * 2000 + i * 700))
		sql src "UPDATE wide SET id = 18446744073709551600 - $n WHERE v = $at; DELETE FROM wide WHERE v = 19000 - $at;
			UPDATE wide SET id = $n WHERE v = 17000 - $at; INSERT INTO wide VALUES (9223372036854775808 + $n, $n, 'new'); UPDATE wide SET pad = 'other' WHERE v = $at + 1"
	done
	repld_start
done
expect_text 'is loaded in [0-9]+ parts, by key' "$TMP/repld.log"
sed -i 's/max_rate = "5MB"/max_rate = ""/' "$CONF"
ctl reload
loaded t
joined t
sql src 'UPDATE wide SET id = id - 1 WHERE id > 18446744073709551600; UPDATE wide SET v = -5 WHERE v = 5'
synced t
compare public.wide
expect_no_text '(^| )error task=' "$TMP/repld.log"
repld_stop
