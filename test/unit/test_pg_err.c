/* test_pg_err.c - which SQLSTATE is what kind of error, and that no message carries a value. */
#include "endpoints/pg_err.c"

#include "test/unit/unit.h"

START_TEST(pg_err_kind_follows_the_longest_prefix)
{
	static const struct {
		const char *state;
		enum err_kind kind;
	} want[] = { { "", ERR_RETRY }, { "08006", ERR_RETRY }, { "40001", ERR_RETRY },
		{ "40P01", ERR_RETRY }, { "55P03", ERR_RETRY }, { "55006", ERR_RETRY },
		{ "57P01", ERR_RETRY }, { "57014", ERR_RETRY }, { "53100", ERR_RETRY },
		{ "53300", ERR_RETRY }, { "25006", ERR_RETRY }, { "22001", ERR_DATA },
		{ "23505", ERR_DATA }, { "P0001", ERR_DATA }, { "42501", ERR_CONFIG },
		{ "28P01", ERR_CONFIG }, { "3D000", ERR_CONFIG }, { "55000", ERR_CONFIG },
		{ "57P04", ERR_CONFIG }, { "42P01", ERR_SCHEMA }, { "42703", ERR_SCHEMA },
		{ "42804", ERR_SCHEMA }, { "54000", ERR_LIMIT }, { "XX000", ERR_RETRY },
		{ "XX001", ERR_CONFIG }, { "0A000", ERR_CONFIG } };

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		ck_assert_msg(pg_err_kind(want[i].state) == want[i].kind, "%s", want[i].state);
}
END_TEST

START_TEST(pg_err_message_holds_no_value)
{
	static const struct {
		const char *state, *primary, *want;
	} cases[] = {
		{ "22P02", "invalid input syntax for type integer: \"secret\"",
		    "invalid input syntax for type integer" },
		{ "22003", "value \"99999\" is out of range for type smallint",
		    "value \"...\" is out of range for type smallint" },
		{ "22003", "value \"9\"9: \"9\" is out of range", "value \"...\" is out of range" },
		{ "22001", "value too long for type character varying(40)",
		    "value too long for type character varying(40)" },
		{ "22P02", "syntaxe en entr\xc3\xa9""e invalide \xc2\xab secret \xc2\xbb",
		    "invalid text for the type" },
		{ "22021", "invalid byte sequence for encoding \"UTF8\": 0xff 0xfe",
		    "character not in the encoding" },
		{ "P0001", "row 4711 of secret is bad", "raised by a function or trigger" },
		{ "23505", "duplicate key value violates unique constraint \"t_pkey\"",
		    "duplicate key value violates unique constraint \"t_pkey\"" },
		{ "42P01", "relation \"s.t\" does not exist", "relation \"s.t\" does not exist" },
	};
	char out[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		safe_message(cases[i].state, cases[i].primary, out, sizeof(out));
		ck_assert_str_eq(out, cases[i].want);
	}
}
END_TEST

START_TEST(pg_err_detail_is_named_once)
{
	char msg[60] = "null value in column \"email\"";

	add_detail(msg, sizeof(msg), "column", "email");
	ck_assert_str_eq(msg, "null value in column \"email\"");
	add_detail(msg, sizeof(msg), "constraint", "");
	add_detail(msg, sizeof(msg), "table", "person");
	ck_assert_str_eq(msg, "null value in column \"email\", table \"person\"");
	add_detail(msg, sizeof(msg), "constraint", "a_name_that_does_not_fit_any_more");
	ck_assert_uint_eq(strlen(msg), sizeof(msg) - 1);
}
END_TEST

START_TEST(pg_err_finds_the_sqlstate_of_the_last_address)
{
	const char *text = NULL;
	char state[6] = "";

	ck_assert(!find_sqlstate("could not connect: Connection refused\n", state, &text));
	ck_assert(!find_sqlstate("FATAL:  no state here\n", state, &text));
	ck_assert(find_sqlstate("connection to \"a\" failed: FATAL:  57P03: starting\nLOCATION:  x\n"
				"connection to \"b\" failed: FATAL:  28P01: wrong\nLOCATION:  y\n",
	    state, &text));
	ck_assert_str_eq(state, "28P01");
	ck_assert(strncmp(text, "wrong\n", 6) == 0);
}
END_TEST

/* Else it would be tried again without end. */
START_TEST(pg_err_knows_a_row_that_no_server_can_hold)
{
	unsigned long long n = 0;

	ck_assert(too_large("XX000", "invalid memory alloc request size 1200000003", "", &n));
	ck_assert_uint_eq(n, 1200000003);
	ck_assert(too_large("54000", "out of memory",
	    "Cannot enlarge string buffer containing 900000000 bytes by 200000000 more bytes.", &n));
	ck_assert_uint_eq(n, 1100000000);
	ck_assert(!too_large("XX000", "cache lookup failed for type 7", "", &n));
	ck_assert(!too_large("54000", "row is too big: size 8184, maximum size 8160", "", &n));
	ck_assert(!too_large("53200", "out of memory", "Failed on request of size 8.", &n));
}
END_TEST

UNIT_MAIN("pg_err", pg_err_kind_follows_the_longest_prefix, pg_err_message_holds_no_value,
    pg_err_detail_is_named_once, pg_err_finds_the_sqlstate_of_the_last_address,
    pg_err_knows_a_row_that_no_server_can_hold)
