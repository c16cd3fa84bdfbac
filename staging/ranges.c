/* ranges.c - see ranges.h.
 * A key is a number (integers, dates, times) or bytes (uuid, bytea, text of a database in UTF-8
 * under collation C): both orders are the server's own. */
#include "staging/ranges.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cdc/my_type.h"

#define DAY_USEC       INT64_C(86400000000)
#define DAYS_1970_2000 10957
#define UUID_BYTES     16

enum range_type {
	RANGE_INT2 = 21,	/* values are PostgreSQL's type numbers */
	RANGE_INT4 = 23,
	RANGE_INT8 = 20,
	RANGE_UUID = 2950,
	RANGE_BYTEA = 17,
	RANGE_TEXT = 25,
	RANGE_VARCHAR = 1043,
	RANGE_DATE = 1082,
	RANGE_TIMESTAMP = 1114,
	RANGE_TIMESTAMPTZ = 1184,
	RANGE_UINT8 = MY_TYPE_LONGLONG | 0x100	/* of MySQL, by my_type_oid(), as below */
};

struct bound {
	const char *text;
	int64_t number;
	const uint8_t *p;
	size_t n;
};

struct ranges {
	struct arena *arena;
	const char *column;
	enum range_type type;
	const char *shape;		/* what must not have changed between two snapshots */
	size_t n;			/* ranges; one bound less */
	struct bound *bounds;
	struct snapshot_pos *snapshots;
	const struct relation *rel;	/* last looked at, ... */
	int key;			/* ... and where it has the column; -1: it does not tell the old value */
};

/* ---- types ------------------------------------------------------------------------------ */

static bool
is_number(enum range_type t)
{
	switch (t) {
	case RANGE_INT2:
	case RANGE_INT4:
	case RANGE_INT8:
	case RANGE_UINT8:
	case RANGE_DATE:
	case RANGE_TIMESTAMP:
	case RANGE_TIMESTAMPTZ: return true;
	case RANGE_UUID:
	case RANGE_BYTEA:
	case RANGE_TEXT:
	case RANGE_VARCHAR: break;
	}
	return false;
}

/* MySQL's whole numbers, by my_type_oid(): none of these is the number of a PostgreSQL type. */
static bool
is_mysql_number(uint32_t oid)
{
	static const uint32_t known[] = { MY_TYPE_TINY, MY_TYPE_SHORT, MY_TYPE_INT24, MY_TYPE_LONG, MY_TYPE_LONGLONG };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (oid == known[i] || oid == (known[i] | 0x100))
			return true;
	return false;
}

static bool
type_of(uint32_t oid, enum range_type *ret)
{
	static const enum range_type known[] = { RANGE_INT2, RANGE_INT4, RANGE_INT8, RANGE_UUID,
		RANGE_BYTEA, RANGE_TEXT, RANGE_VARCHAR, RANGE_DATE, RANGE_TIMESTAMP,
		RANGE_TIMESTAMPTZ };

	if (is_mysql_number(oid)) {
		*ret = oid == RANGE_UINT8 ? RANGE_UINT8 : RANGE_INT8;
		return true;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if ((uint32_t)known[i] != oid)
			continue;
		*ret = known[i];
		return true;
	}
	return false;
}

/* A type whose numbers are another server family's means something else. */
static bool
type_of_column(const struct coltype *t, enum range_type *ret)
{
	if (t->family == FAMILY_MYSQL)
		return is_mysql_number(t->oid) && type_of(t->oid, ret);
	return t->oid == t->base_oid && type_of(t->oid, ret);
}

static bool
is_type(uint32_t oid, enum range_type want)
{
	enum range_type type;

	return type_of(oid, &type) && type == want;
}

static const struct index_desc *
key_index(const struct table_desc *d)
{
	for (uint16_t i = 0; d->replica_identity == 'i' && i < d->nindexes; i++)
		if (d->indexes[i].replica_identity)
			return &d->indexes[i];
	return d->replica_identity == 'd' || d->replica_identity == 'f' ? table_desc_primary(d)
									: NULL;
}

int
ranges_column(const struct table_desc *d, const char **ret_why)
{
	const struct index_desc *x = key_index(d);
	const struct column_desc *c;
	enum range_type type;

	if (d->kind != 'r') {
		*ret_why = "it is partitioned";
	} else if (x == NULL || x->ncols == 0 || x->expression || x->partial || !x->immediate) {
		*ret_why = "it has no primary key that its changes show";
	} else if ((c = &d->cols[x->cols[0]])->generated) {
		*ret_why = "the first column of its key is generated";
	} else if (!type_of_column(&c->type, &type)) {
		*ret_why = "the first column of its key has a type whose order repld does not know";
	} else if ((type == RANGE_TEXT || type == RANGE_VARCHAR) && !c->byte_order) {
		*ret_why = "the first column of its key is text whose collation is not C, or of a "
			   "database that is not in UTF-8";
	} else {
		return x->cols[0];
	}
	return -1;
}

/* ---- numbers ---------------------------------------------------------------------------- */

/* Days since 2000-01-01 in the Gregorian calendar, which PostgreSQL uses for all times. */
static int64_t
days_from_civil(int64_t y, int64_t m, int64_t d)
{
	int64_t era, yoe, doy, doe;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468 - DAYS_1970_2000;
}

/* Digits at *at, at most `most`; -1: none, or more. */
static int64_t
digits(const char **at, const char *end, int most)
{
	int64_t v = 0;
	int n = 0;

	while (*at < end && **at >= '0' && **at <= '9') {
		if (++n > most)
			return -1;
		v = v * 10 + (*(*at)++ - '0');
	}
	return n > 0 ? v : -1;
}

static bool
take(const char **at, const char *end, char c)
{
	if (*at >= end || **at != c)
		return false;
	(*at)++;
	return true;
}

static bool
is_word(const char *p, const char *end, const char *word)
{
	return (size_t)(end - p) == strlen(word) && memcmp(p, word, strlen(word)) == 0;
}

/* Takes " BC" off the end. */
static bool
take_bc(const char *p, const char **end)
{
	if (*end - p < 3 || memcmp(*end - 3, " BC", 3) != 0)
		return false;
	*end -= 3;
	return true;
}

/* YYYY-MM-DD; the year before 1 AD is 1 BC, which counts as 0. */
static bool
take_date(const char **at, const char *end, bool bc, int64_t *ret_days)
{
	const int64_t y = digits(at, end, 7);
	int64_t m, d;

	if (y < 1 || !take(at, end, '-') || (m = digits(at, end, 2)) < 1 || m > 12 ||
	    !take(at, end, '-') || (d = digits(at, end, 2)) < 1 || d > 31)
		return false;
	*ret_days = days_from_civil(bc ? 1 - y : y, m, d);
	return true;
}

/* HH:MM:SS[.ffffff] */
static bool
take_time(const char **at, const char *end, int64_t *ret_usec)
{
	const int64_t h = digits(at, end, 2);
	int64_t m, s, fraction = 0, scale = 100000;

	if (h < 0 || !take(at, end, ':') || (m = digits(at, end, 2)) < 0 || !take(at, end, ':') ||
	    (s = digits(at, end, 2)) < 0)
		return false;
	if (take(at, end, '.'))	/* of a seventh digit nothing is known: it stays, and what it stands in is no time */
		for (; scale > 0 && *at < end && **at >= '0' && **at <= '9'; (*at)++, scale /= 10)
			fraction += (**at - '0') * scale;
	*ret_usec = ((h * 60 + m) * 60 + s) * 1000000 + fraction;
	return true;
}

/* +HH[:MM[:SS]] */
static bool
take_zone(const char **at, const char *end, int64_t *ret_usec)
{
	const bool west = take(at, end, '-');
	int64_t h, m = 0, s = 0;

	if ((!west && !take(at, end, '+')) || (h = digits(at, end, 2)) < 0 ||
	    (take(at, end, ':') && (m = digits(at, end, 2)) < 0) ||
	    (take(at, end, ':') && (s = digits(at, end, 2)) < 0))
		return false;
	*ret_usec = ((h * 60 + m) * 60 + s) * (west ? -1000000 : 1000000);
	return true;
}

static bool
date_number(const char *p, const char *end, int64_t *ret)
{
	bool bc;

	if (is_word(p, end, "infinity") || is_word(p, end, "-infinity")) {
		*ret = *p == '-' ? INT32_MIN : INT32_MAX;
		return true;
	}
	bc = take_bc(p, &end);
	return take_date(&p, end, bc, ret) && p == end;
}

static bool
time_number(const char *p, const char *end, bool zoned, int64_t *ret)
{
	int64_t days, usec, zone = 0;
	bool bc;

	if (is_word(p, end, "infinity") || is_word(p, end, "-infinity")) {
		*ret = *p == '-' ? INT64_MIN : INT64_MAX;
		return true;
	}
	bc = take_bc(p, &end);
	if (!take_date(&p, end, bc, &days) || !take(&p, end, ' ') || !take_time(&p, end, &usec) ||
	    (zoned && !take_zone(&p, end, &zone)) || p != end ||
	    __builtin_mul_overflow(days, DAY_USEC, ret))
		return false;
	return !__builtin_add_overflow(*ret, usec - zone, ret);
}

static bool
int_number(const char *p, const char *end, int64_t *ret)
{
	const bool minus = take(&p, end, '-');
	int64_t v = 0;

	if (p == end)
		return false;
	for (; p < end; p++)
		if (*p < '0' || *p > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_sub_overflow(v, *p - '0', &v))
			return false;
	if (!minus && v == INT64_MIN)
		return false;
	*ret = minus ? v : -v;
	return true;
}

/* Counted from the middle of its range, so that all have room and the order stays. */
static bool
uint_number(const char *p, const char *end, int64_t *ret)
{
	uint64_t v = 0;

	if (p == end)
		return false;
	for (; p < end; p++)
		if (*p < '0' || *p > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return false;
	*ret = (int64_t)(v ^ UINT64_C(1) << 63);
	return true;
}

static bool
binary_number(enum range_type t, const struct value *v, int64_t *ret)
{
	const uint32_t want = t == RANGE_INT2 ? 2 : t == RANGE_INT4 || t == RANGE_DATE ? 4 : 8;
	struct rd in = rd_init(v->p, v->len);

	if (v->len != want)
		return false;
	*ret = want == 2 ? (int16_t)rd_u16(&in) : want == 4 ? (int32_t)rd_u32(&in)
							    : (int64_t)rd_u64(&in);
	return true;
}

static bool
number_of(enum range_type t, const struct value *v, int64_t *ret)
{
	const char *p = (const char *)v->p, *end;

	if (v->kind == VALUE_BINARY && t != RANGE_UINT8)
		return binary_number(t, v, ret);
	if (v->kind != VALUE_TEXT)
		return false;
	end = p + v->len;
	if (t == RANGE_DATE)
		return date_number(p, end, ret);
	if (t == RANGE_TIMESTAMP || t == RANGE_TIMESTAMPTZ)
		return time_number(p, end, t == RANGE_TIMESTAMPTZ, ret);
	if (t == RANGE_UINT8)
		return uint_number(p, end, ret);
	return int_number(p, end, ret);
}

/* ---- bytes ------------------------------------------------------------------------------ */

static int
hex(uint8_t c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* The bytes of a key in whichever form, one after the other. */
struct bytes_of {
	const uint8_t *p, *end;
	bool hex, dashes;
};

static bool
bytes_begin(enum range_type t, const struct value *v, struct bytes_of *ret)
{
	const bool text = v->kind == VALUE_TEXT;

	if (v->kind <= VALUE_NULL)
		return false;
	*ret = (struct bytes_of){ v->p, v->p + v->len, text && (t == RANGE_BYTEA || t == RANGE_UUID),
		t == RANGE_UUID };
	if (t == RANGE_UUID && v->len != (text ? 36 : UUID_BYTES))
		return false;
	if (t != RANGE_BYTEA || !text)
		return true;
	if (v->len < 2 || v->len % 2 != 0 || v->p[0] != '\\' || v->p[1] != 'x')
		return false;
	ret->p += 2;
	return true;
}

/* 1: *ret is the next byte; 0: the end; -1: no such value. */
static int
bytes_next(struct bytes_of *b, uint8_t *ret)
{
	int high, low;

	while (b->dashes && b->hex && b->p < b->end && *b->p == '-')
		b->p++;
	if (b->p == b->end)
		return 0;
	if (!b->hex) {
		*ret = *b->p++;
		return 1;
	}
	if (b->end - b->p < 2 || (high = hex(b->p[0])) < 0 || (low = hex(b->p[1])) < 0)
		return -1;
	*ret = (uint8_t)(high << 4 | low);
	b->p += 2;
	return 1;
}

/* False: no value of the type. All of it is looked at, so that the answer is the same for each
 * bound. */
static bool
compare_bytes(enum range_type t, const struct value *v, const struct bound *with, int *ret)
{
	struct bytes_of b;
	size_t i = 0;
	uint8_t c;
	int got;

	*ret = 0;
	if (!bytes_begin(t, v, &b))
		return false;
	while ((got = bytes_next(&b, &c)) == 1) {
		if (*ret == 0)
			*ret = i == with->n ? 1 : (c > with->p[i]) - (c < with->p[i]);
		i++;
	}
	if (*ret == 0 && i < with->n)
		*ret = -1;
	return got == 0 && (t != RANGE_UUID || i == UUID_BYTES);
}

/* ---- bounds ----------------------------------------------------------------------------- */

static bool
fill_bytes(struct ranges *r, const struct value *v, struct bound *b)
{
	uint8_t *copy = arena_alloc(r->arena, v->len + 1u);
	struct bytes_of in;
	int got;

	if (copy == NULL || !bytes_begin(r->type, v, &in))
		return false;
	b->p = copy;
	while ((got = bytes_next(&in, &copy[b->n])) == 1)
		b->n++;
	return got == 0 && (r->type != RANGE_UUID || b->n == UUID_BYTES);
}

/* The first value is below the second. */
static bool
rises(const struct ranges *r, const struct bound *a, const struct bound *b)
{
	int order;

	if (is_number(r->type))
		return a->number < b->number;
	order = memcmp(a->p, b->p, a->n < b->n ? a->n : b->n);
	return order < 0 || (order == 0 && a->n < b->n);
}

static bool
add_bound(struct ranges *r, const char *text, struct err *err)
{
	struct bound *b = &r->bounds[r->n - 1];
	const struct value v = { VALUE_TEXT, (uint32_t)strlen(text), (const uint8_t *)text };

	*b = (struct bound){ .text = arena_strdup(r->arena, text) };
	if (b->text == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for the ranges of a load");
	if (is_number(r->type) ? !number_of(r->type, &v, &b->number) : !fill_bytes(r, &v, b))
		return err_set(err, ERR_CONFIG, "a bound of column %s is not understood", r->column);
	if (r->n > 1 && !rises(r, &r->bounds[r->n - 2], b))
		return err_set(err, ERR_CONFIG, "the source orders column %s in another way than repld",
		    r->column);
	r->n++;
	return true;
}

static struct ranges *
make(const char *column, uint32_t oid, const char *shape, size_t nbounds, struct err *err)
{
	struct ranges *r = mem_zalloc(sizeof(*r), err);

	if (r == NULL)
		return NULL;
	r->n = 1;
	if ((r->arena = arena_new(4096, 0)) == NULL ||
	    (r->column = arena_strdup(r->arena, column)) == NULL ||
	    (r->shape = arena_strdup(r->arena, shape)) == NULL ||
	    (r->bounds = arena_zalloc(r->arena, (nbounds + 1) * sizeof(*r->bounds))) == NULL ||
	    (r->snapshots = arena_zalloc(r->arena, (nbounds + 1) * sizeof(*r->snapshots))) == NULL)
		err_set(err, ERR_SYSTEM, "no memory for the ranges of a load");
	else if (!type_of(oid, &r->type))
		err_set(err, ERR_CONFIG, "column %s has a type that has no ranges", column);
	else
		return r;
	ranges_free(r);
	return NULL;
}

void
ranges_free(struct ranges *r)
{
	if (r == NULL)
		return;
	arena_free(r->arena);
	free(r);
}

/* A column dropped and another one made under its name leaves no other trace. */
static char *
shape_of(const struct table_desc *d, struct err *err)
{
	struct buf b = { 0 };
	char *copy = NULL;

	buf_printf(&b, "%u", d->oid);
	for (uint16_t i = 0; i < d->ncols; i++)
		buf_printf(&b, " %d:%u", d->cols[i].attnum, d->cols[i].type.oid);
	if (b.bad)
		err_set(err, ERR_SYSTEM, "no memory for the ranges of a load");
	else
		copy = mem_strdup(buf_cstr(&b), err);
	buf_done(&b);
	return copy;
}

struct ranges *
ranges_new(const struct table_desc *d, int column, const char *const *bounds, size_t nbounds,
    struct err *err)
{
	const struct column_desc *c = &d->cols[column];
	char *shape = shape_of(d, err);
	struct ranges *r = shape != NULL ? make(c->name, c->type.oid, shape, nbounds, err) : NULL;

	free(shape);
	for (size_t i = 0; r != NULL && i < nbounds; i++)
		if (!add_bound(r, bounds[i], err)) {
			ranges_free(r);
			return NULL;
		}
	return r;
}

bool
ranges_fit(const struct ranges *r, const struct table_desc *d)
{
	struct err ignored = ERR_INIT;
	const char *why;
	const int column = ranges_column(d, &why);
	char *shape;
	bool same;

	if (column < 0 || strcmp(d->cols[column].name, r->column) != 0 ||
	    !is_type(d->cols[column].type.oid, r->type) || (shape = shape_of(d, &ignored)) == NULL)
		return false;
	same = strcmp(shape, r->shape) == 0;
	free(shape);
	return same;
}

/* ---- text: a line for the table, one for the column, one for each bound -------------------- */

static void
put_line(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\\' || *s == '\n') {
			buf_u8(b, '\\');
			buf_u8(b, *s == '\n' ? 'n' : '\\');
		} else {
			buf_u8(b, (uint8_t)*s);
		}
	}
	buf_u8(b, '\n');
}

char *
ranges_text(const struct ranges *r, struct err *err)
{
	struct buf b = { 0 };
	char *copy = NULL;

	buf_printf(&b, "%s\n%u ", r->shape, (unsigned)r->type);
	put_line(&b, r->column);
	for (size_t i = 0; i + 1 < r->n; i++)
		put_line(&b, r->bounds[i].text);
	if (b.bad)
		err_set(err, ERR_SYSTEM, "no memory for the ranges of a load");
	else
		copy = mem_strdup(buf_cstr(&b), err);
	buf_done(&b);
	return copy;
}

/* The line at *at in place, its escapes taken away; NULL: there is none. */
static char *
next_line(char **at)
{
	char *line = *at, *out = *at, *p = *at;

	if (*p == '\0')
		return NULL;
	for (; *p != '\0' && *p != '\n'; p++) {
		if (*p == '\\' && p[1] != '\0')
			*out++ = *++p == 'n' ? '\n' : *p;
		else
			*out++ = *p;
	}
	*at = *p == '\n' ? p + 1 : p;
	*out = '\0';
	return line;
}

static struct ranges *
parse(char *text, size_t lines, struct err *err)
{
	char *at = text, *shape = next_line(&at), *column = shape != NULL ? next_line(&at) : NULL;
	char *name = NULL, *bound;
	const unsigned long oid = column != NULL ? strtoul(column, &name, 10) : 0;
	struct ranges *r;

	if (name == NULL || *name != ' ') {
		err_set(err, ERR_CONFIG, "repld.table_state holds ranges that are not understood");
		return NULL;
	}
	if ((r = make(name + 1, (uint32_t)oid, shape, lines, err)) == NULL)
		return NULL;
	while ((bound = next_line(&at)) != NULL)
		if (!add_bound(r, bound, err)) {
			ranges_free(r);
			return NULL;
		}
	return r;
}

struct ranges *
ranges_parse(const char *text, struct err *err)
{
	char *copy = mem_strdup(text, err);
	struct ranges *r;
	size_t lines = 0;

	if (copy == NULL)
		return NULL;
	for (const char *p = text; *p != '\0'; p++)
		lines += *p == '\n';
	r = parse(copy, lines + 1, err);
	free(copy);
	return r;
}

/* ---- ranges ----------------------------------------------------------------------------- */

size_t
ranges_count(const struct ranges *r)
{
	return r->n;
}

const char *
ranges_column_name(const struct ranges *r)
{
	return r->column;
}

const char *
ranges_low(const struct ranges *r, size_t i)
{
	return i > 0 ? r->bounds[i - 1].text : NULL;
}

const char *
ranges_high(const struct ranges *r, size_t i)
{
	return i + 1 < r->n ? r->bounds[i].text : NULL;
}

bool
ranges_find(const struct ranges *r, const struct value *v, size_t *ret)
{
	static const struct bound nothing = { 0 };
	size_t low = 0, high = r->n - 1;
	int64_t number = 0;
	int order;

	if (is_number(r->type) ? !number_of(r->type, v, &number)
			       : !compare_bytes(r->type, v, &nothing, &order))
		return false;
	while (low < high) {
		const size_t mid = low + (high - low) / 2;
		const struct bound *b = &r->bounds[mid];

		if (is_number(r->type))
			order = (number > b->number) - (number < b->number);
		else if (!compare_bytes(r->type, v, b, &order))
			return false;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	*ret = low;
	return true;
}

/* ---- snapshots -------------------------------------------------------------------------- */

void
ranges_read_at(struct ranges *r, size_t i, const struct snapshot_pos *s)
{
	r->snapshots[i] = *s;
}

const struct snapshot_pos *
ranges_snapshot(const struct ranges *r, size_t i)
{
	return &r->snapshots[i];
}

static bool
same_snapshot(const struct snapshot_pos *a, const struct snapshot_pos *b)
{
	const struct position x = snapshot_start(a), y = snapshot_start(b);

	return position_equal(&x, &y);
}

bool
ranges_mixed(const struct ranges *r)
{
	for (size_t i = 1; i < r->n; i++)
		if (!same_snapshot(&r->snapshots[i], &r->snapshots[0]))
			return true;
	return false;
}

struct snapshot_pos
ranges_highest(const struct ranges *r)
{
	struct snapshot_pos high = r->snapshots[0];

	for (size_t i = 1; i < r->n; i++) {
		const struct position a = snapshot_start(&high),
				      b = snapshot_start(&r->snapshots[i]);

		if (!position_reached(&a, &b))
			high = r->snapshots[i];
	}
	return high;
}

/* ---- changes ---------------------------------------------------------------------------- */

/* Where the relation has the key's column, and tells its former value at each change. */
static int
key_in(struct ranges *r, const struct relation *rel)
{
	if (r->rel == rel)
		return r->key;
	r->rel = rel;
	r->key = relation_column_index(rel, r->column);
	if (r->key >= 0 && (!is_type(rel->cols[r->key].oid, r->type) ||
			       (rel->replica_identity != 'f' && !rel->cols[r->key].identity)))
		r->key = -1;
	return r->key;
}

static bool
is_whole(const struct change *c)
{
	const struct value *v = change_new_values(c);

	for (uint16_t i = 0; i < c->nnew; i++)
		if (!value_present(&v[i]))
			return false;
	return true;
}

/* A row that stays in its range, or moves to another one. */
static enum ranges_verdict
moved(const struct ranges *r, const struct change *c, const struct txn_mark *mark, size_t from,
    size_t to)
{
	const bool left = snapshot_has(&r->snapshots[from], mark),
		   came = snapshot_has(&r->snapshots[to], mark);

	if (left == came)
		return left ? RANGES_SKIP : RANGES_APPLY;
	if (!left)
		return RANGES_DELETE;
	return is_whole(c) ? RANGES_INSERT : RANGES_AGAIN;
}

enum ranges_verdict
ranges_verdict(struct ranges *r, const struct change *c, const struct txn_mark *mark)
{
	const int key = key_in(r, c->rel);
	const struct value *was = NULL, *is = NULL;
	size_t from, to;

	if (key < 0)
		return RANGES_AGAIN;
	if (c->kind != CHANGE_DELETE)
		is = &change_new_values(c)[key];
	if (c->kind != CHANGE_INSERT)
		was = c->old != OLD_NONE ? &change_old_values(c)[key] : is;
	/* No old image: the key did not change. No value in the new one: it did not either. */
	if (is == NULL || !value_present(is))
		is = was;
	if (was == NULL || !value_present(was))
		was = is;
	if (was == NULL || !ranges_find(r, was, &from) || !ranges_find(r, is, &to))
		return RANGES_AGAIN;
	return moved(r, c, mark, from, to);
}

enum ranges_verdict
ranges_truncate(const struct ranges *r, const struct txn_mark *mark)
{
	const bool first = snapshot_has(&r->snapshots[0], mark);

	for (size_t i = 1; i < r->n; i++)
		if (snapshot_has(&r->snapshots[i], mark) != first)
			return RANGES_AGAIN;
	return first ? RANGES_SKIP : RANGES_APPLY;
}
