#!/bin/sh
# Captures the messages of a real wal2json into test/corpus/wal2json/NAME, and what pgoutput says of the same changes into
# test/corpus/wal2json-pgoutput/NAME: frames of u32 big-endian length and message. The first frame of wal2json's describes the tables as the catalog
# has them at the end (test/fake/wal2json_frames.h).
# usage: sh test/corpus/wal2json-capture.sh [NAME...]   (PGBIN=/usr/lib/postgresql/15/bin; PLUGIN_PATH: the folder of a wal2json of 2.6 or later,
# for the captures with numbers as strings, which are left as they are without it)
# The server is private: a temporary folder, a unix socket, gone at the end. As root it runs as user postgres.
# LSNs, xids, OIDs and times differ each time, so the expected texts are made anew afterwards:
#   GOLDEN=write build/test/unit/test_wal2json    (then read the difference)
set -eu

folder=$(dirname "$0")
pgbin=${PGBIN:-$(find /usr/lib/postgresql -name bin | sort -V | tail -n 1)}
wanted=" $* "
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
autovacuum = off
fsync = off
timezone = 'UTC'
client_min_messages = warning
dynamic_library_path = '${PLUGIN_PATH:+$PLUGIN_PATH:}\$libdir'
CONF
! $as "$pgbin/postgres" -D "$dir/data" -C output_plugin_libraries >/dev/null 2>&1 ||
	echo "output_plugin_libraries = 'pgoutput, wal2json'" >>"$dir/data/postgresql.conf"
$as "$pgbin/pg_ctl" -D "$dir/data" -l "$dir/log" -w start >/dev/null
cd - >/dev/null

sql() {
	PGOPTIONS='-c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=3 -c bytea_output=hex -c lc_monetary=C' \
		$as "$pgbin/psql" -h "$dir" -U postgres -d "$db" -X -q -v ON_ERROR_STOP=1 "$@"
}

# begin NAME: a database of its own; its schema is read from stdin, then the slots are made.
begin() {
	name=$1
	case $wanted in "  " | *" $name "*) ;; *) db=; return ;; esac
	db=$(echo "$name" | tr -- - _)
	$as "$pgbin/createdb" -h "$dir" -U postgres "$db"
	sql >/dev/null
	sql -c 'CREATE PUBLICATION p FOR ALL TABLES' -c "SELECT pg_create_logical_replication_slot('${db}_p', 'pgoutput'),
		pg_create_logical_replication_slot('${db}_w', 'wal2json')" >/dev/null
}

change() { [ -z "$db" ] || sql >/dev/null; }

# Each column: name, type's number, typmod, text, flags (i: of the identity, g: generated, f: of fixed length); behind tabs, \ before tab and \.
tables="SELECT string_agg(line, E'\n' ORDER BY id, num) FROM (
	SELECT c.oid AS id, 0 AS num, concat_ws(E'\t', 'table', c.oid, replace(replace(n.nspname, '\\', '\\\\'), E'\t', '\\t'), replace(replace(c.relname, '\\', '\\\\'), E'\t', '\\t'), c.relreplident) AS line FROM pg_class c
		JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema)'
	UNION ALL SELECT a.attrelid, a.attnum, concat_ws(E'\t', 'column', replace(replace(a.attname, '\\', '\\\\'), E'\t', '\\t'), a.atttypid, CASE WHEN t.typtype = 'd' THEN -1 ELSE a.atttypmod END,
		replace(replace(format_type(a.atttypid, a.atttypmod), '\\', '\\\\'), E'\t', '\\t'), CASE WHEN c.relreplident = 'f' OR EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid
		AND CASE c.relreplident WHEN 'd' THEN i.indisprimary ELSE i.indisreplident END AND a.attnum = ANY (i.indkey)) THEN 'i' ELSE '-' END
		|| CASE WHEN a.attgenerated <> '' THEN 'g' ELSE '' END || CASE WHEN a.attlen > 0 THEN 'f' ELSE '' END)
	FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
	WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema)' AND a.attnum > 0 AND NOT a.attisdropped) lines"

export_to() {			# FILE QUERY: one bytea
	sql -c "SET search_path = pg_catalog" -c "SELECT lo_from_bytea(1, ($2))" -c "SELECT lo_export(1, '$dir/out'), lo_unlink(1)" >/dev/null
	cat "$dir/out" >"$folder/$1"
}

capture() {			# [1: numbers as strings]
	[ -n "$db" ] || return 0
	export_to "wal2json-pgoutput/$name" "SELECT string_agg(int4send(length(data)) || data, '' ORDER BY n) FROM
		pg_logical_slot_peek_binary_changes('${db}_p', NULL, NULL, 'publication_names', 'p', 'proto_version', '1')
		WITH ORDINALITY AS t(lsn, xid, data, n)"
	export_to "wal2json/$name" "SELECT int4send(length(head)) || head || body FROM
		(SELECT convert_to('strings ${1:-0}' || E'\n' || ($tables) || E'\n', 'UTF8')) h(head),
		(SELECT string_agg(int4send(length(data)) || data, '' ORDER BY n) FROM (SELECT convert_to(data, 'UTF8'), n FROM
		pg_logical_slot_peek_changes('${db}_w', NULL, NULL, 'format-version', '2', 'include-lsn', 'true', 'include-xids', 'true',
		'include-timestamp', 'true', 'include-type-oids', 'true'${1:+, 'numeric-data-types-as-string', 'true'})
		WITH ORDINALITY AS t(lsn, xid, data, n)) t(data, n)) b(body)"
	echo "$name: $(wc -c <"$folder/wal2json/$name") bytes"
}

# ---- types: of JSON's own and all others; NULLs, empty values, escapes ----
begin types <<'SQL'
CREATE SCHEMA "My Types";
CREATE TYPE "My Types"."a\b ""c""" AS ENUM ('x', 'it''s "ok"');
CREATE TYPE mood AS ENUM ('sad', '');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN short AS varchar(8);
CREATE DOMAIN yes AS bool;
CREATE DOMAIN money2 AS numeric(10, 2);
CREATE DOMAIN blob AS bytea;
CREATE TABLE scalars (
	id int8 PRIMARY KEY, c_bool bool, c_int2 int2, c_int4 int4, c_oid oid, c_float4 float4 NOT NULL DEFAULT 0, c_float8 float8 NOT NULL DEFAULT 0,
	c_numeric numeric NOT NULL DEFAULT 0, c_numeric_s numeric(12, 2) NOT NULL DEFAULT 0, c_text text, c_varchar varchar(20), c_bpchar char(5),
	c_bytea bytea, c_date date, c_time time, c_timetz timetz(3), c_timestamp timestamp, c_timestamptz timestamptz(0), c_interval interval,
	c_interval_s interval day to second(2), c_uuid uuid, c_json json, c_jsonb jsonb, c_bit bit(5), c_varbit varbit(9), c_inet inet,
	c_odd "My Types"."a\b ""c""", c_odds "My Types"."a\b ""c"""[], c_mood mood, c_pair pair, c_short short, c_yes yes, c_money money2, c_blob blob,
	c_ints int[], c_texts text[], c_numbers numeric(12, 2)[], c_bools bool[], c_bytes bytea[], c_range int4range, c_char "char", c_name name,
	c_point point, c_money_ money, c_xml xml, c_ts tsvector);
SQL
change <<'SQL'
INSERT INTO scalars VALUES (1, true, -32768, 2147483647, 4294967295, 1.5, 5e-324, 123456789012345678901234567890.123456789, -1.50,
	E'tab\t nl\n cr\r q" b\\ bs\b ff\f \x01\x1f\x7f é €  😀 /', 'v', 'c', '\x00ff5c22', '2026-02-28 BC', '24:00', '12:00:00.5+01',
	'infinity', '-infinity', '1 year -2 mons 3 days 04:05:06.789', '3 days 04:05:06.78', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
	'{"a" : "\u0041\\"}', '{"a": 1e3}', '10101', '1', '::1/64', 'it''s "ok"', '{x,"it''s \"ok\""}', '', '(1,"a ""b"" \\")', 'short', false, 9.90,
	'\xdead', '{1,NULL,-3}', '{"",NULL,"NULL","a\"b\\"}', '{1.5,NaN}', '{t,f,NULL}', '{"\\xff",NULL}', '[1,5)', 'c', 'name', '(1.5,-2)', 12.34,
	'<a b="c"/>', 'a:1 b:2');
INSERT INTO scalars (id, c_float4, c_float8, c_numeric) VALUES (2, 1e20, 1e300, 1e40), (3, -0.0, -1e-7, -0.000001), (4, 0.1, 0.1, 100);
UPDATE scalars SET c_bool = NULL, c_text = '', c_bytea = '', c_int4 = 0, c_json = 'null', c_yes = true WHERE id = 1;
UPDATE scalars SET c_text = repeat('x', 5000) WHERE id = 2;
DELETE FROM scalars WHERE id < 3;
SQL
capture

# ---- the same where numbers come as strings: NaN, infinities, NULL ----
if [ -n "${PLUGIN_PATH:-}" ]; then
	begin types-strings <<-'SQL'
	CREATE DOMAIN money2 AS numeric(10, 2);
	CREATE TABLE numbers (id int8 PRIMARY KEY, a int2, b int4, c oid, d float4, e float8, f numeric, g numeric(12, 2), h money2, i bool, j bytea);
	CREATE TABLE by_number (k numeric PRIMARY KEY, f float8);
	SQL
	change <<-'SQL'
	INSERT INTO numbers VALUES (1, -1, 2, 3, 'NaN', '-Infinity', 'NaN', 'NaN', 'NaN', true, '\x01'), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		NULL, NULL), (-9223372036854775808, 0, 0, 0, '1e-45', 5e-324, 'Infinity', -0.01, 1, false, '');
	UPDATE numbers SET e = 'Infinity', f = 0.000 WHERE id = 1;
	INSERT INTO by_number VALUES ('NaN', 1), (1.0, NULL);
	UPDATE by_number SET f = 'NaN' WHERE k = 'NaN';
	UPDATE by_number SET k = 1.00 WHERE k = 1;
	DELETE FROM by_number;
	SQL
	capture 1
fi

# ---- identities: key, index, whole row, none; TOAST; names that need quotes ----
begin identity <<'SQL'
CREATE TABLE by_key (a int, b text, c int, big text, PRIMARY KEY (c, a));
CREATE TABLE by_index (a int, b text NOT NULL UNIQUE, big text);
CREATE TABLE by_row (a int, b text, big text);
CREATE TABLE all_key (a int, b int, PRIMARY KEY (a, b));
CREATE TABLE toast_key (k text PRIMARY KEY, n int);
CREATE TABLE skip_me (a int PRIMARY KEY, b text);
CREATE SCHEMA "Odd.Schema";
CREATE TABLE "Odd.Schema"."Odd ""name"" é\" ("a""b" int, "Key col\" int PRIMARY KEY, "tab	é" text);
ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_b_key;
ALTER TABLE by_row REPLICA IDENTITY FULL;
ALTER TABLE by_key ALTER big SET STORAGE EXTERNAL;
ALTER TABLE by_index ALTER big SET STORAGE EXTERNAL;
ALTER TABLE by_row ALTER big SET STORAGE EXTERNAL;
ALTER TABLE toast_key ALTER k SET STORAGE EXTERNAL;
SQL
change <<'SQL'
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
INSERT INTO all_key VALUES (1, 2);
UPDATE all_key SET b = 3;
DELETE FROM all_key;
INSERT INTO toast_key SELECT string_agg(md5(i::text), '') FROM generate_series(1, 70) i;
UPDATE toast_key SET n = 1;
UPDATE toast_key SET k = 'short';
INSERT INTO "Odd.Schema"."Odd ""name"" é\" VALUES (1, 2, E'tab\there'), (2, 1, 'x');
UPDATE "Odd.Schema"."Odd ""name"" é\" SET "a""b" = 3;
BEGIN;
INSERT INTO skip_me VALUES (1, 'not captured');
UPDATE skip_me SET b = 'x';
UPDATE skip_me SET a = 2;
DELETE FROM skip_me;
COMMIT;
SQL
capture

# ---- TRUNCATE: several tables, some or all of them not captured; partitions ----
begin truncate <<'SQL'
CREATE TABLE parent (id int PRIMARY KEY, t text);
CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent);
CREATE TABLE alone (id int PRIMARY KEY);
CREATE TABLE skip_a (id int PRIMARY KEY);
CREATE TABLE skip_b (id int PRIMARY KEY);
CREATE TABLE part (id int, region text, v int, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE part_eu PARTITION OF part FOR VALUES IN ('eu');
CREATE TABLE part_us PARTITION OF part FOR VALUES IN ('us');
SQL
change <<'SQL'
INSERT INTO parent VALUES (1, 'a'), (2, 'b');
INSERT INTO child VALUES (1, 1), (2, 2);
TRUNCATE alone;
TRUNCATE parent CASCADE;
BEGIN;
TRUNCATE parent, child, alone;
INSERT INTO parent VALUES (1, 'again');
TRUNCATE alone;
TRUNCATE parent, child;
COMMIT;
TRUNCATE skip_a, parent, skip_b CASCADE;
TRUNCATE skip_a, skip_b;
INSERT INTO part VALUES (1, 'eu', 1), (2, 'us', 2);
UPDATE part SET v = 3 WHERE id = 1;
UPDATE part SET region = 'us' WHERE id = 1;
TRUNCATE part_us;
TRUNCATE part;
SQL
capture

# ---- changes of shape, read when the catalog is already at the last one ----
begin shapes <<'SQL'
CREATE TABLE shape (id int PRIMARY KEY, a text);
CREATE TABLE typed (id int PRIMARY KEY, n numeric(10, 2) NOT NULL, v varchar(10));
CREATE TABLE named (id int PRIMARY KEY, m int);
CREATE TABLE keyed (id int PRIMARY KEY, other int NOT NULL, t text);
CREATE TYPE feeling AS ENUM ('good', 'bad');
CREATE TABLE felt (id int PRIMARY KEY, f feeling);
CREATE TABLE made (id int PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED, gone text, b text);
ALTER TABLE made DROP COLUMN gone;
CREATE TABLE wide (id int PRIMARY KEY);
DO $$ BEGIN FOR i IN 1..200 LOOP EXECUTE format('ALTER TABLE wide ADD c%s int DEFAULT %s', i, i); END LOOP; END $$;
SQL
change <<'SQL'
INSERT INTO shape VALUES (1, 'before');
BEGIN;
ALTER TABLE shape ADD b numeric(10, 2) DEFAULT 1.50 NOT NULL;
INSERT INTO shape VALUES (2, 'after', 2);
ALTER TABLE shape ALTER id TYPE bigint;
UPDATE shape SET a = 'wide' WHERE id = 1;
COMMIT;
ALTER TABLE shape DROP COLUMN b;
UPDATE shape SET a = repeat('t', 10) WHERE id = 2;
DELETE FROM shape WHERE id = 2;
INSERT INTO typed VALUES (1, 1.25, 'a');
ALTER TABLE typed ALTER n TYPE numeric(12, 4), ALTER v TYPE varchar(20);
INSERT INTO typed VALUES (2, 1.2345, 'b');
UPDATE typed SET v = 'c' WHERE id = 1;
INSERT INTO named VALUES (1, 1);
ALTER TABLE named RENAME COLUMN m TO k;
UPDATE named SET k = 2;
INSERT INTO keyed VALUES (1, 10, 'x');
ALTER TABLE keyed DROP CONSTRAINT keyed_pkey, ADD PRIMARY KEY (other);
UPDATE keyed SET t = 'y';
ALTER TABLE keyed REPLICA IDENTITY FULL;
UPDATE keyed SET t = 'z';
DELETE FROM keyed;
INSERT INTO felt VALUES (1, 'good');
ALTER TYPE feeling RENAME TO mood;
UPDATE felt SET f = 'bad';
INSERT INTO made (id, a, b) VALUES (1, 5, 'x');
UPDATE made SET a = 6;
DELETE FROM made;
INSERT INTO wide VALUES (1);
DELETE FROM wide;
SQL
capture

# ---- what else stands between BEGIN and COMMIT: messages, origins, savepoints ----
begin between <<'SQL'
CREATE TABLE made (id int PRIMARY KEY, a int);
CREATE TABLE bare ();
SELECT pg_replication_origin_create('elsewhere');
SQL
change <<'SQL'
SELECT pg_logical_emit_message(false, 'alone', 'between transactions');
SELECT pg_logical_emit_message(true, 'repld', 'inside one');
BEGIN;
INSERT INTO made VALUES (1, 5);
SELECT pg_logical_emit_message(true, '', '');
SELECT pg_logical_emit_message(false, 'early', '{"a":"b"}');
UPDATE made SET a = 6;
COMMIT;
SELECT pg_replication_origin_session_setup('elsewhere');
BEGIN;
SELECT pg_replication_origin_xact_setup('0/ABCDEF01', '2024-02-29 12:00:00+00');
INSERT INTO made VALUES (2, NULL);
COMMIT;
SELECT pg_replication_origin_session_reset();
BEGIN;
INSERT INTO made VALUES (3, 3);
SAVEPOINT one;
INSERT INTO made VALUES (4, 4);
ROLLBACK TO one;
SAVEPOINT two;
INSERT INTO made VALUES (5, 5);
RELEASE two;
COMMIT;
BEGIN;
INSERT INTO made VALUES (6, 6);
ROLLBACK;
CREATE TABLE empty_transaction ();
INSERT INTO bare DEFAULT VALUES;
SQL
capture
