/* link: test/fake/no_memory.c */
/* test_binlog_json.c - binary JSON and changes of it. What real servers log is in
 * test_binlog_row.c; here are bytes that no server writes. */
#include "cdc/binlog_json.c"

#include "test/fake/no_memory.h"
#include "test/unit/unit.h"

/* The text of a document, which is also what it has once nothing has been changed in it. */
static const char *
text_of(const void *p, size_t n)
{
	static char text[32768];
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

START_TEST(binlog_json_prints_every_kind_of_value)
{
	ck_assert_str_eq(text_of(BYTES("\x05\x00\x80")), "-32768");
	ck_assert_str_eq(text_of(BYTES("\x06\xff\xff")), "65535");
	ck_assert_str_eq(text_of(BYTES("\x07\x00\x00\x00\x80")), "-2147483648");
	ck_assert_str_eq(text_of(BYTES("\x08\xff\xff\xff\xff")), "4294967295");
	ck_assert_str_eq(text_of(BYTES("\x0b\x9a\x99\x99\x99\x99\x99\xf1\x3f")), "1.1");
	ck_assert_str_eq(text_of(BYTES("\x0b\x9c\x75\x00\x88\x3c\xe4\x37\x7e")), "1e300");
	ck_assert_str_eq(text_of(BYTES("\x0f\xfc\x02\x05\x06")), "\"base64:type252:BQY=\"");
	ck_assert_str_eq(text_of(BYTES("\x0f\xfc\x03\x05\x06\x07")), "\"base64:type252:BQYH\"");
	ck_assert_str_eq(text_of(BYTES("\x0f\xfc\x00")), "\"base64:type252:\"");
	/* in the large form, where integers of 32 bits stand in their entries */
	ck_assert_str_eq(text_of(BYTES("\x03\x03\0\0\0\x17\0\0\0\x07\xff\xff\xff\xff\x08\xff\xff\xff\xff\x06\x07\0\0\0")),
	    "[-1, 4294967295, 7]");
}
END_TEST

START_TEST(binlog_json_escapes_as_the_server_does)
{
	ck_assert_str_eq(text_of(BYTES("\x0c\x0c\x01\x08\t\n\x0b\x0c\r\x0e\x1f\"\\/")),
	    "\"\\u0001\\b\\t\\n\\u000b\\f\\r\\u000e\\u001f\\\"\\\\/\"");
	ck_assert_str_eq(text_of(BYTES("\x0c\x04\x7f\xc3\xa9x")), "\"\x7f\xc3\xa9x\"");
}
END_TEST

/* 76 characters a line; what is known of MySQL is that the last line has none behind it. */
START_TEST(binlog_json_breaks_long_base64)
{
	uint8_t doc[4 + 58] = { 0x0f, 0xfc, 58 };

	ck_assert_uint_eq(strlen(text_of(doc, 3 + 58)), strlen("\"base64:type252:\"") + 76 + 2 + 4);
	ck_assert_str_eq(strchr(text_of(doc, 3 + 58), '\\'), "\\nAA==\"");
	doc[2] = 57;
	ck_assert_ptr_null(strchr(text_of(doc, 3 + 57), '\\'));
}
END_TEST

static const char *
opaque_time(uint8_t field, uint64_t packed)
{
	uint8_t doc[11] = { 0x0f, field, 8 };

	for (int i = 0; i < 8; i++)
		doc[3 + i] = (uint8_t)(packed >> 8 * i);
	return text_of(doc, sizeof(doc));
}

START_TEST(binlog_json_prints_dates_and_times)
{
	const uint64_t day = (uint64_t)((2024 * 13 + 2) << 5 | 29) << 17, time = 13 << 12 | 5 << 6 | 59;

	ck_assert_str_eq(opaque_time(10, day << 24), "\"2024-02-29\"");
	ck_assert_str_eq(opaque_time(11, time << 24 | 7), "\"13:05:59.000007\"");
	ck_assert_str_eq(opaque_time(11, -(time << 24)), "\"-13:05:59.000000\"");
	ck_assert_str_eq(opaque_time(12, (day | time) << 24 | 500000), "\"2024-02-29 13:05:59.500000\"");
	ck_assert_str_eq(opaque_time(7, (day | time) << 24), "\"2024-02-29 13:05:59.000000\"");
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
	refused(BYTES("\x0c"), "cut off");
	refused(BYTES("\x0c\x80"), "cut off");
	refused(BYTES("\x0c\x80\x80\x80\x80\x80\x00"), "cut off"); /* six bytes of length */
	refused(BYTES("\x02\x00\x00\x03\x00"), "cut off"); /* smaller than what says so */
	refused(BYTES("\x02\x01\x00\x0a\x00\x0f\x07\x00\xfc\x05\x00"), "cut off"); /* a value of an array */
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
	refused(BYTES("\x0f\xf6\x04\x42\x01\x81\x05"), "decimal"); /* 66 digits */
	refused(BYTES("\x0f\xf6\x04\x01\x02\x81\x05"), "decimal"); /* more behind the point than in all */
	refused(BYTES("\x0f\xf6\x05\x02\x01\x81\x05\x00"), "decimal"); /* a byte too many */
	refused(BYTES("\x0f\xf6\x04\x02\x01\x8f\x05"), "decimal"); /* a digit of 15 */
	refused(BYTES("\x0f\x0a\x08\xff\xff\xff\xff\xff\xff\xff\xff"), "time");
	refused(BYTES("\x0f\x0b\x08\xff\xff\xff\xff\xff\xff\xff\x7f"), "time");
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
	for (int i = 0; i < 20; i++)
		strings[5 + 3 * i] = 0x0f;
	memcpy(strings + 1 + 0x40, "\xfc\x5a", 2);
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
	ck_assert_str_eq(
	    changed(1, "$.bb[last-9]", BYTES(ONE)), "{\"a\": 1, \"bb\": [1, true, \"xy\"]}");
	ck_assert_str_eq(
	    changed(1, "$.bb[last]", BYTES(ONE)), "{\"a\": 1, \"bb\": [true, 1, \"xy\"]}");
	ck_assert_str_eq(changed(1, "$.\"\\u0041\\u20AC\\uffe5\"", BYTES(ONE)),
	    "{\"a\": 1, \"bb\": [true, \"xy\"], \"A\xe2\x82\xac\xef\xbf\xa5\": 1}");
	ck_assert_str_eq(changed(1, "$.\"\\b\\f\\r\\t\\/\\\\\"", BYTES(ONE)),
	    "{\"a\": 1, \"bb\": [true, \"xy\"], \"\\b\\f\\r\\t/\\\\\": 1}");
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
		"$.\"\\ud800\\u0041\"", "$.\"\\ud800\\ue000\"", "$.\"\\ud800\\\"", "$.\"\\ud800xu0041\"",
		"$.\"\\ud800\\x0041\"", "$.\"\\ud800\\u00g1\"", "$.\"\\udc00\\udc00\"", "$.\"\\ud800\"",
		"$.\"\\u00g0\"", "$.\"\\u00/0\"", "$.\"\\u00:0\"", "$.\"\\u00@0\"", "$.\"\\", "$.\"a\\u1",
		"$.bb[4294967296]", "$.bb[1 ]", "$.bb[last-]", "$.a b", "$.a[0].b", "$.x.y", "$.bb[5][0]", "$.*", "$**.a", "$.bb[*]", "$[1]", "$ .a" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ck_assert_str_eq(changed(0, paths[i], BYTES(ONE)), "refused");
		ck_assert_str_eq(changed(2, paths[i], NULL, 0), "refused");
	}
	ck_assert_str_eq(changed(1, "$", BYTES(ONE)), "refused");
	ck_assert_str_eq(changed(2, "$", NULL, 0), "refused");
	ck_assert_str_eq(changed(1, "$.a", BYTES(ONE)), "refused"); /* there already */
	ck_assert_str_eq(changed(1, "$.a[1]", BYTES(ONE)), "refused");
	ck_assert_str_eq(changed(1, "$.x.y", BYTES(ONE)), "refused");
	ck_assert_str_eq(changed(1, "$.a.y", BYTES(ONE)), "refused");
	ck_assert_str_eq(changed(1, "$.y", BYTES("\x05\x01")), "refused");
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

/* What is applied, or refused: its kind of error, and a word of why. */
static const char *
applied(const void *doc, size_t n, const struct buf *diffs, enum err_kind want)
{
	static char text[4096];
	struct buf out = { 0 };
	struct err err = ERR_INIT;
	const bool ok = binlog_json_apply(doc, n, diffs->p, diffs->n, &out, &err);

	ck_assert_msg(err.kind == want && ok == (want == ERR_NONE), "%s", err.msg);
	snprintf(text, sizeof(text), "%s", ok ? text_of(out.p, out.n) : err.msg);
	buf_done(&out);
	return text;
}

static void
put_n(struct buf *b, uint8_t first, int bytes, uint64_t n)
{
	buf_u8(b, first);
	for (int i = 0; i < bytes; i++)
		buf_u8(b, (uint8_t)(n >> 8 * i));
}

/* Lengths as the client protocol has them: in one byte, or in two, three or eight behind a mark. */
START_TEST(binlog_json_apply_reads_lengths_of_any_width)
{
	static const struct {
		uint8_t first;
		int bytes;
		bool fine;
	} widths[] = { { 3, 0, true }, { 252, 2, true }, { 253, 3, true }, { 254, 8, true }, { 251, 0, false }, { 255, 0, false } };

	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		struct buf diffs = { 0 };

		buf_u8(&diffs, 0);
		put_n(&diffs, widths[i].first, widths[i].bytes, 3);
		buf_str(&diffs, "$.a");
		put_n(&diffs, widths[i].first, widths[i].bytes, 3);
		buf_put(&diffs, BYTES(ONE));
		if (widths[i].fine)
			ck_assert_str_eq(applied(BYTES(DOCUMENT), &diffs, ERR_NONE), "{\"a\": 1, \"bb\": [true, \"xy\"]}");
		else
			ck_assert_ptr_nonnull(strstr(applied(BYTES(DOCUMENT), &diffs, ERR_PROTOCOL), "a path that is cut off"));
		diffs.n = 2;	/* cut in the length itself */
		if (widths[i].bytes > 0)
			ck_assert_ptr_nonnull(strstr(applied(BYTES(DOCUMENT), &diffs, ERR_PROTOCOL), "a path that is cut off"));
		buf_done(&diffs);
	}
}
END_TEST

START_TEST(binlog_json_apply_bounds_keys_and_levels)
{
	struct buf diffs = { 0 };

	put_n(&diffs, 1, 0, 0);
	put_n(&diffs, 253, 3, 2 + 65536);
	buf_str(&diffs, "$.");
	for (int i = 0; i < 65536; i++)
		buf_u8(&diffs, 'k');
	put_n(&diffs, 3, 0, 0);
	buf_put(&diffs, BYTES(ONE));
	ck_assert_ptr_nonnull(strstr(applied(BYTES(DOCUMENT), &diffs, ERR_PROTOCOL), "too long"));
	for (int levels = BINLOG_JSON_MAX_DEPTH + 1; levels <= BINLOG_JSON_MAX_DEPTH + 2; levels++) {
		buf_reset(&diffs);
		put_n(&diffs, 0, 0, 0);
		put_n(&diffs, 252, 2, 1 + 3 * (uint64_t)levels);
		buf_str(&diffs, "$");
		for (int i = 0; i < levels; i++)
			buf_str(&diffs, "[0]");
		put_n(&diffs, 3, 0, 0);
		buf_put(&diffs, BYTES(ONE));
		if (levels == BINLOG_JSON_MAX_DEPTH + 1)
			ck_assert_str_eq(applied(BYTES(DOCUMENT), &diffs, ERR_NONE), "1");
		else
			ck_assert_ptr_nonnull(strstr(applied(BYTES(DOCUMENT), &diffs, ERR_PROTOCOL), "more levels"));
	}
	buf_reset(&diffs);
	buf_put(&diffs, BYTES("\x00\x06$.\"\\\0\"\x03" ONE));	/* a NUL is nothing that may be escaped */
	ck_assert_ptr_nonnull(strstr(applied(BYTES(DOCUMENT), &diffs, ERR_PROTOCOL), "a path that can not be read"));
	buf_done(&diffs);
}
END_TEST

START_TEST(binlog_json_apply_to_documents_of_other_forms)
{
	struct buf diffs = { 0 };
	uint8_t p[100];

	/* no bytes at all: null, which can be replaced */
	ck_assert_str_eq(applied(NULL, 0, &diffs, ERR_NONE), "null");
	buf_put(&diffs, p, diff(p, 0, "$", BYTES(ONE)));
	ck_assert_str_eq(applied(NULL, 0, &diffs, ERR_NONE), "1");
	/* large forms */
	buf_reset(&diffs);
	buf_put(&diffs, p, diff(p, 1, "$[1]", BYTES(ONE)));
	buf_put(&diffs, p, diff(p, 2, "$[0]", NULL, 0));
	ck_assert_str_eq(
	    applied(BYTES("\x03\x01\0\0\0\x0d\0\0\0\x07\xff\xff\xff\xff"), &diffs, ERR_NONE), "[1]");
	/* a key of no bytes, which is there already */
	buf_reset(&diffs);
	buf_put(&diffs, p, diff(p, 1, "$.\"\"", BYTES(ONE)));
	buf_put(&diffs, p, diff(p, 0, "$.\"\"", BYTES("\x05\x02\x00")));
	ck_assert_str_eq(applied(BYTES("\x00\x00\x00\x04\x00"), &diffs, ERR_NONE), "{\"\": 2}");
	/* 4 GB, of which nothing but the first byte is looked at */
	ck_assert_ptr_nonnull(strstr(applied("\x04", UINT32_MAX, &diffs, ERR_LIMIT), "4 GB"));
	buf_done(&diffs);
}
END_TEST

/* Few bytes that stand for many: what would come out is bounded by what came in. */
START_TEST(binlog_json_apply_writes_no_more_than_there_is)
{
	enum { N = 400, LONG = 20000 };
	struct buf doc = { 0 }, diffs = { 0 };
	uint8_t p[100];

	buf_put(&diffs, p, diff(p, 1, "$.b", BYTES(ONE)));
	put_n(&doc, 0x01, 4, N);	/* an object whose keys are all the same 20000 bytes */
	put_n(&doc, (uint8_t)(8 + 11 * N + LONG), 0, 0);
	for (int i = 1; i < 4; i++)
		buf_u8(&doc, (uint8_t)((8 + 11 * N + LONG) >> 8 * i));
	for (int i = 0; i < N; i++) {
		for (int k = 0; k < 4; k++)
			buf_u8(&doc, (uint8_t)((8 + 11 * N) >> 8 * k));
		buf_u8(&doc, (uint8_t)LONG);
		buf_u8(&doc, (uint8_t)(LONG >> 8));
	}
	for (int i = 0; i < N; i++)
		buf_put(&doc, "\x05\0\0\0\0", 5);
	for (int i = 0; i < LONG; i++)
		buf_u8(&doc, 'k');
	ck_assert_ptr_nonnull(strstr(applied(doc.p, doc.n, &diffs, ERR_PROTOCOL), "overlap"));
	/* an array whose strings are */
	buf_reset(&doc);
	buf_reset(&diffs);
	buf_put(&diffs, p, diff(p, 1, "$[0]", BYTES(ONE)));
	put_n(&doc, 0x03, 4, N);
	for (int i = 0; i < 4; i++)
		buf_u8(&doc, (uint8_t)((8 + 5 * N + 3 + LONG) >> 8 * i));
	for (int i = 0; i < N; i++)
		put_n(&doc, 0x0c, 4, 8 + 5 * N);
	buf_u8(&doc, 0x80 | (LONG & 0x7f));
	buf_u8(&doc, 0x80 | (LONG >> 7 & 0x7f));
	buf_u8(&doc, LONG >> 14);
	for (int i = 0; i < LONG; i++)
		buf_u8(&doc, 'x');
	ck_assert_ptr_nonnull(strstr(applied(doc.p, doc.n, &diffs, ERR_PROTOCOL), "overlap"));
	buf_done(&doc);
	buf_done(&diffs);
}
END_TEST

static bool
apply_fresh(const struct buf *diffs, struct err *err)
{
	struct buf out = { 0 };
	const bool ok = binlog_json_apply((const uint8_t *)BYTES(DOCUMENT), diffs->n > 0 ? diffs->p : NULL, diffs->n, &out, err);

	if (ok)
		ck_assert_ptr_nonnull(strstr(text_of(out.p, out.n), ", 1, 1, true, \"xy\"]"));
	buf_done(&out);
	return ok;
}

START_TEST(binlog_json_apply_without_memory_says_so)
{
	struct err err = ERR_INIT;
	struct buf diffs = { 0 };
	uint8_t p[300];
	char path[220] = "$.\"";

	memset(path + 3, 'k', 200);	/* so long that a piece of memory is not enough for all */
	path[203] = '"';
	for (int i = 0; i < 400; i++)
		buf_put(&diffs, p, diff(p, 1, "$.bb[0]", BYTES(ONE)));
	for (int i = 0; i < 80; i++) {
		path[3] = (char)('0' + i);
		if (path[3] != '"' && path[3] != '\\')
			buf_put(&diffs, p, diff(p, 1, path, BYTES(ONE)));
	}
	no_memory_each(apply_fresh(&diffs, &err), &err, 6, );
	buf_done(&diffs);
}
END_TEST

UNIT_MAIN("binlog_json", binlog_json_prints_a_document, binlog_json_refuses_what_is_cut_off,
    binlog_json_refuses_what_is_no_value, binlog_json_holds_offsets_against_the_container,
    binlog_json_does_no_more_work_than_there_are_bytes, binlog_json_has_a_deepest_level,
    binlog_json_apply_changes_what_the_path_names, binlog_json_apply_refuses_what_does_not_fit,
    binlog_json_apply_takes_several_in_their_order, binlog_json_prints_every_kind_of_value,
    binlog_json_escapes_as_the_server_does, binlog_json_breaks_long_base64, binlog_json_prints_dates_and_times,
    binlog_json_apply_reads_lengths_of_any_width, binlog_json_apply_bounds_keys_and_levels,
    binlog_json_apply_to_documents_of_other_forms, binlog_json_apply_writes_no_more_than_there_is,
    binlog_json_apply_without_memory_says_so)
