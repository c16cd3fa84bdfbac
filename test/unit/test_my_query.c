/* test_my_query.c - quoting and templates of statements for MySQL and MariaDB; and what a server's greeting says of TLS. */
#include "endpoints/my_query.c"

#include "test/unit/unit.h"

static struct buf b;

static const char *
made(const char *sql, int n, const char *const *params)
{
	buf_reset(&b);
	my_template(&b, sql, n, params);
	return buf_cstr(&b);
}

START_TEST(literals_hold_any_text)
{
	buf_reset(&b);
	my_literal_bytes(&b, "a'b\\c\0d\"\xc3\xa9", 10);
	ck_assert_str_eq(buf_cstr(&b), "'a\\'b\\\\c\\0d\"\xc3\xa9'");
	buf_reset(&b);
	my_ident2(&b, "a`b", "c");
	ck_assert_str_eq(buf_cstr(&b), "`a``b`.`c`");
	buf_reset(&b);
	my_hex(&b, "\0\xff", 2);
	ck_assert_str_eq(buf_cstr(&b), "X'00ff'");
}
END_TEST

START_TEST(templates_take_texts_and_numbers)
{
	const char *params[] = { "it's", "-42", NULL, "a", "a", "a", "a", "a", "a", "ten" };

	ck_assert_str_eq(made("SELECT $1, #2, $3, #3, $10, $1", 10, params),
	    "SELECT 'it\\'s', -42, NULL, NULL, 'ten', 'it\\'s'");
	ck_assert_str_eq(made("SELECT '$', #, $0", 1, params), "SELECT '$', #, $0");
}
END_TEST

START_TEST(a_statement_without_parameters_stays_as_it_is)
{
	ck_assert_str_eq(made("SELECT '$1 #2'", 0, NULL), "SELECT '$1 #2'");
}
END_TEST

START_TEST(texts_that_were_lost_make_no_statement)
{
	const char *const params[] = { "1" };
	struct buf lost = { .bad = true }, out = { 0 };
	const char *const lost_params[] = { buf_cstr(&lost) };

	my_template(&out, buf_cstr(&lost), 0, NULL);
	ck_assert(out.bad);
	buf_reset(&out);
	my_template(&out, buf_cstr(&lost), 1, params);
	ck_assert(out.bad);
	buf_reset(&out);
	my_template(&out, "SELECT $1", 1, lost_params);
	ck_assert(out.bad);
	buf_done(&out);
}
END_TEST

UNIT_MAIN("my_query", texts_that_were_lost_make_no_statement, literals_hold_any_text, templates_take_texts_and_numbers,
    a_statement_without_parameters_stays_as_it_is)
