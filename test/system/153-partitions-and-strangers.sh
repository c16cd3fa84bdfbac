#!/bin/sh
# A publication of others holds more tables than the task: they are left out, without a restart of the run. A partition made mid-stream is
# taken into the stream with its first row.
# matrix: postgresql
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src "CREATE TABLE mine (id int PRIMARY KEY, v text);
	CREATE TABLE parted (id int, region text, v int, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
	CREATE TABLE parted_eu PARTITION OF parted FOR VALUES IN ('eu');
	INSERT INTO parted VALUES (1, 'eu', 1);
	CREATE TABLE stranger1 (id int PRIMARY KEY); CREATE TABLE stranger2 (id int PRIMARY KEY); CREATE TABLE stranger3 (id int PRIMARY KEY);
	CREATE PUBLICATION repld_t FOR ALL TABLES"
conf_task t
sed -i 's/include = "public.\*"; }/include = "public.*"; }, { exclude = "public.stranger*"; }/' "$CONF"
repld_start
loaded t

step 'tables of others in the publication are left out'
worker=$(worker_pid t)
sql src "INSERT INTO stranger1 VALUES (1); INSERT INTO mine VALUES (1, 'a'); INSERT INTO stranger2 VALUES (1); INSERT INTO stranger3 VALUES (1);
	INSERT INTO mine VALUES (2, 'b')"
synced t
compare public.mine
expect 'the same worker' "$worker" "$(worker_pid t)"
expect 'no retry' 0 "$(grep -c 'retry in' "$TMP/repld.log" || :)"
expect 'no table of others on the target' 0 "$(sql dst "SELECT count(*) FROM pg_class WHERE relname LIKE 'stranger%'")"

step 'a partition made mid-stream'
sql src "CREATE TABLE parted_us PARTITION OF parted FOR VALUES IN ('us'); INSERT INTO parted VALUES (2, 'us', 2), (3, 'eu', 3)"
synced t
compare public.parted
sql src "UPDATE parted SET v = v + 1; TRUNCATE parted_eu"
synced t
compare public.parted
repld_stop
