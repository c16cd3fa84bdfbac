/* convert_number.c - numbers, booleans and bits.
 * Text forms of numbers are the same in both worlds, so most values pass as they are, and what is left is whether they fit: a number is
 * looked at by the places of its first and its last digit that count, never through a double, unless the target is one.
 * Invariant: what the target would round is refused here: PostgreSQL's numeric(10,2) rounds in silence what it is given.
 * Threads: pure. */
#include "staging/convert_intern.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char out_of_range[] = "a number out of range";

/* ---- integers ---- */

/* False: more than 64 bits, or no number at all (*ret_bad). */
static bool
read_int(const uint8_t *p, size_t n, bool *ret_negative, uint64_t *ret, bool *ret_bad)
{
	const uint8_t *end = p + n;
	uint64_t v = 0;

	*ret_bad = false;
	*ret_negative = n > 0 && *p == '-';
	p += *ret_negative;
	*ret_bad = p == end;
	for (; p < end; p++) {
		const uint64_t digit = (uint64_t)(*p - '0');

		if (!is_digit(*p)) {
			*ret_bad = true;
			return false;
		}
		if (v > UINT64_MAX / 10 || v * 10 > UINT64_MAX - digit)
			return false;
		v = v * 10 + digit;
	}
	*ret = v;
	return !*ret_bad;
}

static enum outcome
check_int(const struct convert *c, const struct value *in, struct value *ret, const char **why)
{
	bool negative, bad, small;
	uint64_t v = 0;

	if (!read_int(in->p, in->len, &negative, &v, &bad)) {
		if (bad)
			return OUT_WRONG;
		return no_form(why, out_of_range, ret, negative ? &c->low : &c->high);
	}
	small = negative && v > 0 && (c->to.min >= 0 || v > (uint64_t)-(c->to.min + 1) + 1);
	if (small || (!negative && v > c->to.max))
		return no_form(why, out_of_range, ret, small ? &c->low : &c->high);
	*ret = *in;
	return OUT_OK;
}

static enum outcome
int_to_int(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	(void)arena;
	return check_int(c, in, ret, why);
}

/* MySQL's year takes '5' for 2005 and '0' for 2000: its own form has four digits. */
static enum outcome
int_to_year(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	enum outcome o = check_int(c, in, ret, why);
	bool negative, bad;
	uint64_t v = 0;

	(void)arena;
	if (o != OUT_OK)
		return o;
	if (!read_int(in->p, in->len, &negative, &v, &bad))
		return OUT_WRONG;
	if (v == 0)
		set_text(ret, "0000", 4);
	else if (v < 1901)
		return no_form(why, out_of_range, ret, &c->low);
	return OUT_OK;
}

static enum outcome
int_to_bool(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	(void)arena;
	if (in->len != 1 || (in->p[0] != '0' && in->p[0] != '1'))
		return no_form(why, "a number other than 0 and 1", ret, NULL);
	if (c->to.class == CLASS_BOOL)
		set_text(ret, in->p[0] == '1' ? "t" : "f", 1);
	else
		*ret = *in;
	return OUT_OK;
}

static enum outcome
bool_to_other(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	bool yes;

	(void)arena;
	(void)why;
	if (in->len == 0)
		return OUT_WRONG;
	yes = in->p[0] == 't';
	if (!yes && in->p[0] != 'f')
		return OUT_WRONG;
	if (c->to.class == CLASS_TEXT)
		set_text(ret, yes ? "true" : "false", yes ? 4 : 5);
	else
		set_text(ret, yes ? "1" : "0", 1);
	return OUT_OK;
}

/* ---- decimals ---- */

struct places {
	bool negative, zero;
	int32_t first, last;		/* of digits that are not 0; units are 0, tenths -1 */
	size_t point;			/* where the point is, or the end */
};

static bool
read_places(const uint8_t *p, size_t n, struct places *ret)
{
	size_t i = 0, from;

	*ret = (struct places){ .negative = n > 0 && p[0] == '-', .zero = true };
	from = ret->negative;
	for (i = from; i < n && is_digit(p[i]); i++)
		;
	ret->point = i;
	if (i < n && p[i] != '.')
		return false;
	if (i < n)
		for (i++; i < n; i++)
			if (!is_digit(p[i]))
				return false;
	for (i = from; i < n; i++) {
		const int32_t place = i < ret->point ? (int32_t)(ret->point - i) - 1 : (int32_t)ret->point - (int32_t)i;

		if (p[i] == '0' || p[i] == '.')
			continue;
		if (ret->zero)
			ret->first = place;
		ret->zero = false;
		ret->last = place;
	}
	return n > from + (n > from && p[from] == '.');
}

/* NaN, and the infinities that an unlimited numeric has since PostgreSQL 14. True: it was one. */
static bool
is_special(const struct convert *c, const struct value *in, struct value *ret, const char **why)
{
	const bool minus = in->len > 0 && in->p[0] == '-';

	if (in->len < 3 || (in->p[minus] != 'N' && in->p[minus] != 'I'))
		return false;
	if (in->p[0] == 'N')
		no_form(why, "NaN", ret, NULL);
	else
		no_form(why, "infinity", ret, minus ? &c->low : &c->high);
	return true;
}

static enum outcome
decimal_to_decimal(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	const int32_t scale = c->whole_only ? 0 : c->to.scale;
	struct places at;
	size_t most;

	(void)arena;
	if (is_special(c, in, ret, why))
		return OUT_NO_FORM;
	if (!read_places(in->p, in->len, &at))
		return OUT_WRONG;
	if (!at.zero && !c->whole_only && at.first >= c->to.whole)
		return no_form(why, out_of_range, ret, at.negative ? &c->low : &c->high);
	if (!at.zero && at.negative && c->to.positive)
		return no_form(why, out_of_range, ret, &c->low);
	if (!at.zero && at.last < -scale)
		return no_form(why, "a number with more digits behind the point", ret, NULL);
	*ret = *in;
	most = at.point + (scale > 0 ? 1 + (size_t)scale : 0);
	if (ret->len > most)
		ret->len = (uint32_t)most;
	if (at.zero && at.negative && (c->whole_only || c->to.positive)) {
		ret->p++;
		ret->len--;
	}
	if (ret->len == 0)
		set_text(ret, "0", 1);
	return c->whole_only ? check_int(c, &(struct value){ .kind = VALUE_TEXT, .len = ret->len, .p = ret->p }, ret, why) : OUT_OK;
}

/* PostgreSQL's numbers that were texts elsewhere. */
enum outcome
text_to_decimal(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	enum outcome o;

	if (in->len == 3 && memcmp(in->p, "NaN", 3) == 0) {
		*ret = *in;
		return OUT_OK;
	}
	o = decimal_to_decimal(c, in, arena, ret, why);
	return o == OUT_WRONG ? no_form(why, "a text that is no number", ret, NULL) : o;
}

/* ---- floats ---- */

/* The digits that count, without zeros at either end, as "digits * 10^exponent". */
struct digits {
	char text[20];
	int n;			/* 18: too many */
	long exponent;		/* of the last digit */
};

#define MOST_DIGITS 17
#define BEYOND 1000000		/* no float's exponent is, with as many digits as a text may have */

static void
read_digits(const char *p, size_t n, struct digits *d)
{
	long behind = 0, zeros = 0, exponent = 0;
	bool point = false;

	*d = (struct digits){ 0 };
	for (size_t i = p[0] == '-'; i < n; i++) {
		if (p[i] == '.') {
			point = true;
		} else if (p[i] == 'e' || p[i] == 'E') {
			exponent = strtol(p + i + 1, NULL, 10);
			exponent = exponent < -BEYOND ? -BEYOND : exponent > BEYOND ? BEYOND : exponent;
			break;
		} else {
			behind += point;
			if (p[i] == '0') {
				zeros += d->n > 0;
				continue;
			}
			for (; zeros > 0 && d->n <= MOST_DIGITS; zeros--)
				d->text[d->n++] = '0';
			zeros = 0;
			if (d->n <= MOST_DIGITS)
				d->text[d->n++] = p[i];
		}
	}
	d->exponent = zeros - behind + exponent;
}

static bool
same_digits(const struct digits *a, const struct digits *b)
{
	return a->n == b->n && memcmp(a->text, b->text, (size_t)a->n) == 0 && (a->n == 0 || a->exponent == b->exponent);
}

static bool
reads_as(const char *text, double d, bool narrow)
{
	return narrow ? strtof(text, NULL) == (float)d : strtod(text, NULL) == d;
}

bool
float_gives_back(const uint8_t *p, size_t n, bool narrow)
{
	const int sure = narrow ? 6 : 15, most = narrow ? 9 : MOST_DIGITS;
	struct digits want, got;
	char text[512], out[40];
	bool small;
	double d;

	if (n >= sizeof(text))
		return false;
	memcpy(text, p, n);
	text[n] = '\0';
	read_digits(text, n, &want);
	if (want.n > most)
		return false;
	if (want.n <= sure && want.exponent > (narrow ? -30 : -290) && want.exponent < (narrow ? 30 : 290))
		return true;
	d = narrow ? (double)strtof(text, NULL) : strtod(text, NULL);
	if (d - d != 0)
		return false;
	small = want.exponent < (narrow ? -30 : -290);	/* some have fewer digits than others */
	for (int places = small ? 1 : sure; places <= most; places++) {
		const int len = snprintf(out, sizeof(out), "%.*e", places - 1, d);

		if (!reads_as(out, d, narrow))
			continue;
		read_digits(out, (size_t)len, &got);
		return same_digits(&got, &want);
	}
	return false;
}

/* FLT_MAX in the digits that a double needs: MySQL reads a number as a double first, and 3.4028235e38, the float's own fewest digits, is beyond. */
static const char float_max[] = "-3.4028234663852886e38";

static bool
is_float_max(const struct value *v)
{
	static const char digits[] = "3.4028235e";
	const size_t minus = v->p[0] == '-';

	return v->len >= minus + sizeof(digits) - 1 && memcmp(v->p + minus, digits, sizeof(digits) - 1) == 0 && v->p[v->len - 1] == '8' &&
	    v->p[v->len - 2] == '3';
}

static bool
is_narrow(const struct type_facts *f)
{
	return f->kind == MY_FLOAT || f->kind == PG_FLOAT4;
}

/* What a server makes of a number in a column with digits, as float(7,3): the same number, where such a column has kept it before. */
static bool
is_rounded(const struct convert *c, const struct value *in)
{
	static const double tens[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
		1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30 };
	const double ten = c->to.digits < sizeof(tens) / sizeof(tens[0]) ? tens[c->to.digits] : 0;
	char text[64];
	double given, whole, kept;

	if (in->len >= sizeof(text) || ten == 0)
		return false;
	memcpy(text, in->p, in->len);
	text[in->len] = '\0';
	given = is_narrow(&c->to) ? (double)strtof(text, NULL) : strtod(text, NULL);
	whole = floor(given);
	kept = whole + rint((given - whole) * ten) / ten;
	return is_narrow(&c->to) ? (float)kept == (float)given : kept == given;
}

/* Whole and decimal numbers, and doubles for a float. */
static enum outcome
number_to_float(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	const bool special = in->len >= 3 && (in->p[0] == 'N' || in->p[in->p[0] == '-'] == 'I');

	(void)arena;
	*ret = *in;
	if (special && c->target_family == FAMILY_POSTGRESQL)
		return OUT_OK;
	if (special && is_special(c, in, ret, why))
		return OUT_NO_FORM;
	if (in->len == 0 || !is_digit(in->p[in->len - 1]))
		return OUT_WRONG;
	if (in->p[0] == '-' && c->to.positive)
		return no_form(why, out_of_range, ret, &c->low);
	if (c->to.kind == MY_FLOAT && is_float_max(in))
		set_text(ret, float_max + (in->p[0] != '-'), sizeof(float_max) - 1 - (in->p[0] != '-'));
	else if (c->target_mariadb && in->len == 2 && in->p[0] == '-' && in->p[1] == '0')	/* it keeps no sign of 0 */
		set_text(ret, "0", 1);
	if (c->to.rounds && !is_rounded(c, in))
		return no_form(why, "a number that the column would round", ret, NULL);
	if (c->unchecked || float_gives_back(in->p, in->len, is_narrow(&c->to)))
		return OUT_OK;
	return no_form(why, is_narrow(&c->to) ? "a number that a float can't hold" : "a number that a double can't hold", ret, NULL);
}

/* ---- bits ---- */

static enum outcome
bit_to_bool(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	(void)c;
	(void)arena;
	(void)why;
	if (in->len != 1 || (in->p[0] != '0' && in->p[0] != '1'))
		return OUT_WRONG;
	set_text(ret, in->p[0] == '1' ? "t" : "f", 1);
	return OUT_OK;
}

/* ---- the choice ---- */

static bool
ends_of_int(struct convert *c)
{
	char *low = arena_printf(c->arena, "%lld", (long long)c->to.min);
	char *high = arena_printf(c->arena, "%llu", (unsigned long long)c->to.max);

	if (low == NULL || high == NULL)
		return false;
	if (c->to.kind == MY_YEAR)
		low = arena_strdup(c->arena, "1901");
	set_text(&c->low, low, strlen(low));
	set_text(&c->high, high, strlen(high));
	return true;
}

/* The greatest number: nines as far as the type has places; c->low is the same below 0, or 0. */
bool
ends_of_decimal(struct convert *c)
{
	const int whole = c->to.whole, scale = c->to.scale > 0 ? c->to.scale : 0;
	const int before = whole > 0 ? whole : 1;
	const size_t n = 1 + (size_t)before + (scale > 0 ? 1 + (size_t)scale : 0);
	char *p;

	if (whole == TYPE_ANY_DIGITS)
		return true;
	if ((p = arena_alloc(c->arena, n)) == NULL)
		return false;
	memset(p, '9', n);
	p[0] = '-';
	if (whole <= 0)
		p[1] = '0';
	for (int i = 0; c->to.scale < 0 && i < -c->to.scale; i++)
		p[before - i] = '0';
	if (scale > 0)
		p[1 + before] = '.';
	for (int i = 0; whole < 0 && i < -whole; i++)
		p[2 + before + i] = '0';
	set_text(&c->high, p + 1, n - 1);
	set_text(&c->low, c->to.positive ? "0" : p, c->to.positive ? 1 : n);
	return true;
}

static void
ends_of_float(struct convert *c)
{
	static const char most[] = "-1.7976931348623157e308";

	if (c->to.kind == MY_FLOAT) {
		set_text(&c->low, float_max, sizeof(float_max) - 1);
		set_text(&c->high, float_max + 1, sizeof(float_max) - 2);
	} else {
		set_text(&c->low, most, sizeof(most) - 1);
		set_text(&c->high, most + 1, sizeof(most) - 2);
	}
	if (c->to.positive)
		set_text(&c->low, "0", 1);
}

static int
digits_in(uint64_t v)
{
	int n = 1;

	for (; v > 9; v /= 10)
		n++;
	return n;
}

static bool
choose_from_int(struct convert *c)
{
	const struct type_facts *from = &c->from, *to = &c->to;
	const bool narrow = is_narrow(to);

	switch (to->class) {
	case CLASS_TEXT: return true;
	case CLASS_BOOL:
		c->fn = int_to_bool;
		note_fit(c, CONVERT_POLICY, "numbers other than 0 and 1");
		return true;
	case CLASS_BIT:
		c->fn = int_to_bool;
		note_fit(c, CONVERT_POLICY, "numbers other than 0 and 1");
		return to->length == 1;
	case CLASS_INT:
		if (to->kind == MY_YEAR && from->kind != MY_YEAR)
			c->fn = int_to_year;
		else if (from->min < to->min || from->max > to->max)
			c->fn = int_to_int;
		break;
	case CLASS_DECIMAL:
		if (to->whole < digits_in(from->max) || to->scale < 0 || (to->positive && from->min < 0))
			c->fn = decimal_to_decimal;
		break;
	case CLASS_FLOAT:
		if (to->rounds)
			return false;
		if (from->max > (narrow ? UINT64_C(1) << 24 : UINT64_C(1) << 53) || (to->positive && from->min < 0))
			c->fn = number_to_float;
		break;
	default: return false;
	}
	if (c->fn != NULL)
		note_fit(c, CONVERT_POLICY, to->class == CLASS_FLOAT ? "numbers that a float can't hold" : "numbers out of range");
	return true;
}

static bool
choose_from_decimal(struct convert *c)
{
	const struct type_facts *from = &c->from, *to = &c->to;
	const bool special = c->source_family == FAMILY_POSTGRESQL;

	switch (to->class) {
	case CLASS_TEXT: return true;
	case CLASS_INT:
		c->fn = decimal_to_decimal;
		c->whole_only = true;
		note_fit(c, CONVERT_POLICY, "numbers out of range or with digits behind the point");
		return to->kind != MY_YEAR;
	case CLASS_DECIMAL:
		if (to->whole == TYPE_ANY_DIGITS)	/* of PostgreSQL, so it comes from MySQL, which has no NaN */
			return true;
		c->fn = decimal_to_decimal;
		if (from->whole == TYPE_ANY_DIGITS || from->whole > to->whole || from->scale > to->scale || (to->positive && !from->positive))
			note_fit(c, CONVERT_POLICY, special ? "NaN, infinity; numbers out of range or with more digits" :
							      "numbers out of range or with more digits");
		else if (special)
			note_fit(c, CONVERT_POLICY, "NaN");
		else
			c->fn = NULL;
		return true;
	case CLASS_FLOAT:
		c->fn = number_to_float;
		note_fit(c, CONVERT_POLICY, "numbers that a float can't hold");
		return !to->rounds;
	default: return false;
	}
}

static bool
choose_from_float(struct convert *c)
{
	const struct type_facts *from = &c->from, *to = &c->to;

	if (to->class == CLASS_TEXT)
		return true;
	if (to->class != CLASS_FLOAT || (to->rounds && !(from->rounds && from->kind == to->kind && from->length == to->length && from->digits == to->digits)))
		return false;
	c->unchecked = is_narrow(from) || !is_narrow(to);
	if (c->source_family == FAMILY_POSTGRESQL && c->target_family == FAMILY_MYSQL)
		note_fit(c, CONVERT_POLICY, c->unchecked ? c->target_mariadb ? "NaN, infinity; -0 is 0" : "NaN, infinity" : "NaN, infinity, numbers that a float can't hold");
	else if (!c->unchecked)
		note_fit(c, CONVERT_POLICY, "numbers that a float can't hold");
	else if (to->positive && !from->positive)
		note_fit(c, CONVERT_POLICY, "numbers out of range");
	else if (to->rounds)
		note_fit(c, CONVERT_POLICY, "numbers that it would round");
	else if (to->kind == MY_FLOAT)
		note_fit(c, CONVERT_EXACT, "");
	else
		return true;
	c->fn = number_to_float;
	c->plus = 24;
	return true;
}

static bool
choose_from_bits(struct convert *c)
{
	const struct type_facts *from = &c->from, *to = &c->to;

	switch (to->class) {
	case CLASS_TEXT: return true;
	case CLASS_BOOL:
		c->fn = bit_to_bool;
		note_fit(c, CONVERT_EXACT, "");
		return from->class == CLASS_BIT && from->length == 1;
	case CLASS_INT: return from->class == CLASS_BIT && from->length == 1 && to->kind != MY_YEAR;
	case CLASS_BIT:
		if (from->class == CLASS_VARBIT || from->length != to->length)
			c->refused = "a column of as many bits";
		return c->refused == NULL;
	case CLASS_VARBIT: return true;
	default: return false;
	}
}

bool
choose_number(struct convert *c)
{
	const struct type_facts *to = &c->to;

	if ((to->class == CLASS_INT && !ends_of_int(c)) || (to->class == CLASS_DECIMAL && !ends_of_decimal(c)))
		return false;
	if (to->class == CLASS_FLOAT)
		ends_of_float(c);
	switch (c->from.class) {
	case CLASS_INT: return choose_from_int(c);
	case CLASS_DECIMAL: return choose_from_decimal(c);
	case CLASS_FLOAT: return choose_from_float(c);
	case CLASS_BOOL:
		c->fn = bool_to_other;
		note_fit(c, CONVERT_EXACT, "");
		return (to->class == CLASS_INT && to->kind != MY_YEAR) || to->class == CLASS_TEXT || (to->class == CLASS_BIT && to->length == 1);
	default: return choose_from_bits(c);
	}
}
