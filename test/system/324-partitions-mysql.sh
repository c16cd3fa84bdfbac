#!/bin/sh
# A partition of PostgreSQL is truncated: on a MySQL or MariaDB target, which has no such partitions, its rows go and no others; where which these
# are can't be told there, the task stops, and a resync of the table brings it on its way again.
# timeout: 300
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=postgresql DST_KIND=${DST_KIND:-mysql}
. "$TOP/test/system/lib.sh"

needs
db_start src
db_start dst
sql src "CREATE TABLE ranged (id bigint, v int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
	CREATE TABLE ranged_0 PARTITION OF ranged FOR VALUES FROM (MINVALUE) TO (-10);
	CREATE TABLE ranged_1 PARTITION OF ranged FOR VALUES FROM (-10) TO (10);
	CREATE TABLE ranged_2 PARTITION OF ranged FOR VALUES FROM (10) TO (MAXVALUE);
	CREATE TABLE listed (kind int NOT NULL, n int NOT NULL, PRIMARY KEY (kind, n)) PARTITION BY LIST (kind);
	CREATE TABLE listed_a PARTITION OF listed FOR VALUES IN (1, 3);
	CREATE TABLE listed_b PARTITION OF listed DEFAULT;
	CREATE TABLE dated (d date NOT NULL, n int, PRIMARY KEY (d, n)) PARTITION BY RANGE (d);
	CREATE TABLE dated_old PARTITION OF dated FOR VALUES FROM ('2020-01-01') TO ('2024-01-01');
	CREATE TABLE dated_new PARTITION OF dated FOR VALUES FROM ('2024-01-01') TO (MAXVALUE);
	CREATE TABLE tens (id int NOT NULL, t text) PARTITION BY LIST ((id / 10));
	CREATE TABLE tens_1 PARTITION OF tens FOR VALUES IN (1);
	CREATE TABLE tens_2 PARTITION OF tens FOR VALUES IN (2);
	CREATE TABLE texts (id int NOT NULL, t text) PARTITION BY LIST (length(t));
	CREATE TABLE texts_2 PARTITION OF texts FOR VALUES IN (2);
	CREATE TABLE texts_4 PARTITION OF texts FOR VALUES IN (4);
	INSERT INTO ranged SELECT i, 1 FROM generate_series(-20, 20) i;
	INSERT INTO listed SELECT i % 5, i FROM generate_series(1, 50) i;
	INSERT INTO dated SELECT date '2023-12-01' + i, i FROM generate_series(0, 60) i;
	INSERT INTO tens SELECT i, 'x' FROM generate_series(10, 29) i;
	INSERT INTO texts VALUES (1, 'ab'), (2, 'éé'), (3, 'abcd')"
for leaf in tens tens_1 tens_2 texts texts_2 texts_4; do
	sql src "ALTER TABLE $leaf REPLICA IDENTITY FULL"
done
conf_write <<CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "public.*"; } ); };
CONF
repld_start
loaded t

step 'rows of bounds that mean the same there'
sql src 'TRUNCATE ranged_1'
sql src 'TRUNCATE ranged_0'
sql src 'TRUNCATE listed_a'
sql src 'TRUNCATE dated_old'
synced t
compare public.ranged public.listed public.dated
sql src 'INSERT INTO ranged VALUES (-11, 2), (5, 2); TRUNCATE listed_b'
synced t
compare public.ranged public.listed

# What the table's rows are by the words of the condition is not what they are there: 15 / 10 is 1.5, the length of 'éé' is 4.
for table in tens texts; do
	step "rows of $table can't be told there: the task stops"
	before=$(sql dst "SELECT count(*) FROM $table")
	leaf=texts_4
	[ $table = texts ] || leaf=tens_1
	sql src "TRUNCATE $leaf"
	wait_for 30 task_is t error || fail "the task goes on: $(sql dst "SELECT count(*) FROM $table") rows of $before are left"
	expect_text "can't be named here by its bounds" "$TMP/repld.log"
	expect 'rows on the target' "$before" "$(sql dst "SELECT count(*) FROM $table")"
	ctl resync t "public.$table" --yes >"$TMP/answer" 2>&1 || { cat "$TMP/answer" >&2; fail 'the table is not loaded again'; }
	wait_for 60 task_is t running || { ctl status t >&2; fail 'the remedy does not help'; }
	joined t 60
	synced t
	compare public.tens public.texts public.ranged
done
repld_stop
