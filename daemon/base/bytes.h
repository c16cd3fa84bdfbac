/* bytes.h - a read cursor whose failure sticks, and a growable writer whose failure sticks.
 * Readers check once per message: short input sets bad and yields zeros. Integers are big-endian unless named _le.
 * Threads: one at a time. */
#ifndef REPLD_BASE_BYTES_H
#define REPLD_BASE_BYTES_H

#include <stdint.h>
#include <string.h>
#include "daemon/base/err.h"

struct slice {
	const uint8_t *p;
	size_t n;
};

struct rd {
	const uint8_t *p;	/* the message's first byte */
	size_t n, off;
	bool bad;
};

static inline struct rd
rd_init(const void *p, size_t n)
{
	return (struct rd){ .p = p, .n = n };
}

static inline const uint8_t *
rd_bytes(struct rd *r, size_t n)
{
	const uint8_t *p = r->p + r->off;

	if (r->bad || n > r->n - r->off) {
		r->bad = true;
		return NULL;
	}
	r->off += n;
	return p;
}

static inline size_t
rd_left(const struct rd *r)
{
	return r->bad ? 0 : r->n - r->off;
}

uint8_t rd_u8(struct rd *r);
uint16_t rd_u16(struct rd *r);
uint32_t rd_u32(struct rd *r);
uint64_t rd_u64(struct rd *r);
const char *rd_cstr(struct rd *r);	/* NUL-terminated, inside the message; "" when bad */

struct buf {
	uint8_t *p;
	size_t n, cap;
	bool bad;		/* an allocation failed: everything after it was dropped */
};

void buf_done(struct buf *b);		/* frees; the struct can be used again */
void buf_reset(struct buf *b);		/* keeps the memory, clears bad */
bool buf_reserve(struct buf *b, size_t more);	/* room for `more` bytes; false: bad */
void buf_put(struct buf *b, const void *p, size_t n);
void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
void buf_set_u32(struct buf *b, size_t off, uint32_t v);	/* over bytes already written */
void buf_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* NUL-terminated view, valid until the next write. Of a bad buffer (half a statement, half a list of tables, is none) a text that says so, and that
 * buf_lost() knows: whoever sends a text to a server, keeps, compares or looks for it refuses that one; a message may show it. */
const char *buf_cstr(struct buf *b);
bool buf_lost(const char *text);
void buf_json_str(struct buf *b, const char *s, size_t n);	/* "..." with JSON escapes; invalid UTF-8 as U+FFFD */
void buf_json_cstr(struct buf *b, const char *s);		/* NULL: null */

static inline uint32_t
be32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return __builtin_bswap32(v);
}

static inline uint64_t
be64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return __builtin_bswap64(v);
}

uint64_t hash_bytes(const void *p, size_t n, uint64_t seed);	/* 64-bit, not cryptographic */

#endif
