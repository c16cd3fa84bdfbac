/* convert_bytes.c - bytes, geometries, vectors.
 * Bytes come as such from MySQL (VALUE_BINARY) and as such or as '\x...' from PostgreSQL, where they go as '\x...'.
 * A geometry of MySQL is its SRID (4 bytes, little-endian) and WKB; on PostgreSQL it is EWKB, which has the SRID inside and which PostGIS reads,
 * in a bytea. MySQL keeps longitude before latitude in these bytes, as PostGIS does.
 * A vector's floats go in the fewest digits that give them back.
 * Threads: pure. */
#include "staging/convert_intern.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define EWKB_SRID	0x20000000u
#define EWKB_DIMENSIONS 0xc0000000u
#define WKB_LAST_TYPE	7u

static const char hex[] = "0123456789abcdef";

/* ---- bytes ---- */

static int
hex_value(uint8_t b)
{
	if (is_digit(b))
		return b - '0';
	b |= 0x20;
	return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
}

static enum outcome
from_hex(const uint8_t *in, size_t n, struct arena *arena, struct value *ret)
{
	uint8_t *p;

	if (n % 2 != 0)
		return OUT_WRONG;
	if ((p = arena_alloc(arena, n / 2 + 1)) == NULL)
		return OUT_FULL;
	for (size_t i = 0; i < n; i += 2) {
		const int high = hex_value(in[i]), low = hex_value(in[i + 1]);

		if (high < 0 || low < 0)
			return OUT_WRONG;
		p[i / 2] = (uint8_t)(high << 4 | low);
	}
	*ret = (struct value){ .kind = VALUE_BINARY, .len = (uint32_t)(n / 2), .p = p };
	return OUT_OK;
}

/* "\x..." where in_bytea, else the digits alone. */
static enum outcome
to_hex(const uint8_t *in, size_t n, bool in_bytea, struct arena *arena, struct value *ret)
{
	uint8_t *p, *start;

	if (n > UINT32_MAX / 2 - 2 || (start = p = arena_alloc(arena, 2 * n + 2)) == NULL)
		return OUT_FULL;
	if (in_bytea) {
		*p++ = '\\';
		*p++ = 'x';
	}
	for (size_t i = 0; i < n; i++) {
		*p++ = (uint8_t)hex[in[i] >> 4];
		*p++ = (uint8_t)hex[in[i] & 15];
	}
	set_text(ret, start, (size_t)(p - start));
	return OUT_OK;
}

/* The bytes of a value of the source: as they came, or out of PostgreSQL's text. */
static enum outcome
raw_bytes(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret)
{
	if (in->kind == VALUE_TEXT && c->from.kind == PG_BYTEA) {
		if (in->len < 2 || in->p[0] != '\\' || in->p[1] != 'x')
			return OUT_WRONG;
		return from_hex(in->p + 2, in->len - 2, arena, ret);
	}
	*ret = *in;
	ret->kind = VALUE_BINARY;
	return OUT_OK;
}

enum outcome
bytes_to_bytes(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	enum outcome o;

	if (c->target_family == FAMILY_POSTGRESQL)
		return to_hex(in->p, in->len, true, arena, ret);
	if ((o = raw_bytes(c, in, arena, ret)) != OUT_OK)
		return o;
	if (c->to.pads_zeros && ret->len < c->to.length)
		return no_form(why, "bytes fewer than the column's, which is filled up with zeros", ret, NULL);
	return OUT_OK;
}

static enum outcome
bytes_to_uuid(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	struct value raw;
	enum outcome o = raw_bytes(c, in, arena, &raw);
	char *p;

	if (o != OUT_OK)
		return o;
	if (raw.len != 16)
		return no_form(why, "bytes that are not 16", ret, NULL);
	if ((p = arena_alloc(arena, 36)) == NULL)
		return OUT_FULL;
	set_text(ret, p, 36);
	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = hex[raw.p[i] >> 4];
		*p++ = hex[raw.p[i] & 15];
	}
	return OUT_OK;
}

/* ---- geometry ---- */

static uint32_t
le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void
put_le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* SRID, byte order, type, rest -> byte order, type with a flag, SRID, rest; SRID 0 is not written. */
static enum outcome
geometry_to_ewkb(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	const uint32_t srid = in->len >= 9 ? le32(in->p) : 0;
	const size_t head = srid != 0 ? 9 : 5;
	uint8_t *p;

	(void)why;
	if (in->len < 9 || in->p[4] != 1)
		return OUT_WRONG;
	if ((p = arena_alloc(arena, in->len)) == NULL)
		return OUT_FULL;
	p[0] = 1;
	put_le32(p + 1, le32(in->p + 5) | (srid != 0 ? EWKB_SRID : 0));
	if (srid != 0)
		put_le32(p + 5, srid);
	memcpy(p + head, in->p + 9, in->len - 9);
	return to_hex(p, in->len - 9 + head, c->to.kind == PG_BYTEA, arena, ret);
}

static enum outcome
ewkb_to_geometry(const struct value *raw, struct arena *arena, struct value *ret, const char **why)
{
	uint32_t type, srid = 0;
	size_t head = 5;
	uint8_t *p;

	if (raw->len < 9 || raw->p[0] != 1)
		return no_form(why, "bytes that are no little-endian EWKB", ret, NULL);
	type = le32(raw->p + 1);
	if ((type & EWKB_SRID) != 0) {
		srid = le32(raw->p + 5);
		head = 9;
	}
	type &= ~EWKB_SRID;
	if ((type & EWKB_DIMENSIONS) != 0 || type == 0 || type > WKB_LAST_TYPE)
		return no_form(why, "a geometry of a kind that MySQL has not", ret, NULL);
	if ((p = arena_alloc(arena, (size_t)raw->len + 4)) == NULL)
		return OUT_FULL;
	put_le32(p, srid);
	p[4] = 1;
	put_le32(p + 5, type);
	memcpy(p + 9, raw->p + head, raw->len - head);
	*ret = (struct value){ .kind = VALUE_BINARY, .len = (uint32_t)(raw->len - head + 9), .p = p };
	return OUT_OK;
}

static enum outcome
bytes_to_geometry(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	struct value raw;
	enum outcome o = raw_bytes(c, in, arena, &raw);

	return o != OUT_OK ? o : ewkb_to_geometry(&raw, arena, ret, why);
}

/* PostGIS writes a geometry as the hexadecimal digits of its EWKB. */
static enum outcome
text_to_geometry(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	struct value raw;
	enum outcome o = from_hex(in->p, in->len, arena, &raw);

	(void)c;
	return o != OUT_OK ? o : ewkb_to_geometry(&raw, arena, ret, why);
}

/* ---- vectors ---- */

#define FLOAT_TEXT 16

/* The fewest digits that give the float back. */
static size_t
print_float(float f, char out[FLOAT_TEXT])
{
	size_t n;

	if (isnan(f))
		return (size_t)snprintf(out, FLOAT_TEXT, "NaN");
	if (isinf(f))
		return (size_t)snprintf(out, FLOAT_TEXT, f < 0 ? "-Infinity" : "Infinity");
	for (int digits = 6;; digits++) {
		assert(digits <= 9);	/* so many always do */
		n = (size_t)snprintf(out, FLOAT_TEXT, "%.*g", digits, (double)f);
		if (strtof(out, NULL) == f)
			return n;
	}
}

static enum outcome
vector_to_array(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	const bool array = c->to.kind == PG_ARRAY;
	const size_t n = in->len / 4;
	char *p, *start;

	(void)why;
	if (in->len % 4 != 0)
		return OUT_WRONG;
	if ((start = p = arena_alloc(arena, n * FLOAT_TEXT + 2)) == NULL)
		return OUT_FULL;
	*p++ = array ? '{' : '[';
	for (size_t i = 0; i < n; i++) {
		const uint32_t bits = le32(in->p + 4 * i);
		float f;

		memcpy(&f, &bits, 4);
		if (i > 0)
			*p++ = ',';
		p += print_float(f, p);
	}
	*p++ = array ? '}' : ']';
	set_text(ret, start, (size_t)(p - start));
	return OUT_OK;
}

/* "{1,2.5}" or "[1,2.5]" */
enum outcome
array_to_vector(const struct convert *c, const struct value *in, struct arena *arena, struct value *ret, const char **why)
{
	uint8_t *p = arena_alloc(arena, 2 * (size_t)in->len + 4);
	size_t n = 0, from = 1;
	char text[40], *end;

	(void)c;
	if (p == NULL)
		return OUT_FULL;
	if (in->len < 3 || !((in->p[0] == '{' && in->p[in->len - 1] == '}') || (in->p[0] == '[' && in->p[in->len - 1] == ']')))
		return no_form(why, "a vector without elements", ret, NULL);
	for (size_t i = 1; i < in->len; i++) {
		uint32_t bits;
		float f;

		if (in->p[i] != ',' && i + 1 < in->len)
			continue;	/* the last byte is the bracket */
		if (i == from || i - from >= sizeof(text))
			return no_form(why, "an array that is no vector", ret, NULL);
		memcpy(text, in->p + from, i - from);
		text[i - from] = '\0';
		f = strtof(text, &end);
		if (*end != '\0' || !isfinite(f))
			return no_form(why, "an array that is no vector", ret, NULL);
		memcpy(&bits, &f, 4);
		put_le32(p + n, bits);
		n += 4;
		from = i + 1;
	}
	*ret = (struct value){ .kind = VALUE_BINARY, .len = (uint32_t)n, .p = p };
	return OUT_OK;
}

/* ---- the choice ---- */

static bool
choose_from_bytes(struct convert *c)
{
	switch (c->to.class) {
	case CLASS_BYTES:
		if (c->target_family == FAMILY_POSTGRESQL) {
			c->times = c->plus = 2;
			note_fit(c, CONVERT_EXACT, "");
		} else if (c->to.pads_zeros && !(c->from.pads_zeros && c->from.length == c->to.length)) {
			note_fit(c, CONVERT_POLICY, "bytes fewer than the column's");
		} else if (c->source_family == FAMILY_MYSQL) {
			return true;
		} else {
			note_fit(c, CONVERT_EXACT, "");
		}
		c->fn = bytes_to_bytes;
		return true;
	case CLASS_UUID:
		c->fn = bytes_to_uuid;
		c->plus = 36;
		note_fit(c, c->from.length == 16 && c->from.pads_zeros ? CONVERT_EXACT : CONVERT_POLICY,
		    c->from.length == 16 && c->from.pads_zeros ? "" : "bytes that are not 16");
		return c->from.length == 0 || c->from.length >= 16;
	case CLASS_GEOMETRY:
		c->fn = bytes_to_geometry;
		c->plus = 4;
		note_fit(c, CONVERT_POLICY, "bytes that are no little-endian EWKB of two dimensions");
		return c->source_family == FAMILY_POSTGRESQL && c->target_family == FAMILY_MYSQL;
	default:
		c->refused = "bytea, a blob, or a uuid for 16 bytes";
		return false;
	}
}

static bool
choose_from_geometry(struct convert *c)
{
	if (c->source_family == FAMILY_POSTGRESQL) {
		if (c->to.class != CLASS_GEOMETRY)
			return c->to.class == CLASS_TEXT && choose_to_text(c);
		c->fn = text_to_geometry;
		note_fit(c, CONVERT_POLICY, "geometries of more than two dimensions, and of kinds that MySQL has not");
		return true;
	}
	if (c->target_family == FAMILY_MYSQL)
		return c->to.class == CLASS_GEOMETRY || (c->to.class == CLASS_BYTES && !c->to.pads_zeros);
	c->fn = geometry_to_ewkb;
	c->times = c->plus = 2;
	note_fit(c, CONVERT_EXACT, "");
	return c->to.kind == PG_BYTEA || c->to.kind == PG_GEOMETRY;
}

static bool
choose_from_vector(struct convert *c)
{
	if (c->source_family == FAMILY_POSTGRESQL) {
		if (c->to.class != CLASS_VECTOR)
			return c->to.class == CLASS_TEXT && choose_to_text(c);
		c->fn = array_to_vector;
		c->times = c->plus = 4;
		note_fit(c, CONVERT_EXACT, "");
		return true;
	}
	if (c->target_family == FAMILY_MYSQL)
		return c->to.class == CLASS_VECTOR || (c->to.class == CLASS_BYTES && !c->to.pads_zeros);
	c->fn = vector_to_array;
	c->times = FLOAT_TEXT / 4;
	c->plus = 2;
	note_fit(c, CONVERT_EXACT, "");
	return c->to.kind == PG_VECTOR || (c->to.kind == PG_ARRAY && c->target_oid == 1021);
}

bool
choose_bytes(struct convert *c)
{
	switch (c->from.class) {
	case CLASS_BYTES: return choose_from_bytes(c);
	case CLASS_GEOMETRY: return choose_from_geometry(c);
	default: return choose_from_vector(c);
	}
}
