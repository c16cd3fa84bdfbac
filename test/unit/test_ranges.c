/* test_ranges.c - which tables have ranges, their text, values in both forms, and what a change
 * means for ranges of several snapshots: case by case, then random changes against a model. That
 * the order is the server's is proven with a server (test/system). */
#include "staging/ranges.c"

#include "test/unit/unit.h"
#include "test/unit/no_memory.h"

static struct err err;
static struct column_desc cols[] = { { .name = "v", .attnum = 1, .type = { .oid = 25, .base_oid = 25 } },
	{ .name = "odd\n\\name", .attnum = 3, .type = { .oid = 20, .base_oid = 20 } } };
static const uint16_t key_cols[] = { 1, 0 };
static struct index_desc indexes[] = { { .primary = true,
	.unique = true,
	.immediate = true,
	.ncols = 2,
	.cols = key_cols } };
static struct table_desc desc = { .oid = 4711,
	.kind = 'r',
	.replica_identity = 'd',
	.ncols = 2,
	.cols = cols,
	.nindexes = 1,
	.indexes = indexes };
static struct relation_column rel_cols[] = { { .name = "v", .oid = 25 },
	{ .name = "odd\n\\name", .oid = 20, .identity = true } };
static struct relation rel = { .replica_identity = 'd', .ncols = 2, .cols = rel_cols };

static struct ranges *
of_type(uint32_t oid, const char *const *bounds, size_t n)
{
	struct ranges *r;

	cols[1].type.oid = cols[1].type.base_oid = rel_cols[1].oid = oid;
	r = ranges_new(&desc, 1, bounds, n, &err);
	if (r == NULL)
		ck_abort_msg("%s", err.msg);
	return r;
}

static size_t
place(const struct ranges *r, const char *text)
{
	const struct value v = { VALUE_TEXT, (uint32_t)strlen(text), (const uint8_t *)text };
	size_t at;

	return ranges_find(r, &v, &at) ? at : SIZE_MAX;
}

static size_t
place_binary(const struct ranges *r, const void *p, uint32_t n)
{
	const struct value v = { VALUE_BINARY, n, p };
	size_t at;

	return ranges_find(r, &v, &at) ? at : SIZE_MAX;
}

START_TEST(ranges_column_is_the_first_of_the_key_where_its_order_is_known)
{
	const char *why = NULL;

	ck_assert_int_eq(ranges_column(&desc, &why), 1);
	desc.replica_identity = 'f';
	ck_assert_int_eq(ranges_column(&desc, &why), 1);
	desc.replica_identity = 'n';
	ck_assert_int_eq(ranges_column(&desc, &why), -1);
	desc.replica_identity = 'i';
	ck_assert_int_eq(ranges_column(&desc, &why), -1);
	indexes[0].replica_identity = true;
	ck_assert_int_eq(ranges_column(&desc, &why), 1);
	indexes[0].partial = true;
	ck_assert_int_eq(ranges_column(&desc, &why), -1);
	indexes[0].partial = false;
	indexes[0].immediate = false;
	ck_assert_int_eq(ranges_column(&desc, &why), -1);
	ck_assert(strstr(why, "no primary key") != NULL);
	indexes[0].immediate = true;
	desc.kind = 'p';
	ck_assert_int_eq(ranges_column(&desc, &why), -1);
	ck_assert_str_eq(why, "it is partitioned");
	desc.kind = 'r';
	cols[1].type.oid = cols[1].type.base_oid = 25;
	ck_assert_int_eq(ranges_column(&desc, &why), -1);
	ck_assert(strstr(why, "collation is not C") != NULL);
	cols[1].byte_order = true;
	ck_assert_int_eq(ranges_column(&desc, &why), 1);
	cols[1].type.oid = cols[1].type.base_oid = 1042;	/* bpchar */
	ck_assert_int_eq(ranges_column(&desc, &why), -1);
	cols[1].type.oid = 70000;	/* a domain */
	cols[1].type.base_oid = 20;
	ck_assert_int_eq(ranges_column(&desc, &why), -1);
	cols[1].type.oid = 20;
	cols[1].generated = true;
	ck_assert_int_eq(ranges_column(&desc, &why), -1);
}
END_TEST

START_TEST(ranges_column_of_mysql_is_a_whole_number)
{
	static const struct {
		uint32_t oid;
		uint8_t family;
		bool has;
	} list[] = { { MY_TYPE_TINY, FAMILY_MYSQL, true }, { MY_TYPE_TINY | 0x100, FAMILY_MYSQL, true }, { MY_TYPE_SHORT, FAMILY_MYSQL, true },
		{ MY_TYPE_INT24 | 0x100, FAMILY_MYSQL, true }, { MY_TYPE_LONG, FAMILY_MYSQL, true }, { MY_TYPE_LONGLONG | 0x100, FAMILY_MYSQL, true },
		{ 20, FAMILY_MYSQL, false }, { MY_TYPE_DATE, FAMILY_MYSQL, false }, { MY_TYPE_VARCHAR, FAMILY_MYSQL, false },
		{ 20, FAMILY_POSTGRESQL, true }, { 21, FAMILY_POSTGRESQL, true }, { 1114, FAMILY_POSTGRESQL, true }, { 1700, FAMILY_POSTGRESQL, false } };
	const char *why;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		cols[1].type = (struct coltype){ .family = list[i].family, .oid = list[i].oid, .base_oid = list[i].oid };
		ck_assert_msg(ranges_column(&desc, &why) == (list[i].has ? 1 : -1), "type %u", list[i].oid);
	}
	cols[1].type = (struct coltype){ .oid = 20, .base_oid = 20 };
	indexes[0].ncols = 0;
	ck_assert_int_eq(ranges_column(&desc, &why), -1);
	indexes[0].ncols = 2;
	indexes[0].expression = true;
	ck_assert_int_eq(ranges_column(&desc, &why), -1);
	indexes[0].expression = false;
	desc.nindexes = 0;
	ck_assert_int_eq(ranges_column(&desc, &why), -1);
	ck_assert(strstr(why, "no primary key") != NULL);
}
END_TEST

/* What is written otherwise than the server writes it has no place: it is never guessed. */
START_TEST(ranges_find_places_no_time_that_is_none)
{
	static const char *const no_days[] = { "", "2000", "0000-01-01", "2000-1", "2000-01", "2000-00-01", "2000-13-01", "2000-01-00", "2000-01-32",
		"2000/01/01", "2000-01/01", "12345678-01-01", "2000-01-01 ", "2000-01-01 BC BC", " BC", "+infinity", "infinit", "-infinity BC",
		"2000-001-01", "x" };
	static const char *const no_times[] = { "", "2000-01-01", "2000-01-01 ", "2000-01-01T00:00:00", "2000-01-01 00", "2000-01-01 00:00",
		"2000-01-01 00:00:", "2000-01-01 x0:00:00", "2000-01-01 00-00:00", "2000-01-01 00:x0:00", "2000-01-01 00:00-00",
		"2000-01-01 00:00:00.1234567", "2000-01-01 00:00:00+00", "2000-01-01 00:00:00x", "9999999-01-01 00:00:00", "294277-01-09 05:00:00" };
	static const char *const no_instants[] = { "2000-01-01 00:00:00", "2000-01-01 00:00:00 00", "2000-01-01 00:00:00+", "2000-01-01 00:00:00+x",
		"2000-01-01 00:00:00+00:", "2000-01-01 00:00:00+00:00:", "2000-01-01 00:00:00+00:00:00:00", "2000-01-01 00:00:00-123" };
	const char *const day[] = { "2000-01-01" }, *const time[] = { "2000-01-01 00:00:00" }, *const instant[] = { "2000-01-01 00:00:00+00" };
	struct ranges *r = of_type(1082, day, 1);

	for (size_t i = 0; i < sizeof(no_days) / sizeof(no_days[0]); i++)
		ck_assert_msg(place(r, no_days[i]) == SIZE_MAX, "%s", no_days[i]);
	ck_assert_uint_eq(place_binary(r, "\0\0\0\0\0\0\0\0", 8), SIZE_MAX);
	ranges_free(r);
	r = of_type(1114, time, 1);
	for (size_t i = 0; i < sizeof(no_times) / sizeof(no_times[0]); i++)
		ck_assert_msg(place(r, no_times[i]) == SIZE_MAX, "%s", no_times[i]);
	ck_assert_uint_eq(place(r, "infinity"), 1);
	ck_assert_uint_eq(place(r, "-infinity"), 0);
	ck_assert_uint_eq(place(r, "294276-12-31 23:59:59.999999"), 1);
	ck_assert_uint_eq(place(r, "294277-01-09 04:00:54.775807"), 1);
	ck_assert_uint_eq(place(r, "4714-11-24 00:00:00 BC"), 0);
	ranges_free(r);
	r = of_type(1184, instant, 1);
	for (size_t i = 0; i < sizeof(no_instants) / sizeof(no_instants[0]); i++)
		ck_assert_msg(place(r, no_instants[i]) == SIZE_MAX, "%s", no_instants[i]);
	ck_assert_uint_eq(place(r, "2000-01-01 01:02:02+01:02:03"), 0);
	ck_assert_uint_eq(place(r, "2000-01-01 01:02:03+01:02:03"), 1);
	ck_assert_uint_eq(place(r, "1999-12-31 22:57:57-01:02:03"), 1);
	ranges_free(r);
}
END_TEST

START_TEST(ranges_find_places_small_numbers_by_their_size)
{
	const char *const bounds[] = { "-1", "9" };
	struct ranges *r = of_type(21, bounds, 2);

	ck_assert_uint_eq(place_binary(r, "\xff\xff", 2), 1);
	ck_assert_uint_eq(place_binary(r, "\x80\0", 2), 0);
	ck_assert_uint_eq(place_binary(r, "\0\0\0\0", 4), SIZE_MAX);
	ck_assert_uint_eq(place(r, "1/"), SIZE_MAX);
	ranges_free(r);
	r = of_type(23, bounds, 2);
	ck_assert_uint_eq(place_binary(r, "\0\0\0\x09", 4), 2);
	ck_assert_uint_eq(place_binary(r, "\0\0", 2), SIZE_MAX);
	ranges_free(r);
	r = of_type(0x108, (const char *const[]){ "9" }, 1);
	ck_assert_uint_eq(place(r, "1/"), SIZE_MAX);
	ck_assert_uint_eq(place(r, "1:"), SIZE_MAX);
	ck_assert_uint_eq(place(r, "99999999999999999999"), SIZE_MAX);
	ranges_free(r);
	r = of_type(17, (const char *const[]){ "\\x41" }, 1);
	ck_assert_uint_eq(place(r, "\\x4"), SIZE_MAX);
	ck_assert_uint_eq(place(r, "x441"), SIZE_MAX);
	ck_assert_uint_eq(place(r, "\\y41"), SIZE_MAX);
	ck_assert_uint_eq(place(r, "\\x4/"), SIZE_MAX);
	ck_assert_uint_eq(place(r, "\\x4:"), SIZE_MAX);
	ck_assert_uint_eq(place(r, "\\x4`"), SIZE_MAX);
	ck_assert_uint_eq(place(r, "\\xG1"), SIZE_MAX);
	ck_assert_uint_eq(place(r, "\\x"), 0);
	ck_assert_uint_eq(place(r, "\\x4A"), 1);
	ck_assert_uint_eq(place(r, ""), SIZE_MAX);
	ck_assert(!ranges_find(r, &(struct value){ .kind = VALUE_NULL }, &(size_t){ 0 }));
	ranges_free(r);
}
END_TEST

/* Bounds that are none, or do not rise, are refused whatever order the source says they have. */
START_TEST(ranges_refuse_bounds_that_do_not_rise)
{
	static const struct {
		uint32_t oid;
		const char *low, *high;
		const char *why;
	} list[] = { { 17, "\\x4142", "\\x41", "orders column" }, { 17, "\\x41", "\\x41", "orders column" }, { 17, "\\x41", "\\x4142", NULL },
		{ 17, "\\x42", "\\x41", "orders column" }, { 17, "\\x41", "41", "is not understood" }, { 25, "b", "a", "orders column" },
		{ 2950, "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-00000000000x", "is not understood" },
		{ 2950, "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-0000000000-2", "is not understood" },
		{ 1082, "2000-01-01", "2000-02-30x", "is not understood" }, { 20, "1", "2", NULL }, { 1700, "1", "2", "has a type that has no ranges" } };

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		const char *const bounds[] = { list[i].low, list[i].high };
		struct ranges *r;

		cols[1].type.oid = cols[1].type.base_oid = list[i].oid;
		if (list[i].why == NULL) {
			ck_ok((r = ranges_new(&desc, 1, bounds, 2, &err)) != NULL, &err);
			ranges_free(r);
			continue;
		}
		ck_fails((r = ranges_new(&desc, 1, bounds, 2, &err)) != NULL, &err, ERR_CONFIG);
		ck_assert_msg(strstr(err.msg, list[i].why) != NULL, "%s", err.msg);
	}
}
END_TEST

static bool
short_of_memory(struct err *e)
{
	const char *const bounds[] = { "5", "a bound that takes more room than other bounds, as its chunk is small" };
	struct ranges *r, *s = NULL;
	char *text = NULL;
	bool ok;

	cols[1].byte_order = true;
	cols[1].type.oid = cols[1].type.base_oid = 25;
	ok = (r = ranges_new(&desc, 1, bounds, 2, e)) != NULL && (text = ranges_text(r, e)) != NULL && (s = ranges_parse(text, e)) != NULL;
	if (ok && !ranges_fit(s, &desc))	/* what it can't find out is no */
		ok = err_set(e, ERR_SYSTEM, "no memory");
	ck_assert(!ok || ranges_count(s) == 3);
	free(text);
	ranges_free(r);
	ranges_free(s);
	return ok;
}

START_TEST(ranges_survive_want_of_memory)
{
	no_memory_anywhere(short_of_memory);
}
END_TEST

START_TEST(ranges_text_parses_back_and_fits_its_table_alone)
{
	const char *const bounds[] = { "", "a\nb\\c", "b" };
	struct ranges *r, *s;
	char *text;

	cols[1].byte_order = true;
	r = of_type(25, bounds, 3);
	text = ranges_text(r, &err);
	s = ranges_parse(text, &err);
	ck_assert_ptr_nonnull(s);
	ck_assert_uint_eq(ranges_count(s), 4);
	ck_assert_str_eq(ranges_column_name(s), "odd\n\\name");
	ck_assert_ptr_null(ranges_low(s, 0));
	ck_assert_str_eq(ranges_high(s, 0), "");
	ck_assert_str_eq(ranges_low(s, 2), "a\nb\\c");
	ck_assert_str_eq(ranges_low(s, 3), "b");
	ck_assert_ptr_null(ranges_high(s, 3));
	ck_assert(ranges_fit(s, &desc));
	cols[0].attnum = 4;		/* dropped, and made again under its name */
	ck_assert(!ranges_fit(s, &desc));
	cols[0].attnum = 1;
	cols[1].type.oid = cols[1].type.base_oid = 1043;
	ck_assert(!ranges_fit(s, &desc));
	cols[1].type.oid = cols[1].type.base_oid = 25;
	cols[1].name = "another";
	ck_assert(!ranges_fit(s, &desc));
	cols[1].name = "odd\n\\name";
	ck_assert(ranges_fit(s, &desc));
	desc.kind = 'p';
	ck_assert(!ranges_fit(s, &desc));
	desc.kind = 'r';
	desc.oid++;
	ck_assert(!ranges_fit(s, &desc));
	ranges_free(s);
	ck_ok((s = ranges_parse("4711 1:25\n25 k\nlast\\", &err)) != NULL, &err);	/* cut in an escape */
	ck_assert_str_eq(ranges_low(s, 1), "last\\");
	ranges_free(s);
	ck_fails((s = ranges_parse("4711 1:25", &err)) != NULL, &err, ERR_CONFIG);
	ck_fails((s = ranges_parse("4711 1:25\n20\n", &err)) != NULL, &err, ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, "not understood"));
	ck_fails((s = ranges_parse("", &err)) != NULL, &err, ERR_CONFIG);
	ck_fails((s = ranges_parse("4711 1:25\nx k\n", &err)) != NULL, &err, ERR_CONFIG);
	ck_fails((s = ranges_parse("4711 1:25\n1700 k\n", &err)) != NULL, &err, ERR_CONFIG);
	ck_fails((s = ranges_parse("4711 1:25\n20 k\n2\n1\n", &err)) != NULL, &err, ERR_CONFIG);
	ck_fails((s = ranges_parse("4711 1:25\n20 k\n2\n2\n", &err)) != NULL, &err, ERR_CONFIG);
	ck_fails((s = ranges_parse("4711 1:25\n20 k\nx\n", &err)) != NULL, &err, ERR_CONFIG);
	free(text);
	ranges_free(r);
}
END_TEST

START_TEST(ranges_find_places_numbers_in_both_forms)
{
	const char *const bounds[] = { "-5", "0", "7" };
	struct ranges *r = of_type(20, bounds, 3);

	ck_assert_uint_eq(place(r, "-9223372036854775808"), 0);
	ck_assert_uint_eq(place(r, "-6"), 0);
	ck_assert_uint_eq(place(r, "-5"), 1);
	ck_assert_uint_eq(place(r, "0"), 2);
	ck_assert_uint_eq(place(r, "9223372036854775807"), 3);
	ck_assert_uint_eq(place_binary(r, "\xff\xff\xff\xff\xff\xff\xff\xff", 8), 1);
	ck_assert_uint_eq(place_binary(r, "\0\0\0\0\0\0\0\7", 8), 3);
	ck_assert_uint_eq(place_binary(r, "\0\0\0\7", 4), SIZE_MAX);
	ck_assert_uint_eq(place(r, ""), SIZE_MAX);
	ck_assert_uint_eq(place(r, "-"), SIZE_MAX);
	ck_assert_uint_eq(place(r, "1x"), SIZE_MAX);
	ck_assert_uint_eq(place(r, "9223372036854775808"), SIZE_MAX);
	ck_assert(!ranges_find(r, &(struct value){ .kind = VALUE_NULL }, &(size_t){ 0 }));
	ck_assert(!ranges_find(r, &(struct value){ .kind = VALUE_ABSENT }, &(size_t){ 0 }));
	ranges_free(r);
}
END_TEST

START_TEST(ranges_find_places_numbers_without_a_sign)
{
	const char *const bounds[] = { "9", "9223372036854775808" };
	struct ranges *r = of_type(0x108, bounds, 2);

	ck_assert_uint_eq(place(r, "0"), 0);
	ck_assert_uint_eq(place(r, "9"), 1);
	ck_assert_uint_eq(place(r, "9223372036854775807"), 1);
	ck_assert_uint_eq(place(r, "9223372036854775808"), 2);
	ck_assert_uint_eq(place(r, "18446744073709551615"), 2);
	ck_assert_uint_eq(place(r, "18446744073709551616"), SIZE_MAX);
	ck_assert_uint_eq(place(r, "-1"), SIZE_MAX);
	ck_assert_uint_eq(place(r, ""), SIZE_MAX);
	ck_assert_uint_eq(place_binary(r, "\0\0\0\0\0\0\0\7", 8), SIZE_MAX);
	ranges_free(r);
}
END_TEST

START_TEST(ranges_find_places_times_of_both_eras_and_infinity)
{
	const char *const days[] = { "-infinity", "0044-03-15 BC", "2000-01-01", "infinity" };
	const char *const times[] = { "0001-01-01 00:00:00+00 BC", "2000-01-01 00:00:00+00", "infinity" };
	struct ranges *r = of_type(1082, days, 4);

	ck_assert_uint_eq(place(r, "-infinity"), 1);
	ck_assert_uint_eq(place(r, "0044-03-14 BC"), 1);
	ck_assert_uint_eq(place(r, "0043-01-01 BC"), 2);
	ck_assert_uint_eq(place(r, "1999-12-31"), 2);
	ck_assert_uint_eq(place(r, "10000-01-01"), 3);
	ck_assert_uint_eq(place(r, "infinity"), 4);
	ck_assert_uint_eq(place_binary(r, "\0\0\0\0", 4), 3);
	ck_assert_uint_eq(place_binary(r, "\xff\xff\xff\xff", 4), 2);
	ck_assert_uint_eq(place_binary(r, "\x80\0\0\0", 4), 1);
	ck_assert_uint_eq(place(r, "2000-13-01"), SIZE_MAX);
	ck_assert_uint_eq(place(r, "2000-01-01 AD"), SIZE_MAX);
	ranges_free(r);
	r = of_type(1184, times, 3);
	ck_assert_uint_eq(place(r, "1999-12-31 23:59:59.999999+00"), 1);
	ck_assert_uint_eq(place(r, "2000-01-01 00:00:00+00"), 2);
	ck_assert_uint_eq(place(r, "2000-01-01 01:59:59.9+02"), 1);
	ck_assert_uint_eq(place(r, "1999-12-31 20:30:00-03:30"), 2);
	ck_assert_uint_eq(place(r, "0002-12-31 23:59:59+00 BC"), 0);
	ck_assert_uint_eq(place_binary(r, "\xff\xff\xff\xff\xff\xff\xff\xff", 8), 1);
	ck_assert_uint_eq(place_binary(r, "\x7f\xff\xff\xff\xff\xff\xff\xff", 8), 3);
	ck_assert_uint_eq(place(r, "2000-01-01 00:00:00"), SIZE_MAX);
	ranges_free(r);
}
END_TEST

START_TEST(ranges_find_places_bytes_in_both_forms)
{
	const char *const uuids[] = { "00000000-0000-0000-0000-0000000000ff", "80000000-0000-0000-0000-000000000000" };
	const char *const bytes[] = { "\\x", "\\x00", "\\xff" };
	const char *const texts[] = { "a", "\xc3\xa4" };
	struct ranges *r = of_type(2950, uuids, 2);

	ck_assert_uint_eq(place(r, "00000000-0000-0000-0000-0000000000fe"), 0);
	ck_assert_uint_eq(place(r, "00000000-0000-0000-0000-0000000000FF"), 1);
	ck_assert_uint_eq(place_binary(r, "\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16), 2);
	ck_assert_uint_eq(place_binary(r, "\x80", 1), SIZE_MAX);
	ck_assert_uint_eq(place(r, "0000000g-0000-0000-0000-0000000000ff"), SIZE_MAX);
	ck_assert_uint_eq(place(r, "------------------------------------"), SIZE_MAX);
	ranges_free(r);
	r = of_type(17, bytes, 3);
	ck_assert_uint_eq(place(r, "\\x"), 1);
	ck_assert_uint_eq(place(r, "\\x0000"), 2);
	ck_assert_uint_eq(place_binary(r, "\xfe\xff", 2), 2);
	ck_assert_uint_eq(place_binary(r, "\xff", 1), 3);
	ck_assert_uint_eq(place_binary(r, "", 0), 1);
	ck_assert_uint_eq(place(r, "\\x0"), SIZE_MAX);
	ck_assert_uint_eq(place(r, "\\xzz"), SIZE_MAX);
	ck_assert_uint_eq(place(r, "ab"), SIZE_MAX);
	ranges_free(r);
	r = of_type(25, texts, 2);
	ck_assert_uint_eq(place(r, ""), 0);
	ck_assert_uint_eq(place(r, "A"), 0);
	ck_assert_uint_eq(place(r, "a"), 1);
	ck_assert_uint_eq(place(r, "z"), 1);
	ck_assert_uint_eq(place(r, "\xc3\xa4"), 2);
	ck_assert_uint_eq(place_binary(r, "\xc3\xa3", 2), 1);
	ranges_free(r);
}
END_TEST

/* ---- changes ---- */

struct record {
	struct change c;
	struct value v[4];
};
static char numbers[8][24];

/* Keys below 0: no such image. v NULL: absent. */
static const struct change *
change(uint8_t kind, int was, int is, const char *v)
{
	static struct record rec;
	struct value *new_v, *old;
	static unsigned turn;

	memset(&rec, 0, sizeof(rec));
	rec.c = (struct change){ .kind = kind, .rel = &rel, .nnew = kind == CHANGE_DELETE ? 0 : 2 };
	new_v = change_new_values(&rec.c);
	old = change_old_values(&rec.c);
	if (rec.c.nnew > 0) {
		if (v != NULL)
			new_v[0] = (struct value){ VALUE_TEXT, (uint32_t)strlen(v), (const uint8_t *)v };
		snprintf(numbers[turn % 8], 24, "%d", is);
		new_v[1] = (struct value){ VALUE_TEXT, (uint32_t)strlen(numbers[turn % 8]),
			(const uint8_t *)numbers[turn % 8] };
		turn++;
	}
	if (was >= 0) {
		rec.c.old = OLD_KEY;
		rec.c.nold = 2;
		snprintf(numbers[turn % 8], 24, "%d", was);
		old[1] = (struct value){ VALUE_TEXT, (uint32_t)strlen(numbers[turn % 8]),
			(const uint8_t *)numbers[turn % 8] };
		turn++;
	}
	return &rec.c;
}

static struct snapshot_pos
snap(uint64_t v)
{
	return (struct snapshot_pos){ .kind = POSITION_LSN, .lsn = { v } };
}

static struct txn_mark
mark(uint64_t v)
{
	return (struct txn_mark){ .kind = POSITION_LSN, .lsn = { v } };
}

/* Below 10 read at 100, from 10 on at 200. */
static struct ranges *
two(void)
{
	const char *const bounds[] = { "10" };
	struct ranges *r = of_type(20, bounds, 1);

	ranges_read_at(r, 0, &(struct snapshot_pos){ .kind = POSITION_LSN, .lsn = { 100 } });
	ck_assert(ranges_mixed(r));
	ranges_read_at(r, 1, &(struct snapshot_pos){ .kind = POSITION_LSN, .lsn = { 200 } });
	ck_assert(ranges_mixed(r));
	return r;
}

START_TEST(ranges_verdict_counts_a_change_for_the_range_of_its_key)
{
	const struct txn_mark before = mark(99), at = mark(100), between = mark(199), after = mark(200);
	struct ranges *r = two();

	ck_assert_uint_eq(ranges_highest(r).lsn.v, 200);
	ck_assert_int_eq(ranges_verdict(r, change(CHANGE_INSERT, -1, 5, "a"), &before), RANGES_SKIP);
	ck_assert_int_eq(ranges_verdict(r, change(CHANGE_INSERT, -1, 5, "a"), &at), RANGES_APPLY);
	ck_assert_int_eq(ranges_verdict(r, change(CHANGE_INSERT, -1, 15, "a"), &between), RANGES_SKIP);
	ck_assert_int_eq(ranges_verdict(r, change(CHANGE_INSERT, -1, 15, "a"), &after), RANGES_APPLY);
	ck_assert_int_eq(ranges_verdict(r, change(CHANGE_DELETE, 5, -1, NULL), &between), RANGES_APPLY);
	ck_assert_int_eq(ranges_verdict(r, change(CHANGE_DELETE, 15, -1, NULL), &between), RANGES_SKIP);
	ck_assert_int_eq(ranges_verdict(r, change(CHANGE_UPDATE, -1, 5, NULL), &between), RANGES_APPLY);
	ck_assert_int_eq(ranges_verdict(r, change(CHANGE_UPDATE, -1, 15, NULL), &between), RANGES_SKIP);
	ck_assert_int_eq(ranges_verdict(r, change(CHANGE_UPDATE, 5, 6, NULL), &between), RANGES_APPLY);
	ranges_free(r);
}
END_TEST

START_TEST(ranges_verdict_takes_a_move_apart)
{
	const struct txn_mark before = mark(99), between = mark(150), after = mark(200);
	struct ranges *r = two();

	ck_assert_int_eq(ranges_verdict(r, change(CHANGE_UPDATE, 5, 15, NULL), &before), RANGES_SKIP);
	ck_assert_int_eq(ranges_verdict(r, change(CHANGE_UPDATE, 5, 15, NULL), &after), RANGES_APPLY);
	ck_assert_int_eq(ranges_verdict(r, change(CHANGE_UPDATE, 5, 15, NULL), &between), RANGES_DELETE);
	ck_assert_int_eq(ranges_verdict(r, change(CHANGE_UPDATE, 15, 5, "a"), &between), RANGES_INSERT);
	ck_assert_int_eq(ranges_verdict(r, change(CHANGE_UPDATE, 15, 5, NULL), &between), RANGES_AGAIN);
	ck_assert_int_eq(ranges_truncate(r, &before), RANGES_SKIP);
	ck_assert_int_eq(ranges_truncate(r, &between), RANGES_AGAIN);
	ck_assert_int_eq(ranges_truncate(r, &after), RANGES_APPLY);
	ranges_free(r);
}
END_TEST

START_TEST(ranges_verdict_gives_up_where_the_key_is_not_told)
{
	struct relation other = rel;
	struct relation_column c[2] = { rel_cols[0], rel_cols[1] };
	const struct txn_mark m = mark(250);
	struct ranges *r = two();
	const struct change *ch;
	struct change *bad;

	c[1].oid = 20;
	other.cols = c;
	ch = change(CHANGE_UPDATE, -1, 5, "a");
	bad = (struct change *)(uintptr_t)ch;
	ck_assert_int_eq(ranges_verdict(r, ch, &m), RANGES_APPLY);
	c[1].identity = false;
	bad->rel = &other;
	ck_assert_int_eq(ranges_verdict(r, ch, &m), RANGES_AGAIN);
	r->rel = NULL;
	other.replica_identity = 'f';
	ck_assert_int_eq(ranges_verdict(r, ch, &m), RANGES_APPLY);
	r->rel = NULL;
	c[1].oid = 23;
	ck_assert_int_eq(ranges_verdict(r, ch, &m), RANGES_AGAIN);
	r->rel = NULL;
	c[1] = (struct relation_column){ .name = "renamed", .oid = 20, .identity = true };
	ck_assert_int_eq(ranges_verdict(r, ch, &m), RANGES_AGAIN);
	bad->rel = &rel;
	change_new_values(ch)[1] = (struct value){ .kind = VALUE_NULL };
	ck_assert_int_eq(ranges_verdict(r, ch, &m), RANGES_AGAIN);
	ck_assert_int_eq(ranges_verdict(r, change(CHANGE_DELETE, -1, -1, NULL), &m), RANGES_AGAIN);
	ranges_free(r);
}
END_TEST

/* ---- the model: rows by key, 0 is none ---- */

enum { KEYS = 40, NRANGES = 4 };

static unsigned
chance(uint64_t *seed, unsigned n)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33) % n;
}

/* One change of the source; NULL: none that is possible. */
static const struct change *
any_change(int rows[KEYS], uint64_t *seed, int value)
{
	const int k = (int)chance(seed, KEYS), to = (int)chance(seed, KEYS);

	if (rows[k] == 0) {
		rows[k] = value;
		return change(CHANGE_INSERT, -1, k, "x");
	}
	if (chance(seed, 4) == 0) {
		rows[k] = 0;
		return change(CHANGE_DELETE, k, -1, NULL);
	}
	if (rows[to] == 0) {
		rows[k] = 0;
		rows[to] = value;
		return change(CHANGE_UPDATE, k, to, "x");
	}
	rows[k] = value;
	return change(CHANGE_UPDATE, -1, k, "x");
}

static int
key_of(const struct value *v)
{
	return (int)strtol((const char *)v[1].p, NULL, 10);
}

/* As a target would: whatever is to be deleted must be there, and the place of an insert free. */
static void
carry_out(int rows[KEYS], const struct change *c, enum ranges_verdict v, int value)
{
	int is = c->nnew > 0 ? key_of(change_new_values(c)) : -1;
	int was = c->nold > 0 ? key_of(change_old_values(c)) : c->kind == CHANGE_UPDATE ? is : -1;

	if (v == RANGES_SKIP)
		return;
	if (v == RANGES_DELETE)
		is = -1;
	if (v == RANGES_INSERT)
		was = -1;
	if (was >= 0) {
		ck_assert_int_ne(rows[was], 0);
		rows[was] = 0;
	}
	if (is >= 0) {
		ck_assert_int_eq(rows[is], 0);
		rows[is] = value;
	}
}

START_TEST(ranges_lead_to_the_sources_state_for_random_changes)
{
	const char *const bounds[] = { "10", "20", "30" };

	for (uint64_t run = 1; run <= 300; run++) {
		uint64_t seed = run, state;
		int source[KEYS] = { 0 }, target[KEYS] = { 0 };
		struct ranges *r = of_type(20, bounds, NRANGES - 1);
		unsigned at[NRANGES];

		for (size_t i = 0; i < NRANGES; i++) {
			struct snapshot_pos s = snap(at[i] = 50 + chance(&seed, 4) * 50);

			ranges_read_at(r, i, &s);
		}
		state = seed;
		for (unsigned n = 0; n < 250; n++) {	/* the load */
			for (int k = 0; k < KEYS; k++)
				if (at[k / 10] == n)
					target[k] = source[k];
			(void)any_change(source, &state, (int)n + 1);
		}
		memset(source, 0, sizeof(source));
		state = seed;
		for (unsigned n = 0; n < 250; n++) {	/* the stream: from the first snapshot on */
			const struct txn_mark m = mark(n);
			const struct change *c = any_change(source, &state, (int)n + 1);

			if (n >= 50)
				carry_out(target, c, ranges_verdict(r, c, &m), (int)n + 1);
			if (n >= 200)
				ck_assert(memcmp(source, target, sizeof(source)) == 0);
		}
		ranges_free(r);
	}
}
END_TEST

UNIT_MAIN("ranges", ranges_column_is_the_first_of_the_key_where_its_order_is_known,
    ranges_column_of_mysql_is_a_whole_number, ranges_find_places_no_time_that_is_none,
    ranges_find_places_small_numbers_by_their_size, ranges_refuse_bounds_that_do_not_rise, ranges_survive_want_of_memory,
    ranges_text_parses_back_and_fits_its_table_alone, ranges_find_places_numbers_in_both_forms,
    ranges_find_places_numbers_without_a_sign,
    ranges_find_places_times_of_both_eras_and_infinity, ranges_find_places_bytes_in_both_forms,
    ranges_verdict_counts_a_change_for_the_range_of_its_key, ranges_verdict_takes_a_move_apart,
    ranges_verdict_gives_up_where_the_key_is_not_told,
    ranges_lead_to_the_sources_state_for_random_changes)
