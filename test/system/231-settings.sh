#!/bin/sh
# Roles with settings that would end, hold up or garble a replication: time limits, read only, forms of dates, floats and bytes. What repld
# sets for its sessions wins.
# timeout: 90
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
for server in src dst; do
	sql $server "CREATE ROLE odd LOGIN SUPERUSER REPLICATION"
	for setting in "statement_timeout = '300ms'" "lock_timeout = '200ms'" "idle_in_transaction_session_timeout = '400ms'" \
		"default_transaction_isolation = 'serializable'" 'default_transaction_read_only = on' "datestyle = 'German, DMY'" \
		"intervalstyle = 'sql_standard'" 'extra_float_digits = -10' "bytea_output = 'escape'" "timezone = 'Asia/Kolkata'" \
		"search_path = 'nowhere'" 'quote_all_identifiers = on' 'array_nulls = off' 'enable_indexscan = off'; do
		sql $server "ALTER ROLE odd SET $setting"
	done
	[ "$PGVERSION" -lt 14 ] || sql $server "ALTER ROLE odd SET idle_session_timeout = '1500ms'"
done
# values that travel as text: ranges and rows are in no list of binary forms
sql src "CREATE TYPE pair AS (x float8, b bytea, i interval)"
sql dst "CREATE TYPE pair AS (x float8, b bytea, i interval)"
sql src "CREATE TABLE forms (id int PRIMARY KEY, d daterange, r tstzrange, p pair, f float8, i interval, b bytea, a int[]);
	CREATE TABLE big (id int PRIMARY KEY, t text); INSERT INTO big SELECT g, repeat('x', 1000) FROM generate_series(1, 2000) g"
row() {
	sql src "INSERT INTO forms VALUES ($1, '[2001-02-03,2004-05-06)', '[2001-02-03 04:05:06.789+00,2004-05-06 07:08:09+00)',
		ROW(1.0 / 3, '\\x00ff5c27', '1 year 2 mons -3 days 04:05:06.7')::pair, 2.0 / 3, '1 day -00:00:01', '\\xdeadbeef', '{1,NULL,3}')"
}

row 1
ROLE=odd conf_task t 'full_load: { max_rate = "1MB"; };' 'apply: { max_delay = "0"; };'
step 'a load that takes longer than any of the limits'
repld_start
loaded t 30
compare public.forms public.big

step 'a stream that stands idle for longer, and a target that is locked for longer'
row 2
sql src 'UPDATE forms SET f = f * 2 WHERE id = 1'
synced t 30
sleep 2
background psql_of dst -o /dev/null -c 'BEGIN; LOCK TABLE forms IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(2); COMMIT'
sleep 0.3
row 3
synced t 30
compare public.forms public.big
expect_no_text 'retry in|warning' "$TMP/repld.log"
repld_stop
