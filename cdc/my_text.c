/* my_text.c - dates, times, uuid and inet as text. Flow: bytes of one of five formats -> parts ->
 * text.
 * Invariant: parts out of their range are refused, but for what the servers themselves let in:
 * zero months and days, 31 February.
 * Threads: any; pure. */
#include "cdc/my_text.h"

#include <stdlib.h>
#include <string.h>

#include "cdc/my_type.h"

struct parts {
	bool negative;
	uint32_t year, month, day, hour, minute, second, micro;
};

static uint64_t
big_endian(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static uint64_t
little_endian(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = n; i > 0; i--)
		v = v << 8 | p[i - 1];
	return v;
}

static const uint32_t powers[] = { 1, 10, 100, 1000, 10000, 100000, 1000000 };

/* ---- parts -> text ------------------------------------------------------------------------------------------------ */

static char *
put_digits(char *out, uint32_t v, unsigned digits)
{
	for (unsigned i = digits; i > 0; i--, v /= 10)
		out[i - 1] = (char)('0' + v % 10);
	return out + digits;
}

static char *
put_date(char *out, const struct parts *t)
{
	out = put_digits(out, t->year, 4);
	*out++ = '-';
	out = put_digits(out, t->month, 2);
	*out++ = '-';
	return put_digits(out, t->day, 2);
}

static char *
put_time(char *out, const struct parts *t, uint8_t decimals)
{
	if (t->negative)
		*out++ = '-';
	out = put_digits(out, t->hour, t->hour > 99 ? 3 : 2);
	*out++ = ':';
	out = put_digits(out, t->minute, 2);
	*out++ = ':';
	out = put_digits(out, t->second, 2);
	if (decimals > 0) {
		*out++ = '.';
		out = put_digits(out, t->micro / powers[6 - decimals], decimals);
	}
	return out;
}

static bool
date_valid(const struct parts *t)
{
	return t->year <= 9999 && t->month <= 12 && t->day <= 31;
}

static bool
time_valid(const struct parts *t, uint32_t hours)
{
	return t->hour <= hours && t->minute < 60 && t->second < 60 && t->micro < 1000000;
}

static size_t
date_text(const struct parts *t, char *out)
{
	return date_valid(t) ? (size_t)(put_date(out, t) - out) : 0;
}

static size_t
datetime_text(const struct parts *t, uint8_t decimals, char *out)
{
	char *end;

	if (!date_valid(t) || !time_valid(t, 23))
		return 0;
	end = put_date(out, t);
	*end++ = ' ';
	return (size_t)(put_time(end, t, decimals) - out);
}

static size_t
time_text(const struct parts *t, uint8_t decimals, char *out)
{
	return time_valid(t, 838) ? (size_t)(put_time(out, t, decimals) - out) : 0;
}

/* ---- packed, since MySQL 5.6 -------------------------------------------------------------------------------------- */

static struct parts
packed_parts(uint64_t packed)
{
	const uint64_t whole = packed >> 24, ymd = whole >> 17, hms = whole & 0x1ffff;

	return (struct parts){ .year = (uint32_t)((ymd >> 5) / 13),
		.month = (uint32_t)((ymd >> 5) % 13),
		.day = (uint32_t)(ymd & 31),
		.hour = (uint32_t)(hms >> 12),
		.minute = (uint32_t)(hms >> 6 & 63),
		.second = (uint32_t)(hms & 63),
		.micro = (uint32_t)(packed & 0xffffff) };
}

size_t
my_text_packed_datetime(int64_t packed, uint8_t decimals, char *out)
{
	const struct parts t = packed_parts((uint64_t)packed);

	return packed >= 0 ? datetime_text(&t, decimals, out) : 0;
}

size_t
my_text_packed_date(int64_t packed, char *out)
{
	const struct parts t = packed_parts((uint64_t)packed);

	return packed >= 0 ? date_text(&t, out) : 0;
}

size_t
my_text_packed_time(int64_t packed, uint8_t decimals, char *out)
{
	const uint64_t v = packed < 0 ? -(uint64_t)packed : (uint64_t)packed, hms = v >> 24;
	const struct parts t = { .negative = packed < 0,
		.hour = (uint32_t)(hms >> 12 & 0x3ff),
		.minute = (uint32_t)(hms >> 6 & 63),
		.second = (uint32_t)(hms & 63),
		.micro = (uint32_t)(v & 0xffffff) };

	return hms >> 22 == 0 ? time_text(&t, decimals, out) : 0;
}

/* A fraction's bytes -> microseconds: each byte holds two digits. */
static uint32_t
fraction(const uint8_t *p, uint8_t decimals)
{
	const size_t n = (decimals + 1u) / 2;

	return (uint32_t)big_endian(p, n) * powers[6 - 2 * n];
}

static size_t
datetime2_text(const uint8_t *p, uint8_t decimals, char *out)
{
	const uint64_t whole = big_endian(p, 5);

	if ((whole & UINT64_C(0x8000000000)) == 0)
		return 0;
	return my_text_packed_datetime(
	    (int64_t)((whole & UINT64_C(0x7fffffffff)) << 24 | fraction(p + 5, decimals)), decimals,
	    out);
}

/* The number as a whole is negative, fraction included: it is that much above its own complement.
 */
static size_t
time2_text(const uint8_t *p, uint8_t decimals, char *out)
{
	const size_t nfraction = (decimals + 1u) / 2;
	const int64_t zero = INT64_C(0x800000) << (8 * nfraction);
	const int64_t v = (int64_t)big_endian(p, 3 + nfraction) - zero;
	const uint64_t magnitude = (uint64_t)(v < 0 ? -v : v);
	const uint64_t whole = magnitude >> (8 * nfraction);
	const uint64_t micro =
	    (magnitude & ((UINT64_C(1) << (8 * nfraction)) - 1)) * powers[6 - 2 * nfraction];
	const int64_t packed = (int64_t)(whole << 24 | micro);

	return my_text_packed_time(v < 0 ? -packed : packed, decimals, out);
}

/* ---- seconds since 1970 ------------------------------------------------------------------------------------------- */

/* Days -> date, in 400-year cycles that begin with March (H. Hinnant's algorithm). */
static void
set_date(struct parts *t, uint64_t days)
{
	const uint64_t shifted = days + 719468, era = shifted / 146097, of_era = shifted % 146097;
	const uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	const uint64_t of_year = of_era - (365 * year + year / 4 - year / 100),
		       month = (5 * of_year + 2) / 153;

	t->day = (uint32_t)(of_year - (153 * month + 2) / 5 + 1);
	t->month = (uint32_t)(month < 10 ? month + 3 : month - 9);
	t->year = (uint32_t)(year + era * 400 + (t->month <= 2));
}

static size_t
timestamp_text(uint32_t seconds, uint32_t micro, uint8_t decimals, char *out)
{
	struct parts t = { .micro = micro };

	if (seconds != 0 || micro != 0) { /* 0 is the zero date */
		set_date(&t, seconds / 86400);
		t.hour = seconds / 3600 % 24;
		t.minute = seconds / 60 % 60;
		t.second = seconds % 60;
	}
	return datetime_text(&t, decimals, out);
}

/* ---- before MySQL 5.6, and MariaDB's own formats with a fraction -------------------------------------------------- */

static const uint8_t maria_time_bytes[] = { 3, 4, 4, 5, 5, 5, 6 };
static const uint8_t maria_datetime_bytes[] = { 8, 6, 6, 7, 7, 7, 8 };
static const uint8_t maria_fraction_bytes[] = { 0, 1, 1, 2, 2, 3, 3 };

/* Everything counted in microseconds, as one number. */
static struct parts
counted_parts(uint64_t v)
{
	struct parts t = { .micro = (uint32_t)(v % 1000000) };

	v /= 1000000;
	t.second = (uint32_t)(v % 60);
	t.minute = (uint32_t)(v / 60 % 60);
	t.hour = (uint32_t)(v / 3600 % 24);
	v /= 86400;
	t.day = (uint32_t)(v % 32);
	t.month = (uint32_t)(v / 32 % 13);
	t.year = (uint32_t)(v / 32 / 13);
	return t;
}

static size_t
old_time_text(const uint8_t *p, uint8_t decimals, char *out)
{
	struct parts t = { 0 };
	int64_t v;
	uint64_t magnitude;

	if (decimals == 0) { /* hhmmss as a decimal number */
		v = (int32_t)((uint32_t)little_endian(p, 3) << 8) >> 8;
		magnitude = (uint64_t)(v < 0 ? -v : v);
		t.hour = (uint32_t)(magnitude / 10000);
		t.minute = (uint32_t)(magnitude / 100 % 100);
		t.second = (uint32_t)(magnitude % 100);
	} else {
		v = (int64_t)big_endian(p, maria_time_bytes[decimals]) -
		    INT64_C(3020400) * powers[decimals];
		magnitude = (uint64_t)(v < 0 ? -v : v) * powers[6 - decimals];
		if (magnitude / 1000000 >= 3020400)
			return 0;
		t = counted_parts(magnitude);
		t.hour = (uint32_t)(magnitude / 1000000 / 3600);
	}
	t.negative = v < 0;
	return time_text(&t, decimals, out);
}

static size_t
old_datetime_text(const uint8_t *p, uint8_t decimals, char *out)
{
	uint64_t v =
	    decimals == 0 ? little_endian(p, 8) : big_endian(p, maria_datetime_bytes[decimals]);
	struct parts t;

	if (decimals > 0) {
		if (v > UINT64_C(0x7fffffffffffffff) / powers[6 - decimals])
			return 0;
		t = counted_parts(v * powers[6 - decimals]);
	} else { /* YYYYMMDDhhmmss as a decimal number */
		t = (struct parts){ .second = (uint32_t)(v % 100),
			.minute = (uint32_t)(v / 100 % 100),
			.hour = (uint32_t)(v / 10000 % 100) };
		v /= 1000000;
		t.day = (uint32_t)(v % 100);
		t.month = (uint32_t)(v / 100 % 100);
		t.year = v / 10000 > 9999 ? 10000 : (uint32_t)(v / 10000);
	}
	return datetime_text(&t, decimals, out);
}

/* ---- what the log has --------------------------------------------------------------------------------------------- */

size_t
my_text_time_size(uint8_t code, uint8_t decimals, bool mariadb)
{
	const size_t nfraction = (decimals + 1u) / 2;

	if (decimals > 6 ||
	    (!mariadb && decimals > 0 &&
		(code == MY_TYPE_TIME || code == MY_TYPE_DATETIME || code == MY_TYPE_TIMESTAMP)))
		return 0;
	switch (code) {
	case MY_TYPE_YEAR: return 1;
	case MY_TYPE_DATE:
	case MY_TYPE_NEWDATE: return 3;
	case MY_TYPE_TIME2: return 3 + nfraction;
	case MY_TYPE_DATETIME2: return 5 + nfraction;
	case MY_TYPE_TIMESTAMP2: return 4 + nfraction;
	case MY_TYPE_TIME: return maria_time_bytes[decimals];
	case MY_TYPE_DATETIME: return maria_datetime_bytes[decimals];
	case MY_TYPE_TIMESTAMP: return 4u + maria_fraction_bytes[decimals];
	default: return 0;
	}
}

size_t
my_text_time(uint8_t code, uint8_t decimals, bool mariadb, const uint8_t *p, char *out)
{
	struct parts t = { 0 };
	uint32_t v;

	switch (my_text_time_size(code, decimals, mariadb) != 0 ? code : 0) {
	case MY_TYPE_YEAR: return (size_t)(put_digits(out, p[0] != 0 ? 1900u + p[0] : 0, 4) - out);
	case MY_TYPE_DATE:
	case MY_TYPE_NEWDATE:
		v = (uint32_t)little_endian(p, 3);
		t = (struct parts){ .day = v & 31, .month = v >> 5 & 15, .year = v >> 9 };
		return date_text(&t, out);
	case MY_TYPE_TIME2: return time2_text(p, decimals, out);
	case MY_TYPE_DATETIME2: return datetime2_text(p, decimals, out);
	case MY_TYPE_TIMESTAMP2:
		return timestamp_text(
		    (uint32_t)big_endian(p, 4), fraction(p + 4, decimals), decimals, out);
	case MY_TYPE_TIME: return old_time_text(p, decimals, out);
	case MY_TYPE_DATETIME: return old_datetime_text(p, decimals, out);
	case MY_TYPE_TIMESTAMP:
		if (decimals == 0)
			return timestamp_text((uint32_t)little_endian(p, 4), 0, 0, out);
		v = (uint32_t)big_endian(p + 4, maria_fraction_bytes[decimals]);
		return v < powers[decimals] ? timestamp_text((uint32_t)big_endian(p, 4),
						  v * powers[6 - decimals], decimals, out)
					    : 0;
	default: return 0;
	}
}

/* ---- uuid and inet ------------------------------------------------------------------------------------------------ */

static const char hex_digits[] = "0123456789abcdef";

size_t
my_text_uuid(const uint8_t p[16], char *out)
{
	char *s = out;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*s++ = '-';
		*s++ = hex_digits[p[i] >> 4];
		*s++ = hex_digits[p[i] & 15];
	}
	return (size_t)(s - out);
}

size_t
my_text_inet4(const uint8_t p[4], char *out)
{
	char *s = out;

	for (int i = 0; i < 4; i++) {
		if (i > 0)
			*s++ = '.';
		s = put_digits(s, p[i], p[i] > 99 ? 3 : p[i] > 9 ? 2 : 1);
	}
	return (size_t)(s - out);
}

static char *
put_group(char *out, uint32_t v)
{
	for (int shift = v > 0xfff ? 12 : v > 0xff ? 8 : v > 0xf ? 4 : 0; shift >= 0; shift -= 4)
		*out++ = hex_digits[v >> shift & 15];
	return out;
}

/* The longest run of zero groups becomes "::", the first of equal ones, a single one too; an
 * address that holds one of IPv4 ends in it. */
size_t
my_text_inet6(const uint8_t p[16], char *out)
{
	uint32_t group[8];
	int gap = -1, gap_length = 0;
	char *s = out;
	bool ipv4;

	for (int i = 0; i < 8; i++)
		group[i] = (uint32_t)big_endian(p + 2 * i, 2);
	for (int i = 0, n; i < 8; i += n + 1) {
		for (n = 0; i + n < 8 && group[i + n] == 0; n++)
			;
		if (n > gap_length) {
			gap = i;
			gap_length = n;
		}
	}
	ipv4 = gap == 0 && (gap_length == 6 || (gap_length == 5 && group[5] == 0xffff));
	for (int i = 0; i < 8; i++) {
		if (i == gap) {
			*s++ = ':';
			i += gap_length - 1;
			if (i == 7)
				*s++ = ':';
			continue;
		}
		if (i > 0)
			*s++ = ':';
		if (i == 6 && ipv4)
			return (size_t)(s - out) + my_text_inet4(p + 12, s);
		s = put_group(s, group[i]);
	}
	return (size_t)(s - out);
}
