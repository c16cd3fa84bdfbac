# odd_logs.sh - what a binlog may look like beside the usual: each kind gives the right rows. Sourced by a test that has set SRC_KIND and sourced
# lib.sh; the target is PostgreSQL.

needs
db_start src binlog-format=ROW log-bin-trust-function-creators=1
db_start dst
mysql() { [ "$SRC_KIND" = mysql ]; }

step 'tables with odd names and columns are loaded'
sql src "CREATE TABLE digit (n int PRIMARY KEY); INSERT INTO digit VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
	CREATE TABLE plain (id int PRIMARY KEY, a varchar(40), b text, c int DEFAULT 7, d blob);
	INSERT INTO plain SELECT n, CONCAT('a', n), CONCAT('b', n), n, CONCAT('d', n) FROM digit;
	CREATE TABLE loose (a int, b varchar(40), c double);
	INSERT INTO loose VALUES (1, 'x', 0.5), (1, 'x', 0.5), (1, 'x', 0.5), (2, NULL, NULL), (2, NULL, NULL), (3, 'z', -0.0);
	CREATE TABLE doc (id int PRIMARY KEY, j json, n int);
	INSERT INTO doc VALUES (1, '{\"a\": [1, 2, {\"b\": 3}], \"c\": \"text\"}', 1), (2, '[]', 2), (3, NULL, 3);
	CREATE TABLE \`Se\`\`lect \"from\" Ünï\` (\`order\` int PRIMARY KEY, \`a b\` varchar(20), \`ö\"\` int, \`q'\` int);
	INSERT INTO \`Se\`\`lect \"from\" Ünï\` VALUES (1, 'one', 1, 1), (2, 'two', 2, 2);
	CREATE TABLE flat (id int PRIMARY KEY, v int, w varchar(30)) ENGINE = MyISAM;
	INSERT INTO flat VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c');
	CREATE DATABASE app_two; CREATE TABLE app_two.other (id int PRIMARY KEY, v int); INSERT INTO app_two.other VALUES (1, 1);
	CREATE DATABASE app_not; CREATE TABLE app_not.mine (id int PRIMARY KEY, v int); INSERT INTO app_not.mine VALUES (1, 1)"
if mysql; then
	sql src 'CREATE TABLE seen (id int PRIMARY KEY, hidden int INVISIBLE DEFAULT 5, twice int GENERATED ALWAYS AS (v * 2) STORED,
		v int, thrice int GENERATED ALWAYS AS (v * 3) VIRTUAL, w int)'
else
	sql src 'CREATE TABLE seen (id int PRIMARY KEY, hidden int INVISIBLE DEFAULT 5, twice int GENERATED ALWAYS AS (v * 2) STORED,
		v int, thrice int GENERATED ALWAYS AS (v * 3) VIRTUAL, w int)'
fi
sql src 'INSERT INTO seen (id, hidden, v, w) VALUES (1, 10, 1, 1), (2, 20, 2, 2)'
conf_write <<CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "app.*"; }, { include = "app_two.*"; target_schema = "two"; } ); };
CONF
sql dst 'CREATE SCHEMA two'
"$REPLD" check -c "$CONF" >"$TMP/check" 2>&1 || { cat "$TMP/check" >&2; fail "check finds blockers"; }
repld_start
loaded t
all() {
	synced t
	compare public.plain public.loose public.doc public.flat 'app_two.other = two.other'
	same_odd
}
# The names and the generated columns are not what compare goes by.
same_odd() {
	expect 'the table with an odd name' "$(sql src 'SELECT `order`, `a b`, `ö"`, `q'"'"'` FROM `Se``lect "from" Ünï` ORDER BY 1')" \
		"$(sql dst 'SELECT "order", "a b", "ö""", "q'"'"'" FROM public."Se`lect ""from"" Ünï" ORDER BY 1')"
	expect 'the table with hidden and generated columns' "$(sql src 'SELECT id, hidden, v, w FROM seen ORDER BY 1')" \
		"$(sql dst 'SELECT id, hidden, v, w FROM seen ORDER BY 1')"
}
all

step 'they are streamed'
sql src "INSERT INTO \`Se\`\`lect \"from\" Ünï\` VALUES (3, 'three', 3, 3); UPDATE \`Se\`\`lect \"from\" Ünï\` SET \`ö\"\` = 9 WHERE \`order\` = 1;
	DELETE FROM \`Se\`\`lect \"from\" Ünï\` WHERE \`order\` = 2; INSERT INTO seen (id, v, w) VALUES (3, 3, 3); UPDATE seen SET v = 9, hidden = 99 WHERE id = 1;
	DELETE FROM seen WHERE id = 2; UPDATE app_two.other SET v = 2; INSERT INTO app_not.mine VALUES (2, 2)"
sql src "DELETE FROM loose WHERE a = 1 LIMIT 1; UPDATE loose SET b = 'y' WHERE a = 1 LIMIT 1; UPDATE loose SET c = 1 WHERE a = 2 LIMIT 1; UPDATE loose SET c = c"
all

step 'row images that lack columns, set by a session in the middle'
sql src "SET SESSION binlog_row_image = 'MINIMAL'; INSERT INTO plain VALUES (101, 'minimal', 'b', 1, 'd'); UPDATE plain SET a = 'm1' WHERE id = 1;
	UPDATE plain SET id = 102 WHERE id = 2; DELETE FROM plain WHERE id = 3; UPDATE plain SET b = NULL, d = NULL WHERE id = 4; UPDATE seen SET v = 21 WHERE id = 1; UPDATE seen SET w = 22 WHERE id = 3;
	INSERT INTO seen (id, hidden, v, w) VALUES (50, 50, 50, 50)"
sql src "SET SESSION binlog_row_image = 'NOBLOB'; INSERT INTO plain VALUES (111, 'noblob', 'text', 3, 'blob'); UPDATE plain SET a = 'n5' WHERE id = 5;
	UPDATE plain SET b = 'new' WHERE id = 6; UPDATE plain SET id = 112 WHERE id = 7; DELETE FROM plain WHERE id = 8; UPDATE doc SET n = 11 WHERE id = 1"
all

step 'a transaction with rows of several images, a table in two forms'
sql src "BEGIN; UPDATE plain SET a = 'f' WHERE id = 9; SET SESSION binlog_row_image = 'MINIMAL'; UPDATE plain SET c = 70 WHERE id = 9;
	SET SESSION binlog_row_image = 'NOBLOB'; UPDATE plain SET a = 'g' WHERE id = 9; SET SESSION binlog_row_image = 'FULL'; UPDATE plain SET d = 'x' WHERE id = 9; COMMIT" || :
all

if mysql; then
	step 'changes of a part of a JSON value'
	sql src "SET SESSION binlog_row_value_options = 'PARTIAL_JSON'; UPDATE doc SET j = JSON_SET(j, '\$.a[2].b', 99, '\$.new', 'x') WHERE id = 1;
		UPDATE doc SET j = JSON_REMOVE(j, '\$.c'), n = 12 WHERE id = 1; UPDATE doc SET j = JSON_ARRAY_APPEND(j, '\$', 5) WHERE id = 2"
	all
	step 'compressed transactions'
	sql src "SET SESSION binlog_transaction_compression = ON; INSERT INTO plain SELECT 1000 + n, REPEAT('z', 40), REPEAT('compress', 500), n, 'q' FROM digit;
		BEGIN; UPDATE plain SET c = c + 1; DELETE FROM plain WHERE id = 1001; INSERT INTO doc VALUES (50, '{\"k\": 1}', 1); COMMIT"
	sql src "SET SESSION binlog_transaction_compression = ON, binlog_row_value_options = 'PARTIAL_JSON'; UPDATE doc SET j = JSON_SET(j, '\$.k', 2) WHERE id = 50"
	all
else
	step 'compressed events'
	sql src "SET GLOBAL log_bin_compress = ON, GLOBAL log_bin_compress_min_len = 10"
	sql src "INSERT INTO plain SELECT 1000 + n, REPEAT('z', 40), REPEAT('compress', 500), n, 'q' FROM digit;
		BEGIN; UPDATE plain SET c = c + 1; DELETE FROM plain WHERE id = 1001; INSERT INTO doc VALUES (50, '{\"k\": 1}', 1); COMMIT"
	sql src "SET SESSION binlog_row_image = 'MINIMAL'; UPDATE plain SET b = REPEAT('minimal', 200) WHERE id = 1002"
	all
	sql src "SET GLOBAL log_bin_compress = OFF"
fi

step 'no checksums'
sql src "SET GLOBAL binlog_checksum = 'NONE'"
sql src "UPDATE plain SET c = 555 WHERE id < 5; INSERT INTO flat VALUES (7, 7, 'g')"
all
repld_stop
sql src "UPDATE plain SET c = 556 WHERE id < 5"
repld_start
all
sql src "SET GLOBAL binlog_checksum = 'CRC32'; UPDATE plain SET c = 557 WHERE id < 5"
all

step 'a table without transactions in a transaction that is rolled back'
mysql || sql src "BEGIN; UPDATE plain SET c = -1; INSERT INTO flat VALUES (8, 8, 'stays'); UPDATE plain SET c = -2; INSERT INTO flat VALUES (9, 9, 'stays'); ROLLBACK"
mysql || sql src "BEGIN; INSERT INTO flat VALUES (10, 10, 'stays'); INSERT INTO plain (id, a) VALUES (201, 'stays'); SAVEPOINT s;
	INSERT INTO plain (id, a) VALUES (202, 'goes'); INSERT INTO flat VALUES (11, 11, 'stays'); ROLLBACK TO s; INSERT INTO plain (id, a) VALUES (203, 'stays'); COMMIT"
sql src "INSERT INTO flat VALUES (20, 20, 'alone'); UPDATE flat SET v = v + 1; DELETE FROM flat WHERE id = 3"
all

step 'LOAD DATA, CREATE TABLE ... SELECT, a temporary table'
i=0
while [ $i -lt 500 ]; do i=$((i + 1)); printf '%s,loaded %s\n' $((2000 + i)) $i; done >"$TMP/rows.csv"
mariadb_of src --local-infile=1 -e "LOAD DATA LOCAL INFILE '$TMP/rows.csv' INTO TABLE plain FIELDS TERMINATED BY ',' (id, a)"
sql src "CREATE TABLE app_not.made SELECT * FROM plain; CREATE TEMPORARY TABLE scratch SELECT * FROM plain; UPDATE scratch SET c = 0;
	INSERT INTO plain (id, a) SELECT id + 10000, a FROM scratch WHERE id > 2400; CREATE TEMPORARY TABLE flat (id int); INSERT INTO flat VALUES (1);
	TRUNCATE TABLE flat; DROP TEMPORARY TABLE flat; DROP TEMPORARY TABLE scratch"
all

step 'statements of no consequence'
sql src "CREATE USER someone; GRANT SELECT ON app.* TO someone; DROP USER someone; ANALYZE TABLE plain; OPTIMIZE TABLE plain; FLUSH TABLES;
	CREATE VIEW app.v AS SELECT * FROM plain; DROP VIEW app.v; ALTER TABLE plain ADD INDEX by_a (a), COMMENT = 'it''s a \`plain\` -- table';
	CREATE INDEX by_c ON plain (c); DROP INDEX by_c ON plain; ALTER TABLE plain ENGINE = InnoDB; CREATE TABLE app_not.new (id int); DROP TABLE app_not.new;
	CREATE FUNCTION fn_one() RETURNS int DETERMINISTIC RETURN 1; CREATE TRIGGER tr BEFORE INSERT ON plain FOR EACH ROW SET NEW.c = COALESCE(NEW.c, 0) + fn_one();
	INSERT INTO plain (id, a) VALUES (3001, 'triggered'); DROP TRIGGER tr; DROP FUNCTION fn_one; /* a comment */ INSERT INTO plain (id, a) VALUES (3002, 'x')" >/dev/null
all
expect_no_text '(^| )error task=' "$TMP/repld.log"

step 'all of it once more from the log, by a task that was down'
repld_stop
sql src "SET SESSION binlog_row_image = 'MINIMAL'; UPDATE plain SET a = 'late' WHERE id < 3000; DELETE FROM plain WHERE id = 2100; TRUNCATE TABLE flat;
	INSERT INTO flat VALUES (1, 1, 'new'); ALTER TABLE plain DROP INDEX by_a"
repld_start
all
expect_no_text '(^| )error task=' "$TMP/repld.log"
repld_stop

step 'an insert that lacks columns stops the task, and the remedy that it names works'
repld_start
synced t
sql src "SET SESSION binlog_row_image = 'MINIMAL'; INSERT INTO plain (id, a) VALUES (5001, 'lacks'); UPDATE doc SET n = 77"
wait_state t error
sql src "INSERT INTO plain (id, a) VALUES (5002, 'full'); UPDATE doc SET n = n + 1; DELETE FROM flat"
ctl status t >"$TMP/out" || :
expect_text 'app.plain: .*column b: the image of an inserted row lacks it' "$TMP/out"
expect_text 'repld ctl resync t app.plain' "$TMP/out"
expect 'nothing past it' 0 "$(sql dst 'SELECT count(*) FROM public.doc WHERE n >= 77')"
ctl resync t app.plain --yes
joined t
all
sql src "UPDATE plain SET a = 'after' WHERE id > 5000; UPDATE doc SET n = 1"
all
if mysql; then
	step 'a part of a JSON value without the value stops the task, too'
	sql src "SET SESSION binlog_row_value_options = 'PARTIAL_JSON', binlog_row_image = 'MINIMAL'; UPDATE doc SET j = JSON_SET(j, '\$.a[0]', 'minimal') WHERE id = 1"
	wait_state t error
	ctl status t >"$TMP/out" || :
	expect_text 'app.doc: .*column j: the log has the changes of a JSON value, but not' "$TMP/out"
	expect_text 'repld ctl resync t app.doc' "$TMP/out"
	ctl resync t app.doc --yes
	joined t
	all
fi
repld_stop
