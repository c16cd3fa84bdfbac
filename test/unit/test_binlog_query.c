/* test_binlog_query.c - statements in the log: control that stands where it cannot, tables of sessions, names in small letters, what the hook
 * answers, and events that are cut. */
#include "cdc/binlog_query.c"

#include "test/fake/binlog_maker.h"

#define FLAG_S FLAG_SESSION

/* A statement of a session, with the event's flags. */
static bool
session_query(struct maker *m, uint32_t session, uint16_t flags, const char *text)
{
	struct buf b = { 0 };

	put_le(&b, session, 4);
	put_le(&b, 0, 4);
	buf_u8(&b, 3);
	put_le(&b, 0, 4);
	buf_put(&b, "app", 4);
	buf_str(&b, text);
	return send_as(m, EVENT_QUERY, flags, true, &b);
}

/* What the hook is told of a statement: the last one, up to its names. */
static void
expect_asked(struct maker *m, const char *want)
{
	const char *text = buf_cstr(&m->rig.text), *is = strstr(text, "  [");

	if (want == NULL ? is != NULL : is == NULL || strstr(text, want) == NULL)
		ck_abort_msg("is:\n%s\nshould have: %s", text, want != NULL ? want : "no statement");
	buf_reset(&m->rig.text);
}

/* ---- control ---- */

START_TEST(query_control_where_it_cannot_be_is_refused)
{
	static const struct {
		const char *before, *text, *why;
	} cases[] = { { NULL, "COMMIT", "COMMIT outside a transaction" }, { NULL, "ROLLBACK", "ROLLBACK outside a transaction" },
		{ NULL, "SAVEPOINT a", "SAVEPOINT or XA END outside a transaction" }, { "BEGIN", "BEGIN", "BEGIN inside a transaction" },
		{ "BEGIN", "begin /* so written */", "BEGIN inside a transaction" },
		{ "BEGIN", "XA START X'61',X'',1", "XA START inside a transaction" },
		{ "BEGIN", "XA COMMIT X'61',X'',1", "XA COMMIT inside a transaction" },
		{ "BEGIN", "XA ROLLBACK X'61',X'',1", "XA ROLLBACK inside a transaction" },
		{ "XA START X'61',X'',1", "COMMIT", "COMMIT in a transaction that is to be prepared" },
		{ "XA START X'61',X'',1", "commit", "COMMIT in a transaction that is to be prepared" },
		{ NULL, "XA PREPARE X'61',X'',1", "XA PREPARE as a statement" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct maker m = { 0 };

		maker_ready(&m, NULL);
		if (cases[i].before != NULL)
			ok(query(&m, cases[i].before));
		no(query(&m, cases[i].text), ERR_PROTOCOL);
		ck_assert_msg(strstr(m.rig.err.msg, cases[i].why) != NULL, "%s: %s", cases[i].text, m.rig.err.msg);
		maker_end(&m);
	}
}
END_TEST

/* Behind its GTID, a COMMIT without BEGIN is as wrong; a ROLLBACK is a group in which nothing happened. */
START_TEST(query_group_of_control_alone)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	ok(gtid(&m, 1, 5) && query(&m, "ROLLBACK"));
	ck_assert(!binlog_in_transaction(m.rig.dec));
	ok(gtid(&m, 1, 6));
	no(query(&m, "COMMIT"), ERR_PROTOCOL);
	maker_end(&m);
}
END_TEST

/* ---- tables of a session ---- */

START_TEST(query_tables_of_a_session_are_its_own)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	ok(session_query(&m, 1, FLAG_S, "CREATE TEMPORARY TABLE t (a int)"));
	ok(session_query(&m, 1, FLAG_S, "CREATE TEMPORARY TABLE t (a int)"));
	ck_assert_uint_eq(m.rig.dec->ntemporary, 1);
	buf_reset(&m.rig.text);
	/* the same session, by name and with its schema */
	ok(session_query(&m, 1, FLAG_S, "TRUNCATE TABLE t"));
	expect_asked(&m, "[TRUNCATE temporary in app: .t");
	ok(session_query(&m, 1, FLAG_S, "ALTER TABLE app.t ADD b int"));
	expect_asked(&m, "[DDL temporary in app: app.t");
	/* another session, another schema, another table, and this one where it says that it used none */
	ok(session_query(&m, 2, FLAG_S, "TRUNCATE TABLE t"));
	expect_asked(&m, "[TRUNCATE in app: .t");
	ok(session_query(&m, 1, FLAG_S, "TRUNCATE TABLE other.t"));
	expect_asked(&m, "[TRUNCATE in app: other.t");
	ok(session_query(&m, 1, FLAG_S, "TRUNCATE TABLE u"));
	expect_asked(&m, "[TRUNCATE in app: .u");
	ok(session_query(&m, 1, 0, "TRUNCATE TABLE t"));
	expect_asked(&m, "[TRUNCATE in app: .t");
	/* a table that is made beside it is everybody's */
	ok(session_query(&m, 1, FLAG_S, "CREATE TABLE t (a int)"));
	expect_asked(&m, "[DDL in app: .t");
	maker_end(&m);
}
END_TEST

START_TEST(query_tables_of_a_session_go_and_change_names)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	ok(session_query(&m, 1, FLAG_S, "CREATE TEMPORARY TABLE a (a int)"));
	ok(session_query(&m, 1, FLAG_S, "CREATE TEMPORARY TABLE b (a int)"));
	ok(session_query(&m, 1, FLAG_S, "ALTER TABLE b RENAME TO c"));
	expect_asked(&m, "[DDL temporary in app: .b .c");
	ok(session_query(&m, 1, FLAG_S, "TRUNCATE TABLE c"));
	expect_asked(&m, "[TRUNCATE temporary in app: .c");
	/* whose old name means everybody's table again */
	ok(session_query(&m, 1, FLAG_S, "TRUNCATE TABLE b"));
	expect_asked(&m, "[TRUNCATE in app: .b");
	/* RENAME of MySQL is about the tables of everybody */
	ok(session_query(&m, 1, FLAG_S, "RENAME TABLE c TO d"));
	expect_asked(&m, "[DDL in app: .c .d");
	/* so is DROP, which the servers log with TEMPORARY wherever it met one of these */
	ok(session_query(&m, 1, FLAG_S, "DROP TABLE c, d"));
	expect_asked(&m, "[DDL in app: .c .d");
	ok(session_query(&m, 1, FLAG_S, "DROP TABLE `c` /* generated by server */"));
	expect_asked(&m, "[DDL in app: .c");
	ok(session_query(&m, 1, FLAG_S, "CREATE TEMPORARY TABLE e (a int)"));
	ok(session_query(&m, 1, FLAG_S, "DROP /*!40005 TEMPORARY */ TABLE IF EXISTS `e`"));
	expect_asked(&m, "[DDL temporary in app: .e");
	ok(session_query(&m, 1, FLAG_S, "DROP TEMPORARY TABLE a, never"));
	ok(session_query(&m, 1, FLAG_S, "TRUNCATE TABLE a"));
	expect_asked(&m, "[TRUNCATE in app: .a");
	ck_assert_uint_eq(m.rig.dec->ntemporary, 1);
	/* they go with the server */
	m.end = 4;
	ok(rotate(&m, "log.000002", 4, true));
	ok(format(&m, 1700000000));
	ck_assert_uint_eq(m.rig.dec->ntemporary, 0);
	maker_end(&m);
}
END_TEST

/* MariaDB's RENAME sees them, and logs it. */
START_TEST(query_tables_of_a_session_are_renamed_by_mariadb)
{
	struct maker m = { .mariadb = true };

	maker_ready(&m, NULL);
	ok(mariadb_gtid(&m, 0, 1, 1) && session_query(&m, 1, FLAG_S, "CREATE TEMPORARY TABLE a (a int)"));
	ok(mariadb_gtid(&m, 0, 2, 1) && session_query(&m, 1, FLAG_S, "RENAME TABLE a TO b"));
	expect_asked(&m, "[DDL temporary in app: .a .b");
	ok(mariadb_gtid(&m, 0, 3, 1) && session_query(&m, 1, FLAG_S, "RENAME TABLE a TO x, b TO y"));
	expect_asked(&m, "[DDL in app: .a .x .b .y");
	ok(mariadb_gtid(&m, 0, 4, 1) && session_query(&m, 1, FLAG_S, "TRUNCATE TABLE b"));
	expect_asked(&m, "[TRUNCATE temporary in app: .b");
	ok(mariadb_gtid(&m, 0, 5, 1) && session_query(&m, 1, FLAG_S, "TRUNCATE TABLE a"));
	expect_asked(&m, "[TRUNCATE in app: .a");
	maker_end(&m);
}
END_TEST

START_TEST(query_tables_of_sessions_are_bounded)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	m.rig.dec->temporary_cap = TEMPORARY_MAX;
	m.rig.dec->temporary = xzalloc(TEMPORARY_MAX * sizeof(uint64_t));
	m.rig.dec->ntemporary = TEMPORARY_MAX;
	no(session_query(&m, 1, FLAG_S, "CREATE TEMPORARY TABLE t (a int)"), ERR_LIMIT);
	maker_end(&m);
}
END_TEST

/* ---- names in small letters ---- */

START_TEST(query_names_are_folded_as_the_server_does)
{
	const struct binlog_options folds = { .folds_names = true };
	struct maker m = { 0 };

	for (int fold = 0; fold < 2; fold++) {
		maker_ready(&m, fold ? &folds : NULL);
		ok(query_in(&m, "App", "ALTER TABLE TAB ADD b int"));
		expect_asked(&m, fold ? "[DDL in app: .tab" : "[DDL in App: .TAB");
		/* a schema of which this is not known: the statement is not known to concern these tables alone */
		ok(query_in(&m, "A\xc4\xb0", "ALTER TABLE t ADD b int"));
		expect_asked(&m, fold ? "[DDL unclear in a" : "[DDL in A");
		ok(query(&m, "BEGIN") && query(&m, "SAVEPOINT A") && query(&m, "COMMIT"));
		maker_end(&m);
	}
}
END_TEST

/* ---- the hook's answer ---- */

static const struct relation *answer_rel;

static bool
answers_truncate(void *arg, const struct binlog_statement *st, enum binlog_answer *ret, const struct relation **ret_rel, struct err *err)
{
	(void)arg, (void)st, (void)err;
	*ret = BINLOG_TRUNCATE;
	*ret_rel = answer_rel;
	return true;
}

START_TEST(query_truncate_of_what_is_not_captured_is_refused)
{
	const struct relation bare = { .schema = "app", .name = "t" };

	for (int i = 0; i < 2; i++) {
		struct maker m = { 0 };

		maker_ready(&m, NULL);
		m.rig.dec->hooks.statement = answers_truncate;
		answer_rel = i == 0 ? NULL : &bare;
		no(query(&m, "TRUNCATE t"), ERR_PROTOCOL);
		ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "not captured"));
		maker_end(&m);
	}
}
END_TEST

START_TEST(query_truncate_where_it_cannot_be_is_refused)
{
	const struct relation captured = { .schema = "app", .name = "t", .table = &captured };
	const struct binlog_options by_gtids = { .gtids = true };
	struct maker m = { 0 };

	answer_rel = &captured;
	maker_ready(&m, NULL);
	m.rig.dec->hooks.statement = answers_truncate;
	ok(query(&m, "XA START X'61',X'',1"));
	no(query(&m, "TRUNCATE t"), ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "TRUNCATE in a transaction that is to be prepared"));
	maker_end(&m);
	maker_ready(&m, &by_gtids);
	m.rig.dec->hooks.statement = answers_truncate;
	no(query(&m, "TRUNCATE t"), ERR_HOLE);
	maker_end(&m);
	maker_ready(&m, NULL);	/* nowhere to put it */
	m.rig.dec->hooks.statement = answers_truncate;
	m.rig.sink.refuse_after = 1;
	no(query(&m, "TRUNCATE t"), ERR_CANCELLED);
	maker_end(&m);
}
END_TEST

/* ---- phases of an ALTER of MariaDB: flags and extra flags of its GTID ---- */

static bool
alter_gtid(struct maker *m, uint64_t number, uint8_t extra)
{
	struct buf b = { 0 };

	put_le(&b, number, 8);
	put_le(&b, 0, 4);
	buf_u8(&b, 1);
	buf_u8(&b, extra);
	put_le(&b, number - 1, 8);
	return send_event(m, EVENT_MARIADB_GTID, &b);
}

START_TEST(query_alter_in_two_phases_counts_once)
{
	struct maker m = { .mariadb = true };

	maker_ready(&m, NULL);
	ok(alter_gtid(&m, 1, 2) && query(&m, "ALTER TABLE t ADD b int"));
	expect_asked(&m, NULL);
	ok(alter_gtid(&m, 2, 8) && query(&m, "ALTER TABLE t ADD b int"));
	expect_asked(&m, NULL);
	ok(alter_gtid(&m, 3, 4) && query(&m, "ALTER TABLE t ADD b int"));
	expect_asked(&m, "[DDL in app: .t");
	maker_end(&m);
}
END_TEST

UNIT_MAIN("binlog_query", query_control_where_it_cannot_be_is_refused, query_group_of_control_alone,
    query_tables_of_a_session_are_its_own, query_tables_of_a_session_go_and_change_names,
    query_tables_of_a_session_are_renamed_by_mariadb, query_tables_of_sessions_are_bounded,
    query_names_are_folded_as_the_server_does, query_truncate_of_what_is_not_captured_is_refused,
    query_truncate_where_it_cannot_be_is_refused, query_alter_in_two_phases_counts_once)
