/* num.c - numbers, sizes and times, from text and to text. Pure. */
#include "daemon/base/num.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit sizes[] = {
	{ "TB", (uint64_t)1 << 40 },
	{ "GB", (uint64_t)1 << 30 },
	{ "MB", (uint64_t)1 << 20 },
	{ "kB", (uint64_t)1 << 10 },
	{ "B", 1 },
};

#define USEC_SEC  ((int64_t)1000000)
#define USEC_MIN  (60 * USEC_SEC)
#define USEC_HOUR (60 * USEC_MIN)
#define USEC_DAY  (24 * USEC_HOUR)

static const struct unit times[] = {
	{ "d", (uint64_t)USEC_DAY },
	{ "h", (uint64_t)USEC_HOUR },
	{ "min", (uint64_t)USEC_MIN },
	{ "s", (uint64_t)USEC_SEC },
	{ "ms", 1000 },
	{ "us", 1 },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Digits at *text, at least one; moves *text past them. False also beyond 64 bits. */
static bool
digits(const char **text, uint64_t *ret)
{
	const char *s = *text;
	uint64_t v = 0;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return false;
	*text = s;
	*ret = v;
	return true;
}

/* Without overflow on the way: the magnitude of INT64_MIN is one more than that of INT64_MAX. */
static bool
signed_value(bool minus, uint64_t v, int64_t *ret)
{
	if (v > (uint64_t)INT64_MAX + (minus ? 1 : 0))
		return false;
	*ret = (int64_t)(minus ? 0 - v : v);
	return true;
}

bool
num_int(const char *text, int64_t min, int64_t max, int64_t *ret, struct err *err)
{
	bool minus = text[0] == '-';
	const char *s = text + minus;
	uint64_t v;
	int64_t n;

	if (!digits(&s, &v) || *s != '\0' || !signed_value(minus, v, &n) || n < min || n > max)
		return err_set(err, ERR_CONFIG,
		    "expected a whole number from %" PRId64 " to %" PRId64 ", got \"%.60s\"",
		    min, max, text);
	*ret = n;
	return true;
}

/* A number and its unit from the table; a bare number counts in `bare` (0: only "0" is fine). */
static bool
with_unit(const char *text, const struct unit *units, size_t n, uint64_t bare, uint64_t *ret)
{
	uint64_t v;

	if (!digits(&text, &v))
		return false;
	if (*text == '\0') {
		*ret = v * bare;
		return v == 0 || bare != 0;
	}
	for (size_t i = 0; i < n; i++)
		if (strcmp(text, units[i].name) == 0)
			return !__builtin_mul_overflow(v, units[i].factor, ret);
	return false;
}

bool
num_size(const char *text, uint64_t *ret_bytes, struct err *err)
{
	uint64_t v;

	if (!with_unit(text, sizes, COUNT(sizes), 1, &v))
		return err_set(err, ERR_CONFIG,
		    "expected a size such as \"64MB\" (B, kB, MB, GB or TB), got \"%.60s\"", text);
	*ret_bytes = v;
	return true;
}

bool
num_duration(const char *text, int64_t *ret_usec, struct err *err)
{
	uint64_t v;

	if (!with_unit(text, times, COUNT(times), 0, &v) || v > INT64_MAX)
		return err_set(err, ERR_CONFIG,
		    "expected a time such as \"20ms\" (us, ms, s, min, h or d), got \"%.60s\"",
		    text);
	*ret_usec = (int64_t)v;
	return true;
}

const char *
num_size_text(uint64_t bytes, char out[NUM_TEXT])
{
	size_t i = COUNT(sizes) - 1;
	double v = (double)bytes;

	/* the unit in which the rounded figure stays below 1024 */
	for (; i > 0 && v >= 1023.5; i--)
		v /= 1024;
	if (i == COUNT(sizes) - 1)
		snprintf(out, NUM_TEXT, "%" PRIu64 " B", bytes);
	else if (v < 99.95)
		snprintf(out, NUM_TEXT, "%.1f %s", v, sizes[i].name);
	else
		snprintf(out, NUM_TEXT, "%.0f %s", v, sizes[i].name);
	return out;
}

/* "3 d 4 h": the larger unit, and the smaller one where it is not zero. */
static void
two_units(int64_t usec, int64_t big, const char *big_name, int64_t small, const char *small_name,
    const char *sign, char out[NUM_TEXT])
{
	int64_t a = usec / big, b = usec % big / small;

	if (b != 0)
		snprintf(out, NUM_TEXT, "%s%" PRId64 " %s %" PRId64 " %s", sign, a, big_name, b,
		    small_name);
	else
		snprintf(out, NUM_TEXT, "%s%" PRId64 " %s", sign, a, big_name);
}

const char *
num_duration_text(int64_t usec, char out[NUM_TEXT])
{
	const char *sign = usec < 0 ? "-" : "";
	int64_t v = usec == INT64_MIN ? INT64_MAX : usec < 0 ? -usec : usec;

	if (v == 0)
		snprintf(out, NUM_TEXT, "0 s");
	else if (v < 1000)
		snprintf(out, NUM_TEXT, "%s%" PRId64 " us", sign, v);
	else if (v < 100000)
		snprintf(out, NUM_TEXT, "%s%" PRId64 " ms", sign, v / 1000);
	else if (v < 10 * USEC_SEC)
		snprintf(out, NUM_TEXT, "%s%" PRId64 ".%d s", sign, v / USEC_SEC,
		    (int)(v % USEC_SEC / 100000));
	else if (v < USEC_MIN)
		snprintf(out, NUM_TEXT, "%s%" PRId64 " s", sign, v / USEC_SEC);
	else if (v < 10 * USEC_MIN)
		two_units(v, USEC_MIN, "min", USEC_SEC, "s", sign, out);
	else if (v < USEC_HOUR)
		snprintf(out, NUM_TEXT, "%s%" PRId64 " min", sign, v / USEC_MIN);
	else if (v < USEC_DAY)
		two_units(v, USEC_HOUR, "h", USEC_MIN, "min", sign, out);
	else
		two_units(v, USEC_DAY, "d", USEC_HOUR, "h", sign, out);
	return out;
}

const char *
num_count_text(uint64_t n, char out[NUM_TEXT])
{
	char plain[NUM_TEXT];
	size_t len = (size_t)snprintf(plain, sizeof(plain), "%" PRIu64, n), o = 0;

	assert(len <= 20);
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[o++] = ',';
		out[o++] = plain[i];
	}
	out[o] = '\0';
	return out;
}

static const char *
largest_unit(uint64_t v, const struct unit *units, char out[NUM_TEXT])
{
	if (v == 0) {
		snprintf(out, NUM_TEXT, "0");
		return out;
	}
	while (v % units->factor != 0)	/* ends: the last factor is 1 */
		units++;
	snprintf(out, NUM_TEXT, "%" PRIu64 "%s", v / units->factor, units->name);
	return out;
}

const char *
num_size_conf(uint64_t bytes, char out[NUM_TEXT])
{
	return largest_unit(bytes, sizes, out);
}

const char *
num_duration_conf(int64_t usec, char out[NUM_TEXT])
{
	assert(usec >= 0);
	return largest_unit((uint64_t)usec, times, out);
}
