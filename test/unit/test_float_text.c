/* test_float_text.c - floats and doubles give the same bits back, with no fewer digits able to;
 * the form is MySQL's. */
#include "cdc/float_text.c"

#include <math.h>
#include "test/unit/unit.h"

static const char *
text_d(double v)
{
	static char s[FLOAT_TEXT_MAX + 1];

	s[double_text(v, s)] = '\0';
	return s;
}

static const char *
text_f(float v)
{
	static char s[FLOAT_TEXT_MAX + 1];

	s[float_text(v, s)] = '\0';
	return s;
}

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static int
digits_of(const char *s)
{
	int n = 0, zeros = 0;

	for (; *s != '\0' && *s != 'e'; s++) {
		if (*s < '0' || *s > '9' || (n == 0 && *s == '0'))
			continue;
		n++;
		zeros = *s == '0' ? zeros + 1 : 0;
	}
	return n - zeros;
}

/* As the servers print them: SELECT of a double on MySQL 9.7 and MariaDB 10.11. */
START_TEST(float_text_prints_doubles_as_the_server_does)
{
	static const struct {
		double v;
		const char *text;
	} list[] = {
		{ 0, "0" },
		{ -0.0, "-0" },
		{ 1, "1" },
		{ -1, "-1" },
		{ 10, "10" },
		{ 0.1, "0.1" },
		{ -123.456, "-123.456" },
		{ 123456789012345, "123456789012345" },
		{ 1e14, "100000000000000" },
		{ 1e15, "1e15" },
		{ 999999999999999, "999999999999999" },
		{ 1234567890123456, "1.234567890123456e15" },
		{ 1234567890123456.5, "1234567890123456.5" },
		{ 1e-5, "0.00001" },
		{ 1e-15, "0.000000000000001" },
		{ 1e-16, "1e-16" },
		{ 1.5e-15, "0.0000000000000015" },
		{ 1.5e-16, "1.5e-16" },
		{ 1.7976931348623157e308, "1.7976931348623157e308" },
		{ 2.2250738585072014e-308, "2.2250738585072014e-308" },
		{ 5e-324, "5e-324" },
		{ 0.30000000000000004, "0.30000000000000004" },
		{ 9007199254740992, "9.007199254740992e15" },
		{ 1e22, "1e22" },
		{ 1e23, "1e23" },
		{ 123.5, "123.5" },
		{ 1e100, "1e100" },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		ck_assert_str_eq(text_d(list[i].v), list[i].text);
	ck_assert_uint_eq(strlen(text_d(-1.2345678901234567e-15)),
	    34); /* the longest there are; found by fuzzing */
	ck_assert_uint_le(34, FLOAT_TEXT_MAX);
	ck_assert_str_eq(text_d((double)NAN), "nan");
	ck_assert_str_eq(text_d((double)INFINITY), "inf");
	ck_assert_str_eq(text_d(-(double)INFINITY), "-inf");
}
END_TEST

START_TEST(float_text_prints_floats_with_the_digits_they_need)
{
	ck_assert_str_eq(text_f(0.1f), "0.1");
	ck_assert_str_eq(text_f(16777216.0f), "16777216");
	ck_assert_str_eq(text_f(3.4028235e38f), "3.4028235e38");
	ck_assert_str_eq(text_f(1e-45f), "1e-45");
	ck_assert_str_eq(text_f(1.17549435e-38f), "1.1754944e-38");
	ck_assert_str_eq(text_f(-1.5f), "-1.5");
	ck_assert_str_eq(text_f(0.333333333f), "0.33333334");
	ck_assert_str_eq(text_f(1e15f), "1e15");
	ck_assert_str_eq(text_f(-0.0f), "-0");
}
END_TEST

/* The digits of the text alone, without zeros at both ends. */
static void
only_digits(const char *s, char *out)
{
	size_t n = 0;

	for (; *s != '\0' && *s != 'e'; s++)
		if (*s >= '0' && *s <= '9' && (n > 0 || *s != '0'))
			out[n++] = *s;
	while (n > 0 && out[n - 1] == '0')
		n--;
	out[n] = '\0';
}

/* text gives v back, one digit less does not, and of all texts of as many digits it is the
 * nearest: what printf has, where that gives v back. */
static void
check_text(const char *text, double v, bool single, double back)
{
	char other[400], digits[400], other_digits[400];

	if (memcmp(&v, &back, sizeof(v)) != 0)
		ck_abort_msg("%.17g became %s", v, text);
	if (v == 0)
		return;
	snprintf(other, sizeof(other), "%.*g", digits_of(text) - 1, v);
	if (digits_of(text) > 1 &&
	    (single ? (double)strtof(other, NULL) : strtod(other, NULL)) == v)
		ck_abort_msg("%s is more than %s", text, other);
	snprintf(other, sizeof(other), "%.*e", digits_of(text) - 1, v);
	only_digits(text, digits);
	only_digits(other, other_digits);
	if ((single ? (double)strtof(other, NULL) : strtod(other, NULL)) == v &&
	    strcmp(digits, other_digits) != 0)
		ck_abort_msg("%s is farther away than %s", text, other);
}

static void
check_double(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof(v));
	if (isfinite(v))
		check_text(text_d(v), v, false, strtod(text_d(v), NULL));
}

static void
check_float(uint32_t bits)
{
	float v;

	memcpy(&v, &bits, sizeof(v));
	if (isfinite(v))
		check_text(text_f(v), (double)v, true, (double)strtof(text_f(v), NULL));
}

START_TEST(float_text_gives_the_same_bits_back)
{
	uint64_t state = 88172645463325252u;

	for (int i = 0; i < 200000; i++) {
		const uint64_t r = next_random(&state);

		check_double(r);
		check_float((uint32_t)r);
		if (i < 2048) {
			check_double(
			    (uint64_t)i << 52); /* powers of two: the interval is not even */
			check_double(((uint64_t)i << 52) + 1);
			check_double(((uint64_t)i << 52) - 1);
			check_double((uint64_t)i); /* the smallest ones */
			check_float((uint32_t)i << 23);
			check_float(((uint32_t)i << 23) - 1);
			check_float((uint32_t)i);
		}
		if (i < 100000) {
			double v = (double)(int64_t)(r >> 20) /
				   (i % 2 ? 100 : 1000); /* as people write them */
			uint64_t bits;

			memcpy(&bits, &v, sizeof(bits));
			check_double(bits);
		}
	}
}
END_TEST

/* ---- the tables again, with numbers of any length ---- */

#define WORDS 32

static void
times_small(uint32_t *n, uint32_t by)
{
	uint64_t carry = 0;

	for (int i = 0; i < WORDS; i++) {
		carry += (uint64_t)n[i] * by;
		n[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

static bool
bit_of(const uint32_t *n, int i)
{
	return i >= 0 && (n[i / 32] >> (i % 32) & 1);
}

START_TEST(float_text_has_exact_powers_of_five)
{
	uint32_t p[WORDS] = { 1 };

	for (int i = 0; i < 342; i++) {
		int bits = 0;

		for (int b = 0; b < WORDS * 32; b++)
			if (bit_of(p, b))
				bits = b + 1;
		ck_assert_int_eq(bits, pow5_bits(i));
		for (int b = 0; i < 326 && b < POW5_BITS; b++)
			if (bit_of(p, bits - POW5_BITS + b) != (pow5[i][b / 64] >> (b % 64) & 1))
				ck_abort_msg("5^%d, bit %d", i, b);
		/* inverse - 1 = floor(2^k / 5^i): (inverse - 1) * 5^i <= 2^k < inverse * 5^i */
		uint32_t low[2 * WORDS] = { 0 };
		const unsigned __int128 inv =
		    ((unsigned __int128)pow5_inv[i][1] << 64 | pow5_inv[i][0]) - 1;
		const int k = bits - 1 + POW5_BITS;
		uint64_t carry;
		bool over = false;

		for (int w = 0; w < 4; w++) {
			carry = 0;
			for (int j = 0; j < WORDS; j++) {
				carry += (uint64_t)(uint32_t)(inv >> (32 * w)) * p[j] + low[w + j];
				low[w + j] = (uint32_t)carry;
				carry >>= 32;
			}
			low[w + WORDS] = (uint32_t)carry;
		}
		for (int b = k + 1; b < 64 * WORDS; b++)
			over |= low[b / 32] >> (b % 32) & 1;
		ck_assert(!over);
		if (i > 0) { /* below 2^k, and one more 5^i is above */
			ck_assert(!bit_of(low, k));
			carry = 0;
			for (int j = 0; j < 2 * WORDS; j++) {
				carry += (uint64_t)low[j] + (j < WORDS ? p[j] : 0);
				low[j] = (uint32_t)carry;
				carry >>= 32;
			}
			ck_assert(bit_of(low, k));
		}
		times_small(p, 5);
	}
}
END_TEST

UNIT_MAIN("float_text", float_text_prints_doubles_as_the_server_does,
    float_text_prints_floats_with_the_digits_they_need, float_text_gives_the_same_bits_back,
    float_text_has_exact_powers_of_five)
