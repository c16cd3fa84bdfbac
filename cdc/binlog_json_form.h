/* binlog_json_form.h - the bytes of binary JSON, for what prints it and for what changes it.
 * Threads: any; pure. */
#ifndef REPLD_CDC_BINLOG_JSON_FORM_H
#define REPLD_CDC_BINLOG_JSON_FORM_H

#include "daemon/base/bytes.h"

enum json_type {
	JSON_SMALL_OBJECT = 0,
	JSON_LARGE_OBJECT = 1,
	JSON_SMALL_ARRAY = 2,
	JSON_LARGE_ARRAY = 3,
	JSON_LITERAL = 4,
	JSON_INT16 = 5,
	JSON_UINT16 = 6,
	JSON_INT32 = 7,
	JSON_UINT32 = 8,
	JSON_INT64 = 9,
	JSON_UINT64 = 10,
	JSON_DOUBLE = 11,
	JSON_STRING = 12,
	JSON_OPAQUE = 15
};

enum json_literal { JSON_NULL = 0, JSON_TRUE = 1, JSON_FALSE = 2 };

/* A value: its type, and its bytes, from its own first byte; they may reach beyond its end. */
struct json_value {
	uint8_t type;
	struct slice bytes;
};

/* A container: p + n are its own bytes exactly. */
struct json_container {
	const uint8_t *p;
	uint32_t n, count;
	bool object;
	uint8_t width;		/* of counts, sizes and offsets: 2 or 4 */
};

static inline bool
json_is_container(uint8_t type)
{
	return type <= JSON_LARGE_ARRAY;
}

/* All: false, where the bytes do not hold it. */
bool json_open(struct json_container *c, const struct json_value *v);
bool json_key(const struct json_container *c, uint32_t i, struct slice *ret);
bool json_element(const struct json_container *c, uint32_t i, struct json_value *ret);
/* How many of the value's bytes are its own. */
bool json_size(const struct json_value *v, size_t *ret);
/* What a string or an opaque value holds; an opaque one's field type. */
bool json_string(const struct json_value *v, struct slice *ret);
bool json_opaque(const struct json_value *v, uint8_t *ret_field_type, struct slice *ret);

#endif
