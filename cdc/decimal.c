/* decimal.c - MySQL's packed decimal. Flow: bytes -> sign -> groups of digits, the point between
 * -> leading zeros dropped.
 * Invariant: a group whose number has more digits than it stands for is refused. Threads: any;
 * pure. */
#include "cdc/decimal.h"

#include <assert.h>
#include <string.h>

#define GROUP 9 /* digits of a full group, in four bytes */

/* Bytes that 0 to 9 digits take. */
static const uint8_t digit_bytes[GROUP + 1] = { 0, 1, 1, 2, 2, 3, 3, 4, 4, 4 };
static const uint32_t powers[GROUP + 1] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000,
	100000000, 1000000000 };

bool
decimal_valid(unsigned precision, unsigned scale)
{
	return precision > 0 && precision <= DECIMAL_MAX_PRECISION && scale <= DECIMAL_MAX_SCALE &&
	       scale <= precision;
}

size_t
decimal_size(unsigned precision, unsigned scale)
{
	const unsigned whole = precision - scale;

	assert(decimal_valid(precision, scale));
	return whole / GROUP * 4u + digit_bytes[whole % GROUP] + scale / GROUP * 4u +
	       digit_bytes[scale % GROUP];
}

struct cursor {
	const uint8_t *p;
	uint8_t flip; /* 0xff: negative */
	uint8_t first; /* 0x80 for the very first byte */
	char *out;
};

static bool
put_group(struct cursor *c, unsigned digits)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < digit_bytes[digits]; i++) {
		v = v << 8 | (uint8_t)(*c->p++ ^ c->flip ^ c->first);
		c->first = 0;
	}
	if (v >= powers[digits])
		return false;
	for (unsigned i = digits; i > 0; i--, v /= 10)
		c->out[i - 1] = (char)('0' + v % 10);
	c->out += digits;
	return true;
}

size_t
decimal_text(const uint8_t *p, unsigned precision, unsigned scale, char *out)
{
	const unsigned whole = precision - scale;
	const bool negative = (p[0] & 0x80) == 0;
	struct cursor c = {
		.p = p, .flip = negative ? 0xff : 0, .first = 0x80, .out = out + negative
	};
	char *point, *start;
	bool ok;

	assert(decimal_valid(precision, scale));
	ok = whole % GROUP == 0 || put_group(&c, whole % GROUP);
	for (unsigned i = 0; ok && i < whole / GROUP; i++)
		ok = put_group(&c, GROUP);
	point = c.out;
	if (scale > 0)
		*c.out++ = '.';
	for (unsigned i = 0; ok && i < scale / GROUP; i++)
		ok = put_group(&c, GROUP);
	if (!ok || (scale % GROUP != 0 && !put_group(&c, scale % GROUP)))
		return 0;
	out[0] = negative ? '-' : out[0];
	for (start = out + negative; start < point && *start == '0'; start++)
		;
	if (start ==
	    point) { /* one digit before the point: room for it where there was no integer part */
		memmove(out + negative + 1, point, (size_t)(c.out - point));
		out[negative] = '0';
		return (size_t)(c.out - point) + negative + 1u;
	}
	memmove(out + negative, start, (size_t)(c.out - start));
	return (size_t)(c.out - start) + negative;
}
