/* value.h - one column's value as it travels: value, NULL and absent are three things.
 * The bytes are borrowed: from the ring's record, or from the batch's arena. Threads: plain values. */
#ifndef REPLD_CDC_VALUE_H
#define REPLD_CDC_VALUE_H

#include <stdint.h>
#include <string.h>
#include "daemon/base/err.h"

enum value_kind {
	VALUE_ABSENT,	/* not sent: unchanged TOAST, not in the row image, not part of a key image */
	VALUE_NULL,
	VALUE_TEXT,	/* the type's text form, UTF-8, not NUL-terminated */
	VALUE_BINARY	/* the type's binary (send) form, network byte order */
};

struct value {
	uint8_t kind;		/* enum value_kind */
	uint32_t len;
	const uint8_t *p;
};
_Static_assert(sizeof(struct value) <= 24, "values are copied by the million");

static inline bool
value_present(const struct value *v)
{
	return v->kind != VALUE_ABSENT;
}

/* The same bytes in the same form: identity as logged. */
static inline bool
value_same(const struct value *a, const struct value *b)
{
	return a->kind == b->kind && (a->kind <= VALUE_NULL ||
	    (a->len == b->len && memcmp(a->p, b->p, a->len) == 0));
}

#endif
