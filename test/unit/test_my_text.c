/* test_my_text.c - dates, times, uuid and inet from their packed bytes. What real servers log is
 * in test_binlog_row.c; here are the edges. */
#include "cdc/my_text.c"

#include "test/unit/unit.h"

static const char *
time_of(uint8_t code, uint8_t decimals, bool mariadb, const char *hex)
{
	static char out[MY_TEXT_MAX + 1];
	uint8_t p[16];
	size_t n = 0;

	for (; hex[2 * n] != '\0'; n++) {
		unsigned byte;

		ck_assert_int_eq(sscanf(hex + 2 * n, "%2x", &byte), 1);
		p[n] = (uint8_t)byte;
	}
	ck_assert_uint_eq(my_text_time_size(code, decimals, mariadb), n);
	memset(out, 0, sizeof(out));
	out[my_text_time(code, decimals, mariadb, p, out)] = '\0';
	return out;
}

START_TEST(my_text_reads_dates)
{
	ck_assert_str_eq(time_of(MY_TYPE_DATE, 0, false, "000000"), "0000-00-00");
	ck_assert_str_eq(time_of(MY_TYPE_DATE, 0, false, "9F1F4E"), "9999-12-31");
	ck_assert_str_eq(time_of(MY_TYPE_NEWDATE, 0, false, "5DD00F"), "2024-02-29");
	ck_assert_str_eq(time_of(MY_TYPE_DATE, 0, false, "21204E"), ""); /* year 10000 */
	ck_assert_str_eq(time_of(MY_TYPE_DATE, 0, false, "A1D10F"), ""); /* month 13 */
	ck_assert_str_eq(time_of(MY_TYPE_YEAR, 0, false, "00"), "0000");
	ck_assert_str_eq(time_of(MY_TYPE_YEAR, 0, false, "01"), "1901");
	ck_assert_str_eq(time_of(MY_TYPE_YEAR, 0, false, "FF"), "2155");
}
END_TEST

START_TEST(my_text_reads_times_below_zero)
{
	ck_assert_str_eq(time_of(MY_TYPE_TIME2, 0, false, "800000"), "00:00:00");
	ck_assert_str_eq(time_of(MY_TYPE_TIME2, 0, false, "7FFFFF"), "-00:00:01");
	ck_assert_str_eq(time_of(MY_TYPE_TIME2, 2, false, "7FFFFFFF"), "-00:00:00.01");
	ck_assert_str_eq(time_of(MY_TYPE_TIME2, 1, false, "7FFFFFF6"), "-00:00:00.1");
	ck_assert_str_eq(time_of(MY_TYPE_TIME2, 6, false, "7FFFFFFFFFFF"), "-00:00:00.000001");
	ck_assert_str_eq(time_of(MY_TYPE_TIME2, 0, false, "B46EFB"), "838:59:59");
	ck_assert_str_eq(time_of(MY_TYPE_TIME2, 0, false, "4B9105"), "-838:59:59");
	ck_assert_str_eq(time_of(MY_TYPE_TIME2, 0, false, "B47000"), ""); /* 839 hours */
	ck_assert_str_eq(time_of(MY_TYPE_TIME2, 0, false, "80003C"), ""); /* 60 seconds */
	ck_assert_str_eq(time_of(MY_TYPE_TIME2, 0, false, "000000"), ""); /* the sign's other end */
	ck_assert_str_eq(time_of(MY_TYPE_TIME2, 2, false, "80000064"), ""); /* 100 hundredths */
	ck_assert_str_eq(time_of(MY_TYPE_TIME, 0, false, "FFFFFF"), "-00:00:01");
	ck_assert_str_eq(time_of(MY_TYPE_TIME, 0, false, "40E201"), "12:34:56");
	ck_assert_str_eq(time_of(MY_TYPE_TIME, 0, false, "A7F57F"), "838:59:59");
	ck_assert_str_eq(time_of(MY_TYPE_TIME, 0, false, "590A80"), "-838:59:59");
	ck_assert_str_eq(time_of(MY_TYPE_TIME, 0, false, "0BF67F"), ""); /* 60 minutes */
}
END_TEST

START_TEST(my_text_reads_datetimes)
{
	ck_assert_str_eq(time_of(MY_TYPE_DATETIME2, 0, false, "8000000000"), "0000-00-00 00:00:00");
	ck_assert_str_eq(
	    time_of(MY_TYPE_DATETIME2, 6, false, "FEF3FF7EFB0F423F"), "9999-12-31 23:59:59.999999");
	ck_assert_str_eq(
	    time_of(MY_TYPE_DATETIME2, 3, false, "FEF3FF7EFB2706"), "9999-12-31 23:59:59.999");
	ck_assert_str_eq(time_of(MY_TYPE_DATETIME2, 0, false, "0000000000"),
	    ""); /* below zero: there are none */
	ck_assert_str_eq(time_of(MY_TYPE_DATETIME2, 0, false, "FFFFFFFFFF"), "");
	ck_assert_str_eq(time_of(MY_TYPE_DATETIME2, 0, false, "8000018000"), ""); /* 24 hours */
	ck_assert_str_eq(time_of(MY_TYPE_DATETIME2, 6, false, "80000000000F4240"),
	    ""); /* a million microseconds */
	ck_assert_str_eq(
	    time_of(MY_TYPE_DATETIME, 0, false, "80C5AA8B68120000"), "2024-02-29 12:34:56");
	ck_assert_str_eq(
	    time_of(MY_TYPE_DATETIME, 0, false, "7787D105F15A0000"), "9999-12-31 23:59:59");
	ck_assert_str_eq(
	    time_of(MY_TYPE_DATETIME, 0, false, "0000000000000000"), "0000-00-00 00:00:00");
	ck_assert_str_eq(time_of(MY_TYPE_DATETIME, 0, false, "FFFFFFFFFFFFFFFF"), "");
	ck_assert_str_eq(time_of(MY_TYPE_DATETIME, 6, true, "FFFFFFFFFFFFFFFF"), "");
	ck_assert_str_eq(
	    time_of(MY_TYPE_DATETIME, 1, true, "00A965A7FC67"), "2024-02-29 12:34:56.7");
	ck_assert_str_eq(
	    time_of(MY_TYPE_DATETIME, 6, true, "01027ABD7377FF15"), "2024-02-29 12:34:56.000789");
	ck_assert_str_eq(time_of(MY_TYPE_TIME, 1, true, "01D3C9C7"), "12:34:56.7");
	ck_assert_str_eq(time_of(MY_TYPE_TIME, 6, true, "000000000001"), "-838:59:59.999999");
	ck_assert_str_eq(time_of(MY_TYPE_DATETIME, 1, true, "FFFFFFFFFFFF"), ""); /* microseconds beyond 63 bits */
	ck_assert_str_eq(time_of(MY_TYPE_DATETIME, 0, false, "00C9E08568120000"), ""); /* 32 January */
	ck_assert_str_eq(time_of(MY_TYPE_DATETIME, 0, false, "40637F16F35A0000"), ""); /* year 10000 */
	ck_assert_str_eq(time_of(MY_TYPE_TIME, 6, true, "FFFFFFFFFFFF"), "");
	ck_assert_str_eq(time_of(MY_TYPE_TIME, 6, true, "000000000000"), "");
}
END_TEST

/* As they stand inside JSON, where a sign may be written that no date has. */
START_TEST(my_text_refuses_packed_values_below_zero)
{
	char out[MY_TEXT_MAX];
	const int64_t day = (INT64_C(26314) * 32 + 29) << 41;

	ck_assert_uint_eq(my_text_packed_date(day, out), 10);
	ck_assert_mem_eq(out, "2024-02-29", 10);
	ck_assert_uint_eq(my_text_packed_date(-day, out), 0);
	ck_assert_uint_eq(my_text_packed_datetime(day, 6, out), 26);
	ck_assert_mem_eq(out, "2024-02-29 00:00:00.000000", 26);
	ck_assert_uint_eq(my_text_packed_datetime(-day, 6, out), 0);
	ck_assert_uint_eq(my_text_packed_datetime(INT64_MIN, 0, out), 0);
	ck_assert_uint_eq(my_text_packed_time(INT64_MIN, 0, out), 0);
}
END_TEST

START_TEST(my_text_reads_timestamps_as_utc)
{
	ck_assert_str_eq(time_of(MY_TYPE_TIMESTAMP2, 0, false, "00000000"), "0000-00-00 00:00:00");
	ck_assert_str_eq(time_of(MY_TYPE_TIMESTAMP2, 0, false, "00000001"), "1970-01-01 00:00:01");
	ck_assert_str_eq(time_of(MY_TYPE_TIMESTAMP2, 0, false, "7FFFFFFF"), "2038-01-19 03:14:07");
	ck_assert_str_eq(time_of(MY_TYPE_TIMESTAMP2, 0, true, "FFFFFFFF"), "2106-02-07 06:28:15");
	ck_assert_str_eq(time_of(MY_TYPE_TIMESTAMP2, 0, false, "386D4380"), "2000-01-01 00:00:00");
	ck_assert_str_eq(time_of(MY_TYPE_TIMESTAMP2, 0, false, "38BBB47F"), "2000-02-29 11:58:55");
	ck_assert_str_eq(
	    time_of(MY_TYPE_TIMESTAMP2, 2, false, "0000000001"), "1970-01-01 00:00:00.01");
	ck_assert_str_eq(time_of(MY_TYPE_TIMESTAMP2, 2, false, "0000000164"), "");
	ck_assert_str_eq(time_of(MY_TYPE_TIMESTAMP, 0, false, "80436D38"), "2000-01-01 00:00:00");
	ck_assert_str_eq(
	    time_of(MY_TYPE_TIMESTAMP, 2, true, "386D434363"), "1999-12-31 23:58:59.99");
	ck_assert_str_eq(time_of(MY_TYPE_TIMESTAMP, 2, true, "386D438064"), "");
}
END_TEST

START_TEST(my_text_knows_which_sizes_there_are)
{
	ck_assert_uint_eq(my_text_time_size(MY_TYPE_TIME2, 7, false), 0);
	ck_assert_uint_eq(
	    my_text_time_size(MY_TYPE_TIME, 1, false), 0); /* MySQL's old format has no fraction */
	ck_assert_uint_eq(my_text_time_size(MY_TYPE_DATETIME, 1, false), 0);
	ck_assert_uint_eq(my_text_time_size(MY_TYPE_TIMESTAMP, 1, false), 0);
	ck_assert_uint_eq(my_text_time_size(MY_TYPE_TIME, 1, true), 4);
	ck_assert_uint_eq(my_text_time_size(MY_TYPE_TIME, MY_DIGITS_UNKNOWN, true), 0);
	ck_assert_uint_eq(my_text_time_size(MY_TYPE_LONG, 0, false), 0);
	ck_assert_uint_eq(my_text_time_size(MY_TYPE_DATETIME2, 5, false), 8);
	ck_assert_str_eq(time_of(MY_TYPE_LONG, 0, false, ""), "");
	ck_assert_str_eq(time_of(MY_TYPE_DATETIME2, 7, false, ""), "");
}
END_TEST

/* As MariaDB 10.11 prints these addresses. */
START_TEST(my_text_prints_inet6_as_the_server_does)
{
	static const struct {
		uint16_t group[8];
		const char *text;
	} list[] = {
		{ { 0, 0, 0, 0, 0, 0, 0, 0 }, "::" },
		{ { 0, 0, 0, 0, 0, 0, 0, 1 }, "::1" },
		{ { 0, 0, 0, 0, 0, 0, 2, 3 }, "::0.2.0.3" },
		{ { 1, 0, 0, 0, 0, 0, 0, 0 }, "1::" },
		{ { 1, 0, 2, 0, 0, 3, 0, 0 }, "1:0:2::3:0:0" },
		{ { 0, 0, 0, 0, 0, 0xffff, 0x102, 0x304 }, "::ffff:1.2.3.4" },
		{ { 1, 2, 3, 4, 5, 6, 7, 0 }, "1:2:3:4:5:6:7::" },
		{ { 0, 2, 3, 4, 5, 6, 7, 8 }, "::2:3:4:5:6:7:8" },
		{ { 1, 0, 3, 4, 5, 6, 7, 8 }, "1::3:4:5:6:7:8" },
		{ { 0, 0, 0, 0, 0, 0xffff, 0, 0 }, "::ffff:0.0.0.0" },
		{ { 0, 0, 0, 0, 0, 0, 1, 0 }, "::0.1.0.0" },
		{ { 0, 0, 0, 0, 1, 0, 0, 0 }, "::1:0:0:0" },
		{ { 0, 0, 0, 0, 0, 0xfffe, 1, 2 }, "::fffe:1:2" },
		{ { 0xf, 0x10, 0xff, 0x100, 0xfff, 0x1000, 0, 1 }, "f:10:ff:100:fff:1000::1" },
		{ { 0x2001, 0xdb8, 0, 0, 0xa, 0, 0, 1 }, "2001:db8::a:0:0:1" },
		{ { 0, 0, 0, 0, 0xffff, 0xffff, 0x102, 0x304 }, "::ffff:ffff:102:304" },
		{ { 0, 0, 0, 0, 0, 0, 0, 0xffff }, "::ffff" },
		{ { 1, 0, 0, 2, 0, 0, 3, 4 }, "1::2:0:0:3:4" },
		{ { 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff },
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		char out[MY_TEXT_MAX + 1];
		uint8_t p[16];

		for (int g = 0; g < 8; g++)
			p[2 * g] = (uint8_t)(list[i].group[g] >> 8),
			      p[2 * g + 1] = (uint8_t)list[i].group[g];
		out[my_text_inet6(p, out)] = '\0';
		ck_assert_str_eq(out, list[i].text);
	}
}
END_TEST

START_TEST(my_text_prints_uuid_and_inet4)
{
	char out[MY_TEXT_MAX + 1];

	out[my_text_uuid(
	    (const uint8_t *)"\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x55\x44\x00\xff",
	    out)] = '\0';
	ck_assert_str_eq(out, "123e4567-e89b-12d3-a456-4266554400ff");
	out[my_text_inet4((const uint8_t *)"\x00\x0a\x63\xff", out)] = '\0';
	ck_assert_str_eq(out, "0.10.99.255");
}
END_TEST

UNIT_MAIN("my_text", my_text_reads_dates, my_text_reads_times_below_zero, my_text_reads_datetimes,
    my_text_refuses_packed_values_below_zero, my_text_reads_timestamps_as_utc, my_text_knows_which_sizes_there_are,
    my_text_prints_inet6_as_the_server_does, my_text_prints_uuid_and_inet4)
