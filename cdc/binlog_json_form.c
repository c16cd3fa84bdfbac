/* binlog_json_form.c - reads the bytes of binary JSON, each length and offset held against what is
 * there.
 * Invariant: what it hands out lies inside of what it was given. Threads: any; pure. */
#include "cdc/binlog_json_form.h"

#include <assert.h>

static uint32_t
number(const uint8_t *p, uint8_t width)
{
	return width == 2
		   ? p[0] | (uint32_t)p[1] << 8
		   : p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t
key_entry(const struct json_container *c)
{
	return c->object ? c->width + 2u : 0;
}

static uint32_t
value_entry(const struct json_container *c)
{
	return c->width + 1u;
}

/* Behind both tables. */
static uint32_t
header_size(const struct json_container *c)
{
	return 2u * c->width + c->count * (key_entry(c) + value_entry(c));
}

bool
json_open(struct json_container *c, const struct json_value *v)
{
	const size_t n = v->bytes.n;

	*c = (struct json_container){ .p = v->bytes.p,
		.object = v->type <= JSON_LARGE_OBJECT,
		.width = v->type % 2 != 0 ? 4 : 2 };
	assert(json_is_container(v->type));
	if (n < 2u * c->width)
		return false;
	c->count = number(c->p, c->width);
	c->n = number(c->p + c->width, c->width);
	return c->n <= n && c->n >= 2u * c->width &&
	       c->count <= (c->n - 2u * c->width) / (key_entry(c) + value_entry(c));
}

bool
json_key(const struct json_container *c, uint32_t i, struct slice *ret)
{
	const uint8_t *entry = c->p + 2u * c->width + i * key_entry(c);
	const uint32_t offset = number(entry, c->width), len = number(entry + c->width, 2);

	*ret = (struct slice){ .p = c->p + offset, .n = len };
	return offset >= header_size(c) && offset <= c->n && len <= c->n - offset;
}

/* Small scalars stand in the entry itself. */
static bool
is_inline(uint8_t type, uint8_t width)
{
	return type == JSON_LITERAL || type == JSON_INT16 || type == JSON_UINT16 ||
	       (width == 4 && (type == JSON_INT32 || type == JSON_UINT32));
}

bool
json_element(const struct json_container *c, uint32_t i, struct json_value *ret)
{
	const uint8_t *entry = c->p + 2u * c->width + c->count * key_entry(c) + i * value_entry(c);
	uint32_t offset;

	ret->type = entry[0];
	if (is_inline(entry[0], c->width)) {
		ret->bytes = (struct slice){ .p = entry + 1, .n = c->width };
		return true;
	}
	offset = number(entry + 1, c->width);
	if (offset < header_size(c) || offset >= c->n)
		return false;
	ret->bytes = (struct slice){ .p = c->p + offset, .n = c->n - offset };
	return true;
}

/* A length in groups of seven bits, the last one without the top bit; then that many bytes. */
static bool
counted(struct slice in, struct slice *ret)
{
	uint64_t len = 0;
	size_t at = 0;

	do {
		if (at == in.n || at == 5)
			return false;
		len |= (uint64_t)(in.p[at] & 0x7f) << (7 * at);
	} while (in.p[at++] & 0x80);
	*ret = (struct slice){ .p = in.p + at, .n = len };
	return len <= in.n - at;
}

bool
json_string(const struct json_value *v, struct slice *ret)
{
	return counted(v->bytes, ret);
}

bool
json_opaque(const struct json_value *v, uint8_t *ret_field_type, struct slice *ret)
{
	if (v->bytes.n == 0)
		return false;
	*ret_field_type = v->bytes.p[0];
	return counted((struct slice){ .p = v->bytes.p + 1, .n = v->bytes.n - 1 }, ret);
}

bool
json_size(const struct json_value *v, size_t *ret)
{
	struct json_container c;
	struct slice s;
	uint8_t field;

	switch (v->type) {
	case JSON_SMALL_OBJECT:
	case JSON_LARGE_OBJECT:
	case JSON_SMALL_ARRAY:
	case JSON_LARGE_ARRAY:
		if (!json_open(&c, v))
			return false;
		*ret = c.n;
		return true;
	case JSON_LITERAL: *ret = 1; break;
	case JSON_INT16:
	case JSON_UINT16: *ret = 2; break;
	case JSON_INT32:
	case JSON_UINT32: *ret = 4; break;
	case JSON_INT64:
	case JSON_UINT64:
	case JSON_DOUBLE: *ret = 8; break;
	case JSON_STRING:
		if (!json_string(v, &s))
			return false;
		*ret = (size_t)(s.p + s.n - v->bytes.p);
		return true;
	case JSON_OPAQUE:
		if (!json_opaque(v, &field, &s))
			return false;
		*ret = (size_t)(s.p + s.n - v->bytes.p);
		return true;
	default: return false;
	}
	return *ret <= v->bytes.n;
}
