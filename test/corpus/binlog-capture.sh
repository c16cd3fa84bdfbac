#!/bin/sh
# Captures what real servers send of their binary logs into test/corpus/binlog/NAME: frames of u32 big-endian length and event.
# usage: sh test/corpus/binlog-capture.sh [FOLDER]   (O=build: where the servers' data directories are made)
# MySQL 9.7 and MariaDB 10.11, where they are there also MySQL 5.6 and MariaDB 11.8 (test/servers); private, gone at the end.
# Identifiers, places and times differ each time, so the expected texts are made anew afterwards:
#   GOLDEN=write build/test/unit/test_binlog    (then read the difference)
TOP=$(cd "$(dirname "$0")/../.." && pwd)
REPLD=/bin/true
# shellcheck source=test/system/lib.sh
. "$TOP/test/system/lib.sh"
folder=$(cd "${1:-$TOP/test/corpus/binlog}" && pwd)
dump=$TMP/binlog_dump
# shellcheck disable=SC2046
cc -o "$dump" "$TOP/test/corpus/binlog_dump.c" $(pkg-config --cflags --libs libmariadb)

# The files of the log: the newest one.
newest() { my_sql "$server" 'SHOW BINARY LOGS' | tail -n 1 | cut -d '|' -f 1; }

# begin: a file of the log to itself; the statements of the scenario come from stdin, errors and all.
run() {
	my_sql "$server" 'FLUSH BINARY LOGS'
	file=$(newest)
	cat >"$TMP/run.sql"
	mariadb_of "$server" --force <"$TMP/run.sql" >/dev/null 2>"$TMP/run.log" || :
}

capture() {			# NAME [HOW...]; without: the files since run()
	name=$1
	shift
	[ $# -gt 0 ] || set -- file "$file" 4
	"$dump" "$TMP/$server/sock" "$TMP/captured" "$@"
	cp "$TMP/captured" "$folder/$name"
	say "$name: $(wc -c <"$folder/$name") bytes"
}

schema() {
	my_sql "$server" "DROP DATABASE IF EXISTS app; CREATE DATABASE app DEFAULT CHARACTER SET utf8mb4"
	mariadb_of "$server" <<-'SQL'
		CREATE TABLE keyed (id int PRIMARY KEY, a varchar(20), b blob, n int unsigned);
		CREATE TABLE pair (a int, b varchar(10), c int, PRIMARY KEY (c, a)) ENGINE = InnoDB;
		CREATE TABLE bare (a int, b varchar(300), c bit(9));
		CREATE TABLE skipped (id int PRIMARY KEY, a varchar(20));
		CREATE TABLE old_engine (id int PRIMARY KEY, a varchar(20)) ENGINE = MyISAM;
		CREATE TABLE parent (id int PRIMARY KEY, k int UNIQUE);
		CREATE TABLE child (id int PRIMARY KEY, parent int, FOREIGN KEY (parent) REFERENCES parent (k) ON DELETE CASCADE ON UPDATE CASCADE);
		CREATE TABLE parts (id int PRIMARY KEY, a int) PARTITION BY HASH (id) PARTITIONS 3;
		CREATE TRIGGER keyed_skipped AFTER INSERT ON keyed FOR EACH ROW INSERT INTO skipped VALUES (NEW.id, NEW.a);
	SQL
}

# ---- groups: how transactions begin and end, statements between them ----
groups() {
	run <<-'SQL'
		INSERT INTO keyed VALUES (1, 'one', 'b', 1), (2, 'two', NULL, 4294967295);
		BEGIN;
		UPDATE keyed SET a = 'uno' WHERE id = 1;
		UPDATE keyed SET id = 20 WHERE id = 2;
		DELETE FROM keyed WHERE id = 1;
		INSERT INTO pair VALUES (1, 'x', 2), (2, NULL, 3);
		UPDATE pair SET b = 'y';
		UPDATE pair SET c = 30 WHERE a = 2;
		COMMIT;
		INSERT INTO skipped VALUES (100, 'not captured');
		INSERT INTO skipped VALUES (101, 'not captured');
		BEGIN; INSERT INTO skipped VALUES (102, 'x'); INSERT INTO bare VALUES (1, 'x', b'101'), (1, 'x', b'101'); COMMIT;
		UPDATE bare SET b = repeat('z', 300) LIMIT 1;
		DELETE FROM bare LIMIT 1;
		INSERT INTO old_engine VALUES (1, 'm'), (2, 'n');
		DELETE FROM old_engine;
		TRUNCATE TABLE keyed;
		TRUNCATE skipped;
		INSERT INTO parent VALUES (1, 1), (2, 2); INSERT INTO child VALUES (1, 1), (2, 2);
		UPDATE parent SET k = 10 WHERE id = 1;
		SET foreign_key_checks = 0; DELETE FROM parent WHERE id = 2; SET foreign_key_checks = 1;
		DELETE FROM parent;
		INSERT INTO parts VALUES (1, 1), (2, 2), (3, 3); UPDATE parts SET id = 5 WHERE id = 1; DELETE FROM parts WHERE id = 2;
		UPDATE keyed, pair SET keyed.a = 'j', pair.b = 'j';
		BEGIN; INSERT INTO keyed VALUES (7, 's', NULL, 1); SAVEPOINT `s``1`; INSERT INTO keyed VALUES (8, 't', NULL, 1); ROLLBACK TO `s``1`; COMMIT;
		BEGIN; INSERT INTO keyed VALUES (9, 's', NULL, 1); ROLLBACK;
		CREATE TABLE copy AS SELECT * FROM keyed;
		RENAME TABLE copy TO copy2; ALTER TABLE copy2 ADD z int; DROP TABLE copy2;
		CREATE TEMPORARY TABLE tmp (a int); INSERT INTO tmp VALUES (1); DROP TEMPORARY TABLE tmp;
		CREATE VIEW v AS SELECT 1; DROP VIEW v; ANALYZE TABLE keyed; FLUSH TABLES keyed;
		CREATE DATABASE other; DROP DATABASE other;
		INSERT INTO keyed VALUES (11, 'end', 'e', 1);
	SQL
	capture "$1"
}

xa() {
	run <<-'SQL'
		XA START 'g1', 'b'; INSERT INTO keyed VALUES (40, 'xa', NULL, 1); XA END 'g1', 'b'; XA PREPARE 'g1', 'b';
		INSERT INTO keyed VALUES (41, 'between', NULL, 1);
		XA COMMIT 'g1', 'b';
		XA START 'g2'; INSERT INTO keyed VALUES (42, 'xa', NULL, 1); XA END 'g2'; XA PREPARE 'g2'; XA ROLLBACK 'g2';
		XA START 'g3', 'q', 7; INSERT INTO keyed VALUES (43, 'xa', NULL, 1); XA END 'g3', 'q', 7; XA COMMIT 'g3', 'q', 7 ONE PHASE;
		XA START 'g4'; INSERT INTO skipped VALUES (44, 'not captured'); XA END 'g4'; XA PREPARE 'g4'; XA COMMIT 'g4';
	SQL
	capture "$1"
}

# What stands in the log although it was rolled back: each ends the stream once.
void() {
	case $2 in
	rollback) run <<-'SQL'
		INSERT INTO keyed VALUES (60, 'before', NULL, 1);
		BEGIN; INSERT INTO keyed VALUES (61, 'void', NULL, 1); CREATE TEMPORARY TABLE tmp (a int); INSERT INTO keyed VALUES (62, 'void', NULL, 1);
		DROP TEMPORARY TABLE tmp; ROLLBACK;
		INSERT INTO keyed VALUES (63, 'after', NULL, 1);
	SQL
		;;
	savepoint) run <<-'SQL'
		BEGIN; INSERT INTO keyed VALUES (70, 'stays', NULL, 1); SAVEPOINT one; INSERT INTO keyed VALUES (71, 'void', NULL, 1);
		INSERT INTO old_engine VALUES (71, 'stays'); ROLLBACK TO one; INSERT INTO keyed VALUES (72, 'stays', NULL, 1); COMMIT;
		INSERT INTO keyed VALUES (73, 'after', NULL, 1);
	SQL
		;;
	esac
	capture "$1"
}

# Row images that are not full.
images() {
	run <<-'SQL'
		INSERT INTO keyed VALUES (80, 'a', 'blob', 1), (81, 'b', NULL, 2); INSERT INTO pair VALUES (1, 'p', 100);
		SET SESSION binlog_row_image = MINIMAL;
		UPDATE keyed SET a = 'min' WHERE id = 80;
		UPDATE keyed SET id = 82 WHERE id = 81;
		UPDATE pair SET c = 101 WHERE c = 100;
		UPDATE keyed SET a = NULL, b = 'new', n = 7 WHERE id = 82;
		DELETE FROM keyed WHERE id = 80;
		INSERT INTO bare VALUES (5, 'five', b'1'); UPDATE bare SET b = 'six' WHERE a = 5; DELETE FROM bare WHERE a = 5;
		SET SESSION binlog_row_image = NOBLOB;
		UPDATE keyed SET a = 'noblob' WHERE id = 82;
		DELETE FROM keyed WHERE id = 82;
		SET SESSION binlog_row_image = MINIMAL;
		INSERT INTO keyed (id) VALUES (90);
	SQL
	capture "$1"
}

# All that TABLE_MAP can say.
maps() {
	my_sql "$server" "DROP TABLE IF EXISTS app.maps, app.\`odd \`\`name\`"
	mariadb_of "$server" <<-'SQL'
		CREATE TABLE maps (id int unsigned, y year, d decimal(5, 2) unsigned, f float, dd double, i bigint, t tinyint unsigned, c char(10) CHARACTER SET latin1,
			wide char(200) CHARACTER SET utf8mb4, v varchar(300), e enum('a', 'b', 'grün') CHARACTER SET latin1, s set('x', 'y', ''),
			tx text CHARACTER SET latin1, vb varbinary(5), bi binary(200), b bit(12), g geometry, p point, dt datetime(3), ts timestamp(6) NULL, tm time(2),
			da date, lb longblob, tb tinyblob, PRIMARY KEY (v(10), id));
		CREATE TABLE `odd ``name` (`Id` int PRIMARY KEY, `id b` int);
	SQL
	run <<-'SQL'
		INSERT INTO maps (id, y, d, f, dd, i, t, c, wide, v, e, s, tx, vb, bi, b, g, p, dt, ts, tm, da, lb, tb) VALUES
		(4294967295, 1999, 1.5, 1.5, -2.25, -1, 255, 'c', 'w', 'v', 'grün', 'x,y', 't', 'vb', 'bi', 5, ST_GeomFromText('POINT(1 2)'),
		ST_GeomFromText('POINT(1 2)'), '2024-02-29 12:34:56.789', '2024-02-29 12:34:56.5', '-12:34:56.78', '2024-02-29', 'lb', 'tb');
		INSERT INTO maps (id, v) VALUES (0, '');
		UPDATE maps SET v = concat(v, 'x');
		DELETE FROM maps;
		INSERT INTO `odd ``name` VALUES (1, 2);
	SQL
	capture "$1"
}

# Checksums off and on again: the files follow each other in one stream.
checksums() {
	run <<-'SQL'
		INSERT INTO keyed VALUES (200, 'crc', NULL, 1);
		SET GLOBAL binlog_checksum = NONE;
		INSERT INTO keyed VALUES (201, 'none', NULL, 1);
		SET GLOBAL binlog_checksum = CRC32;
		INSERT INTO keyed VALUES (202, 'crc', NULL, 1);
		FLUSH BINARY LOGS;
		INSERT INTO keyed VALUES (203, 'next file', NULL, 1);
	SQL
	capture "$1"
}

# Statements as text, and what belongs to them.
statements() {
	run <<-'SQL'
		SET SESSION binlog_format = STATEMENT;
		INSERT INTO keyed (id, a) VALUES (300, 'it''s');
		SET @x = 5; INSERT INTO old_engine VALUES (300, rand()), (301, @x);
		UPDATE keyed SET a = 'x' WHERE id = 300;
	SQL
	capture "$1"
}

start() {			# NAME [option...]
	server=$1
	shift
	my_start "$server" "$@"
	schema
}

# ---- MySQL 9.7 ----
start mysrc
groups my-groups
# By GTIDs: what the reader has is left out, heartbeats tell of it.
set=$(my_sql mysrc "SELECT REPLACE(LOWER(HEX(UUID_TO_BIN(@@server_uuid))), '-', '')")
capture my-gtids gtid "0100000000000000${set}01000000000000000100000000000000$(printf '%02x' 30)00000000000000"
xa my-xa
void my-rollback rollback
images my-images
maps my-maps
checksums my-checksums
statements my-statements
run <<'SQL'
SET SESSION binlog_rows_query_log_events = ON;
CREATE TABLE docs (id int PRIMARY KEY, a varchar(20), j json, k json);
INSERT INTO docs VALUES (1, 'a', '{"a": 1, "b": [1, 2, 3]}', '{"z": "0123456789012345678901234567890123456789"}'), (2, 'b', NULL, NULL);
SET SESSION binlog_row_value_options = PARTIAL_JSON;
UPDATE docs SET j = JSON_SET(j, '$.a', 5) WHERE id = 1;
UPDATE docs SET k = JSON_SET(k, '$.z', 'new'), a = 'b';
UPDATE docs SET id = id + 10, j = JSON_REMOVE(j, '$.b[1]');
SET SESSION binlog_row_image = MINIMAL;
UPDATE docs SET a = 'c' WHERE id = 11;
UPDATE docs SET a = 'd', j = '[]' WHERE id = 12;
UPDATE docs SET k = JSON_SET(k, '$.z', 'new2') WHERE id = 11;
SQL
capture my-json
run <<'SQL'
SET SESSION binlog_transaction_compression = ON;
INSERT INTO keyed SELECT n, repeat('x', 20), repeat('y', 500), n FROM JSON_TABLE('[400,401,402,403]', '$[*]' COLUMNS (n int PATH '$')) j;
BEGIN; UPDATE keyed SET a = 'c' WHERE id >= 400; SAVEPOINT s; DELETE FROM keyed WHERE id = 400; COMMIT;
INSERT INTO skipped VALUES (450, 'not captured');
SET SESSION binlog_transaction_compression = OFF;
SET GTID_NEXT = 'AUTOMATIC:tag_one'; INSERT INTO keyed VALUES (460, 'tagged', NULL, 1);
SET GTID_NEXT = 'AUTOMATIC:tag_two'; INSERT INTO keyed VALUES (461, 'tagged', NULL, 1);
SET GTID_NEXT = '11111111-2222-3333-4444-555555555555:77'; INSERT INTO keyed VALUES (462, 'elsewhere', NULL, 1);
SQL
capture my-payload
run <<'SQL'
SET GLOBAL binlog_row_metadata = MINIMAL;
INSERT INTO keyed VALUES (500, 'minimal', NULL, 1);
SET GLOBAL binlog_row_metadata = FULL;
SQL
capture my-minimal
run <<'SQL'
CREATE TABLE vectors (id int PRIMARY KEY, v vector(3), hidden int INVISIBLE DEFAULT 5, g int GENERATED ALWAYS AS (id + 1) VIRTUAL);
INSERT INTO vectors (id, v) VALUES (1, TO_VECTOR('[1,2,3]'));
SQL
capture my-vectors
my_stop mysrc
my_start mysrc gtid-mode=OFF enforce-gtid-consistency=OFF
run <<'SQL'
INSERT INTO keyed VALUES (600, 'anonymous', NULL, 1);
BEGIN; INSERT INTO keyed VALUES (601, 'anonymous', NULL, 1); SAVEPOINT a; INSERT INTO keyed VALUES (602, 'void', NULL, 1);
INSERT INTO old_engine VALUES (602, 'stays'); ROLLBACK TO a; COMMIT;
BEGIN; INSERT INTO keyed VALUES (603, 'void', NULL, 1); CREATE TEMPORARY TABLE tmp (a int); ROLLBACK;
DROP TABLE IF EXISTS keyed;
SQL
capture my-anonymous
my_halt mysrc

# ---- MariaDB 10.11 ----
start masrc
groups ma-groups
capture ma-slave slave '0-1002-25'
xa ma-xa
void ma-rollback rollback
void ma-savepoint savepoint
images ma-images
maps ma-maps
checksums ma-checksums
statements ma-statements
run <<'SQL'
SET GLOBAL log_bin_compress = ON; SET GLOBAL log_bin_compress_min_len = 10;
CREATE TABLE compressed (id int, c varchar(200) COMPRESSED, u uuid, ip inet6, t text COMPRESSED CHARACTER SET latin1, j json);
SELECT sleep(0);
SQL
run <<'SQL'
INSERT INTO compressed VALUES (1, repeat('a', 200), '123e4567-e89b-12d3-a456-426655440000', '::1', repeat('b', 500), '{"a": 1}'), (2, NULL, NULL, NULL, NULL, NULL);
INSERT INTO keyed VALUES (700, 'compressed', repeat('y', 300), 1);
UPDATE keyed SET a = 'c' WHERE id = 700;
DELETE FROM keyed WHERE id = 700;
CREATE TABLE long_text (a int COMMENT 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
SET GLOBAL log_bin_compress = OFF;
SQL
capture ma-compressed
run <<'SQL'
SET gtid_domain_id = 5; INSERT INTO keyed VALUES (710, 'domain', NULL, 1); INSERT INTO skipped VALUES (711, 'not captured');
SET gtid_domain_id = 0, server_id = 77; INSERT INTO skipped VALUES (712, 'not captured'); INSERT INTO keyed VALUES (713, 'server', NULL, 1);
SET binlog_alter_two_phase = ON; ALTER TABLE bare ADD z int; ALTER TABLE skipped ADD z int;
CREATE SEQUENCE s; SELECT nextval(s); DROP SEQUENCE s;
SQL
capture ma-domains
run <<'SQL'
SET GLOBAL binlog_row_metadata = NO_LOG;
INSERT INTO keyed VALUES (720, 'no log', NULL, 1);
SET GLOBAL binlog_row_metadata = FULL;
SQL
capture ma-minimal
my_halt masrc

# ---- versions that are different in what counts here ----
if sh "$TOP/test/servers/servers.sh" have mariadb-11.8 >/dev/null; then
	MARIADB_SERVER=mariadb-11.8 MABIN=''
	start masrc118
	groups ma118-groups
	xa ma118-xa
	void ma118-savepoint savepoint
	my_halt masrc118
fi
if sh "$TOP/test/servers/servers.sh" have mysql-5.6 >/dev/null; then
	MYSQL_SERVER=mysql-5.6 MYBIN=''
	start mysrc56 gtid-mode=OFF enforce-gtid-consistency=0
	groups my56-groups
	images my56-images
	my_halt mysrc56
fi
SERVERS=''
