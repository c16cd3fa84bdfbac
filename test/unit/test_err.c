/* The error value: kinds, context, cutting. */
#include "daemon/base/err.c"
#include "test/unit/unit.h"

START_TEST(err_set_clears_what_was_there)
{
	struct err e = ERR_INIT;

	err_set(&e, ERR_DATA, "first");
	memcpy(e.sqlstate, "23505", 6);
	err_remedy(&e, "do this");
	err_position(&e, "0/%X", 0x1234);
	err_table(&e, "s", "t");
	ck_assert(!err_set(&e, ERR_RETRY, "second %d", 2));
	ck_assert_int_eq(e.kind, ERR_RETRY);
	ck_assert_str_eq(e.msg, "second 2");
	ck_assert_str_eq(e.sqlstate, "");
	ck_assert_str_eq(e.remedy, "");
	ck_assert_str_eq(e.position, "");
	ck_assert_str_eq(e.table, "");
}
END_TEST

START_TEST(err_ctx_prepends_and_keeps_the_rest)
{
	struct err e = ERR_INIT;

	err_set(&e, ERR_SCHEMA, "no column %s", "x");
	err_remedy(&e, "add it");
	err_position(&e, "0/%X", 0x1234);
	err_table(&e, "public", "orders");
	ck_assert(!err_ctx(&e, "apply %s", "orders"));
	ck_assert(!err_ctx(&e, "task %d", 7));
	ck_assert_int_eq(e.kind, ERR_SCHEMA);
	ck_assert_str_eq(e.msg, "task 7: apply orders: no column x");
	ck_assert_str_eq(e.remedy, "add it");
	ck_assert_str_eq(e.position, "0/1234");
	ck_assert_str_eq(e.table, "public.orders");
}
END_TEST

START_TEST(err_set_may_quote_its_own_message)
{
	struct err e = ERR_INIT;

	err_set(&e, ERR_DATA, "inner");
	err_set(&e, ERR_RETRY, "outer (%s)", e.msg);
	ck_assert_str_eq(e.msg, "outer (inner)");
	err_ctx(&e, "seen %s", e.msg);
	ck_assert_str_eq(e.msg, "seen outer (inner): outer (inner)");
}
END_TEST

START_TEST(err_errno_names_the_system_error)
{
	struct err e = ERR_INIT;

	ck_assert(!err_errno(&e, 2, "open %s", "f"));
	ck_assert_int_eq(e.kind, ERR_SYSTEM);
	ck_assert_str_eq(e.msg, "open f: No such file or directory");
}
END_TEST

START_TEST(err_message_is_one_line)
{
	struct err e = ERR_INIT;

	err_set(&e, ERR_DATA, "ERROR:  bad\nDETAIL:\tx\r\n");
	ck_assert_str_eq(e.msg, "ERROR:  bad DETAIL: x");
}
END_TEST

START_TEST(err_long_message_is_cut_at_a_character)
{
	struct err e = ERR_INIT;
	char text[1200];

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	memcpy(text + sizeof(e.msg) - 3, "\xe2\x82\xac", 3);	/* its third byte does not fit */
	err_set(&e, ERR_DATA, "%s", text);
	ck_assert_uint_eq(strlen(e.msg), sizeof(e.msg) - 3);
	memcpy(text + sizeof(e.msg) - 4, "\xe2\x82\xac", 3);	/* just fits */
	err_set(&e, ERR_DATA, "%s", text);
	ck_assert_uint_eq(strlen(e.msg), sizeof(e.msg) - 1);
	err_ctx(&e, "%s", "where");
	ck_assert_uint_le(strlen(e.msg), sizeof(e.msg) - 1);
	ck_assert_int_eq(strncmp(e.msg, "where: aaa", 10), 0);
}
END_TEST

START_TEST(err_table_without_schema_is_the_name_alone)
{
	struct err e = ERR_INIT;

	err_table(&e, NULL, "t");
	ck_assert_str_eq(e.table, "t");
	err_table(&e, "", "t2");
	ck_assert_str_eq(e.table, "t2");
}
END_TEST

START_TEST(err_kinds_have_names)
{
	ck_assert_str_eq(err_kind_name(ERR_NONE), "none");
	ck_assert_str_eq(err_kind_name(ERR_CONFIG), "config");
	ck_assert_str_eq(err_kind_name(ERR_CANCELLED), "cancelled");
}
END_TEST

static void
set_kind_none(void)
{
	struct err e = ERR_INIT;

	err_set(&e, ERR_NONE, "nothing");
}

START_TEST(err_set_of_no_error_aborts)
{
	ck_assert(unit_aborts(set_kind_none));
}
END_TEST

UNIT_MAIN("err", err_set_clears_what_was_there, err_ctx_prepends_and_keeps_the_rest,
    err_set_may_quote_its_own_message, err_errno_names_the_system_error, err_message_is_one_line,
    err_long_message_is_cut_at_a_character, err_table_without_schema_is_the_name_alone,
    err_kinds_have_names, err_set_of_no_error_aborts)
