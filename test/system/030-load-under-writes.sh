#!/bin/sh
# Writers change the tables while they load, and open transactions stand across the snapshot: each row once, both sides equal.
# matrix: postgresql
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
workload_make 16
sql src "CREATE TABLE big (id int PRIMARY KEY, v int, t text);
	INSERT INTO big SELECT g, 0, repeat('x', 200) FROM generate_series(1, 300000) g;
	CREATE TABLE edge (id int PRIMARY KEY, t text)"
echo "SELECT churn(:client_id + 1);
\\set id random(1, 310000)
UPDATE big SET v = v + 1 WHERE id = :id;" >"$TMP/churn.sql"

conf_task t 'full_load: { parallel_chunks = 4; };'
workload_start 15 16 -R 1500
sleep 2

step 'a transaction that is open before the slot and ends after it was asked for'
background psql_of src -c "BEGIN; INSERT INTO edge VALUES (1, 'open before'); SELECT pg_sleep(3); INSERT INTO edge VALUES (2, 'later');
	COMMIT" -o /dev/null
sleep 0.5
repld_start
sleep 1
sql src "INSERT INTO edge VALUES (3, 'while it waits')"
loaded t 90
say "   loaded $(task_get t full_load.rows) rows"
workload_wait
synced t 60
workload_compare
compare public.big public.edge
expect 'rows of the open transaction' 3 "$(sql dst 'SELECT count(*) FROM edge')"
repld_stop
