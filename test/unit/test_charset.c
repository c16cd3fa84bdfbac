/* test_charset.c - every code of every set as the servers convert it, and every collation they
 * know. The servers' answers lie in test/corpus/charset, made by test/corpus/charset-tables.sh. */
#include "cdc/charset.c"

#include "test/unit/unit.h"

static const struct charset *
named(const char *name)
{
	for (size_t i = 0; i < NSETS; i++)
		if (strcmp(sets[i].name, name) == 0)
			return &sets[i];
	ck_abort_msg("no set %s", name);
	return NULL;
}

static uint32_t
crc32_of(const char *p, size_t n)
{
	static uint32_t table[256];
	uint32_t crc = ~0u;

	for (uint32_t i = 0; table[1] == 0 || i < 256; i++) {
		uint32_t c = i & 0xff;

		if (table[1] != 0 && i == 0)
			break;
		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
		table[i & 0xff] = c;
	}
	for (size_t i = 0; i < n; i++)
		crc = table[(crc ^ (uint8_t)p[i]) & 0xff] ^ crc >> 8;
	return ~crc;
}

/* Asked millions of times, which is too often for libcheck's own. */
static void
must(bool ok)
{
	if (!ok)
		ck_abort_msg("a conversion that contradicts itself");
}

/* What stands behind the colon is what the server says of these bytes: their UTF-8, or a dash. */
static uint64_t
sum_of(const struct charset *cs, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";
	uint8_t out[32];
	char line[128], *s = line;
	size_t len, counted, bad;

	for (size_t i = 0; i < n; i++, s += 2)
		s[0] = digits[p[i] >> 4], s[1] = digits[p[i] & 15];
	*s++ = ':';
	must(charset_bound(cs, n) <= sizeof(out));
	if (charset_to_utf8(cs, p, n, out, &len, &bad)) {
		must(charset_to_utf8(cs, p, n, NULL, &counted, &bad) && counted == len &&
		     len <= charset_bound(cs, n));
		for (size_t i = 0; i < len; i++, s += 2)
			s[0] = digits[out[i] >> 4], s[1] = digits[out[i] & 15];
	} else {
		must(bad < n && !charset_to_utf8(cs, p, n, NULL, &counted, &bad));
		*s++ = '-';
	}
	return crc32_of(line, (size_t)(s - line));
}

static uint64_t
sum_two(const struct charset *cs, bool one_too)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < 65536; i++) {
		sum += sum_of(cs, (uint8_t[]){ (uint8_t)(i >> 8), (uint8_t)i }, 2);
		if (one_too && i < 256)
			sum += sum_of(cs, (uint8_t[]){ (uint8_t)i }, 1);
	}
	return sum;
}

static uint64_t
sum_long(const struct charset *cs, const char *what)
{
	uint64_t sum = 0;

	if (strcmp(what, "8F") == 0) {
		for (uint32_t i = 0x8080; i < 65536; i++)
			if (i & 0x80)
				sum += sum_of(
				    cs, (uint8_t[]){ 0x8f, (uint8_t)(i >> 8), (uint8_t)i }, 3);
	} else if (strcmp(cs->name, "gb18030") == 0) {
		for (uint32_t i = 0; i < 1260 * 1260; i++) {
			const uint32_t a = i / 1260, b = i % 1260;

			sum += sum_of(cs,
			    (uint8_t[]){ (uint8_t)(129 + a / 10), (uint8_t)(48 + a % 10),
				(uint8_t)(129 + b / 10), (uint8_t)(48 + b % 10) },
			    4);
		}
	} else {
		for (uint32_t i = 0; i < 18 * 65536; i++)
			sum += sum_of(cs,
			    (uint8_t[]){ 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i }, 4);
	}
	return sum;
}

START_TEST(charset_converts_each_code_as_the_servers_do)
{
	FILE *f = fopen("test/corpus/charset/sums", "r");
	char name[32], *slash;
	unsigned long long want;
	int lines = 0;

	ck_assert_msg(f != NULL, "test/corpus/charset/sums: run from the source folder");
	while (fscanf(f, "%31s %llu", name, &want) == 2) {
		const struct charset *cs;
		uint64_t sum;

		if ((slash = strchr(name, '/')) != NULL)
			*slash = '\0';
		cs = named(name);
		sum = slash != NULL ? sum_long(cs, slash + 1)
				    : sum_two(cs, cs->form < FORM_UTF8 || cs->form > FORM_UTF32);
		ck_assert_msg(sum == want, "%s%s%s: %llu, the server has %llu", name,
		    slash != NULL ? "/" : "", slash != NULL ? slash + 1 : "",
		    (unsigned long long)sum, want);
		lines++;
	}
	fclose(f);
	ck_assert_int_eq(lines, 41);
}
END_TEST

START_TEST(charset_knows_each_collation_of_the_servers)
{
	FILE *f = fopen("test/corpus/charset/collations", "r");
	char where[16], name[64], set[32];
	unsigned id;
	int lines = 0;

	ck_assert(f != NULL);
	while (fscanf(f, "%15s %u %63s %31s", where, &id, name, set) == 4) {
		const bool mariadb = strcmp(where, "mariadb") == 0;
		const struct charset *cs;
		struct err err = ERR_INIT;

		cs = charset_of_collation((uint16_t)id, mariadb, &err);
		ck_assert_msg(cs != NULL, "%s", err.msg);
		ck_assert_str_eq(cs->name, set);
		ck_assert_msg(charset_collation_id(name, mariadb) == id, "%s %s: %u, not %u", where,
		    name, charset_collation_id(name, mariadb), id);
		if (id < 2048)
			ck_assert_str_eq(charset_collation_name((uint16_t)id, mariadb), name);
		lines++;
	}
	fclose(f);
	ck_assert_int_gt(lines, 1500);
}
END_TEST

START_TEST(charset_refuses_collations_that_it_does_not_know)
{
	struct err err = ERR_INIT;

	ck_fails(charset_of_collation(0, false, &err) != NULL, &err, ERR_SCHEMA);
	ck_fails(charset_of_collation(999, true, &err) != NULL, &err, ERR_SCHEMA);
	ck_assert(strstr(err.msg, "999") != NULL && err.remedy[0] != '\0');
	ck_fails(charset_of_collation(2048, false, &err) != NULL, &err, ERR_SCHEMA);
	ck_fails(charset_of_collation(2048 + 21 * 8, true, &err) != NULL, &err, ERR_SCHEMA);
	ck_fails(charset_of_collation(2048 + 5 * 256, true, &err) != NULL, &err, ERR_SCHEMA);
	ck_fails(charset_of_collation(1032, false, &err) != NULL, &err,
	    ERR_SCHEMA); /* latin1_swedish_nopad_ci */
	ck_assert_str_eq(charset_of_collation(1032, true, &err)->name, "latin1");
	ck_assert_uint_eq(charset_collation_id("no_such_ci", true), 0);
	ck_assert_uint_eq(charset_collation_id("no_such_ci", false), 0);
	ck_assert_uint_eq(charset_collation_id("utf8mb4_klingon_ci", true), 0);
	ck_assert_uint_eq(charset_collation_id("utf8mb4_uca1400_ai_ci", false), 0);
	ck_assert_uint_eq(charset_collation_id("utf8mb4_uca1400_klingon_ai_ci", true), 0);
	ck_assert_uint_eq(charset_collation_id("utf8_general_ci", false), 33);
	ck_assert_uint_eq(charset_collation_id("utf8_bin", true), 83);
	ck_assert_uint_eq(
	    charset_collation_id("utf8mb4_croatian_ci", false), 245); /* one name, two ids */
	ck_assert_uint_eq(charset_collation_id("utf8mb4_croatian_ci", true), 608);
	ck_assert(charset_collation_name(608, false) == NULL);
}
END_TEST

static bool
valid(const char *set, const char *bytes, size_t n, size_t want_bad)
{
	uint8_t out[64];
	size_t len, bad = SIZE_MAX;
	const bool ok = charset_to_utf8(named(set), (const uint8_t *)bytes, n, out, &len, &bad);

	ck_assert(ok || bad == want_bad);
	return ok;
}

/* What stands in UTF-8 is taken as it is, and only if it is UTF-8: a server's own table may hold
 * other bytes. */
START_TEST(charset_takes_only_valid_utf8)
{
	ck_assert(valid("utf8mb4", "", 0, 0));
	ck_assert(valid("utf8mb4", "plain ascii of more than eight bytes", 36, 0));
	ck_assert(valid("utf8mb4",
	    "\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 18, 0));
	ck_assert(valid("utf8mb3", "\xef\xbf\xbf", 3, 0));
	ck_assert(!valid("utf8mb3", "ab\xf0\x90\x80\x80", 6, 2));
	ck_assert(!valid("utf8mb4", "123456789\xff", 10, 9));
	ck_assert(!valid("utf8mb4", "\x80", 1, 0));
	ck_assert(!valid("utf8mb4", "\xc1\xbf", 2, 0));
	ck_assert(!valid("utf8mb4", "\xe0\x9f\xbf", 3, 0));
	ck_assert(!valid("utf8mb4", "\xed\xa0\x80", 3, 0));
	ck_assert(!valid("utf8mb4", "\xf0\x8f\xbf\xbf", 4, 0));
	ck_assert(!valid("utf8mb4", "\xf4\x90\x80\x80", 4, 0));
	ck_assert(!valid("utf8mb4", "\xf5\x80\x80\x80", 4, 0));
	ck_assert(!valid("utf8mb4", "a\xe2\x82", 3, 1));
	ck_assert(!valid("utf8mb4",
	    "\xe2\x82"
	    "a",
	    3, 0));
	ck_assert(valid("binary", "\xff\x00\xfe", 3, 0));
	ck_assert(!valid("ascii", "a\x80", 2, 1));
}
END_TEST

START_TEST(charset_takes_pairs_of_utf16)
{
	uint8_t out[16];
	size_t len, bad;

	ck_assert(charset_to_utf8(
	    named("utf16"), (const uint8_t *)"\xd8\x3d\xde\x00\0A", 6, out, &len, &bad));
	ck_assert(len == 5 && memcmp(out,
				  "\xf0\x9f\x98\x80"
				  "A",
				  5) == 0);
	ck_assert(charset_to_utf8(named("utf16le"),
	    (const uint8_t *)"\x3d\xd8\x00\xde"
			     "A\0",
	    6, out, &len, &bad));
	ck_assert(len == 5 && memcmp(out,
				  "\xf0\x9f\x98\x80"
				  "A",
				  5) == 0);
	ck_assert(valid("utf16", "\xd8\x00\xdc\x00\xdb\xff\xdf\xff", 8, 0));
	ck_assert(!valid("utf16", "\0A\xd8\x00", 4, 2));
	ck_assert(!valid("utf16", "\xd8\x00\0A", 4, 0));
	ck_assert(!valid("utf16", "\xdc\x00\xd8\x00", 4, 0));
	ck_assert(!valid("utf16", "\0A\0", 3, 2));
	ck_assert(!valid("utf16", "\xd8\x00\xe0\x00", 4, 0));
	ck_assert(!valid("utf16", "\xdb\xff\xff\xff", 4, 0));
	ck_assert(!valid("ucs2", "\xd8\x00\xdc\x00", 4, 0));
	ck_assert(!valid("utf32", "\0\0\0A\0\0\0", 7, 4));
}
END_TEST

/* Each of the four bytes of gb18030, and the second of three of ujis, on both sides of its range. */
START_TEST(charset_refuses_bytes_outside_their_range)
{
	static const struct {
		const char *set, *bytes;
		size_t n;
		bool valid;
	} list[] = {
		{ "gb18030", "\x81\x30\x81\x30", 4, true },
		{ "gb18030", "\x81\x30\x81\x39", 4, true },
		{ "gb18030", "\x81\x30\x81", 3, false },
		{ "gb18030", "\x80\x30\x81\x30", 4, false },
		{ "gb18030", "\xff\x30\x81\x30", 4, false },
		{ "gb18030", "\x81\x3a\x81\x30", 4, false },
		{ "gb18030", "\x81\x30\x80\x30", 4, false },
		{ "gb18030", "\x81\x30\xff\x30", 4, false },
		{ "gb18030", "\x81\x30\x81\x2f", 4, false },
		{ "gb18030", "\x81\x30\x81\x3a", 4, false },
		{ "gb18030", "\xe3\x32\x9a\x35", 4, true }, /* U+10FFFF, and what is behind it */
		{ "gb18030", "\xe3\x32\x9a\x36", 4, false },
		{ "ujis", "\x8f\xb0\xa1", 3, true },
		{ "ujis", "\x8f\x41\xa1", 3, false },
		{ "ujis", "\x8f\xb0", 2, false },
		{ "ujis", "\x8f\xb0\x41", 3, false },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (valid(list[i].set, list[i].bytes, list[i].n, 0) != list[i].valid)
			ck_abort_msg("%s, line %zu", list[i].set, i);
}
END_TEST

START_TEST(charset_counts_and_copies_bytes_as_they_are)
{
	uint8_t out[4] = { 1, 1, 1, 1 };
	size_t len = 9, bad;

	ck_assert(charset_to_utf8(named("binary"), (const uint8_t *)"\xff\0\xfe", 3, NULL, &len, &bad) && len == 3);
	ck_assert(charset_to_utf8(named("binary"), NULL, 0, out, &len, &bad) && len == 0 && out[0] == 1);
	ck_assert(charset_to_utf8(named("binary"), (const uint8_t *)"\xff\0\xfe", 3, out, &len, &bad) && len == 3);
	ck_assert_mem_eq(out, "\xff\0\xfe\1", 4);
}
END_TEST

/* Runs of ASCII and other characters in one string; a trail byte in the range of ASCII belongs to
 * its character. */
START_TEST(charset_converts_mixed_strings)
{
	uint8_t out[64];
	size_t len, bad;

	ck_assert(charset_to_utf8(
	    named("sjis"), (const uint8_t *)"abcdefgh\x83\x5c\\\xb1z", 13, out, &len, &bad));
	ck_assert(len == 16 && memcmp(out, "abcdefgh\xe3\x82\xbd\\\xef\xbd\xb1z", 16) == 0);
	ck_assert(charset_to_utf8(named("latin1"), (const uint8_t *)"\x80 1", 3, out, &len, &bad));
	ck_assert(len == 5 && memcmp(out, "\xe2\x82\xac 1", 5) == 0);
	ck_assert(charset_to_utf8(named("swe7"), (const uint8_t *)"a[?.", 4, out, &len, &bad));
	ck_assert(len == 5 && memcmp(out, "a\xc3\x84?.", 5) == 0);
	ck_assert(!valid("gbk", "ab\x81", 3, 2));
	ck_assert(!valid("gb18030", "\x84\x31\xa4\x38\x84\x31\xa5\x30", 8, 4));
	ck_assert_uint_eq(charset_bound(named("latin1"), 3), 9);
	ck_assert_uint_eq(charset_bound(named("gbk"), 3), 5);
	ck_assert_uint_eq(charset_bound(named("utf8mb4"), 3), 3);
	ck_assert(charset_is_binary(named("binary")) && charset_max_bytes(named("gb18030")) == 4);
	ck_assert_str_eq(charset_name(named("ujis")), "ujis");
}
END_TEST

UNIT_MAIN("charset", charset_converts_each_code_as_the_servers_do,
    charset_knows_each_collation_of_the_servers, charset_refuses_collations_that_it_does_not_know,
    charset_takes_only_valid_utf8, charset_takes_pairs_of_utf16,
    charset_refuses_bytes_outside_their_range, charset_counts_and_copies_bytes_as_they_are,
    charset_converts_mixed_strings)
