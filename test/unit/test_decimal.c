/* test_decimal.c - packed decimals of a server as it prints them, and bytes that are none. */
#include "cdc/decimal.c"

#include "test/unit/unit.h"

static const char *
text(const char *hex, unsigned precision, unsigned scale)
{
	static char out[DECIMAL_TEXT_MAX + 1];
	uint8_t packed[64];
	size_t n = 0;

	for (; hex[2 * n] != '\0'; n++) {
		unsigned byte;

		ck_assert_int_eq(sscanf(hex + 2 * n, "%2x", &byte), 1);
		packed[n] = (uint8_t)byte;
	}
	ck_assert_uint_eq(n, decimal_size(precision, scale));
	out[decimal_text(packed, precision, scale, out)] = '\0';
	return out;
}

/* The manual's example is 1234567890.1234 in decimal(14,4): 81 0DFB38D2 04D2. */
START_TEST(decimal_reads_what_a_server_packs)
{
	ck_assert_str_eq(text("810DFB38D204D2", 14, 4), "1234567890.1234");
	ck_assert_str_eq(text("7EF204C72DFB2D", 14, 4), "-1234567890.1234");
	ck_assert_str_eq(text("80000000000000", 14, 4), "0.0000");
}
END_TEST

START_TEST(decimal_has_a_digit_before_the_point)
{
	ck_assert_str_eq(text("8A", 2, 2), "0.10");
	ck_assert_str_eq(text("75", 2, 2), "-0.10");
	ck_assert_str_eq(text("8001", 3, 0), "1");
	ck_assert_str_eq(text("7FFE", 3, 0), "-1");
	ck_assert_str_eq(text("8000", 3, 0), "0");
	ck_assert_str_eq(text("83E7", 3, 0), "999");
	ck_assert_str_eq(text("8005", 2, 1), "0.5");
}
END_TEST

START_TEST(decimal_takes_the_largest)
{
	static const char nines[] =
	    "99999999999999999999999999999999999.999999999999999999999999999999";

	/* 35 digits before the point: 8 in 4 bytes, 3 full groups; 30 behind: 3 full groups, 3 digits in 2 bytes */
	ck_assert_str_eq(text("85F5E0FF"
			      "3B9AC9FF"
			      "3B9AC9FF"
			      "3B9AC9FF"
			      "3B9AC9FF"
			      "3B9AC9FF"
			      "3B9AC9FF"
			      "03E7",
			     65, 30),
	    nines);
	ck_assert_uint_eq(strlen(text("7A0A1F00"
				      "C4653600"
				      "C4653600"
				      "C4653600"
				      "C4653600"
				      "C4653600"
				      "C4653600"
				      "FC18",
			      65, 30)),
	    strlen(nines) + 1);
	ck_assert_uint_eq(decimal_size(65, 0), 29);
	ck_assert_uint_eq(decimal_size(38, 38), 17);
}
END_TEST

START_TEST(decimal_refuses_groups_that_are_no_digits)
{
	ck_assert_str_eq(text("E4", 2, 2), ""); /* 100 in two digits */
	ck_assert_str_eq(text("E3", 2, 2), "0.99");
	ck_assert_str_eq(text("81FFFFFFFF04D2", 14, 4), ""); /* 4294967295 in nine */
	ck_assert_str_eq(text("810DFB38D2FFFF", 14, 4), "");
	ck_assert_str_eq(text("FFFFFFFFFFFFFF", 14, 4), "");
}
END_TEST

START_TEST(decimal_knows_its_limits)
{
	ck_assert(decimal_valid(65, 30) && decimal_valid(38, 38) && decimal_valid(1, 0) &&
		  decimal_valid(1, 1));
	ck_assert(!decimal_valid(0, 0) && !decimal_valid(66, 0) && !decimal_valid(65, 39) &&
		  !decimal_valid(5, 6));
}
END_TEST

UNIT_MAIN("decimal", decimal_reads_what_a_server_packs, decimal_has_a_digit_before_the_point,
    decimal_takes_the_largest, decimal_refuses_groups_that_are_no_digits, decimal_knows_its_limits)
