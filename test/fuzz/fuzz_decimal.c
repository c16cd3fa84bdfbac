/* covers: cdc/decimal.c */
/* fuzz_decimal.c - any bytes as a packed decimal: refused, or a number of as many digits as it
 * says, whose digits, packed again, are the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "cdc/decimal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Digits -> groups, as the header of decimal.h tells it. */
static size_t
pack(const char *digits, unsigned n, bool fraction, uint8_t *out)
{
	static const uint8_t bytes[] = { 0, 1, 1, 2, 2, 3, 3, 4, 4, 4 };
	size_t at = 0;

	for (unsigned i = 0; i < n;) {
		const unsigned group = !fraction && i == 0 && n % 9 != 0 ? n % 9
				       : n - i > 9			 ? 9
									 : n - i;
		uint32_t v = 0;

		for (unsigned k = 0; k < group; k++)
			v = v * 10 + (uint32_t)(digits[i + k] - '0');
		for (unsigned k = bytes[group]; k > 0; k--)
			out[at++] = (uint8_t)(v >> (8 * (k - 1)));
		i += group;
	}
	return at;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[DECIMAL_TEXT_MAX], digits[DECIMAL_MAX_PRECISION] = { 0 };
	uint8_t packed[64], again[64];
	unsigned precision, scale, whole;
	bool negative;
	size_t n, from, bytes;

	if (size < 2 || !decimal_valid(precision = data[0], scale = data[1]) ||
	    size - 2 < decimal_size(precision, scale))
		return 0;
	bytes = decimal_size(precision, scale);
	whole = precision - scale;
	memcpy(packed, data + 2, bytes);
	if ((n = decimal_text(packed, precision, scale, text)) == 0)
		return 0;
	negative = text[0] == '-';
	must(n <= DECIMAL_TEXT_MAX && negative == ((packed[0] & 0x80) == 0));
	memset(digits, '0', precision);
	from = n - negative - (scale > 0 ? scale + 1 : 0); /* digits before the point */
	must(from >= 1 && (whole > 0 ? from <= whole : from == 1 && text[negative] == '0'));
	if (whole > 0)
		memcpy(digits + whole - from, text + negative, from);
	if (scale > 0) {
		must(text[n - scale - 1] == '.');
		memcpy(digits + whole, text + n - scale, scale);
	}
	bytes = pack(digits, whole, false, again);
	bytes += pack(digits + whole, scale, true, again + bytes);
	must(bytes == decimal_size(precision, scale));
	for (size_t i = 0; i < bytes; i++)
		again[i] ^= (uint8_t)((negative ? 0xff : 0) ^ (i == 0 ? 0x80 : 0));
	must(memcmp(again, packed, bytes) == 0);
	return 0;
}
