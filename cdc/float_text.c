/* float_text.c - the fewest digits that give a binary number back, by the Ryu algorithm (Ulf
 * Adams, PLDI 2018), and MySQL's form around them.
 * Flow: bits -> mantissa and exponent -> the interval of decimal numbers that round to them,
 * scaled by a power of five -> digits are taken off as long as both ends of the interval agree ->
 * text.
 * Invariant: exact integer arithmetic; a value gives the same text on each machine. Threads: any;
 * pure. */
#include "cdc/float_text.h"

#include <stdbool.h>
#include <string.h>

#define POW5_BITS 125

static const uint64_t pow5[][2] = {
#define POW5(i, low, high) [i] = { low, high },
#include "cdc/float_pow5.def"
#undef POW5
};
static const uint64_t pow5_inv[][2] = {
#define POW5_INV(i, low, high) [i] = { low, high },
#include "cdc/float_pow5.def"
#undef POW5_INV
};

struct decimal {
	uint64_t digits; /* without zeros at the end */
	int exponent; /* value = digits * 10^exponent */
};

/* ceil(log2(5^e)), 1 for 0; floor(log10(2^e)); floor(log10(5^e)): each exact for the exponents of
 * a double. */
static int
pow5_bits(int e)
{
	return (int)(((uint32_t)e * 1217359) >> 19) + 1;
}

static int
log10_pow2(int e)
{
	return (int)(((uint32_t)e * 78913) >> 18);
}

static int
log10_pow5(int e)
{
	return (int)(((uint32_t)e * 732923) >> 20);
}

static bool
divides_pow5(uint64_t v, int power)
{
	for (; power > 0; power--, v /= 5)
		if (v % 5 != 0)
			return false;
	return true;
}

/* m * mul >> shift */
static uint64_t
scale(uint64_t m, const uint64_t mul[2], int shift)
{
	const unsigned __int128 low = (unsigned __int128)m * mul[0],
				high = (unsigned __int128)m * mul[1];

	return (uint64_t)(((low >> 64) + high) >> (shift - 64));
}

/* The interval's ends and the value itself, scaled to decimal; exact says of value and lower end
 * whether what was cut off was all zeros. */
struct interval {
	uint64_t value, lower, upper;
	bool value_exact, lower_exact;
	int exponent;
};

/* value = m * 2^e, e already less 2. near: the next smaller number is as far away as the next
 * larger one. */
static struct interval
interval_of(uint64_t m, int e, bool near)
{
	const uint64_t v = 4 * m, lower = v - 1 - near, upper = v + 2;
	const bool even = m % 2 == 0;
	struct interval iv = { .exponent = 0 };
	const uint64_t *mul;
	int q, shift;

	if (e >= 0) {
		q = log10_pow2(e) - (e > 3);
		mul = pow5_inv[q];
		shift = q - e + POW5_BITS + pow5_bits(q) - 1;
		iv.exponent = q;
	} else {
		q = log10_pow5(-e) - (-e > 1);
		mul = pow5[-e - q];
		shift = q - (pow5_bits(-e - q) - POW5_BITS);
		iv.exponent = q + e;
	}
	iv.value = scale(v, mul, shift);
	iv.lower = scale(lower, mul, shift);
	iv.upper = scale(upper, mul, shift);
	if (e >= 0 && q <= 21) {
		if (v % 5 == 0)
			iv.value_exact = divides_pow5(v, q);
		else if (even)
			iv.lower_exact = divides_pow5(lower, q);
		else
			iv.upper -= divides_pow5(upper, q);
	} else if (e < 0 && q <= 1) {
		iv.value_exact = true;
		if (even)
			iv.lower_exact = near;
		else
			iv.upper--;
	} else if (e < 0 && q < 63) {
		iv.value_exact = (v & ((UINT64_C(1) << q) - 1)) == 0;
	}
	return iv;
}

/* Takes digits off while the interval allows it; the last one taken off rounds, half to even. */
static struct decimal
shortest(struct interval iv, bool even)
{
	unsigned last = 0;

	for (; iv.upper / 10 > iv.lower / 10 ||
	       (iv.lower_exact && iv.lower % 10 == 0 && iv.lower != 0);
	     iv.exponent++) {
		iv.lower_exact = iv.lower_exact && iv.lower % 10 == 0;
		iv.value_exact = iv.value_exact && last == 0;
		last = (unsigned)(iv.value % 10);
		iv.value /= 10;
		iv.lower /= 10;
		iv.upper /= 10;
	}
	if (iv.value_exact && last == 5 && iv.value % 2 == 0)
		last = 4;
	if ((iv.value == iv.lower && (!even || !iv.lower_exact)) || last >= 5)
		iv.value++;
	for (; iv.value % 10 == 0 && iv.value != 0; iv.exponent++)
		iv.value /= 10;
	return (struct decimal){ .digits = iv.value, .exponent = iv.exponent };
}

static size_t
put(char *out, size_t at, const char *s, size_t n)
{
	memcpy(out + at, s, n);
	return at + n;
}

static size_t
put_zeros(char *out, size_t at, int n)
{
	for (; n > 0; n--)
		out[at++] = '0';
	return at;
}

#define MAX_PLAIN 15

/* point: where the point stands, counted from before the first digit. */
static size_t
format(struct decimal d, bool negative, char *out)
{
	char digits[20], *first = digits + sizeof(digits);
	size_t at = 0, n;
	int point;

	do {
		*--first = (char)('0' + d.digits % 10);
		d.digits /= 10;
	} while (d.digits > 0);
	n = (size_t)(digits + sizeof(digits) - first);
	point = (int)n + d.exponent;
	if (negative)
		out[at++] = '-';
	if ((point > MAX_PLAIN && (size_t)point >= n) || point < 1 - MAX_PLAIN) {
		const unsigned e = (unsigned)(point > 0 ? point - 1 : 1 - point);

		at = put(out, at, first, 1);
		if (n > 1) {
			out[at++] = '.';
			at = put(out, at, first + 1, n - 1);
		}
		out[at++] = 'e';
		if (point <= 0)
			out[at++] = '-';
		if (e >= 100)
			out[at++] = (char)('0' + e / 100);
		out[at++] = (char)('0' + e / 10 % 10); /* MAX_PLAIN: it has two digits at least */
		out[at++] = (char)('0' + e % 10);
		return at;
	}
	if (point <= 0) {
		at = put(out, at, "0.", 2);
		at = put_zeros(out, at, -point);
		return put(out, at, first, n);
	}
	if ((size_t)point >= n) {
		at = put(out, at, first, n);
		return put_zeros(out, at, point - (int)n);
	}
	at = put(out, at, first, (size_t)point);
	out[at++] = '.';
	return put(out, at, first + point, n - (size_t)point);
}

/* bits of mantissa and of exponent as they stand in the number */
static size_t
text_of(
    uint64_t mantissa, int exponent, int mantissa_bits, int exponent_bits, bool negative, char *out)
{
	const int bias = (1 << (exponent_bits - 1)) - 1;
	const uint64_t implied = UINT64_C(1) << mantissa_bits;
	const uint64_t m = exponent == 0 ? mantissa : mantissa | implied;
	const int e = (exponent == 0 ? 1 : exponent) - bias - mantissa_bits - 2;

	if (exponent == (1 << exponent_bits) - 1)
		return mantissa != 0 ? put(out, 0, "nan", 3) : put(out, 0, negative ? "-inf" : "inf", 3u + negative);
	if (m == 0)
		return format((struct decimal){ 0 }, negative, out);
	return format(
	    shortest(interval_of(m, e, mantissa != 0 || exponent <= 1), m % 2 == 0), negative, out);
}

size_t
double_text(double v, char *out)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return text_of(
	    bits & ((UINT64_C(1) << 52) - 1), (int)(bits >> 52 & 0x7ff), 52, 11, bits >> 63, out);
}

size_t
float_text(float v, char *out)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return text_of(bits & ((1u << 23) - 1), (int)(bits >> 23 & 0xff), 23, 8, bits >> 31, out);
}
