# statements.sh - what stands in a log as text, and what it is taken for. Sourced by a test that has set SRC_KIND and sourced lib.sh; the target is
# PostgreSQL.

needs
case $SRC_KIND-$MYSQL_SERVER in mysql-mysql-5.6 | mariadb-*) db_start src lower-case-table-names=1 ;; *) db_start src ;; esac
db_start dst
sql src "CREATE TABLE kv (id int PRIMARY KEY, a int); INSERT INTO kv VALUES (1, 1), (2, 2); CREATE TABLE kw (id int PRIMARY KEY, a int);
	INSERT INTO kw VALUES (1, 1), (2, 2)"

all() {
	synced t
	compare public.kv public.kw
	expect_no_text '(^| )error task=' "$TMP/repld.log"
}

temporary_tables() {
	step 'a session that logs as text truncates and alters a temporary table'
	sql src "SET SESSION binlog_format = 'STATEMENT'; CREATE TEMPORARY TABLE kv (id int); TRUNCATE TABLE kv; TRUNCATE app.kv; ALTER TABLE kv ADD b int;
		CREATE INDEX i ON kv (b); DROP TABLE kv; SET SESSION binlog_format = 'ROW'; INSERT INTO kv VALUES (100, 1)"
	all
	expect 'the rows are still there' 'more than 2' "$([ "$(sql dst 'SELECT COUNT(*) FROM kv')" -gt 2 ] && echo 'more than 2')"
	step 'the table itself, once the temporary one has gone'
	sql src "SET SESSION binlog_format = 'STATEMENT'; CREATE TEMPORARY TABLE kv (id int); DROP TEMPORARY TABLE kv; CREATE TEMPORARY TABLE other (id int);
		TRUNCATE kv"
	all
	expect 'no row is there' 0 "$(sql dst 'SELECT COUNT(*) FROM kv')"
	cat >"$TMP/proc.sql" <<-'SQL'
		DELIMITER //
		CREATE PROCEDURE p() BEGIN CREATE TEMPORARY TABLE other (id int); INSERT INTO other VALUES (1); TRUNCATE kw; DROP TEMPORARY TABLE other; END //
	SQL
	sqlf src "$TMP/proc.sql"
	sql src 'CALL p(); INSERT INTO kw VALUES (5, 5); INSERT INTO kv VALUES (6, 6), (7, 7); DROP PROCEDURE p'
	all
}

unclear_statements() {
	step 'a table that a dump brings: comments that other versions execute'
	sql src "CREATE TABLE made (id int NOT NULL, b int /*!80023 INVISIBLE */, c int /*!100301 NULL */, PRIMARY KEY (id)) /*!80016 COMMENT = 'x' */;
		ALTER TABLE made ADD d int /*!80023 NULL */; INSERT INTO kw VALUES (20, 1)"
	all
	step 'a long list of tables'
	names=
	i=0
	while [ $i -lt 1100 ]; do
		i=$((i + 1))
		names="$names, none_$i"
	done
	sql src "DROP TABLE IF EXISTS ${names#, }; INSERT INTO kw VALUES (21, 1)"
	all
	step 'a captured table whose statement is not understood to its end'
	sql src "ALTER TABLE kw /*!80000 COMMENT = 'y' */; INSERT INTO kw VALUES (22, 1)"
	all
	step 'what can not be found out stops the task, and the remedy that it names works'
	sql src "CREATE TABLE old (id int PRIMARY KEY); RENAME TABLE old TO older /*M!100100 */; INSERT INTO kw VALUES (23, 1)"
	wait_state t error
	ctl status t >"$TMP/out" || :
	expect_text 'may have renamed or emptied a captured table' "$TMP/out"
	expect_text 'restart t --reload' "$TMP/out"
	ctl restart t --reload --yes >/dev/null
	loaded t
	synced t
	compare public.kv public.kw
}
