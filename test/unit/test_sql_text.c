/* test_sql_text.c - statements as MySQL and MariaDB log them, and what is read from them. */
#include "cdc/sql_text.c"
#include "cdc/sql_fold.c"

#include "test/unit/unit.h"

#define UTF8   45
#define LATIN1 8
#define SJIS   13
#define HEX16  "61616161616161616161616161616161"
#define TEXT16 "aaaaaaaaaaaaaaaa"

static const char *const kinds[] = { [SQL_NOTHING] = "nothing",
	[SQL_BEGIN] = "begin",
	[SQL_COMMIT] = "commit",
	[SQL_ROLLBACK] = "rollback",
	[SQL_SAVEPOINT] = "savepoint",
	[SQL_ROLLBACK_TO] = "rollback-to",
	[SQL_RELEASE] = "release",
	[SQL_XA_START] = "xa-start",
	[SQL_XA_END] = "xa-end",
	[SQL_XA_PREPARE] = "xa-prepare",
	[SQL_XA_COMMIT] = "xa-commit",
	[SQL_XA_ROLLBACK] = "xa-rollback",
	[SQL_DML] = "dml",
	[SQL_TRUNCATE] = "truncate",
	[SQL_DDL] = "ddl",
	[SQL_OTHER] = "other" };
static const char *const objects[] = { [SQL_NO_OBJECT] = "",
	[SQL_TABLE] = " table",
	[SQL_DATABASE] = " database",
	[SQL_CODE] = " code" };

static void
describe(const struct sql_text *t, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "%s%s%s%s%s%s%s%s", kinds[t->kind],
	    objects[t->object], t->unclear ? " unclear" : "", t->temporary ? " temporary" : "",
	    t->drops ? " drops" : "", t->creates ? " creates" : "",
	    t->unlogged_rows ? " unlogged" : "", t->starts_transaction ? " starts" : "");

	for (uint16_t i = 0; i < t->nnames && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, " %s%s%s", t->names[i].schema,
		    t->names[i].schema[0] != '\0' ? "." : "", t->names[i].name);
	if (t->savepoint.n > 0 && n < size)
		n += (size_t)snprintf(
		    out + n, size - n, " %.*s", (int)t->savepoint.n, (const char *)t->savepoint.p);
	if (t->xid.format > 0 && n < size)
		snprintf(out + n, size - n, " %.*s/%.*s/%u%s", t->xid.gtrid_len,
		    (const char *)t->xid.bytes, t->xid.bqual_len,
		    (const char *)t->xid.bytes + t->xid.gtrid_len, t->xid.format,
		    t->xid.one_phase ? " one" : "");
}

/* From memory of exactly this size. */
static void
read_copy(struct sql_text *t, const char *text, size_t n, uint64_t mode, uint16_t charset)
{
	char *copy = malloc(n > 0 ? n : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, n);
	sql_text_read(t, copy, n, mode, charset);
	if (t->savepoint.n > 0) /* borrowed */
		t->savepoint.p = (const uint8_t *)text + (t->savepoint.p - (uint8_t *)copy);
	free(copy);
}

static void
expect_mode(const char *text, uint64_t mode, uint16_t charset, const char *want)
{
	static struct sql_text t;
	char have[16384];

	read_copy(&t, text, strlen(text), mode, charset);
	describe(&t, have, sizeof(have));
	if (strcmp(have, want) != 0)
		ck_abort_msg("%s\n  is:     %s\n  should: %s", text, have, want);
}

static void
expect(const char *text, const char *want)
{
	expect_mode(text, 0, UTF8, want);
}

START_TEST(sql_text_knows_transaction_control)
{
	expect("", "nothing");
	expect(" -- nothing\n# at all\n /* here */ ;", "nothing");
	expect("# Dum", "nothing");
	expect("BEGIN", "begin");
	expect("begin work", "begin");
	expect("COMMIT", "commit");
	expect("COMMIT /* x */;", "commit");
	expect("COMMIT AND CHAIN", "other unclear");
	expect("BEGIN NOT ATOMIC SELECT 1; END", "other unclear");
	expect("ROLLBACK", "rollback");
	expect("ROLLBACK WORK", "rollback");
	expect("rollback to `s``1`", "rollback-to s``1");
	expect("ROLLBACK WORK TO SAVEPOINT x", "rollback-to x");
	expect("ROLLBACK TO", "rollback-to unclear");
	expect("ROLLBACK TO a b", "rollback-to unclear a");
	expect("ROLLBACK AND RELEASE", "other unclear");
	expect("SAVEPOINT sp_1", "savepoint sp_1");
	expect("RELEASE SAVEPOINT sp_1", "release sp_1");
}
END_TEST

START_TEST(sql_text_reads_xids)
{
	expect("XA START X'6731',X'62',1", "xa-start g1/b/1");
	expect("XA END X'6731',X'',1", "xa-end g1//1");
	expect("XA COMMIT X'6731',X'62',4294967295", "xa-commit g1/b/4294967295");
	expect("XA ROLLBACK X'6732',X'',1", "xa-rollback g2//1");
	expect("XA COMMIT 'g1','b' ONE PHASE", "xa-commit g1/b/1 one");
	expect("XA COMMIT X'673'", "other unclear /"
				   "/1");
	expect("XA COMMIT X'67zz'", "other unclear /"
				    "/1");
	expect("XA COMMIT X'67',X'62',4294967296", "other unclear");
	expect("XA COMMIT X'67',X'62',12345678901", "other unclear g/b/1");
	expect("XA COMMIT X'67',X'62',x", "other unclear g/b/1");
	expect("XA COMMIT X'z7'", "other unclear //1");
	expect("XA COMMIT 'a\\'b'", "other unclear //1");
	expect("XA COMMIT 'a''b'", "other unclear //1");
	expect("XA START X'6731',X'',1 JOIN", "xa-start g1//1");
	expect("XA END X'6731',X'',1 SUSPEND FOR MIGRATE", "xa-end g1//1");
	expect("XA COMMIT", "other unclear //1");
	expect("XA RECOVER", "other unclear");
	expect("XA COMMIT X'6731' AND MORE", "xa-commit unclear g1//1");
	expect("XA START X'" HEX16 HEX16 HEX16 HEX16 "'",
	    "xa-start " TEXT16 TEXT16 TEXT16 TEXT16 "//1");
	expect("XA START X'" HEX16 HEX16 HEX16 HEX16 "61'", "other unclear //1");
}
END_TEST

START_TEST(sql_text_knows_tables_of_ddl)
{
	expect("CREATE TABLE t (a int)", "ddl table creates t");
	expect("create table if not exists `app`.`t x` (a int comment 'START TRANSACTION')",
	    "ddl table creates app.t x");
	expect("CREATE OR REPLACE TEMPORARY TABLE app . t LIKE b",
	    "ddl table temporary creates app.t");
	expect("CREATE TABLE `c` (\n  `id` int NOT NULL\n) START TRANSACTION",
	    "ddl table creates starts c");
	expect("CREATE TABLE `start` (start int, transaction int)", "ddl table creates start");
	expect("CREATE UNIQUE INDEX i USING BTREE ON app.t (a)", "ddl table app.t");
	expect("CREATE INDEX IF NOT EXISTS `i` ON t (a)", "ddl table t");
	expect("CREATE FULLTEXT INDEX i ON t (a)", "ddl table t");
	expect("DROP INDEX i ON t", "ddl table t");
	expect("DROP ONLINE INDEX i ON t", "ddl table t");
	expect("CREATE INDEX 'i' ON t (a)", "ddl table unclear");
	expect("DROP INDEX i", "ddl table unclear");
	expect("ALTER TABLE t ADD c int, DROP COLUMN b", "ddl table t");
	expect("ALTER ONLINE TABLE IF EXISTS app.t WAIT 5 ADD c int", "ddl table app.t");
	expect("ALTER TABLE t RENAME TO app.u", "ddl table drops t app.u");
	expect("ALTER TABLE t ADD a int, RENAME u", "ddl table drops t u");
	expect("ALTER TABLE t RENAME COLUMN a TO b, RENAME INDEX i TO j", "ddl table t");
	expect("DROP TABLE `a`,app.b /* generated by server */", "ddl table drops a app.b");
	expect("DROP TEMPORARY TABLE IF EXISTS a", "ddl table temporary drops a");
	expect("DROP TABLES a, b CASCADE", "ddl table drops a b");
	expect("RENAME TABLE a TO b, app.b TO a", "ddl table drops a b app.b a");
	expect("RENAME TABLES a WAIT 1.5 TO b", "ddl table drops a b");
	expect("TRUNCATE TABLE m", "truncate table m");
	expect("TRUNCATE app.m NOWAIT", "truncate table app.m");
	expect("TRUNCATE `a.b`", "truncate table a.b");
	expect("TRUNCATE .m", "truncate table m");
	expect("TRUNCATE 'm'", "truncate table unclear");
	expect("TRUNCATE m n", "truncate table unclear m");
	expect("DROP TABLE 1a.2b", "ddl table drops 1a.2b");
}
END_TEST

START_TEST(sql_text_tells_rows_that_are_not_logged)
{
	expect("ALTER TABLE t DROP PARTITION p1", "ddl table unlogged t");
	expect("ALTER TABLE t TRUNCATE PARTITION p1, p2", "ddl table unlogged t");
	expect("ALTER TABLE t EXCHANGE PARTITION p WITH TABLE app.u", "ddl table unlogged t app.u");
	expect("ALTER TABLE t DISCARD TABLESPACE", "ddl table unlogged t");
	expect("ALTER TABLE t IMPORT TABLESPACE", "ddl table unlogged t");
	expect("ALTER TABLE t CONVERT PARTITION p TO TABLE u", "ddl table unlogged t u");
	expect("ALTER TABLE t CONVERT TABLE u TO PARTITION p VALUES LESS THAN (5)",
	    "ddl table unlogged t u");
	expect("ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", "ddl table t");
	expect("ALTER TABLE t DROP SYSTEM VERSIONING", "ddl table unlogged t");
	expect("ALTER IGNORE TABLE t ADD UNIQUE (a)", "ddl table unlogged t");
	expect("ALTER TABLE t ADD PARTITION (PARTITION p VALUES LESS THAN (5))", "ddl table t");
	expect("ALTER TABLE t ENGINE = InnoDB EXCHANGE PARTITION p WITH TABLE u",
	    "ddl table unclear unlogged t");
	expect("ALTER TABLE t ADD a int DEFAULT (concat('a', 'b')), DROP PARTITION p",
	    "ddl table unlogged t");
}
END_TEST

START_TEST(sql_text_knows_other_ddl)
{
	expect("CREATE DATABASE app", "ddl database creates app.");
	expect("CREATE SCHEMA IF NOT EXISTS `a b` CHARSET utf8mb4", "ddl database creates a b.");
	expect("DROP DATABASE IF EXISTS app", "ddl database drops app.");
	expect("ALTER DATABASE app CHARACTER SET latin1", "ddl database app.");
	expect("ALTER DATABASE CHARACTER SET latin1", "ddl database unclear");
	expect("CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW "
	       "`v` AS SELECT 1",
	    "ddl code");
	expect("CREATE DEFINER=`root`@`localhost` TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET "
	       "@a = 1",
	    "ddl code");
	expect("CREATE OR REPLACE SEQUENCE s", "ddl code");
	expect("DROP VIEW v", "ddl code");
	expect("DROP USER u1@localhost", "ddl code");
	expect("CREATE USER 'u1'@'localhost'", "ddl code");
	expect("ALTER EVENT e ENABLE", "ddl code");
	expect("RENAME USER a TO b", "ddl code");
	expect("CREATE SPATIAL REFERENCE SYSTEM 4120 NAME 'x'", "ddl code");
	expect("CREATE NOVELTY x", "ddl unclear");
	expect("CREATE UNIQUE NOVELTY x", "ddl unclear"); /* never `nothing`, which would be passed over */
	expect("CREATE OR DROP TABLE t (a int)", "ddl unclear");
	expect("CREATE OR TABLE t (a int)", "ddl table unclear creates t");
	expect("CREATE TEMPORARY SEQUENCE s", "ddl code temporary");
	expect("ALTER DATABASE", "ddl database unclear");
	expect("ALTER SCHEMA app READ ONLY = 1", "ddl database app.");
	expect("DROP SCHEMA app", "ddl database drops app.");
	expect("CREATE DATABASE 'app'", "ddl database unclear creates");
	expect("DROP NOVELTY x", "ddl code unclear");
	expect("ALTER NOVELTY x", "ddl code unclear");
	expect("DROP PREPARE s", "other");
}
END_TEST

START_TEST(sql_text_knows_rows_changed_by_text)
{
	expect("INSERT INTO t(id,a) VALUES (40,'it''s')", "dml t");
	expect("REPLACE LOW_PRIORITY app.t SELECT 1", "dml app.t");
	expect("INSERT IGNORE t VALUES (1)", "dml t");
	expect("UPDATE t SET a = 1", "dml t");
	expect("UPDATE app.t AS x SET a = 1", "dml app.t");
	expect("UPDATE t x SET a = 1", "dml t");
	expect("UPDATE t, u SET t.a = u.a", "dml unclear t");
	expect("UPDATE t JOIN u ON 1 SET t.a = u.a", "dml unclear t");
	expect("DELETE FROM t", "dml t");
	expect("DELETE FROM app.t WHERE a = 1", "dml app.t");
	expect("DELETE t FROM t, u", "dml unclear");
	expect("DELETE FROM t USING t, u", "dml unclear t");
	expect("DELETE FROM 't'", "dml unclear");
	expect("DELETE FROM t AS x WHERE x.a = 1", "dml t");
	expect("DELETE FROM t AS x, u", "dml unclear t");
	expect("DELETE FROM t;", "dml t");
	expect("LOAD DATA INFILE 'x' INTO t", "dml unclear");
	expect("LOAD DATA LOCAL INFILE '/tmp/SQL_LOAD-1' INTO TABLE `app`.`t` FIELDS TERMINATED BY "
	       "','",
	    "dml app.t");
	expect("LOAD XML INFILE 'x'", "dml unclear");
	expect("WITH x AS (SELECT 1) DELETE FROM t", "dml unclear");
	expect("CALL p()", "dml unclear");
	expect("SELECT `app`.`f`()", "dml unclear");
	expect("(SELECT 1)", "dml unclear");
	expect("GRANT SELECT ON app.* TO u", "other");
	expect("FLUSH TABLES t", "other");
	expect("SET PASSWORD = 'x'", "other");
	expect("NOVELTY", "other unclear");
	expect("'a'", "other unclear");
}
END_TEST

START_TEST(sql_text_reads_quotes_by_the_mode)
{
	expect("DROP TABLE \"a\"", "ddl table unclear drops");
	expect_mode("DROP TABLE \"a\"\"b\"", SQL_MODE_ANSI_QUOTES, UTF8, "ddl table drops a\"b");
	expect("DROP TABLE `a``b`", "ddl table drops a`b");
	expect("ALTER TABLE t COMMENT 'a\\', DROP PARTITION p', ADD b int", "ddl table t");
	expect_mode("ALTER TABLE t COMMENT 'a\\', DROP PARTITION p", SQL_MODE_NO_BACKSLASH_ESCAPES,
	    UTF8, "ddl table unlogged t");
	expect("ALTER TABLE t COMMENT 'a'', DROP PARTITION p'", "ddl table t");
	expect("ALTER TABLE t COMMENT 'open", "ddl table unclear t");
	expect("DROP TABLE `open", "ddl table unclear drops open");
	expect("DROP TABLE t /* open", "ddl table unclear drops t");
	expect("DROP TABLE ``", "ddl table unclear drops");
}
END_TEST

START_TEST(sql_text_reads_comments_that_are_executed)
{
	expect("/* x */ DROP /* y */ TABLE -- z\n t", "ddl table drops t");
	expect("/*!40000 ALTER TABLE `t` DISABLE KEYS */", "ddl table t");
	expect("CREATE /*!50100 TEMPORARY */ TABLE t (a int)", "ddl table temporary creates t");
	expect("ALTER TABLE t /*!50100 DROP PARTITION p */", "ddl table unlogged t");
	expect("DROP TABLE /*! t */", "ddl table drops t");
	expect("DROP /*!80000 TEMPORARY */ TABLE t", "ddl table unclear temporary drops t");
	expect("DROP /*M!100100 TEMPORARY */ TABLE t", "ddl table unclear temporary drops t");
	expect("DROP /*!100100 TEMPORARY */ TABLE t", "ddl table unclear temporary drops t");
	expect("DROP TABLE t --x", "ddl table unclear drops t");
	expect("COMMIT /*!99999 AND CHAIN */", "other unclear");
	expect("DROP /*!1001000 TEMPORARY */ TABLE t", "ddl code unclear"); /* six digits are the version */
	expect("/*!50100 DROP /*!50100 TABLE */ t", "ddl table unclear drops t");
	expect("DROP TABLE t --", "ddl table drops t");
	expect("DROP TABLE t -", "ddl table unclear drops t");
}
END_TEST

START_TEST(sql_text_doubts_names_of_other_character_sets)
{
	expect("DROP TABLE gr\xc3\xbcn", "ddl table drops gr\xc3\xbcn");
	expect_mode("DROP TABLE gr\xfcn", 0, LATIN1, "ddl table unclear drops");
	expect_mode("DROP TABLE `gr\xfcn`", 0, 0, "ddl table unclear drops");
	expect_mode("ALTER TABLE t COMMENT 'gr\xfcn'", 0, LATIN1, "ddl table t");
	expect_mode("ALTER TABLE t COMMENT '\x83\\'", 0, SJIS, "ddl table unclear t");
	expect_mode("ALTER TABLE t COMMENT 'x'", 0, SJIS, "ddl table t");
	expect_mode("ALTER TABLE t COMMENT '\x83\\'", 0, SJIS + 1024, "ddl table unclear t"); /* its collation without padding */
}
END_TEST

/* The first and the last of each run of numbers, and those beside them; MariaDB's without padding are 1024 higher. */
START_TEST(sql_text_knows_which_collations_are_utf8)
{
	static const uint16_t utf8[] = { 33, 45, 46, 76, 83, 192, 215, 223, 247, 255, 323, 576, 577, 608, 1057, 1069, 1070, 1107, 2048, 2304 };
	static const uint16_t others[] = { 0, 8, 32, 34, 44, 47, 63, 75, 77, 82, 84, 191, 216, 222, 248, 254, 324, 575, 1032, 1056, 1071 };

	for (size_t i = 0; i < sizeof(utf8) / sizeof(utf8[0]); i++)
		expect_mode("DROP TABLE \xc3\xbc", 0, utf8[i], "ddl table drops \xc3\xbc");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		expect_mode("DROP TABLE \xc3\xbc", 0, others[i], "ddl table unclear drops");
}
END_TEST

/* Of indexes, other keys and comments alone; as soon as anything else is said it is a statement about columns. */
START_TEST(sql_text_tells_statements_that_leave_the_columns_alone)
{
	static const struct {
		const char *text;
		bool stay;
	} list[] = {
		{ "CREATE INDEX i ON t (a)", true },
		{ "CREATE INDEX `primarz` ON t (a)", true },
		{ "DROP INDEX i ON t", true },
		{ "DROP INDEX 7 ON t", true },
		{ "DROP INDEX `PRIMARY` ON t", false },
		{ "DROP INDEX `primary` ON t", false },
		{ "ALTER TABLE t COMMENT 'x'", true },
		{ "ALTER TABLE t ENGINE = InnoDB, FORCE", true },
		{ "ALTER TABLE t ADD INDEX i (a), ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (a)", true },
		{ "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", true },
		{ "ALTER TABLE t ADD CONSTRAINT c PRIMARY KEY (a)", false },
		{ "ALTER TABLE t ADD INDEX i ((a + column))", true },
		{ "ALTER TABLE t ADD PRIMARY KEY (a)", false },
		{ "ALTER TABLE t ADD a int", false },
		{ "ALTER TABLE t RENAME INDEX i TO j, RENAME KEY k TO l", true },
		{ "ALTER TABLE t RENAME COLUMN a TO b", false },
		{ "ALTER TABLE t DROP INDEX i", true },
		{ "ALTER TABLE t DROP KEY IF EXISTS i", true },
		{ "ALTER TABLE t DROP FOREIGN KEY f, DROP CHECK c", true },
		{ "ALTER TABLE t DROP CONSTRAINT c, DROP COLUMN b", false },
		{ "ALTER TABLE t DROP INDEX `PRIMARY`", false },
		{ "ALTER TABLE t DROP KEY IF EXISTS primary", false },
		{ "ALTER TABLE t DROP PRIMARY KEY", false },
		{ "ALTER TABLE t DROP b", false },
		{ "ALTER TABLE t MODIFY a int", false },
		{ "ALTER TABLE t COMMENT 'x' CONVERT TO CHARACTER SET latin1", false },
		{ "ALTER IGNORE TABLE t ADD UNIQUE (a)", false },
		{ "CREATE TABLE t (a int)", false },
		{ "DROP TABLE t", false },
	};
	static struct sql_text t;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		read_copy(&t, list[i].text, strlen(list[i].text), 0, UTF8);
		if (t.columns_stay != list[i].stay || t.kind != SQL_DDL || t.unclear)
			ck_abort_msg("%s: %d%s", list[i].text, t.columns_stay, t.unclear ? ", unclear" : "");
	}
}
END_TEST

START_TEST(sql_text_counts_its_names)
{
	char text[16384] = "DROP TABLE t0", want[16384] = "ddl table drops t0";
	size_t n = strlen(text), m = strlen(want);

	for (int i = 1; i < SQL_NAMES; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, ",t%d", i);
		m += (size_t)snprintf(want + m, sizeof(want) - m, " t%d", i);
	}
	expect(text, want);
	snprintf(text + n, sizeof(text) - n, ",more");
	memmove(want + 17, want + 9, strlen(want + 9) + 1);
	memcpy(want + 9, " unclear", 8);
	expect(text, want);
	snprintf(text, sizeof(text), "DROP TABLE %0300d", 7);
	expect(text, "ddl table unclear drops");
}
END_TEST

/* Cut anywhere, any byte another: nothing is read beyond the text. */
START_TEST(sql_text_survives_any_text)
{
	static const char *const texts[] = {
		"CREATE /*!50100 TEMPORARY */ TABLE IF NOT EXISTS `a`.`b` (a int) START TRANSACTION",
		"ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u, RENAME TO \"x\"",
		"XA COMMIT X'6731',X'62',1 ONE PHASE", "ROLLBACK TO SAVEPOINT `x`",
		"RENAME TABLE a WAIT 1.5 TO b, c.d TO e", "UPDATE t AS x SET a = 'b\\'c'"
	};
	static struct sql_text t;
	char copy[128];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const size_t n = strlen(texts[i]);

		for (size_t cut = 0; cut <= n; cut++)
			read_copy(&t, texts[i], cut, 0, UTF8);
		for (size_t at = 0; at < n; at++)
			for (int c = 0; c < 256; c++) {
				memcpy(copy, texts[i], n);
				copy[at] = (char)c;
				read_copy(&t, copy, n, c & 1 ? SQL_MODE_ANSI_QUOTES : 0, UTF8);
			}
	}
}
END_TEST

static void
expect_folded(const char *is, const char *want)
{
	char name[64];

	snprintf(name, sizeof(name), "%s", is);
	ck_assert_msg(sql_name_fold(name) == (want != NULL), "%s", is);
	if (want != NULL)
		ck_assert_str_eq(name, want);
}

START_TEST(sql_text_folds_names)
{
	static struct sql_text t;

	expect_folded("", "");
	expect_folded("App_1$[\\]@`", "app_1$[\\]@`");
	expect_folded("ÀÞ×ßàÿµ", "àþ×ßàÿµ");
	expect_folded("ĀāĮįĲĳĶķĹĺŇňŊŋŶŷŹźŽž", "āāįįĳĳķķĺĺňňŋŋŷŷźźžž");
	expect_folded("ΑΡΣΩΪΫαω", "αρσωϊϋαω");
	expect_folded("ΆΈΊΐάώ", "άέίΐάώ");
	expect_folded("ЀЏАЯая", "ѐџаяая");
	expect_folded("表テーブル테이블אبहพ", "表テーブル테이블אبहพ");
	expect_folded("İ", NULL);
	expect_folded("ŉ", NULL);
	expect_folded("Ÿ", NULL);
	expect_folded("Ѡ", NULL);
	expect_folded("Ա", NULL);
	expect_folded("Ⴀ", NULL);
	expect_folded("Ẁ", NULL);
	expect_folded("Ꙁ", NULL);
	expect_folded("\xc3", NULL);
	expect_folded("\xe8\xa1", NULL);
	expect_folded("\xf0\x90\x90\x80", NULL);
	expect_folded("\xff", NULL);
	expect_folded("\xce\xa2", NULL);		/* between two capitals of Greek there is no character */
	expect_folded("\xe0\x9f\xbf", NULL);	/* a letter in more bytes than it takes */
	expect_folded("\xe8" "a\x80", NULL);
	expect_folded("\xe1\x8e\xa0", NULL);	/* Cherokee */
	expect_folded("\xee\x80\x80", NULL);	/* of private use */
	expect_folded("\xef\xbc\xa1", NULL);	/* a wide A */
	sql_text_read(&t, "RENAME TABLE A TO `Ä`.B", strlen("RENAME TABLE A TO `Ä`.B"), 0, UTF8);
	sql_text_fold(&t);
	ck_assert(!t.unclear && t.renames);
	ck_assert_str_eq(t.names[0].name, "a");
	ck_assert_str_eq(t.names[1].schema, "ä");
	ck_assert_str_eq(t.names[1].name, "b");
	sql_text_read(&t, "DROP TABLE `Ẁ`", strlen("DROP TABLE `Ẁ`"), 0, UTF8);
	sql_text_fold(&t);
	ck_assert(t.unclear);
	sql_text_read(&t, "DROP TABLE `Ẁ`.A", strlen("DROP TABLE `Ẁ`.A"), 0, UTF8);
	sql_text_fold(&t);
	ck_assert(t.unclear);
}
END_TEST

START_TEST(sql_text_is_sure_of_a_new_table)
{
	expect("CREATE TABLE t (a int /*!80023 INVISIBLE */) /*M!100401 x */", "ddl table creates t");
	expect("CREATE TABLE /*!80023 x. */ t (a int)", "ddl table unclear creates x.t");
	expect("ALTER TABLE t ADD a int /*!80023 INVISIBLE */", "ddl table unclear t");
}
END_TEST

UNIT_MAIN("sql_text", sql_text_knows_transaction_control, sql_text_reads_xids,
    sql_text_knows_tables_of_ddl, sql_text_tells_rows_that_are_not_logged, sql_text_knows_other_ddl,
    sql_text_knows_rows_changed_by_text, sql_text_reads_quotes_by_the_mode,
    sql_text_reads_comments_that_are_executed, sql_text_doubts_names_of_other_character_sets,
    sql_text_knows_which_collations_are_utf8, sql_text_tells_statements_that_leave_the_columns_alone, sql_text_counts_its_names, sql_text_survives_any_text, sql_text_folds_names, sql_text_is_sure_of_a_new_table)
