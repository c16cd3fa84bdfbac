/* link: test/fake/no_memory.c */
/* test_gtid.c - identifiers and sets of them: text, arithmetic, the servers' binary forms. The bytes
 * of PREVIOUS_GTIDS and GTID_LIST are those of MySQL 9.7 and MariaDB 10.11. */
#include "cdc/gtid.c"

#include "test/fake/no_memory.h"
#include "test/unit/unit.h"

#define U1 "11111111-2222-3333-4444-555555555555"
#define U2 "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"

static struct gtid_set *
set_of(enum gtid_flavour flavour, const char *text)
{
	struct err err = ERR_INIT;
	struct gtid_set *s = gtid_set_parse(flavour, text, &err);

	if (s == NULL)
		ck_abort_msg("\"%s\": %s", text, err.msg);
	return s;
}

static struct gtid_set *
mysql(const char *text)
{
	return set_of(GTID_MYSQL, text);
}

static void
expect_text(const struct gtid_set *s, const char *want)
{
	struct buf b = { 0 };

	gtid_set_text(s, &b);
	ck_assert_str_eq(buf_cstr(&b), want);
	buf_done(&b);
}

static void
expect_set(struct gtid_set *take_s, const char *want)
{
	expect_text(take_s, want);
	gtid_set_free(take_s);
}

static struct gtid
one(const char *text)
{
	struct err err = ERR_INIT;
	struct gtid g;

	ck_ok(gtid_parse(text, &g, &err), &err);
	return g;
}

START_TEST(gtid_text_and_back)
{
	static const char *const texts[] = { U1 ":1", U1 ":tag_1:9223372036854775806", "0-1-5",
		"4294967295-4294967295-18446744073709551615" };
	char out[GTID_TEXT];
	struct gtid none = { 0 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct gtid g = one(texts[i]);

		ck_assert_str_eq(gtid_text(&g, out), texts[i]);
	}
	ck_assert_str_eq(gtid_text(&none, out), "-");
	none = one("AAAAAAAA-bbbb-cccc-dddd-eeeeeeeeeeee:TaG:7");
	ck_assert_str_eq(gtid_text(&none, out), U2 ":tag:7");
}
END_TEST

START_TEST(gtid_longest_text_fits)
{
	char out[GTID_TEXT], text[GTID_TEXT];
	struct gtid g;

	snprintf(
	    text, sizeof(text), U1 ":%s:9223372036854775806", "a2345678901234567890123456789012");
	g = one(text);
	ck_assert_str_eq(gtid_text(&g, out), text);
}
END_TEST

START_TEST(gtid_refuses_what_is_none)
{
	static const char *const texts[] = { "", " ", "x", U1, U1 ":", U1 ":0", U1 ":-1", U1 ":1-2",
		U1 ":1:", U1 ":9223372036854775807", U1 ":18446744073709551617", U1 ":tag",
		U1 ":1tag:5", U1 ":a:b:5", U1 ":a23456789012345678901234567890123:5",
		"1111111-2222-3333-4444-555555555555:1", "11111111222233334444555555555555:1",
		"g1111111-2222-3333-4444-555555555555:1", U1 "-1:5", U1 ":{:5", "0-1", "0-1-", "0-1-5-6", "0-1-5,0-1-6",
		"4294967296-1-1", "0-4294967296-1", "0-1-18446744073709551616",
		"0-1-184467440737095516100", "0--5", "-1-1-1" };
	struct err err = ERR_INIT;
	struct gtid g;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_fails(gtid_parse(texts[i], &g, &err), &err, ERR_CONFIG);
}
END_TEST

START_TEST(gtid_set_merges_and_orders)
{
	expect_set(mysql(""), "");
	expect_set(mysql(" \n"), "");
	expect_set(mysql("\t" U1 ":1\r\n,\t" U2 "\r: 2 "), U1 ":1," U2 ":2");
	expect_set(mysql(U2 ":5," U1 ":1-3:4:6-7:10"), U1 ":1-4:6-7:10," U2 ":5");
	expect_set(mysql(U1 ":10:1:5:3:2:4"), U1 ":1-5:10");
	expect_set(mysql(U1 ":1-10:3-4:8-20"), U1 ":1-20");
	expect_set(mysql(U1 ":5-6:1-2:3-4"), U1 ":1-6");
	expect_set(mysql(U1 ":2-3:6-7:10-11:1-20"), U1 ":1-20");
	expect_set(mysql(U1 ":1 - 3 :\n 5,\n" U1 " : 4"), U1 ":1-5");
	expect_set(mysql(U1 ":1-3:b:5:a:1:2:B:6"), U1 ":1-3:a:1-2:b:5-6");
	expect_set(mysql(U1 ":b:5," U2 ":1," U1 ":7"), U1 ":7:b:5," U2 ":1");
	expect_set(mysql(U1 ":9223372036854775806"), U1 ":9223372036854775806");
}
END_TEST

START_TEST(gtid_set_refuses_what_is_none)
{
	static const char *const texts[] = { "x", U1, U1 ":", U1 ":0", U1 ":5-4", U1 ":1-",
		U1 ":-5", U1 ":tag", U1 ":1:tag",
		U1 ":a23456789012345678901234567890123:5", U1 ":1 " U2 ":1", U1 ":1;2", "0-1-5",
		U1 ":1-9223372036854775807" };
	static const char *const domains[] = { "x", "0-1", "0-1-5 1-1-1", "0-1-5,0-2-6", U1 ":1",
		"0-1-5,,1-1-1" };
	struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_fails(gtid_set_parse(GTID_MYSQL, texts[i], &err) != NULL, &err, ERR_CONFIG);
	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
		ck_fails(gtid_set_parse(GTID_MARIADB, domains[i], &err) != NULL, &err, ERR_CONFIG);
}
END_TEST

START_TEST(gtid_text_tells_its_flavour)
{
	ck_assert_int_eq(gtid_text_flavour(U1 ":1-5:7"), GTID_MYSQL);
	ck_assert_int_eq(gtid_text_flavour(U1 ":x:1"), GTID_MYSQL);
	ck_assert_int_eq(gtid_text_flavour("0-1-5"), GTID_MARIADB);
	ck_assert_int_eq(gtid_text_flavour("0-1-5, 1-1-7"), GTID_MARIADB);
	ck_assert_int_eq(gtid_text_flavour(""), 0);
	ck_assert_int_eq(gtid_text_flavour("0/16B3748"), 0);
	ck_assert_int_eq(gtid_text_flavour("mysql-bin.000001:4"), 0);
	ck_assert_int_eq(gtid_text_flavour(U1), 0);
	ck_assert_int_eq(gtid_text_flavour(U1 ".000001:4"), 0);
	ck_assert_int_eq(gtid_text_flavour(" \n" U1 " :1"), GTID_MYSQL);
	ck_assert_int_eq(gtid_text_flavour(" 0-1-5 "), GTID_MARIADB);
	ck_assert_int_eq(gtid_text_flavour("0-1-5.000001:4"), 0);
	ck_assert_int_eq(gtid_text_flavour("0-1-5 1-1-1"), 0);
	/* whose it is shows at its beginning; that it is none, where it is read */
	ck_assert_int_eq(gtid_text_flavour("0-1-5,0-1-6"), GTID_MARIADB);
	ck_assert_int_eq(gtid_text_flavour(U1 ":5-4"), GTID_MYSQL);
}
END_TEST

START_TEST(gtid_set_add_joins_runs)
{
	struct gtid_set *s = mysql("");
	struct err err = ERR_INIT;
	const char *const steps[][2] = { { U1 ":5", U1 ":5" }, { U1 ":6", U1 ":5-6" },
		{ U1 ":4", U1 ":4-6" }, { U1 ":8", U1 ":4-6:8" }, { U1 ":7", U1 ":4-8" },
		{ U1 ":6", U1 ":4-8" }, { U2 ":1", U1 ":4-8," U2 ":1" },
		{ U1 ":t:1", U1 ":4-8:t:1," U2 ":1" } };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct gtid_run run = { .first = one(steps[i][0]) };

		run.last = run.first.number;
		ck_assert(gtid_set_has(s, &run.first) == (i == 5));
		ck_ok(gtid_set_add(s, &run, &err), &err);
		ck_assert(gtid_set_has(s, &run.first));
		expect_text(s, steps[i][1]);
	}
	gtid_set_free(s);
}
END_TEST

START_TEST(gtid_mariadb_position_keeps_the_last_of_a_domain)
{
	struct gtid_set *s = set_of(GTID_MARIADB, "7-1-5,0-1-100");
	struct gtid_run run = { .first = one("0-2-101"), .last = 101 };
	struct gtid g;
	struct err err = ERR_INIT;

	expect_text(s, "0-1-100,7-1-5");
	ck_assert(!gtid_set_has(s, &run.first));
	ck_ok(gtid_set_add(s, &run, &err), &err);
	run.first = one("3-1-1");
	run.last = 1;
	ck_ok(gtid_set_add(s, &run, &err), &err);
	expect_text(s, "0-2-101,3-1-1,7-1-5");
	g = one("0-9-101");
	ck_assert(gtid_set_has(s, &g));
	g = one("0-2-102");
	ck_assert(!gtid_set_has(s, &g));
	g = one("4-1-1");
	ck_assert(!gtid_set_has(s, &g));
	g = one(U1 ":1");
	ck_assert(!gtid_set_has(s, &g));
	gtid_set_free(s);
}
END_TEST

static void
expect_contains(enum gtid_flavour f, const char *a, const char *b, bool want)
{
	struct gtid_set *sa = set_of(f, a), *sb = set_of(f, b);

	if (gtid_set_contains(sa, sb) != want)
		ck_abort_msg("\"%s\" contains \"%s\": %d", a, b, !want);
	gtid_set_free(sa);
	gtid_set_free(sb);
}

START_TEST(gtid_set_contains_its_parts_only)
{
	expect_contains(GTID_MYSQL, "", "", true);
	expect_contains(GTID_MYSQL, U1 ":1", "", true);
	expect_contains(GTID_MYSQL, "", U1 ":1", false);
	expect_contains(GTID_MYSQL, U1 ":1-5:7-9", U1 ":2-3:8", true);
	expect_contains(GTID_MYSQL, U1 ":1-5:7-9", U1 ":5-7", false);
	expect_contains(GTID_MYSQL, U1 ":1-5:7-9", U1 ":6", false);
	expect_contains(GTID_MYSQL, U1 ":1-5", U1 ":t:1", false);
	expect_contains(GTID_MYSQL, U1 ":1-5:t:1", U1 ":t:1", true);
	expect_contains(GTID_MYSQL, U1 ":1-5", U2 ":1", false);
	expect_contains(GTID_MARIADB, "0-1-5,1-1-1", "0-2-5", true);
	expect_contains(GTID_MARIADB, "0-1-5,1-1-1", "0-1-6", false);
	expect_contains(GTID_MARIADB, "0-1-5", "1-1-1", false);
	expect_contains(GTID_MARIADB, "0-1-5", "", true);
}
END_TEST

static void
expect_minus(const char *a, const char *b, const char *want)
{
	struct gtid_set *sa = mysql(a), *sb = mysql(b);
	struct err err = ERR_INIT;

	expect_set(gtid_set_minus(sa, sb, &err), want);
	gtid_set_free(sa);
	gtid_set_free(sb);
}

START_TEST(gtid_set_minus_leaves_what_is_missing)
{
	expect_minus(U1 ":1-10", "", U1 ":1-10");
	expect_minus(U1 ":1-10", U1 ":1-10", "");
	expect_minus(U1 ":1-10", U1 ":1-20", "");
	expect_minus(U1 ":1-10", U1 ":4-6", U1 ":1-3:7-10");
	expect_minus(U1 ":1-10", U1 ":1-3:10", U1 ":4-9");
	expect_minus(U1 ":1-3:5-7:9-11", U1 ":2-10", U1 ":1:11");
	expect_minus(U1 ":1-3," U2 ":1-3", U1 ":1-5", U2 ":1-3");
	expect_minus(U1 ":1-3:t:1-2", U1 ":t:2", U1 ":1-3:t:1");
	expect_minus(U1 ":5", U1 ":1-4:6-9," U2 ":5", U1 ":5");
}
END_TEST

START_TEST(gtid_set_copy_and_add_all)
{
	struct gtid_set *a = mysql(U1 ":1-3:7:t:2"), *b = mysql(U1 ":4-6," U2 ":9"), *c;
	struct err err = ERR_INIT;

	c = gtid_set_copy(a, &err);
	ck_assert(gtid_set_equal(a, c) && !gtid_set_equal(a, b));
	ck_ok(gtid_set_add_all(c, b, &err), &err);
	expect_set(c, U1 ":1-7:t:2," U2 ":9");
	expect_text(a, U1 ":1-3:7:t:2");
	gtid_set_free(a);
	gtid_set_free(b);
	a = set_of(GTID_MARIADB, "0-1-5");
	b = gtid_set_copy(a, &err);
	ck_assert(
	    gtid_set_equal(a, b) && gtid_set_flavour(b) == GTID_MARIADB && !gtid_set_empty(b));
	gtid_set_free(b);
	b = set_of(GTID_MARIADB, "0-2-5");
	ck_assert(!gtid_set_equal(a, b));
	gtid_set_free(b);
	gtid_set_free(a);
	gtid_set_free(NULL);
}
END_TEST

static void
expect_equal(enum gtid_flavour fa, const char *a, enum gtid_flavour fb, const char *b, bool want)
{
	struct gtid_set *sa = set_of(fa, a), *sb = set_of(fb, b);

	if (gtid_set_equal(sa, sb) != want || gtid_set_equal(sb, sa) != want)
		ck_abort_msg("\"%s\" equal \"%s\": %d", a, b, !want);
	gtid_set_free(sa);
	gtid_set_free(sb);
}

START_TEST(gtid_set_equal_means_all_of_it)
{
	expect_equal(GTID_MYSQL, "", GTID_MYSQL, "", true);
	expect_equal(GTID_MYSQL, "", GTID_MARIADB, "", false);
	expect_equal(GTID_MYSQL, U1 ":1-3:7", GTID_MYSQL, U1 ":7:1-3", true);
	expect_equal(GTID_MYSQL, U1 ":1-3:7", GTID_MYSQL, U1 ":1-3:8", false);
	expect_equal(GTID_MYSQL, U1 ":1-3:7", GTID_MYSQL, U1 ":1-3", false);
	expect_equal(GTID_MYSQL, U1 ":1-3", GTID_MYSQL, U2 ":1-3", false);
	expect_equal(GTID_MYSQL, U1 ":1-3", GTID_MYSQL, U1 ":t:1-3", false);
	expect_equal(GTID_MYSQL, U1 ":1," U2 ":1", GTID_MYSQL, U1 ":1", false);
	expect_equal(GTID_MARIADB, "0-1-5,1-1-7", GTID_MARIADB, "1-1-7,0-1-5", true);
	expect_equal(GTID_MARIADB, "0-1-5,1-1-7", GTID_MARIADB, "0-1-5,1-2-7", false);
	expect_equal(GTID_MARIADB, "0-1-5,1-1-7", GTID_MARIADB, "0-1-5", false);
}
END_TEST

/* Against a bitmap: what is in it is what the set has, whatever the order of its making. */
START_TEST(gtid_set_agrees_with_a_bitmap)
{
	struct err err = ERR_INIT;
	uint32_t seed = 12345;

	for (int round = 0; round < 300; round++) {
		struct gtid_set *s = mysql("");
		bool have[64] = { false };

		for (int step = 0; step < 12; step++) {
			struct gtid_run run = { .first = one(U1 ":1") };

			seed = seed * 1103515245 + 12345;
			run.first.number = 1 + (seed >> 16) % 60;
			run.last = run.first.number + (seed >> 8) % 4;
			ck_ok(gtid_set_add(s, &run, &err), &err);
			for (uint64_t v = run.first.number; v <= run.last; v++)
				have[v] = true;
		}
		for (uint64_t v = 1; v < 64; v++) {
			struct gtid g = one(U1 ":1");

			g.number = v;
			ck_assert(gtid_set_has(s, &g) == have[v]);
		}
		for (size_t i = 1; i < s->sources[0].n; i++)
			ck_assert(s->sources[0].iv[i].first > s->sources[0].iv[i - 1].last + 1);
		gtid_set_free(s);
	}
}
END_TEST

/* ---- binary forms ---- */

static const uint8_t previous[] = { 0x01, 0x02, 0, 0, 0, 0, 0, 0x01, 0xb5, 0x73, 0x04, 0xa2, 0xe6,
	0x86, 0x11, 0xf1, 0x96, 0x7b, 0x02, 0xfc, 0, 0, 0, 0x01, 0x00, 0x01, 0, 0, 0, 0, 0, 0, 0,
	0x01, 0, 0, 0, 0, 0, 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0xb5, 0x73, 0x04, 0xa2, 0xe6, 0x86,
	0x11, 0xf1, 0x96, 0x7b, 0x02, 0xfc, 0, 0, 0, 0x01, 0x08, 't', 'a', 'g', '1', 0x01, 0, 0, 0,
	0, 0, 0, 0, 0x01, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0 };

static void
expect_decoded(const uint8_t *p, size_t n, const char *want)
{
	struct err err = ERR_INIT;
	struct gtid_set *s = gtid_set_decode(p, n, &err);
	struct buf b = { 0 };

	if (s == NULL)
		ck_abort_msg("%s", err.msg);
	expect_text(s, want);
	gtid_set_encode(s, &b);
	ck_assert_uint_eq(b.n, n);
	ck_assert(memcmp(b.p, p, n) == 0);
	buf_done(&b);
	gtid_set_free(s);
}

START_TEST(gtid_set_reads_and_writes_the_servers_bytes)
{
	uint8_t plain[8 + 16 + 8 + 16] = { 1 };

	expect_decoded(
	    previous, sizeof(previous), "b57304a2-e686-11f1-967b-02fc00000001:1-47:tag1:1");
	memcpy(plain + 8, previous + 8, 16);
	plain[24] = 1;
	plain[32] = 1;
	plain[40] = 4;
	expect_decoded(plain, sizeof(plain), "b57304a2-e686-11f1-967b-02fc00000001:1-3");
	expect_decoded((const uint8_t[8]){ 0 }, 8, "");
}
END_TEST

static struct gtid_set *
decode_copy(const uint8_t *p, size_t n, struct err *err)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);
	struct gtid_set *s;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, p, n);
	s = gtid_set_decode(copy, n, err);
	free(copy);
	return s;
}

START_TEST(gtid_set_refuses_broken_bytes)
{
	struct err err = ERR_INIT;
	uint8_t bytes[sizeof(previous) + 1] = { 0 };

	for (size_t n = 0; n < sizeof(previous); n++)
		ck_fails(decode_copy(previous, n, &err) != NULL, &err, ERR_PROTOCOL);
	memcpy(bytes, previous, sizeof(previous));
	ck_fails(decode_copy(bytes, sizeof(bytes), &err) != NULL, &err, ERR_PROTOCOL);
	for (size_t at = 0; at < sizeof(previous); at++)
		for (int v = 0; v < 256; v += 51) {
			struct gtid_set *s;

			memcpy(bytes, previous, sizeof(previous));
			bytes[at] = (uint8_t)v;
			s = decode_copy(bytes, sizeof(previous), &err);
			gtid_set_free(s);
		}
	memcpy(bytes, previous, sizeof(previous));
	memset(bytes + 41, 0xff, 8); /* the last number is none */
	ck_fails(decode_copy(bytes, sizeof(previous), &err) != NULL, &err, ERR_PROTOCOL);
	bytes[0] = 0; /* another form at the low end than at the high one */
	memcpy(bytes + 1, previous + 1, sizeof(previous) - 1);
	ck_fails(decode_copy(bytes, sizeof(previous), &err) != NULL, &err, ERR_PROTOCOL);
}
END_TEST

/* A tag's bytes are what the server wrote: lower case, a letter first, no longer than 32. */
START_TEST(gtid_set_refuses_tags_that_no_server_writes)
{
	struct { uint8_t len; const char *tag; bool fine; } tags[] = {
		{ 8, "tag1", true }, { 4, "_9", true }, { 2, "z", true },
		{ 64, "a2345678901234567890123456789012", true }, { 66, "a23456789012345678901234567890123", false },
		{ 8, "Tag1", false }, { 8, "taG1", false }, { 8, "1tag", false }, { 8, "ta-g", false }, { 8, "ta{1", false },
		{ 9, "tag1", false } };

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		struct buf b = { 0 };
		struct err err = ERR_INIT;
		struct gtid_set *s;

		buf_put(&b, "\1\1\0\0\0\0\0\1", 8);
		buf_put(&b, previous + 8, 16);
		buf_u8(&b, tags[i].len);
		buf_str(&b, tags[i].tag);
		buf_put(&b, previous + sizeof(previous) - 24, 24);
		s = decode_copy(b.p, b.n, &err);
		ck_assert_msg((s != NULL) == tags[i].fine, "%s", tags[i].tag);
		if (s != NULL)
			ck_assert_str_eq(s->sources[0].tag, tags[i].tag);
		else
			ck_assert_ptr_nonnull(strstr(err.msg, "a tag that is none"));
		gtid_set_free(s);
		buf_done(&b);
	}
}
END_TEST

START_TEST(gtid_list_reads_mariadbs_bytes)
{
	static const uint8_t list[] = { 0x03, 0, 0, 0x10, 0, 0, 0, 0, 0x15, 0, 0, 0, 0x03, 0, 0, 0,
		0, 0, 0, 0, 0x05, 0, 0, 0, 0x15, 0, 0, 0, 0x07, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0x16, 0, 0, 0, 0x04, 0, 0, 0, 0, 0, 0, 0 };
	struct err err = ERR_INIT;

	expect_set(gtid_list_decode(list, sizeof(list), &err), "0-22-4,5-21-7");
	expect_set(gtid_list_decode("\0\0\0\0", 4, &err), "");
	for (size_t n = 0; n < sizeof(list); n++)
		ck_fails(gtid_list_decode(list, n, &err) != NULL, &err, ERR_PROTOCOL);
}
END_TEST

/* ---- where memory ends: an error each time, and no set that says more or less than before ---- */

#define EIGHT U1 ":1-10:21-30:41-50:61-70:81-90:101-110:121-130:141-150"	/* as many as there is room for at first */

START_TEST(gtid_set_without_memory_is_not_read)
{
	struct err err = ERR_INIT;
	struct gtid_set *s;

	no_memory_each((s = gtid_set_parse(GTID_MYSQL, EIGHT ":161," U2 ":5", &err)) != NULL, &err, 4, gtid_set_free(s));
	no_memory_each((s = gtid_set_parse(GTID_MARIADB, "0-1-5", &err)) != NULL, &err, 2, gtid_set_free(s));
	no_memory_each((s = gtid_set_decode(previous, sizeof(previous), &err)) != NULL, &err, 3, gtid_set_free(s));
	no_memory_each((s = gtid_list_decode("\1\0\0\0\1\0\0\0\1\0\0\0\5\0\0\0\0\0\0\0", 20, &err)) != NULL, &err, 2,
	    gtid_set_free(s));
}
END_TEST

START_TEST(gtid_set_without_memory_is_not_copied)
{
	struct gtid_set *a = mysql(EIGHT "," U2 ":1"), *b = mysql(U1 ":5"), *empty = mysql(""), *domains = set_of(GTID_MARIADB, "0-1-5");
	struct err err = ERR_INIT;
	struct gtid_set *s;

	no_memory_each((s = gtid_set_copy(a, &err)) != NULL, &err, 3, gtid_set_free(s));
	no_memory_each((s = gtid_set_copy(empty, &err)) != NULL, &err, 1, gtid_set_free(s));
	no_memory_each((s = gtid_set_copy(domains, &err)) != NULL, &err, 1, gtid_set_free(s));
	no_memory_each((s = gtid_set_minus(a, b, &err)) != NULL, &err, 4, gtid_set_free(s));
	expect_set(a, EIGHT "," U2 ":1");
	gtid_set_free(b);
	gtid_set_free(empty);
	gtid_set_free(domains);
}
END_TEST

START_TEST(gtid_set_without_memory_stays_as_it_is)
{
	static const char *const more[] = { U1 ":35", U2 ":1", U1 ":t:1" };
	struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		struct gtid_set *s = mysql(EIGHT), *set = mysql(more[i]);

		no_memory_at(1);
		ck_fails(gtid_set_add_all(s, set, &err), &err, ERR_SYSTEM);
		ck_assert(no_memory_done());
		expect_text(s, EIGHT);
		ck_ok(gtid_set_add_all(s, set, &err), &err);
		ck_assert(gtid_set_contains(s, set));
		gtid_set_free(s);
		gtid_set_free(set);
	}
}
END_TEST

/* ---- what stands in the corpus, cut at each byte ---- */

static size_t
corpus(const char *name, char *text, size_t room)
{
	char path[100];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "test/corpus/gtid/%s", name);
	ck_assert_msg((f = fopen(path, "rb")) != NULL, "%s: run from the source folder", path);
	n = fread(text, 1, room - 1, f);
	text[n] = '\0';
	ck_assert(n > 0 && n < room - 1 && fclose(f) == 0);
	return n;
}

START_TEST(gtid_binary_sets_cut_anywhere_are_refused)
{
	static const char *const names[] = { "mysql-plain-bytes", "mysql-tagged-bytes",
		"mariadb-list-bytes" };

	for (int i = 0; i < 3; i++) {
		char bytes[200];
		const size_t n = corpus(names[i], bytes, sizeof(bytes));

		for (size_t cut = 0; cut <= n; cut++) {
			uint8_t *copy = malloc(cut > 0 ? cut : 1);
			struct err err = ERR_INIT;
			struct gtid_set *s;

			ck_assert_ptr_nonnull(copy);
			memcpy(copy, bytes, cut);
			s = i < 2 ? gtid_set_decode(copy, cut, &err)
				  : gtid_list_decode(copy, cut, &err);
			ck_assert((s != NULL) == (cut == n));
			ck_assert(s != NULL || (err.kind == ERR_PROTOCOL && err.msg[0] != '\0'));
			gtid_set_free(s);
			free(copy);
		}
	}
}
END_TEST

/* A text that is cut is refused, or says less. */
START_TEST(gtid_text_cut_anywhere_never_says_more)
{
	static const char *const names[] = { "mysql-set", "mysql-tagged", "mariadb-position" };

	for (int i = 0; i < 3; i++) {
		const enum gtid_flavour flavour = i < 2 ? GTID_MYSQL : GTID_MARIADB;
		char text[200];
		size_t n = corpus(names[i], text, sizeof(text)), refused = 0;
		struct gtid_set *whole = set_of(flavour, text);

		while (n-- > 0) {
			struct err err = ERR_INIT;
			struct gtid_set *s;

			text[n] = '\0';
			if ((s = gtid_set_parse(flavour, text, &err)) != NULL)
				ck_assert(gtid_set_contains(whole, s));
			else
				ck_assert(err.kind == ERR_CONFIG && err.msg[0] != '\0');
			refused += s == NULL;
			gtid_set_free(s);
		}
		ck_assert_uint_gt(refused, 5);
		gtid_set_free(whole);
	}
}
END_TEST

UNIT_MAIN("gtid", gtid_text_and_back, gtid_longest_text_fits, gtid_refuses_what_is_none,
    gtid_set_merges_and_orders, gtid_set_refuses_what_is_none, gtid_text_tells_its_flavour,
    gtid_set_add_joins_runs, gtid_mariadb_position_keeps_the_last_of_a_domain,
    gtid_set_contains_its_parts_only, gtid_set_minus_leaves_what_is_missing,
    gtid_set_copy_and_add_all, gtid_set_equal_means_all_of_it, gtid_set_agrees_with_a_bitmap,
    gtid_set_reads_and_writes_the_servers_bytes, gtid_set_refuses_broken_bytes,
    gtid_set_refuses_tags_that_no_server_writes, gtid_list_reads_mariadbs_bytes,
    gtid_set_without_memory_is_not_read, gtid_set_without_memory_is_not_copied,
    gtid_set_without_memory_stays_as_it_is, gtid_binary_sets_cut_anywhere_are_refused,
    gtid_text_cut_anywhere_never_says_more)
