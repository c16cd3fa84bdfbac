#!/bin/sh
# A loader of a daemon that is gone commits its range while the next daemon takes the load over: the range counts as there, and once only.
# matrix: postgresql
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src "CREATE TABLE z (id int8 PRIMARY KEY, t text); INSERT INTO z SELECT g, repeat('z', 100) FROM generate_series(1, 20000) g; ANALYZE"
conf_task t 'full_load: { chunks = "key"; max_rate = "64kB"; };'
repld_start
is_loading() { [ "$(sql dst "SELECT state || ' ' || (ranges IS NOT NULL) FROM repld.table_state")" = 'loading true' ]; }
wait_for 30 is_loading || fail 'the load does not begin'
sleep 1
repld_kill
no_load_session() { [ "$(sql dst "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%load%'")" = 0 ]; }
wait_for 20 no_load_session || fail 'the session of the killed loader stays'
expect 'ranges that are there' 0 "$(sql dst 'SELECT count(*) FROM repld.load_chunk')"

step 'as that loader would, a little late'
background psql_of dst -o /dev/null -c "BEGIN;
	INSERT INTO z SELECT g, repeat('z', 100) FROM generate_series(1, 20000) g;
	WITH s AS (SELECT * FROM repld.table_state FOR SHARE)
	INSERT INTO repld.load_chunk (task, source_schema, source_name, attempt, chunk, row_count, byte_count, snapshot)
		SELECT task, source_schema, source_name, attempt, 0, 20000, 2000000, snapshot FROM s;
	SELECT pg_sleep(6); COMMIT"
sleep 1
sql src "UPDATE z SET t = 'changed' WHERE id % 10 = 0; DELETE FROM z WHERE id % 100 = 1"
sed -i 's/max_rate = "64kB"/max_rate = ""/' "$CONF"
repld_start
loaded t 60
synced t
expect_text 'load of public.z resumes: 1 of 1 ranges are there with 20,000 rows, 0 rows are read again' "$TMP/repld.log"
compare public.z
repld_stop
