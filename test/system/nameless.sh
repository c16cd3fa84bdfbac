# nameless.sh - a log that does not name columns (MySQL's and MariaDB's default), and tables that are altered: while repld runs, and while it is down.
# Each row gives the right values, or the task stops and names a remedy that works. Sourced by a test that has set SRC_KIND and sourced lib.sh.

needs
case $SRC_KIND in mysql) level=MINIMAL ;; *) level=NO_LOG ;; esac
db_start src "binlog-row-metadata=$level"
db_start dst
sql src "CREATE TABLE t (id int PRIMARY KEY, a int, b int, u int unsigned, name varchar(30), e enum('x', 'y', 'z'));
	INSERT INTO t VALUES (1, 10, 100, 4000000000, 'one', 'x'), (2, 20, 200, 2, 'two', 'y');
	CREATE TABLE other (id int PRIMARY KEY, v int, gen int GENERATED ALWAYS AS (v + 1) STORED, w bigint unsigned); INSERT INTO other (id, v, w) VALUES (1, 1, 1)"
conf_task t
"$REPLD" check -c "$CONF" >"$TMP/check" 2>&1 || { cat "$TMP/check" >&2; fail "check finds blockers"; }
expect_text "binlog_row_metadata is $level" "$TMP/check"
repld_start
loaded t
same() {			# COLUMNS of t
	synced t
	expect 'rows of t' "$(sql src "SELECT $1 FROM t ORDER BY id")" "$(sql dst "SELECT $1 FROM public.t ORDER BY id")"
	expect 'rows of other' "$(sql src 'SELECT id, v, w FROM other ORDER BY id')" "$(sql dst 'SELECT id, v, w FROM public.other ORDER BY id')"
}
stopped_for() {			# PATTERN PATTERN: the message and the remedy
	wait_state t error
	ctl status t >"$TMP/out" || :
	expect_text "$1" "$TMP/out"
	expect_text "$2" "$TMP/out"
}

step 'load and stream'
sql src "INSERT INTO t VALUES (3, 30, 300, 3000000000, 'thrée', 'z'), (4, -4, -44, 4, '', 'x'); UPDATE t SET u = 4294967295 WHERE id = 1; DELETE FROM t WHERE id = 2;
	UPDATE other SET v = 5, w = 18446744073709551615"
same id,a,b,u,name,e

step 'an index comes while it runs: no stop'
sql src "ALTER TABLE t ADD INDEX by_a (a); INSERT INTO t VALUES (5, 50, 500, 5, 'five', 'y'); ALTER TABLE t DROP INDEX by_a, ADD INDEX by_b (b), COMMENT = 'x';
	UPDATE t SET a = 51 WHERE id = 5"
same id,a,b,u,name,e
expect_no_text '(^| )error task=' "$TMP/repld.log"

step 'an index comes while it is down, rows before, between and after it'
repld_stop
sql src "INSERT INTO t VALUES (6, 60, 600, 6, 'six', 'x'); ALTER TABLE t ADD INDEX by_name (name); INSERT INTO t VALUES (7, 70, 700, 7, 'seven', 'y')"
repld_start
same id,a,b,u,name,e
expect_no_text '(^| )error task=' "$TMP/repld.log"

step 'a column comes while it runs: the target has to follow, then it goes on'
sql src "ALTER TABLE t ADD COLUMN c int DEFAULT 3; INSERT INTO t VALUES (8, 80, 800, 8, 'eight', 'x', 88)"
stopped_for 'column c is new|column c' 'ctl restart|add column'
sql dst 'ALTER TABLE public.t ADD COLUMN c int DEFAULT 3'
ctl restart t
same id,a,b,u,name,e,c

step 'a column is dropped and one of its type added while it is down: what came before is not taken for the new one'
repld_stop
sql src "INSERT INTO t VALUES (9, 90, 900, 9, 'nine', 'x', 99); ALTER TABLE t DROP COLUMN a, ADD COLUMN d int DEFAULT 0 AFTER b; INSERT INTO t VALUES (10, 1000, 1010, 10, 'ten', 'y', 101)"
sql dst 'ALTER TABLE public.t DROP COLUMN a, ADD COLUMN d int DEFAULT 0'
repld_start
stopped_for 'column a is in changes of the log that were not applied yet' 'repld ctl resync t app.t'
expect 'rows' 0 "$(sql dst 'SELECT count(*) FROM public.t WHERE id IN (9, 10)')"
ctl resync t app.t --yes
joined t
same id,b,d,u,name,e,c
sql src "UPDATE t SET d = 7 WHERE id = 10"
same id,b,d,u,name,e,c

step 'a column gets another name while it is down'
repld_stop
sql src "INSERT INTO t VALUES (11, 1100, 1111, 11, 'eleven', 'x', 111); ALTER TABLE t CHANGE b bb int; INSERT INTO t VALUES (12, 1200, 1212, 12, 'twelve', 'y', 112)"
sql dst 'ALTER TABLE public.t RENAME COLUMN b TO bb'
repld_start
stopped_for 'column b is in changes of the log that were not applied yet|columns of table app.t at this place of the log are not known' 'repld ctl resync t app.t'
expect 'rows' 0 "$(sql dst 'SELECT count(*) FROM public.t WHERE id IN (11, 12)')"
ctl resync t app.t --yes
joined t
same id,bb,d,u,name,e,c

step 'only rows behind the change: no stop; between two changes: a stop'
repld_stop
sql src "ALTER TABLE t DROP COLUMN c; INSERT INTO t VALUES (20, 1, 2, 3, 'x', 'z'); UPDATE t SET name = 'new' WHERE id = 1; ALTER TABLE t ADD COLUMN c int DEFAULT 0"
sql dst 'ALTER TABLE public.t DROP COLUMN c'
sql dst 'ALTER TABLE public.t ADD COLUMN c int DEFAULT 0'
repld_start
stopped_for 'columns of table app.t at this place of the log are not known' 'repld ctl resync t app.t'
ctl resync t app.t --yes
joined t
same id,bb,d,u,name,e,c
repld_stop
sql src "ALTER TABLE t ADD COLUMN g int DEFAULT 4; INSERT INTO t VALUES (21, 1, 2, 3, 'x', 'z', 1, 2); UPDATE t SET name = 'newer' WHERE id = 1"
sql dst 'ALTER TABLE public.t ADD COLUMN g int DEFAULT 4'
rm "$TMP/repld.log"
repld_start
same id,bb,d,u,name,e,c,g
expect_no_text '(^| )error task=' "$TMP/repld.log"

step 'two changes while it is down, rows between them: nobody knows their names, and the remedy works'
repld_stop
sql src "INSERT INTO t VALUES (13, 1300, 1313, 13, 'thirteen', 'x', 113, 1); ALTER TABLE t DROP COLUMN d, ADD COLUMN f int DEFAULT 0 AFTER id; INSERT INTO t VALUES (14, 1400, 1414, 14, 'x', 'y', 1, 1);
	ALTER TABLE t DROP COLUMN f, ADD COLUMN d int DEFAULT 0 AFTER bb; INSERT INTO t VALUES (15, 1500, 1515, 15, 'fifteen', 'z', 115, 1); UPDATE other SET v = 9"
repld_start
stopped_for 'columns of table app.t at this place of the log are not known' 'repld ctl resync t app.t'
expect 'nothing past it' 0 "$(sql dst 'SELECT count(*) FROM public.t WHERE id BETWEEN 14 AND 16')"
expect 'nothing past it' 5 "$(sql dst 'SELECT v FROM public.other')"
sql src "SET GLOBAL binlog_row_metadata = FULL; INSERT INTO t VALUES (16, 1600, 1616, 16, 'sixteen', 'z', 116, 1)"
ctl resync t app.t --yes
joined t
same id,bb,d,u,name,e,c
sql src "UPDATE t SET e = 'y', d = 5"
same id,bb,d,u,name,e,c
repld_stop
