/* Numbers, sizes and times: what is accepted, what is refused, how they are shown. */
#include "daemon/base/num.c"
#include "test/unit/unit.h"

START_TEST(num_int_takes_the_whole_range)
{
	struct err e = ERR_INIT;
	int64_t v;

	ck_ok(num_int("0", 0, 0, &v, &e), &e);
	ck_assert_int_eq(v, 0);
	ck_ok(num_int("-17", -20, 20, &v, &e), &e);
	ck_assert_int_eq(v, -17);
	ck_ok(num_int("9223372036854775807", INT64_MIN, INT64_MAX, &v, &e), &e);
	ck_assert_int_eq(v, INT64_MAX);
	ck_ok(num_int("-9223372036854775808", INT64_MIN, INT64_MAX, &v, &e), &e);
	ck_assert_int_eq(v, INT64_MIN);
}
END_TEST

START_TEST(num_int_refuses_anything_else)
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "-", "--1", "1.0", "0x10", "1e3", "1a",
		"9223372036854775808", "-9223372036854775809", "18446744073709551616", "\xd9\xa1" };
	struct err e = ERR_INIT;
	int64_t v = 77;

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_fails(num_int(bad[i], INT64_MIN, INT64_MAX, &v, &e), &e, ERR_CONFIG);
	ck_fails(num_int("11", 0, 10, &v, &e), &e, ERR_CONFIG);
	ck_assert_str_eq(e.msg, "expected a whole number from 0 to 10, got \"11\"");
	ck_fails(num_int("-1", 0, 10, &v, &e), &e, ERR_CONFIG);
	ck_assert_int_eq(v, 77);
}
END_TEST

START_TEST(num_size_knows_its_units)
{
	static const struct { const char *text; uint64_t want; } good[] = {
		{ "0", 0 }, { "512", 512 }, { "512B", 512 }, { "4kB", 4096 }, { "64MB", 67108864 },
		{ "1GB", 1073741824 }, { "2TB", 2199023255552 }, { "18446744073709551615", UINT64_MAX },
		{ "16777215TB", (uint64_t)16777215 << 40 },
	};
	struct err e = ERR_INIT;
	uint64_t v;

	for (size_t i = 0; i < COUNT(good); i++) {
		ck_ok(num_size(good[i].text, &v, &e), &e);
		ck_assert_uint_eq(v, good[i].want);
	}
}
END_TEST

START_TEST(num_size_refuses_anything_else)
{
	static const char *const bad[] = { "", "64 mb", "64mb", "64 MB", "64MB ", " 64MB", "-1", "-1MB",
		"1.5GB", "1M", "MB", "1KB", "1PB", "16777216TB", "18446744073709551616", "1MBB" };
	struct err e = ERR_INIT;
	uint64_t v = 77;

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_fails(num_size(bad[i], &v, &e), &e, ERR_CONFIG);
	ck_assert_uint_eq(v, 77);
}
END_TEST

START_TEST(num_duration_knows_its_units)
{
	static const struct { const char *text; int64_t want; } good[] = {
		{ "0", 0 }, { "0s", 0 }, { "7us", 7 }, { "20ms", 20000 }, { "5s", 5000000 },
		{ "10min", 600000000 }, { "2h", 7200000000 }, { "1d", 86400000000 },
		{ "9223372036854775807us", INT64_MAX },
	};
	struct err e = ERR_INIT;
	int64_t v;

	for (size_t i = 0; i < COUNT(good); i++) {
		ck_ok(num_duration(good[i].text, &v, &e), &e);
		ck_assert_int_eq(v, good[i].want);
	}
}
END_TEST

START_TEST(num_duration_refuses_anything_else)
{
	static const char *const bad[] = { "", "5", "5 s", "5S", "5m", "5sec", "-5s", "1h30min", "0.5s",
		"9223372036854775808us", "106751992d", "s" };
	struct err e = ERR_INIT;
	int64_t v = 77;

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_fails(num_duration(bad[i], &v, &e), &e, ERR_CONFIG);
	ck_assert_int_eq(v, 77);
}
END_TEST

START_TEST(num_size_text_is_for_people)
{
	static const struct { uint64_t v; const char *want; } cases[] = {
		{ 0, "0 B" }, { 512, "512 B" }, { 1023, "1023 B" }, { 1024, "1.0 kB" },
		{ 1048575, "1.0 MB" }, { 3328599654, "3.1 GB" }, { 67108864, "64.0 MB" },
		{ 268435456, "256 MB" }, { 104805172, "100 MB" }, { UINT64_MAX, "16777216 TB" },
	};
	char out[NUM_TEXT];

	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_str_eq(num_size_text(cases[i].v, out), cases[i].want);
}
END_TEST

START_TEST(num_duration_text_is_for_people)
{
	static const struct { int64_t v; const char *want; } cases[] = {
		{ 0, "0 s" }, { 350, "350 us" }, { 20000, "20 ms" }, { 99999, "99 ms" },
		{ 400000, "0.4 s" }, { 9990000, "9.9 s" }, { 45000000, "45 s" }, { 60000000, "1 min" },
		{ 200000000, "3 min 20 s" }, { 41 * USEC_MIN + 5, "41 min" }, { 2 * USEC_HOUR, "2 h" },
		{ 5 * USEC_HOUR + 12 * USEC_MIN, "5 h 12 min" }, { 3 * USEC_DAY + 4 * USEC_HOUR, "3 d 4 h" },
		{ -400000, "-0.4 s" }, { INT64_MIN, "-106751991 d 4 h" },
	};
	char out[NUM_TEXT];

	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_str_eq(num_duration_text(cases[i].v, out), cases[i].want);
}
END_TEST

START_TEST(num_count_text_groups_by_three)
{
	char out[NUM_TEXT];

	ck_assert_str_eq(num_count_text(0, out), "0");
	ck_assert_str_eq(num_count_text(999, out), "999");
	ck_assert_str_eq(num_count_text(12340, out), "12,340");
	ck_assert_str_eq(num_count_text(1000000, out), "1,000,000");
	ck_assert_str_eq(num_count_text(UINT64_MAX, out), "18,446,744,073,709,551,615");
}
END_TEST

START_TEST(num_conf_text_parses_back)
{
	static const uint64_t sizes_in[] = { 0, 1, 512, 1024, 1536, 67108864, 1073741825, UINT64_MAX };
	static const int64_t times_in[] = { 0, 1, 20000, 90 * USEC_SEC, 2 * USEC_HOUR, USEC_DAY, INT64_MAX };
	char out[NUM_TEXT];
	struct err e = ERR_INIT;
	uint64_t size;
	int64_t usec;

	for (size_t i = 0; i < COUNT(sizes_in); i++) {
		ck_ok(num_size(num_size_conf(sizes_in[i], out), &size, &e), &e);
		ck_assert_uint_eq(size, sizes_in[i]);
	}
	for (size_t i = 0; i < COUNT(times_in); i++) {
		ck_ok(num_duration(num_duration_conf(times_in[i], out), &usec, &e), &e);
		ck_assert_int_eq(usec, times_in[i]);
	}
	ck_assert_str_eq(num_size_conf(67108864, out), "64MB");
	ck_assert_str_eq(num_duration_conf(20000, out), "20ms");
	ck_assert_str_eq(num_duration_conf(90 * USEC_SEC, out), "90s");
}
END_TEST

UNIT_MAIN("num", num_int_takes_the_whole_range, num_int_refuses_anything_else,
    num_size_knows_its_units, num_size_refuses_anything_else, num_duration_knows_its_units,
    num_duration_refuses_anything_else, num_size_text_is_for_people,
    num_duration_text_is_for_people, num_count_text_groups_by_three, num_conf_text_parses_back)
