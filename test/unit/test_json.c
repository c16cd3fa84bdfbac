/* test_json.c - the pull parser on texts that are JSON and on texts that are not. */
#include "cdc/json.c"

#include <stdlib.h>

#include "test/unit/unit.h"

/* The text in memory of exactly its size; the caller frees it. */
static char *
exact(const char *text, size_t n)
{
	char *copy = malloc(n > 0 ? n : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, n);
	return copy;
}

static bool
skips(const char *text, size_t n)
{
	char *copy = exact(text, n);
	struct json j = json_init(copy, n);
	bool ok;

	json_skip(&j);
	ok = json_end(&j);
	ck_assert(ok == !j.bad);
	ck_assert_uint_le(j.off, n);
	free(copy);
	return ok;
}

START_TEST(json_takes_what_is_json)
{
	static const char *const good[] = { "0", "-0", "1", "-12.50e+7", "1e-7", "1E9", "0.1", "true", "false", "null", "\"\"", "\"a\"", "[]", "{}", " [ ] ",
		"[1,2]", "[[],{}]", "{\"a\":1}", "{\"a\":{\"b\":[null,{\"c\":\"}\"}]},\"d\":[]}", "\t\n\r 1 \n", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"",
		"\"\\ud83d\\uDE00\"", "\"\x7f \xc3\xa9 \xff\"", "[\"]\",\"}\"]" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!skips(good[i], strlen(good[i])))
			ck_abort_msg("refused: %s", good[i]);
}
END_TEST

START_TEST(json_refuses_what_is_not)
{
	static const char *const bad[] = { "", " ", "-", "01", "1.", ".5", "1e", "1e+", "+1", "0x1", "1 2", "tru", "truex", "nul", "nulx", "NULL", "NaN", "\"",
		"\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u0000\"", "\"\\ud83d\"", "\"\\ud83dx\"", "\"\\ud83d\\u0041\"", "\"\\ude00\"",
		"\"\\ud83dxu0041xx\"", "\"\\ud83d\\n12345\"", "\"\\ud83d\\uzzzz\"", "\"\\u12/4\"", "\"\\u12:4\"", "\"\\u12@4\"",
		"\"a\nb\"", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}",
		"{\"a\" 1}", "{\"a\",1}", "{,}", "}", "[}", "{]", "[1}", "{\"a\":1]", "[1]]", "{}{}", "1,2", "'a'" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (skips(bad[i], strlen(bad[i])))
			ck_abort_msg("taken: %s", bad[i]);
	ck_assert(!skips("\"\\\0\"", 4) && !skips("\"a\0\"", 4) && !skips("1\0", 2));
}
END_TEST

START_TEST(json_refuses_each_cut_of_a_text)
{
	static const char text[] = "{\"a\":[1,-2.5e3,\"x\\u00e9\\ud83d\\ude00\\n\",true,false,null],\"b\":{\"c\":{}}}";

	for (size_t n = 0; n < sizeof(text) - 1; n++)
		ck_assert_msg(!skips(text, n), "taken: the first %zu bytes", n);
	ck_assert(skips(text, sizeof(text) - 1));
}
END_TEST

START_TEST(json_has_a_greatest_depth)
{
	char text[2 * (JSON_MAX_DEPTH + 1)];

	memset(text, '[', JSON_MAX_DEPTH);
	memset(text + JSON_MAX_DEPTH, ']', JSON_MAX_DEPTH);
	ck_assert(skips(text, (size_t)2 * JSON_MAX_DEPTH));
	memset(text, '[', JSON_MAX_DEPTH + 1);
	memset(text + JSON_MAX_DEPTH + 1, ']', JSON_MAX_DEPTH + 1);
	ck_assert(!skips(text, (size_t)2 * (JSON_MAX_DEPTH + 1)));
}
END_TEST

START_TEST(json_is_pulled_in_the_order_of_the_text)
{
	static const char text[] = "{\"n\":-1.50,\"s\":\"a\\\"b\",\"l\":[true,false,null],\"o\":{\"x\":1,\"y\":[{}]}}";
	struct json j = json_init(text, sizeof(text) - 1);
	struct json_text key, s;
	struct slice n;
	uint8_t out[16];

	json_object(&j);
	ck_assert(json_member(&j, &key) && json_text_is(&key, "n"));
	ck_assert_int_eq(json_peek(&j), JSON_NUMBER);
	n = json_number(&j);
	ck_assert_mem_eq(n.p, "-1.50", n.n);
	ck_assert_uint_eq(n.n, 5);
	ck_assert(json_member(&j, &key) && json_text_is(&key, "s"));
	s = json_str(&j);
	ck_assert(s.escaped && json_text_is(&s, "a\"b") && !json_text_is(&s, "a\"") && !json_text_is(&s, "a\"bc"));
	ck_assert_uint_eq(json_unescape(&s, out), 3);
	ck_assert_mem_eq(out, "a\"b", 3);
	ck_assert(json_member(&j, &key) && json_text_is(&key, "l"));
	json_array(&j);
	ck_assert(json_item(&j) && json_bool(&j) && json_item(&j) && !json_bool(&j) && json_item(&j));
	json_null(&j);
	ck_assert(!json_item(&j) && !j.bad);
	ck_assert(json_member(&j, &key) && json_text_is(&key, "o"));
	ck_assert(!key.escaped && json_unescape(&key, out) == 1 && out[0] == 'o');
	ck_assert(!json_text_is(&key, "oo") && !json_text_is(&key, "") && !json_text_is(&key, "p"));
	json_skip(&j);
	ck_assert(!json_member(&j, &key) && json_end(&j));
}
END_TEST

/* Failure sticks: nothing comes after it, whatever is asked for. */
START_TEST(json_gives_nothing_after_a_failure)
{
	static const char text[] = "[1,2]";
	struct json j = json_init(text, sizeof(text) - 1);
	struct json_text key;

	json_array(&j);
	ck_assert(json_item(&j));
	ck_assert_ptr_null(json_str(&j).p);
	ck_assert(j.bad && j.bad_at == 1);
	ck_assert(!json_item(&j) && !json_member(&j, &key) && json_number(&j).n == 0 && !json_bool(&j) && json_peek(&j) == JSON_BAD);
	json_skip(&j);
	json_null(&j);
	ck_assert(!json_end(&j) && j.bad_at == 1);
}
END_TEST

/* Of objects and arrays: asked for members where none is open, and ended where one still is. */
START_TEST(json_minds_what_is_open)
{
	struct json closed = json_init("1", 1), open = json_init("[", 1), both = json_init("[]", 2);
	struct json_text key = { .p = NULL };
	char none;

	ck_assert(!json_member(&closed, &key) && closed.bad && closed.bad_at == 0);
	ck_assert(!json_text_is(&key, ""));	/* nothing is not the empty text */
	ck_assert_uint_eq(json_unescape(&key, (uint8_t *)&none), 0);
	json_array(&open);
	ck_assert(!json_end(&open) && open.bad && open.bad_at == 1);
	json_array(&both);
	ck_assert(!json_item(&both) && json_end(&both));
	ck_assert(!json_item(&both) && both.bad);
	json_object(&both);
	ck_assert(both.bad_at == 2 && json_number(&(struct json){ .p = (const uint8_t *)"", .n = 0 }).n == 0);
}
END_TEST

START_TEST(json_unescapes_each_length_of_utf8)
{
	static const char text[] = "\"\\u0001\\u007f\\u0080\\u07ff\\u0800\\uffff\\ud800\\udc00\\udbff\\udfff/\\/\"";
	static const char want[] = "\x01\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf//";
	struct json j = json_init(text, sizeof(text) - 1);
	const struct json_text t = json_str(&j);
	uint8_t out[sizeof(text)];

	ck_assert(json_end(&j));
	ck_assert_uint_eq(json_unescape(&t, out), sizeof(want) - 1);
	ck_assert_mem_eq(out, want, sizeof(want) - 1);
	ck_assert(json_text_is(&t, want));
}
END_TEST

UNIT_MAIN("json", json_takes_what_is_json, json_refuses_what_is_not, json_refuses_each_cut_of_a_text, json_has_a_greatest_depth,
    json_is_pulled_in_the_order_of_the_text, json_gives_nothing_after_a_failure, json_minds_what_is_open, json_unescapes_each_length_of_utf8)
