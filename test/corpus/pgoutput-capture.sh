#!/bin/sh
# Captures the messages of a real PostgreSQL into test/corpus/pgoutput/NAME: frames of u32 big-endian length and message.
# usage: sh test/corpus/pgoutput-capture.sh [FOLDER]   (PGBIN=/usr/lib/postgresql/15/bin; version 15 or later)
# The server is private: a temporary folder, a unix socket, gone at the end. As root it runs as user postgres.
# LSNs, xids, OIDs and times differ each time, so the expected texts are made anew afterwards:
#   GOLDEN=write build/test/unit/test_pgoutput    (then read the difference)
set -eu

folder=${1:-$(dirname "$0")/pgoutput}
pgbin=${PGBIN:-$(find /usr/lib/postgresql -name bin | sort -V | tail -n 1)}
dir=$(mktemp -d)
as=
if [ "$(id -u)" = 0 ]; then
	chown postgres "$dir"
	as='runuser -u postgres --'
fi

finish() {
	$as "$pgbin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || :
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

cd "$dir"
$as "$pgbin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$dir'
wal_level = logical
max_prepared_transactions = 5
logical_decoding_work_mem = '64kB'
autovacuum = off
fsync = off
timezone = 'UTC'
client_min_messages = warning
CONF
$as "$pgbin/pg_ctl" -D "$dir/data" -l "$dir/log" -w start >/dev/null
cd - >/dev/null

sql() { $as "$pgbin/psql" -h "$dir" -U postgres -d "$db" -X -q -v ON_ERROR_STOP=1 "$@"; }

# begin NAME: a database of its own; its schema is read from stdin, then the slot is made.
begin() {
	db=$(echo "$1" | tr -- - _)
	$as "$pgbin/createdb" -h "$dir" -U postgres "$db"
	sql >/dev/null
	sql -c "SELECT pg_create_logical_replication_slot('$db', 'pgoutput', false, true)" >/dev/null
}

# capture NAME LIMIT OPTION...: the first messages of the slot, without taking them from it.
capture() {
	name=$1 limit=$2
	shift 2
	sql -c "SELECT lo_from_bytea(1, string_agg(int4send(length(data)) || data, '' ORDER BY n)) FROM pg_logical_slot_peek_binary_changes('$db', NULL, NULL,
		'publication_names', 'p', 'messages', 'true', $*) WITH ORDINALITY AS t(lsn, xid, data, n)
		WHERE n <= $limit" -c "SELECT lo_export(1, '$dir/$name'), lo_unlink(1)" >/dev/null
	cat "$dir/$name" >"$folder/$name"
	sql -At -c "SELECT '$name: ' || pg_size_pretty($(wc -c <"$folder/$name")::bigint)"
}

# ---- every type of the list, its array, and types beside the list; NULLs, extremes, empty values ----
begin types <<'SQL'
CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN short AS varchar(8) NOT NULL;
CREATE TABLE scalars (
	id int8 PRIMARY KEY, c_bool bool, c_int2 int2, c_int4 int4, c_float4 float4, c_float8 float8,
	c_numeric numeric, c_numeric_s numeric(12, 2), c_text text, c_varchar varchar(20), c_bpchar char(5),
	c_bytea bytea, c_date date, c_time time, c_timetz timetz(3), c_timestamp timestamp, c_timestamptz timestamptz(0),
	c_interval interval, c_uuid uuid, c_json json, c_jsonb jsonb, c_bit bit(5), c_varbit varbit(9),
	c_inet inet, c_cidr cidr, c_macaddr macaddr);
CREATE TABLE arrays (
	id int4 PRIMARY KEY, a_bool bool[], a_int2 int2[], a_int4 int4[], a_int8 int8[], a_float4 float4[],
	a_float8 float8[], a_numeric numeric(12, 2)[], a_text text[], a_varchar varchar(20)[], a_bpchar char(5)[],
	a_bytea bytea[], a_date date[], a_time time[], a_timetz timetz[], a_timestamp timestamp[],
	a_timestamptz timestamptz[], a_interval interval[], a_uuid uuid[], a_json json[], a_jsonb jsonb[], a_bit bit(5)[],
	a_varbit varbit[], a_inet inet[], a_cidr cidr[], a_macaddr macaddr[]);
CREATE TABLE beside (
	id int4 PRIMARY KEY, mood mood, moods mood[], short short, pair pair, range int4range, money money, point point,
	xml xml, oid oid, name name, "char" "char", tsv tsvector, mac8 macaddr8);
CREATE PUBLICATION p FOR ALL TABLES;
SQL
sql >/dev/null <<'SQL'
INSERT INTO scalars VALUES
(1, true, 32767, 2147483647, 1.5, 'NaN', 'NaN', 1234567890.12, 'grün 😀', 'x', 'ab', '\x00ff5c27', '2024-02-29',
'23:59:59.999999', '12:00:00.123+05:30', '2024-02-29 12:34:56.789', '2024-02-29 12:34:56+00', '1 mon 2 days 03:04:05.6',
'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a" : 1.0, "a": null}', '{"b": [1, "x"]}', B'10101', B'1', '10.1.2.3/8',
'2001:db8::/32', '08:00:2b:01:02:03'),
(-9223372036854775808, false, -32768, -2147483648, '-0', '-Infinity', '-0.000000001', -0.01, '', '', '', '', '4713-01-01 BC',
'00:00', '24:00:00-15:59', 'infinity', '-infinity', '-178000000 years', '00000000-0000-0000-0000-000000000000', 'null',
'null', B'00000', B'', '::', '0.0.0.0/0', '00:00:00:00:00:00');
INSERT INTO scalars (id) VALUES (3);
UPDATE scalars SET c_text = NULL, c_int4 = NULL, c_bool = false WHERE id = 1;
UPDATE scalars SET id = 30 WHERE id = 3;
DELETE FROM scalars WHERE id < 0;
INSERT INTO arrays VALUES
(1, '{t,f,NULL}', '{1,-2}', '{{1,2},{3,4}}', '[5:6]={7,8}', '{1.5,NaN}', '{-0,1e300}', '{1.10,NaN}', '{a,"b,\"c",NULL,""}', '{x}',
'{ab}', '{"\\x00ff"}', '{2024-02-29}', '{12:00}', '{12:00+02}', '{infinity}', '{2024-02-29 12:00+00}', '{1 mon}',
'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', '{"{\"a\": 1}"}', '{"[1]",NULL}', '{10101}', '{1,101}', '{10.0.0.1,::1}',
'{10.0.0.0/8}', '{08:00:2b:01:02:03}'),
(2, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
'{}', '{}', '{}', '{}');
INSERT INTO arrays (id) VALUES (3);
INSERT INTO beside VALUES
(1, 'it''s ok', '{sad,happy}', 'eight', '(1,"x,y")', '[1,10)', '12.34', '(1,2)', '<a/>', 4294967295, 'name', 'c', 'fat cat',
'08:00:2b:01:02:03:04:05');
UPDATE beside SET mood = 'happy' WHERE id = 1;
SQL
capture types-binary 99 "'proto_version', '1', 'binary', 'true'"
capture types-text 99 "'proto_version', '2', 'binary', 'false'"

# ---- replica identities: which old tuple comes when, unchanged TOAST under each; rows of tables that are not captured ----
begin identity <<'SQL'
CREATE TABLE by_key (a int, b text, c int, big text, PRIMARY KEY (a, c));
CREATE TABLE by_index (a int, b text NOT NULL, big text);
CREATE UNIQUE INDEX by_index_b ON by_index (b);
ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_b;
CREATE TABLE by_row (a int, b text, big text);
ALTER TABLE by_row REPLICA IDENTITY FULL;
CREATE TABLE by_none (a int);
ALTER TABLE by_none REPLICA IDENTITY NOTHING;
CREATE TABLE toast_key (k text PRIMARY KEY, n int);
CREATE TABLE skip_me (a int PRIMARY KEY, b text);
CREATE SCHEMA "Odd.Schema";
CREATE TABLE "Odd.Schema"."Odd ""name"" é" ("Id" int PRIMARY KEY, "id" int, "a b" text);
ALTER TABLE by_key ALTER big SET STORAGE EXTERNAL;
ALTER TABLE by_index ALTER big SET STORAGE EXTERNAL;
ALTER TABLE by_row ALTER big SET STORAGE EXTERNAL;
ALTER TABLE toast_key ALTER k SET STORAGE EXTERNAL;
CREATE PUBLICATION p FOR ALL TABLES;
SQL
sql >/dev/null <<'SQL'
INSERT INTO by_key VALUES (1, 'one', 10, repeat('x', 2100)), (2, NULL, 20, NULL), (3, '', 30, 'short');
UPDATE by_key SET b = 'uno' WHERE a = 1;
UPDATE by_key SET a = 11 WHERE a = 1;
UPDATE by_key SET c = c + 1;
UPDATE by_key SET big = NULL, b = NULL WHERE a = 11;
DELETE FROM by_key WHERE a <> 3;
INSERT INTO by_index VALUES (1, 'k1', repeat('y', 2100)), (NULL, 'k2', NULL);
UPDATE by_index SET a = 7 WHERE b = 'k1';
UPDATE by_index SET b = 'k3' WHERE b = 'k1';
DELETE FROM by_index;
INSERT INTO by_row VALUES (1, 'twin', NULL), (1, 'twin', NULL), (NULL, NULL, NULL), (2, 'big', repeat('z', 2100));
UPDATE by_row SET b = 'changed' WHERE a = 2;
UPDATE by_row SET big = 'now short' WHERE a = 2;
DELETE FROM by_row WHERE ctid = '(0,1)';
DELETE FROM by_row WHERE a IS NULL;
INSERT INTO by_none VALUES (1), (NULL);
INSERT INTO toast_key SELECT string_agg(md5(i::text), '') FROM generate_series(1, 70) i;
UPDATE toast_key SET n = 1;
UPDATE toast_key SET k = 'short';
INSERT INTO "Odd.Schema"."Odd ""name"" é" VALUES (1, 2, E'tab\there'), (2, 1, 'x');
BEGIN;
INSERT INTO skip_me VALUES (1, 'not captured');
INSERT INTO by_none VALUES (2);
UPDATE skip_me SET b = 'x';
UPDATE skip_me SET a = 2;
DELETE FROM skip_me;
COMMIT;
SQL
capture identity 999 "'proto_version', '1', 'binary', 'true'"

# ---- TRUNCATE: several tables, options, some or all of them not captured; partitions ----
begin truncate <<'SQL'
CREATE TABLE parent (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t text);
CREATE TABLE child (id serial PRIMARY KEY, parent int REFERENCES parent);
CREATE TABLE alone (id int PRIMARY KEY);
CREATE TABLE skip_a (id int PRIMARY KEY);
CREATE TABLE skip_b (id int PRIMARY KEY);
CREATE TABLE part (id int, region text, v int, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE part_eu PARTITION OF part FOR VALUES IN ('eu');
CREATE TABLE part_us PARTITION OF part FOR VALUES IN ('us');
CREATE PUBLICATION p FOR ALL TABLES;
SQL
sql >/dev/null <<'SQL'
INSERT INTO parent (t) VALUES ('a'), ('b');
INSERT INTO child (parent) VALUES (1), (2);
TRUNCATE alone;
TRUNCATE parent CASCADE;
TRUNCATE parent, child, alone RESTART IDENTITY;
TRUNCATE skip_a, parent, skip_b RESTART IDENTITY CASCADE;
TRUNCATE skip_a, skip_b;
INSERT INTO part VALUES (1, 'eu', 1), (2, 'us', 2);
UPDATE part SET v = 3 WHERE id = 1;
UPDATE part SET region = 'us' WHERE id = 1;
TRUNCATE part_us;
TRUNCATE part;
CREATE TABLE part_as PARTITION OF part FOR VALUES IN ('as');
INSERT INTO part VALUES (3, 'as', 3);
SQL
capture truncate 999 "'proto_version', '1', 'binary', 'true'"

# ---- what else stands between BEGIN and COMMIT: messages, origins, savepoints, changes of shape, columns that are not sent ----
begin between <<'SQL'
CREATE TABLE made (id int PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED, b text);
ALTER TABLE made DROP COLUMN b;
CREATE TABLE shape (id int PRIMARY KEY, a text);
CREATE TABLE bare ();
CREATE TABLE wide (id int PRIMARY KEY);
DO $$ BEGIN
	FOR i IN 1..200 LOOP EXECUTE format('ALTER TABLE wide ADD c%s int DEFAULT %s', i, i); END LOOP;
END $$;
CREATE PUBLICATION p FOR ALL TABLES;
SELECT pg_replication_origin_create('elsewhere');
SQL
sql >/dev/null <<'SQL'
SELECT pg_logical_emit_message(false, 'alone', 'between transactions');
SELECT pg_logical_emit_message(true, 'repld', 'inside one');
BEGIN;
INSERT INTO made (id, a) VALUES (1, 5);
SELECT pg_logical_emit_message(true, '', '');
SELECT pg_logical_emit_message(false, 'early', '\x00ff'::bytea);
UPDATE made SET a = 6;
COMMIT;
SELECT pg_replication_origin_session_setup('elsewhere');
BEGIN;
SELECT pg_replication_origin_xact_setup('0/ABCDEF01', '2024-02-29 12:00:00+00');
INSERT INTO made (id, a) VALUES (2, NULL);
COMMIT;
SELECT pg_replication_origin_session_reset();
BEGIN;
INSERT INTO made (id, a) VALUES (3, 3);
SAVEPOINT one;
INSERT INTO made (id, a) VALUES (4, 4);
ROLLBACK TO one;
SAVEPOINT two;
INSERT INTO made (id, a) VALUES (5, 5);
RELEASE two;
COMMIT;
BEGIN;
INSERT INTO made (id, a) VALUES (6, 6);
ROLLBACK;
BEGIN;
INSERT INTO shape VALUES (1, 'before');
ALTER TABLE shape ADD b numeric(10, 2) DEFAULT 1.50 NOT NULL;
INSERT INTO shape VALUES (2, 'after', 2);
ALTER TABLE shape ALTER id TYPE bigint;
UPDATE shape SET a = 'wide' WHERE id = 1;
COMMIT;
ALTER TABLE shape RENAME COLUMN a TO c;
ALTER TABLE shape REPLICA IDENTITY FULL;
UPDATE shape SET c = 'full' WHERE id = 1;
ALTER TABLE shape RENAME TO shape2;
DELETE FROM shape2 WHERE id = 2;
ALTER TABLE shape2 SET (fillfactor = 50);
DELETE FROM shape2;
INSERT INTO bare DEFAULT VALUES;
INSERT INTO wide VALUES (1);
SQL
capture between 999 "'proto_version', '2', 'binary', 'true'"

# ---- what was not asked for and is refused: a transaction in progress, a prepared one ----
begin progress <<'SQL'
CREATE TABLE t (id int PRIMARY KEY, a text);
CREATE PUBLICATION p FOR ALL TABLES;
SQL
sql >/dev/null <<'SQL'
INSERT INTO t VALUES (0, 'whole');
INSERT INTO t SELECT i, repeat('x', 50) FROM generate_series(1, 2000) i;
BEGIN;
INSERT INTO t VALUES (3000, 'prepared');
PREPARE TRANSACTION 'two';
COMMIT PREPARED 'two';
SQL
capture refuse-streaming 12 "'proto_version', '2', 'streaming', 'on'"

begin two_phase <<'SQL'
CREATE TABLE t (id int PRIMARY KEY, a text);
CREATE PUBLICATION p FOR ALL TABLES;
SQL
sql >/dev/null <<'SQL'
INSERT INTO t VALUES (0, 'whole');
BEGIN;
INSERT INTO t VALUES (1, 'prepared');
PREPARE TRANSACTION 'two';
COMMIT PREPARED 'two';
SQL
capture refuse-two-phase 12 "'proto_version', '3', 'two_phase', 'on'"
