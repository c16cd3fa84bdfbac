#!/bin/sh
# Settings of roles and databases that would change what a session reads, writes or outlives: on both sides, for roles that are no
# superusers. A load, a stream and a large transaction pass, and everything stays equal.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

hostile="SET statement_timeout = '1s'
	SET lock_timeout = '300ms'
	SET idle_in_transaction_session_timeout = '500ms'
	SET default_transaction_read_only = on
	SET default_transaction_isolation = 'serializable'
	SET default_transaction_deferrable = on
	SET search_path = 'nowhere'
	SET DateStyle = 'German'
	SET IntervalStyle = 'sql_standard'
	SET TimeZone = 'Asia/Kathmandu'
	SET bytea_output = 'escape'
	SET extra_float_digits = -15
	SET standard_conforming_strings = off
	SET client_encoding = 'LATIN1'
	SET synchronous_commit = off
	SET row_security = on
	SET array_nulls = off
	SET xmloption = 'document'
	SET lc_monetary = 'C.UTF-8'
	SET client_min_messages = 'debug1'
	SET quote_all_identifiers = on
	SET transform_null_equals = on
	SET work_mem = '64kB'
	SET maintenance_work_mem = '1MB'
	SET logical_decoding_work_mem = '64kB'
	SET enable_indexscan = off
	SET enable_tidscan = off
	SET wal_sender_timeout = '800ms'"
[ "$PGVERSION" -lt 14 ] || hostile="$hostile
	SET idle_session_timeout = '700ms'"
harden() {			# SERVER: what the database and the role say
	printf '%s\n' "$hostile" | while read -r setting; do
		echo "ALTER ROLE app $setting;"
		echo "ALTER DATABASE app $setting;"
	done >"$TMP/harden.sql"
	psql_of "$1" -d postgres -f "$TMP/harden.sql"
}
# The test's own sessions are another role's, but the database's settings reach them.
for setting in statement_timeout=0 lock_timeout=0 idle_in_transaction_session_timeout=0 default_transaction_read_only=off \
	'default_transaction_isolation=read\ committed' default_transaction_deferrable=off search_path=public \
	standard_conforming_strings=on array_nulls=on xmloption=content enable_indexscan=on row_security=off client_encoding=UTF8; do
	SESSION="$SESSION -c $setting"
done

pg_start src 'default_text_search_config=pg_catalog.simple'
pg_start dst
sql src "CREATE ROLE app LOGIN REPLICATION; GRANT CREATE ON DATABASE app TO app; GRANT CREATE, USAGE ON SCHEMA public TO app"
sql dst "CREATE ROLE app LOGIN; GRANT CREATE, TEMPORARY ON DATABASE app TO app; GRANT CREATE, USAGE ON SCHEMA public TO app"
sql src "SET ROLE app;
	CREATE TABLE kinds (id int PRIMARY KEY, f8 float8, f4 float4, ts timestamp, tz timestamptz, d date, i interval, b bytea, t text,
		a text[], x xml, m money, g point, j jsonb, n numeric, u text UNIQUE);
	CREATE TABLE bag (f8 float8, f4 float4, tz timestamptz, i interval, b bytea, x xml, m money, g point, a text[], t text);
	ALTER TABLE bag REPLICA IDENTITY FULL;
	CREATE TABLE wide (id int PRIMARY KEY, v text);
	CREATE FUNCTION values_of(n int) RETURNS SETOF kinds LANGUAGE sql SET TimeZone = 'UTC' SET DateStyle = 'ISO' SET IntervalStyle = 'postgres' AS
		\$\$SELECT n + g, 0.1 + g / 3.0::float8, 1 / (g + 2)::float4, timestamp '2024-05-06 07:08:09.123456' + g * interval '1 day',
			timestamptz '2024-03-04 05:06:07.000001+02' - g * interval '1 us', date '2024-02-03' + g,
			interval '1 mon -2 days +03:04:05.6', '\\x00ff5c27'::bytea || int4send(g), E'\\\\ '' \u00e9\u20ac ' || g,
			ARRAY['NULL', NULL, 'a,\"b\\'], '<a>x</a>'::xml, (g + 0.5)::numeric::money, point(0.1, 1e-300 + g), '{\"a\": 1.10}'::jsonb,
			1.10 + g, 'u' || n + g FROM generate_series(1, 200) g\$\$;
	INSERT INTO kinds SELECT * FROM values_of(0);
	INSERT INTO bag SELECT f8, f4, tz, i, b, x, m, g, a, t FROM values_of(0), generate_series(1, 2);
	INSERT INTO wide SELECT g, repeat('x', 900) FROM generate_series(1, 50000) g"
harden src
harden dst
sql dst 'GRANT SET ON PARAMETER session_replication_role TO app' 2>/dev/null || sql dst 'ALTER ROLE app SET session_replication_role = replica'
ROLE=app
# slow enough that the load outlasts every limit
conf_task t 'full_load: { max_rate = "16MB"; }; apply: { mode = "batch"; max_delay = "100ms"; };'
"$REPLD" check -c "$CONF" >"$TMP/check" 2>&1 || { cat "$TMP/check"; fail 'check refuses'; }
repld_start

step 'the load, and what comes after it, is equal'
loaded t
change() {
	sql src "INSERT INTO kinds SELECT * FROM values_of($1);
		INSERT INTO bag SELECT f8, f4, tz, i, b, x, m, g, a, t FROM values_of($1);
		UPDATE kinds SET f8 = f8 * 3, tz = tz + interval '1 us', i = i * 2, x = '<b/>', a = a || 'z'::text WHERE id % 3 = 0;
		UPDATE kinds SET id = -id WHERE id % 50 = 7;
		DELETE FROM kinds WHERE id % 20 = 3;
		DELETE FROM bag WHERE ctid IN (SELECT min(ctid) FROM bag GROUP BY f8 HAVING f8 < 10);
		UPDATE bag SET tz = tz + interval '1 s' WHERE ctid IN (SELECT max(ctid) FROM bag GROUP BY f8 HAVING f8 > 60)"
}
change 1000
synced t
compare public.kinds public.bag public.wide

step 'unique values that swap take a second try, which waits for nobody'
sql src "BEGIN; UPDATE kinds SET u = 'tmp' WHERE id = 1; UPDATE kinds SET u = 'u1' WHERE id = 2; UPDATE kinds SET u = 'u2' WHERE id = 1; COMMIT"
synced t
compare public.kinds

step 'a transaction that takes longer than every limit'
sql src "BEGIN; UPDATE wide SET v = repeat('y', 1000); DELETE FROM wide WHERE id % 7 = 0; COMMIT"
change 2000
synced t
compare public.kinds public.bag public.wide

step 'a row that somebody holds for 2 s is waited for'
background psql_of dst -c "BEGIN; SELECT 1 FROM wide WHERE id = 1 FOR UPDATE; SELECT pg_sleep(2); COMMIT" >/dev/null
sleep 0.3
sql src "UPDATE wide SET v = 'z' WHERE id = 1"
synced t
compare public.wide

step 'an idle time beyond the limits ends nothing'
sleep 2
change 3000
synced t
compare public.kinds public.bag public.wide
expect_no_text 'retry in|timeout|stopped' "$TMP/repld.log"
repld_stop
