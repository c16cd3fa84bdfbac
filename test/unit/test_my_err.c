/* test_my_err.c - errors of MySQL and MariaDB as kind, SQLSTATE, message without values and remedy. */
#include "endpoints/my_err.c"

#include "test/unit/unit.h"

static struct err err;

static const char *
said(unsigned number, const char *state, const char *text)
{
	const struct my_error e = { number, state, text };

	ck_assert(!my_err_fill(&err, &e));
	return err.msg;
}

START_TEST(kinds_decide_what_comes_back_by_itself)
{
	static const struct {
		unsigned number;
		const char *state;
		enum err_kind kind;
	} cases[] = {
		{ 1213, "40001", ERR_RETRY },
		{ 1205, "HY000", ERR_RETRY },
		{ 1040, "08004", ERR_RETRY },
		{ 1062, "23000", ERR_DATA },
		{ 1406, "22001", ERR_DATA },
		{ 3819, "HY000", ERR_DATA },
		{ 4025, "23000", ERR_DATA },
		{ 1146, "42S02", ERR_SCHEMA },
		{ 1054, "42S22", ERR_SCHEMA },
		{ 1142, "42000", ERR_CONFIG },
		{ 1045, "28000", ERR_CONFIG },
		{ 1153, "08S01", ERR_LIMIT },
		{ 1197, "HY000", ERR_LIMIT },
		{ 3101, "40000", ERR_RETRY },
		{ 1836, "HY000", ERR_RETRY },
		{ 9999, "HY000", ERR_RETRY },
		{ 9999, "42000", ERR_CONFIG },
		{ 9999, "22000", ERR_DATA },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(my_err_kind(cases[i].number, cases[i].state) == cases[i].kind, "%u",
		    cases[i].number);
}
END_TEST

START_TEST(messages_hold_no_values)
{
	static const struct {
		unsigned number;
		const char *state, *text, *said;
	} cases[] = {
		{ 1062, "23000", "Duplicate entry 'secret' for key 't.PRIMARY'",
		    "duplicate value for key 't.PRIMARY' (error 1062)" },
		{ 1062, "23000", "Duplicate entry 'secret' for key 'x' for key 'u'",
		    "duplicate value for key 'u' (error 1062)" },
		{ 1366, "HY000", "Incorrect integer value: 'secret' for column 'c' at row 1",
		    "Incorrect integer value for column 'c' at row 1 (error 1366)" },
		{ 1292, "22007", "Truncated incorrect DOUBLE value: 'secret'",
		    "Truncated incorrect DOUBLE value (error 1292)" },
		{ 1292, "22007",
		    "Incorrect datetime value: 'secret' for column `d`.`t`.`c` at row 3",
		    "Incorrect datetime value for column `d`.`t`.`c` at row 3 (error 1292)" },
		{ 1064, "42000", "You have an error in your SQL syntax near 'secret' at line 1",
		    "the server does not understand a statement of repld (error 1064)" },
		{ 1526, "HY000", "Table has no partition for value secret",
		    "the table has no partition for a value (error 1526)" },
		{ 1644, "45000", "secret", "raised by a trigger or routine (error 1644)" },
		{ 1300, "HY000", "Invalid utf8mb4 character string: 'secret'",
		    "Invalid utf8mb4 character string (error 1300)" },
		{ 9998, "22018", "Bad thing: 'secret' for column 'c'",
		    "Bad thing for column 'c' (error 9998)" },
		{ 1406, "22001", "Data too long for column 'c' at row 1",
		    "Data too long for column 'c' at row 1 (error 1406)" },
		{ 1146, "42S02", "Table 'a.b' doesn't exist\nmore",
		    "Table 'a.b' doesn't exist (error 1146)" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_str_eq(
		    said(cases[i].number, cases[i].state, cases[i].text), cases[i].said);
}
END_TEST

START_TEST(states_tell_what_the_apply_goes_by)
{
	said(1062, "23000", "Duplicate entry 'x' for key 'u'");
	ck_assert_str_eq(err.sqlstate, "23505");
	said(1452, "23000", "a foreign key constraint fails");
	ck_assert_str_eq(err.sqlstate, "23000");
	said(1213, "40001", "Deadlock found");
	ck_assert_str_eq(err.sqlstate, "40001");
	said(3572, "HY000", "could not be acquired immediately");
	ck_assert_str_eq(err.sqlstate, "55P03");
}
END_TEST

START_TEST(a_read_only_server_is_waited_for)
{
	said(1290, "HY000",
	    "The MySQL server is running with the --read-only option so it cannot execute this "
	    "statement");
	ck_assert_int_eq(err.kind, ERR_RETRY);
	ck_assert_ptr_nonnull(strstr(err.remedy, "primary"));
	said(1290, "HY000",
	    "The MySQL server is running with the --secure-file-priv option so it cannot execute "
	    "this statement");
	ck_assert_int_eq(err.kind, ERR_CONFIG);
	ck_assert_str_eq(err.remedy, "");
}
END_TEST

UNIT_MAIN("my_err", kinds_decide_what_comes_back_by_itself, messages_hold_no_values,
    states_tell_what_the_apply_goes_by, a_read_only_server_is_waited_for)
