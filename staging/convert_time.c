/* convert_time.c - dates, times of day, points in time, durations.
 * The text forms differ in little: PostgreSQL adds +00 to a timestamptz, BC to years before 1, drops zeros at the end of a second's fraction,
 * and has infinity; MySQL has zero dates. So a value is read into its parts, checked, and passed as a piece of what came.
 * Invariant: digits of a second that the target would round away are 0.
 * Threads: pure. */
#include "staging/convert_intern.h"

#include <assert.h>

#define MY_HOURS 838

struct moment {
	int32_t year;
	uint8_t month, day, hour, minute, second;
	int8_t infinite;
	bool bc, has_time, has_zone;
	size_t fraction, digits;	/* where the fraction's digits are, how many */
	size_t n;			/* of the text without zone and BC */
};

/* ---- reading ---- */

static bool
two_digits(const uint8_t *p, uint8_t *ret)
{
	if (!is_digit(p[0]) || !is_digit(p[1]))
		return false;
	*ret = (uint8_t)((p[0] - '0') * 10 + p[1] - '0');
	return true;
}

static size_t
count_digits(const uint8_t *p, size_t n)
{
	size_t i = 0;

	while (i < n && is_digit(p[i]))
		i++;
	return i;
}

/* ":MM:SS[.ffffff]" at p; *at moves behind it. */
static bool
read_minutes(const uint8_t *p, size_t n, size_t *at, struct moment *m)
{
	const size_t i = *at;

	if (n - i < 6 || p[i] != ':' || p[i + 3] != ':' || !two_digits(p + i + 1, &m->minute) || !two_digits(p + i + 4, &m->second))
		return false;
	*at = i + 6;
	m->fraction = *at;
	if (*at < n && p[*at] == '.') {
		m->fraction = *at + 1;
		m->digits = count_digits(p + m->fraction, n - m->fraction);
		*at = m->fraction + m->digits;
	}
	return true;
}

static bool
ends_with(const uint8_t *p, size_t n, size_t at, const char *text)
{
	const size_t len = strlen(text);

	return n - at == len && memcmp(p + at, text, len) == 0;
}

static bool
read_infinity(const uint8_t *p, size_t n, struct moment *m)
{
	m->infinite = ends_with(p, n, 0, "infinity") ? 1 : ends_with(p, n, 0, "-infinity") ? -1 : 0;
	return m->infinite != 0;
}

/* "YYYY-MM-DD[ HH:MM:SS[.f]][+00][ BC]" */
static bool
read_moment(const uint8_t *p, size_t n, struct moment *m)
{
	size_t i = count_digits(p, n);

	*m = (struct moment){ 0 };
	if (i < 4 || i > 7 || n - i < 6)
		return n > 0 && read_infinity(p, n, m);
	for (size_t k = 0; k < i; k++)
		m->year = m->year * 10 + p[k] - '0';
	if (p[i] != '-' || p[i + 3] != '-' || !two_digits(p + i + 1, &m->month) || !two_digits(p + i + 4, &m->day))
		return false;
	i += 6;
	if (n - i >= 9 && p[i] == ' ' && is_digit(p[i + 1])) {
		m->has_time = true;
		if (!two_digits(p + i + 1, &m->hour))
			return false;
		i += 3;
		if (!read_minutes(p, n, &i, m))
			return false;
	}
	m->n = i;
	if (n - i >= 3 && memcmp(p + i, "+00", 3) == 0) {
		m->has_zone = true;
		i += 3;
	}
	m->bc = ends_with(p, n, i, " BC");
	return m->bc || i == n;
}

static bool
is_leap(int32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool
is_day(const struct moment *m)
{
	static const uint8_t days[] = { 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (m->month < 1 || m->month > 12 || m->day < 1)
		return false;
	return m->day <= days[m->month] + (m->month == 2 && is_leap(m->year));
}

/* How many digits of the fraction the target keeps; false: it would round one away. */
static bool
keep_digits(const struct convert *c, const uint8_t *p, struct moment *m)
{
	for (size_t i = c->to.digits; i < m->digits; i++)
		if (p[m->fraction + i] != '0')
			return false;
	if (m->digits > c->to.digits) {
		m->digits = c->to.digits;
		m->n = m->fraction + m->digits - (m->digits == 0);
	}
	return true;
}

/* ---- dates and points in time ---- */

static const char digits_lost[] = "a time with more digits of a second";

/* Set to what passes: a piece of the text, or the text with an end. */
static enum outcome
pass_moment(const struct convert *c, const struct value *in, const struct moment *m, struct arena *arena, struct value *ret)
{
	const bool zone = c->target_family == FAMILY_POSTGRESQL && c->to.class == CLASS_INSTANT;
	const char *end = zone ? (m->has_time ? "+00" : " 00:00:00+00") : m->has_time || c->to.class == CLASS_DATE ? "" : " 00:00:00";
	const size_t plus = strlen(end);
	uint8_t *p;

	if (plus == 0) {
		set_text(ret, in->p, m->n);
		return OUT_OK;
	}
	if ((p = arena_alloc(arena, m->n + plus)) == NULL)
		return OUT_FULL;
	memcpy(p, in->p, m->n);
	memcpy(p + m->n, end, plus);
	set_text(ret, p, m->n + plus);
	return OUT_OK;
}

/* MySQL's timestamp ends in 2038, and 0 is the zero date. Texts of one length compare as times. */
static bool
fits_timestamp(const struct value *in, const struct moment *m, bool *ret_low)
{
	const char *first = m->has_time ? "1970-01-01 00:00:01" : "1970-01-02";
	const char *last = m->has_time ? "2038-01-19 03:14:07" : "2038-01-19";

	*ret_low = memcmp(in->p, first, strlen(first)) < 0;
	return !*ret_low && memcmp(in->p, last, strlen(last)) <= 0;
}

static enum outcome
moment_to_moment(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	struct moment m;
	bool low;

	if (!read_moment(in->p, in->len, &m))
		return OUT_WRONG;
	if (m.infinite != 0)
		return no_form(why, "infinity", ret, m.infinite < 0 ? &c->low : &c->high);
	if (c->target_family == FAMILY_POSTGRESQL && !is_day(&m))
		return no_form(why, "a zero date, or a day that is not in the calendar", ret, NULL);
	if (m.bc || (m.year == 0 && c->target_family == FAMILY_POSTGRESQL))
		return no_form(why, "a date before the year 1", ret, &c->low);
	if (m.year > 9999)
		return no_form(why, "a date after the year 9999", ret, &c->high);
	if (c->to.kind == MY_TIMESTAMP && (m.year | m.month | m.day) != 0 && !fits_timestamp(in, &m, &low))
		return no_form(why, "a time outside 1970 to 2038", ret, low ? &c->low : &c->high);
	if (!keep_digits(c, in->p, &m))
		return no_form(why, digits_lost, ret, NULL);
	return pass_moment(c, in, &m, arena, ret);
}

/* ---- times and durations ---- */

struct duration {
	bool negative;
	uint64_t hours;
	struct moment m;
};

/* "[-]H+:MM:SS[.f]" */
static bool
read_duration(const uint8_t *p, size_t n, struct duration *d)
{
	size_t i, digits;

	*d = (struct duration){ .negative = n > 0 && p[0] == '-' };
	i = d->negative;
	digits = count_digits(p + i, n - i);
	if (digits < 1 || digits > 12)
		return false;
	for (size_t k = 0; k < digits; k++)
		d->hours = d->hours * 10 + (uint64_t)(p[i + k] - '0');
	i += digits;
	if (!read_minutes(p, n, &i, &d->m))
		return false;
	d->m.n = i;
	return i == n;
}

static bool
is_zero(const struct duration *d, const uint8_t *p)
{
	for (size_t i = 0; i < d->m.digits; i++)
		if (p[d->m.fraction + i] != '0')
			return false;
	return d->hours == 0 && d->m.minute == 0 && d->m.second == 0;
}

/* Of whole seconds and a fraction: more than the hours, or these hours and more. */
static bool
is_beyond(const struct duration *d, const uint8_t *p, uint64_t hours, uint8_t minute, uint8_t second)
{
	if (d->hours != hours)
		return d->hours > hours;
	if (d->m.minute != minute)
		return d->m.minute > minute;
	if (d->m.second != second)
		return d->m.second > second;
	for (size_t i = 0; i < d->m.digits; i++)
		if (p[d->m.fraction + i] != '0')
			return true;
	return false;
}

static enum outcome
duration_to_other(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	struct duration d;
	bool minus;

	(void)arena;
	if (!read_duration(in->p, in->len, &d)) {
		if (c->from.class == CLASS_INTERVAL)
			return no_form(why, "an interval with days, months or years, or none that ends", ret, NULL);
		return OUT_WRONG;
	}
	minus = d.negative && !is_zero(&d, in->p);
	if (c->to.class == CLASS_TIME && (minus || is_beyond(&d, in->p, 24, 0, 0)))
		return no_form(why, "a time outside of a day", ret, minus ? &c->low : &c->high);
	if (c->to.class == CLASS_DURATION && is_beyond(&d, in->p, MY_HOURS, 59, 59))
		return no_form(why, "a time beyond 838:59:59", ret, minus ? &c->low : &c->high);
	if (!keep_digits(c, in->p, &d.m))
		return no_form(why, digits_lost, ret, NULL);
	set_text(ret, in->p, d.m.n);
	if (d.negative && !minus) {
		ret->p++;
		ret->len--;
	}
	return OUT_OK;
}

/* ---- the choice ---- */

static void
ends_of(struct convert *c)
{
	static const char my_high[] = "9999-12-31 23:59:59.999999", my_low[] = "0001-01-01 00:00:00";
	static const char stamp_high[] = "2038-01-19 03:14:07.499999", stamp_low[] = "1970-01-01 00:00:01";
	const size_t n = c->to.class == CLASS_DATE ? 10 : 19 + (c->to.digits > 0 ? 1u + c->to.digits : 0);
	const size_t least = c->to.class == CLASS_DATE ? 10 : 19;

	switch (c->to.class) {
	case CLASS_TIME:
		set_text(&c->low, "00:00:00", 8);
		set_text(&c->high, "24:00:00", 8);
		break;
	case CLASS_DURATION:
		set_text(&c->low, "-838:59:59", 10);
		set_text(&c->high, "838:59:59", 9);
		break;
	case CLASS_INSTANT:
		if (c->target_family == FAMILY_POSTGRESQL) {
			set_text(&c->low, "0001-01-01 00:00:00+00", 22);
			break;
		}
		assert(c->to.kind == MY_TIMESTAMP);
		set_text(&c->low, stamp_low, 19);
		set_text(&c->high, stamp_high, 19);
		break;
	default:
		set_text(&c->low, my_low, least);
		set_text(&c->high, my_high, n);
		break;
	}
}

/* Digits of a second that the source's type has and the target's has not. */
static bool
loses_digits(const struct convert *c)
{
	const bool timed = c->from.class != CLASS_DATE && c->to.class != CLASS_DATE;

	return timed && (c->from.class == CLASS_INTERVAL ? 6 : c->from.digits) > c->to.digits;
}

static bool
choose_moment(struct convert *c)
{
	const bool from_pg = c->source_family == FAMILY_POSTGRESQL, to_pg = c->target_family == FAMILY_POSTGRESQL;
	const bool narrow = loses_digits(c);

	if (c->to.class == CLASS_TEXT)
		return true;
	if (c->to.class != CLASS_TIMESTAMP && c->to.class != CLASS_INSTANT && (c->to.class != CLASS_DATE || c->from.class != CLASS_DATE)) {
		c->refused = c->from.class == CLASS_DATE ? "date, timestamp or a text" : "timestamp, timestamptz, datetime or a text";
		return false;
	}
	c->plus = 12;
	if (from_pg)
		note_fit(c, CONVERT_POLICY, narrow ? "infinity, years BC, past 9999; more digits of a second" :
						     "infinity, years BC, past 9999");
	else if (to_pg)
		note_fit(c, CONVERT_POLICY, narrow ? "zero and impossible dates; more digits of a second" :
						     "zero and impossible dates");
	if (c->to.kind == MY_TIMESTAMP && c->from.kind != MY_TIMESTAMP)
		note_fit(c, CONVERT_POLICY, "times outside 1970 to 2038");
	else if (narrow && !from_pg && !to_pg)
		note_fit(c, CONVERT_POLICY, "more digits of a second");
	if (c->fit == CONVERT_SAME && c->from.class == c->to.class)
		return true;
	if (c->fit == CONVERT_SAME)
		note_fit(c, c->to.class == CLASS_DATE || c->from.class == CLASS_DATE ? CONVERT_EXACT : CONVERT_SAME, "");
	c->fn = moment_to_moment;
	return true;
}

static bool
choose_duration(struct convert *c)
{
	const bool narrow = loses_digits(c);

	switch (c->to.class) {
	case CLASS_TEXT: return true;
	case CLASS_INTERVAL:
		c->refused = "interval without fields";
		if (narrow) {
			note_fit(c, CONVERT_POLICY, "more digits of a second");
			c->fn = duration_to_other;
		}
		return !c->to.cuts && c->from.class == CLASS_DURATION;
	case CLASS_TIME:	/* of PostgreSQL, so it comes from MySQL's durations */
		note_fit(c, CONVERT_POLICY, "times below 0 or beyond 24 hours");
		break;
	case CLASS_DURATION:
		if (c->from.class == CLASS_INTERVAL)
			note_fit(c, CONVERT_POLICY, "days, months, years; beyond 838:59:59");
		else if (narrow)
			note_fit(c, CONVERT_POLICY, "more digits of a second");
		else
			return true;
		break;
	default: return false;
	}
	c->fn = duration_to_other;
	return true;
}

bool
choose_time(struct convert *c)
{
	ends_of(c);
	switch (c->from.class) {
	case CLASS_DATE:
	case CLASS_TIMESTAMP:
	case CLASS_INSTANT: return choose_moment(c);
	default: return choose_duration(c);
	}
}
