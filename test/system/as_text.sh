# as_text.sh - changes that stand in the log as statements, tables that are dropped, renamed, made again: the task stops before
# anything past them is applied, and the remedy that it names works; what concerns no captured table goes on. Sourced by a test that has set SRC_KIND
# and sourced lib.sh.

needs
db_start src
db_start dst
sql src "CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 1), (2, 2);
	CREATE TABLE u (id int PRIMARY KEY, a int); INSERT INTO u VALUES (1, 1);
	CREATE TABLE skipped (id int PRIMARY KEY, a int); CREATE TABLE triggers (id int PRIMARY KEY, a int);
	CREATE DATABASE app_not; CREATE TABLE app_not.x (id int PRIMARY KEY, a int); INSERT INTO app_not.x VALUES (1, 1), (2, 2);
	CREATE TRIGGER tr AFTER INSERT ON triggers FOR EACH ROW INSERT INTO u VALUES (NEW.id, NEW.a)"
conf_write <<CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "app.*"; }, { exclude = "app.skipped"; }, { exclude = "app.triggers"; }, { exclude = "app.t_*"; } ); };
CONF
repld_start
loaded t
rows() { synced t; compare public.t public.u; }
n=10
mark() { n=$((n + 1)); sql src "INSERT INTO t VALUES ($n, $n); INSERT INTO u VALUES ($n, $n)"; }
# What was written in the meantime is not on the target.
stopped_for() {			# PATTERN PATTERN
	wait_state t error 10
	mark
	ctl status t >"$TMP/out" || :
	expect_text "$1" "$TMP/out"
	expect_text "$2" "$TMP/out"
	expect 'nothing past it' 0 "$(sql dst "SELECT count(*) FROM public.u WHERE id = $n")"
}
again() {			# TABLE...
	ctl resync t "$@" --yes
	joined t
	rows
	mark
	rows
}
text() { sql src "SET SESSION binlog_format = 'STATEMENT'; $1" 2>/dev/null; }

step 'statements that concern no captured table'
text "USE app_not; UPDATE x SET a = a + 1; INSERT INTO x VALUES (5, 5)"
mark
rows
expect_no_text '(^| )error task=' "$TMP/repld.log"

reload() {
	ctl restart t --reload --yes
	loaded t
	mark
	rows
}
step 'as a statement, of a captured table; another one may have triggers'
text 'UPDATE t SET a = a + 1'
stopped_for 'rows were changed by a statement that is in the log as text, perhaps of a captured table' 'repld ctl restart t --reload'
ctl resync t app.t --yes		# not enough: u may have been changed, too
wait_for 20 task_is t error || fail 'it went on with half of what may have been changed'
reload

step 'as a statement, of a table that is not captured, whose trigger changes one that is'
text 'INSERT INTO triggers VALUES (900, 900)'
stopped_for 'rows were changed by a statement that is in the log as text, perhaps of a captured table' 'repld ctl restart t --reload'
reload
sql src "GRANT TRIGGER ON *.* TO repld_source@'%'"
text 'INSERT INTO triggers VALUES (901, 901)'
stopped_for 'rows were changed by a statement that is in the log as text, perhaps of a captured table' 'repld ctl restart t --reload'
reload

step 'with the right to see triggers: what had none'
text "INSERT INTO skipped VALUES (1, 1); UPDATE skipped SET a = 2; DELETE FROM app_not.x WHERE id = 2; INSERT INTO app_not.x SELECT id + 5000, a FROM t"
mark
rows
for statement in 'UPDATE t SET a = a + 1' 'INSERT INTO app.t VALUES (100, 100)' 'REPLACE INTO t (id, a) SELECT id, a FROM app_not.x'; do
	step "as a statement: $statement"
	text "$statement"
	stopped_for 'rows were changed by a statement that is in the log as text, of table app.t' 'repld ctl resync t app.t'
	again app.t
done
for statement in 'DELETE t FROM t JOIN u ON t.id = u.id WHERE t.id = 1' 'UPDATE t, app_not.x SET t.a = 9, x.a = 9 WHERE t.id = x.id'; do
	step "as a statement: $statement"
	text "$statement"
	stopped_for 'rows were changed by a statement that is in the log as text' 'repld ctl (restart t --reload|resync t app.t)'
	reload
done

step 'XA: prepared, and committed later'
sql src "XA START 'x1'; INSERT INTO app_not.x VALUES (50, 50); XA END 'x1'; XA PREPARE 'x1'; XA COMMIT 'x1'"
mark
rows
sql src "XA START 'x2'; INSERT INTO t VALUES (70, 70); UPDATE t SET a = 71 WHERE id = 2; XA END 'x2'; XA PREPARE 'x2'"
sql src "XA COMMIT 'x2'"
rows

step 'a table is emptied, renamed away and made again, dropped'
sql src 'TRUNCATE TABLE t; INSERT INTO t VALUES (1, 1)'
rows
sql src 'CREATE TABLE t_new LIKE t; INSERT INTO t_new VALUES (1, 100), (2, 200); RENAME TABLE t TO t_old, t_new TO t'
stopped_for 'table app.t was dropped, renamed or made again' 'repld ctl resync t app.t'
again app.t
sql src 'DROP TABLE t_old; DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (7, 7)'
stopped_for 'table app.t was dropped, renamed or made again' 'repld ctl resync t app.t'
again app.t

step 'rows that go with their partition'
sql src "ALTER TABLE u PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (5), PARTITION p1 VALUES LESS THAN MAXVALUE)"
mark
rows
sql src 'ALTER TABLE u TRUNCATE PARTITION p0'
stopped_for 'table app.u .*rows went without being logged' 'repld ctl resync t app.u'
again app.u
repld_stop
