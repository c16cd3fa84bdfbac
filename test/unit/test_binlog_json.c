/* test_binlog_json.c - binary JSON and changes of it. What real servers log is in
 * test_binlog_row.c; here are bytes that no server writes. */
#include "cdc/binlog_json.c"

#include "test/unit/unit.h"

/* The text of a document, which is also what it has once nothing has been changed in it. */
static const char *
text_of(const void *p, size_t n)
{
	static char text[4096];
	uint8_t *exact = xzalloc(n + 1); /* beyond the end is not ours */
	struct err err = ERR_INIT;
	size_t size, again;

	memcpy(exact, p, n);
	ck_ok(binlog_json_text(exact, n, NULL, &size, &err), &err);
	ck_assert_uint_lt(size, sizeof(text));
	ck_ok(binlog_json_text(exact, n, (uint8_t *)text, &again, &err), &err);
	ck_assert_uint_eq(size, again);
	text[size] = '\0';
	free(exact);
	return text;
}

static void
refused(const void *p, size_t n, const char *why)
{
	uint8_t *exact = xzalloc(n + (n == 0));
	struct err err = ERR_INIT;
	size_t size;

	memcpy(exact, p, n);
	ck_fails(binlog_json_text(exact, n, NULL, &size, &err), &err, ERR_PROTOCOL);
	ck_assert_msg(strstr(err.msg, why) != NULL, "%s: not for %s", err.msg, why);
	free(exact);
}

#define BYTES(s) s, sizeof(s) - 1

/* {"a": 1, "bb": [true, "x"]} as MySQL 9.7 writes it */
#define DOCUMENT                                                                                   \
	"\x00\x02\x00\x23\x00\x12\x00\x01\x00\x13\x00\x02\x00\x05\x01\x00\x02\x15\x00"             \
	"a"                                                                                        \
	"bb"                                                                                       \
	"\x02\x00\x0e\x00\x04\x01\x00\x0c\x0a\x00\x02xy"                                           \
	"\x00\x00"

START_TEST(binlog_json_prints_a_document)
{
	ck_assert_str_eq(text_of(BYTES(DOCUMENT)), "{\"a\": 1, \"bb\": [true, \"xy\"]}");
	ck_assert_str_eq(text_of("", 0), "null");
	ck_assert_str_eq(text_of(BYTES("\x04\x02")), "false");
	ck_assert_str_eq(text_of(BYTES("\x05\xff\xff")), "-1");
	ck_assert_str_eq(
	    text_of(BYTES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff")), "18446744073709551615");
	ck_assert_str_eq(
	    text_of(BYTES("\x09\x00\x00\x00\x00\x00\x00\x00\x80")), "-9223372036854775808");
	ck_assert_str_eq(text_of(BYTES("\x0b\x00\x00\x00\x00\x00\x00\xf0\x3f")), "1.0");
	ck_assert_str_eq(text_of(BYTES("\x00\x00\x00\x04\x00")), "{}");
	ck_assert_str_eq(text_of(BYTES("\x0f\x10\x01\x05")), "\"base64:type16:BQ==\"");
	ck_assert_str_eq(text_of(BYTES("\x0f\xf6\x04\x02\x01\x81\x05")), "1.5");
}
END_TEST

START_TEST(binlog_json_refuses_what_is_cut_off)
{
	for (size_t n = 1; n < sizeof(DOCUMENT) - 3; n++) {
		uint8_t *exact = xzalloc(n);
		struct err err = ERR_INIT;
		struct buf out = { 0 };
		size_t size;

		memcpy(exact, DOCUMENT, n);
		ck_fails(binlog_json_text(exact, n, NULL, &size, &err), &err, ERR_PROTOCOL);
		err = (struct err)ERR_INIT;
		ck_fails(
		    binlog_json_apply(exact, n, (const uint8_t *)BYTES("\x02\x04$.bb"), &out, &err),
		    &err, ERR_PROTOCOL);
		free(exact);
		buf_done(&out);
	}
	refused(BYTES("\x0c\x05"
		      "abcd"),
	    "cut off");
	refused(BYTES("\x0c\xff\xff\xff\xff\xff\xff"), "cut off");
	refused(BYTES("\x0b\x00"), "cut off");
	refused(BYTES("\x0f"), "cut off");
	refused(BYTES("\x0f\x10\x02\x05"), "cut off");
}
END_TEST

START_TEST(binlog_json_refuses_what_is_no_value)
{
	refused(BYTES("\x04\x03"), "literal");
	refused(BYTES("\x0d\x00"), "type");
	refused(BYTES("\x0e\x00"), "type");
	refused(BYTES("\x10\x00"), "type");
	refused(BYTES("\x0b\x00\x00\x00\x00\x00\x00\xf0\x7f"), "double");
	refused(BYTES("\x0c\x01\xff"), "UTF-8");
	refused(BYTES("\x0f\xf6\x01\x02"), "decimal");
	refused(BYTES("\x0f\xf6\x02\x02\x03"), "decimal");
	refused(BYTES("\x0f\x0a\x01\x00"), "time");
	refused(BYTES("\x0f\x0c\x08\xff\xff\xff\xff\xff\xff\xff\x7f"), "time");
}
END_TEST

START_TEST(binlog_json_holds_offsets_against_the_container)
{
	refused(
	    BYTES("\x02\x01\x00\x07\x00\x0c\x06\x00"), "outside"); /* into the table of values */
	refused(
	    BYTES("\x02\x01\x00\x07\x00\x0c\x07\x00\x01x"), "outside"); /* behind the array's end */
	refused(BYTES("\x02\x01\x00\xff\xff\x0c\x07\x00\x01x"), "cut off");
	refused(BYTES("\x02\xff\xff\x08\x00\x0c\x07\x00\x01"), "cut off");
	refused(BYTES("\x03\xff\xff\xff\xff\x08\x00\x00\x00"), "cut off");
	refused(BYTES("\x00\x01\x00\x0c\x00\x0b\x00\x02\x00\x04\x01\x00"
		      "a"),
	    "key"); /* a key of two bytes, one there */
	refused(BYTES("\x00\x01\x00\x0c\x00\x04\x00\x01\x00\x04\x01\x00"
		      "a"),
	    "key"); /* a key inside of the header */
}
END_TEST

/* Levels of arrays, each with two elements that are the same bytes: 2^50 values, if it were done.
 */
START_TEST(binlog_json_does_no_more_work_than_there_are_bytes)
{
	uint8_t doc[1 + 50 * 10 + 4] = { 2 };
	size_t at = 1;

	for (int level = 0; level < 50; level++, at += 10) {
		const size_t left = sizeof(doc) - at;

		memcpy(doc + at,
		    (uint8_t[]){ 2, 0, (uint8_t)left, (uint8_t)(left >> 8), 2, 10, 0, 2, 10, 0 },
		    10);
	}
	memcpy(doc + at, "\x00\x00\x04\x00", 4);
	refused(doc, sizeof(doc), "overlap");
	/* one long string, often */
	uint8_t strings[5 + 20 * 3 + 102] = { 2, 20, 0, sizeof(strings) - 1, 0 };

	for (int i = 0; i < 20; i++)
		memcpy(strings + 5 + 3 * i, "\x0c\x40\x00", 3);
	strings[1 + 0x40] = 100;
	memset(strings + 2 + 0x40, 'x', 100);
	refused(strings, sizeof(strings), "overlap");
}
END_TEST

static size_t
nested(uint8_t *doc, int levels)
{
	size_t at = 1;

	doc[0] = 2;
	for (int i = levels - 1; i > 0; i--, at += 7) {
		const size_t size = 7 * (size_t)i + 4;

		memcpy(
		    doc + at, (uint8_t[]){ 1, 0, (uint8_t)size, (uint8_t)(size >> 8), 2, 7, 0 }, 7);
	}
	memcpy(doc + at, "\x00\x00\x04\x00", 4);
	return at + 4;
}

START_TEST(binlog_json_has_a_deepest_level)
{
	uint8_t doc[2048];

	ck_assert_uint_eq(
	    strlen(text_of(doc, nested(doc, BINLOG_JSON_MAX_DEPTH))), 2 * BINLOG_JSON_MAX_DEPTH);
	refused(doc, nested(doc, BINLOG_JSON_MAX_DEPTH + 1), "levels");
}
END_TEST

/* ---- changes ---- */

/* operation, path, value -> bytes at p */
static size_t
diff(uint8_t *p, uint8_t op, const char *path, const char *value, size_t nvalue)
{
	const size_t npath = strlen(path);

	p[0] = op;
	p[1] = (uint8_t)npath;
	memcpy(p + 2, path, npath);
	if (op == 2)
		return 2 + npath;
	p[2 + npath] = (uint8_t)nvalue;
	memcpy(p + 3 + npath, value, nvalue);
	return 3 + npath + nvalue;
}

static const char *
changed(uint8_t op, const char *path, const char *value, size_t nvalue)
{
	static char text[4096];
	uint8_t diffs[300];
	struct buf out = { 0 };
	struct err err = ERR_INIT;
	const size_t n = diff(diffs, op, path, value, nvalue);

	if (!binlog_json_apply((const uint8_t *)BYTES(DOCUMENT), diffs, n, &out, &err)) {
		ck_assert(err.kind == ERR_PROTOCOL && err.msg[0] != '\0');
		buf_done(&out);
		return "refused";
	}
	snprintf(text, sizeof(text), "%s", text_of(out.p, out.n));
	buf_done(&out);
	return text;
}

#define ONE "\x05\x01\x00"

START_TEST(binlog_json_apply_changes_what_the_path_names)
{
	ck_assert_str_eq(changed(0, "$", BYTES(ONE)), "1");
	ck_assert_str_eq(changed(0, "$.bb", BYTES(ONE)), "{\"a\": 1, \"bb\": 1}");
	ck_assert_str_eq(changed(0, "$.bb[1]", BYTES(ONE)), "{\"a\": 1, \"bb\": [true, 1]}");
	ck_assert_str_eq(changed(0, "$.bb[last]", BYTES(ONE)), "{\"a\": 1, \"bb\": [true, 1]}");
	ck_assert_str_eq(changed(0, "$.bb[last-1]", BYTES(ONE)), "{\"a\": 1, \"bb\": [1, \"xy\"]}");
	ck_assert_str_eq(
	    changed(0, "$[0].\"bb\"[0][0]", BYTES(ONE)), "{\"a\": 1, \"bb\": [1, \"xy\"]}");
	ck_assert_str_eq(
	    changed(0, "$.a", BYTES("\x0c\x02hi")), "{\"a\": \"hi\", \"bb\": [true, \"xy\"]}");
	ck_assert_str_eq(changed(0, "$.a", BYTES("\x00\x00\x00\x04\x00")),
	    "{\"a\": {}, \"bb\": [true, \"xy\"]}");
	ck_assert_str_eq(
	    changed(1, "$.b", BYTES(ONE)), "{\"a\": 1, \"b\": 1, \"bb\": [true, \"xy\"]}");
	ck_assert_str_eq(
	    changed(1, "$.ccc", BYTES(ONE)), "{\"a\": 1, \"bb\": [true, \"xy\"], \"ccc\": 1}");
	ck_assert_str_eq(
	    changed(1, "$.\"\"", BYTES(ONE)), "{\"\": 1, \"a\": 1, \"bb\": [true, \"xy\"]}");
	ck_assert_str_eq(changed(1, "$.\"q\\\"\\u00e9\\ud83d\\ude00\\n\"", BYTES(ONE)),
	    "{\"a\": 1, \"bb\": [true, \"xy\"], \"q\\\"\xc3\xa9\xf0\x9f\x98\x80\\n\": 1}");
	ck_assert_str_eq(
	    changed(1, "$.bb[0]", BYTES(ONE)), "{\"a\": 1, \"bb\": [1, true, \"xy\"]}");
	ck_assert_str_eq(
	    changed(1, "$.bb[2]", BYTES(ONE)), "{\"a\": 1, \"bb\": [true, \"xy\", 1]}");
	ck_assert_str_eq(
	    changed(1, "$.bb[9]", BYTES(ONE)), "{\"a\": 1, \"bb\": [true, \"xy\", 1]}");
	ck_assert_str_eq(changed(2, "$.a", NULL, 0), "{\"bb\": [true, \"xy\"]}");
	ck_assert_str_eq(changed(2, "$.bb[0]", NULL, 0), "{\"a\": 1, \"bb\": [\"xy\"]}");
	ck_assert_str_eq(changed(2, "$.bb[last]", NULL, 0), "{\"a\": 1, \"bb\": [true]}");
}
END_TEST

START_TEST(binlog_json_apply_refuses_what_does_not_fit)
{
	static const char *const paths[] = { "", "a", "$a", "$.", "$.c", "$.a.b", "$.bb[2]",
		"$.bb[", "$.bb[]", "$.bb[1", "$.bb[x]", "$.bb[last", "$.bb[last+1]", "$.bb[last-2]",
		"$.bb[99999999999]", "$.\"a", "$.\"\\x\"", "$.\"\\u12\"", "$.\"\\ud800\"",
		"$.\"\\ud800\\u0041\"", "$.*", "$**.a", "$.bb[*]", "$[1]", "$ .a" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ck_assert_str_eq(changed(0, paths[i], BYTES(ONE)), "refused");
		ck_assert_str_eq(changed(2, paths[i], NULL, 0), "refused");
	}
	ck_assert_str_eq(changed(1, "$", BYTES(ONE)), "refused");
	ck_assert_str_eq(changed(2, "$", NULL, 0), "refused");
	ck_assert_str_eq(changed(1, "$.a", BYTES(ONE)), "refused"); /* there already */
	ck_assert_str_eq(changed(1, "$.a[1]", BYTES(ONE)), "refused");
	ck_assert_str_eq(changed(3, "$.a", BYTES(ONE)), "refused");
	ck_assert_str_eq(changed(0, "$.a", "", 0), "refused");
	ck_assert_str_eq(changed(0, "$.a", BYTES("\x05\x01")), "refused");
	ck_assert_str_eq(changed(0, "$.a", BYTES("\x0d\x01")), "refused");
}
END_TEST

START_TEST(binlog_json_apply_takes_several_in_their_order)
{
	uint8_t diffs[200];
	struct buf out = { 0 };
	struct err err = ERR_INIT;
	size_t n = 0;

	n += diff(diffs + n, 0, "$.a", BYTES("\x02\x00\x00\x04\x00"));
	n += diff(diffs + n, 1, "$.a[0]", BYTES("\x05\x02\x00"));
	n += diff(diffs + n, 1, "$.a[0]", BYTES(ONE));
	n += diff(diffs + n, 2, "$.bb[0]", NULL, 0);
	n += diff(diffs + n, 1, "$.bb[1]", BYTES("\x00\x00\x00\x04\x00"));
	n += diff(diffs + n, 1, "$.bb[1].k", BYTES("\x0b\x00\x00\x00\x00\x00\x00\xf0\x3f"));
	ck_ok(binlog_json_apply((const uint8_t *)BYTES(DOCUMENT), diffs, n, &out, &err), &err);
	ck_assert_str_eq(text_of(out.p, out.n), "{\"a\": [1, 2], \"bb\": [\"xy\", {\"k\": 1.0}]}");
	ck_ok(binlog_json_apply((const uint8_t *)BYTES(DOCUMENT), diffs, 0, &out, &err), &err);
	ck_assert_str_eq(text_of(out.p, out.n), "{\"a\": 1, \"bb\": [true, \"xy\"]}");
	for (size_t cut_at = 1; cut_at < n; cut_at++) { /* a whole number of diffs, or refused */
		err = (struct err)ERR_INIT;
		if (!binlog_json_apply((const uint8_t *)BYTES(DOCUMENT), diffs, cut_at, &out, &err))
			ck_assert(err.kind == ERR_PROTOCOL);
	}
	buf_done(&out);
}
END_TEST

UNIT_MAIN("binlog_json", binlog_json_prints_a_document, binlog_json_refuses_what_is_cut_off,
    binlog_json_refuses_what_is_no_value, binlog_json_holds_offsets_against_the_container,
    binlog_json_does_no_more_work_than_there_are_bytes, binlog_json_has_a_deepest_level,
    binlog_json_apply_changes_what_the_path_names, binlog_json_apply_refuses_what_does_not_fit,
    binlog_json_apply_takes_several_in_their_order)
