/* bytes.c - reading and writing byte strings. Failure sticks in the cursor or in the buffer. */
#include "daemon/base/bytes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include "daemon/base/fault.h"

uint8_t
rd_u8(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 1);

	return p != NULL ? *p : 0;
}

uint16_t
rd_u16(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 2);

	return p != NULL ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

uint32_t
rd_u32(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 4);

	return p != NULL ? be32(p) : 0;
}

uint64_t
rd_u64(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 8);

	return p != NULL ? be64(p) : 0;
}

const char *
rd_cstr(struct rd *r)
{
	size_t left = rd_left(r);
	const uint8_t *p = r->p + r->off, *end = left > 0 ? memchr(p, 0, left) : NULL;

	if (end == NULL) {
		r->bad = true;
		return "";
	}
	r->off += (size_t)(end - p) + 1;
	return (const char *)p;
}

void
buf_done(struct buf *b)
{
	free(b->p);
	memset(b, 0, sizeof(*b));
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
	b->bad = false;
}

bool
buf_reserve(struct buf *b, size_t more)
{
	size_t cap = b->cap < 64 ? 64 : b->cap;
	uint8_t *p;

	if (b->bad)
		return false;
	if (more < b->cap - b->n)
		return true;
	if (more > SIZE_MAX / 2 - b->n) {
		b->bad = true;
		return false;
	}
	while (cap - b->n <= more)	/* and one for the NUL of buf_cstr() */
		cap *= 2;
	if (!FAULT_MEMORY() || (p = realloc(b->p, cap)) == NULL) {
		b->bad = true;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0 || !buf_reserve(b, n))
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void
buf_u8(struct buf *b, uint8_t v)
{
	buf_put(b, &v, 1);
}

void
buf_u16(struct buf *b, uint16_t v)
{
	v = __builtin_bswap16(v);
	buf_put(b, &v, sizeof(v));
}

void
buf_u32(struct buf *b, uint32_t v)
{
	v = __builtin_bswap32(v);
	buf_put(b, &v, sizeof(v));
}

void
buf_u64(struct buf *b, uint64_t v)
{
	v = __builtin_bswap64(v);
	buf_put(b, &v, sizeof(v));
}

void
buf_set_u32(struct buf *b, size_t off, uint32_t v)
{
	if (b->bad)
		return;
	assert(off <= b->n && b->n - off >= sizeof(v));
	v = __builtin_bswap32(v);
	memcpy(b->p + off, &v, sizeof(v));
}

void
buf_str(struct buf *b, const char *s)
{
	b->bad = b->bad || buf_lost(s);
	buf_put(b, s, strlen(s));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (!buf_reserve(b, 64))
		return;
	va_start(ap, fmt);
	n = vsnprintf((char *)b->p + b->n, b->cap - b->n, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->bad = true;
		return;
	}
	if ((size_t)n >= b->cap - b->n) {
		if (!buf_reserve(b, (size_t)n + 1))
			return;
		va_start(ap, fmt);
		vsnprintf((char *)b->p + b->n, b->cap - b->n, fmt, ap);
		va_end(ap);
	}
	b->n += (size_t)n;
}

static const char LOST[] = "(no memory for this text)";

bool
buf_lost(const char *text)
{
	return text == LOST;
}

const char *
buf_cstr(struct buf *b)
{
	if (b->bad)
		return LOST;
	if (b->p == NULL)
		return "";
	b->p[b->n] = '\0';
	return (const char *)b->p;
}

/* Length of the UTF-8 sequence at p, or 0: no overlong forms, no surrogates, at most U+10FFFF. */
static size_t
utf8_len(const uint8_t *p, size_t n)
{
	uint8_t lo = 0x80, hi = 0xbf;
	size_t len;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	if (n < len || p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static void
json_ascii(struct buf *b, uint8_t c)
{
	switch (c) {
	case '"': buf_str(b, "\\\""); break;
	case '\\': buf_str(b, "\\\\"); break;
	case '\n': buf_str(b, "\\n"); break;
	case '\r': buf_str(b, "\\r"); break;
	case '\t': buf_str(b, "\\t"); break;
	default:
		if (c < 0x20 || c == 0x7f)
			buf_printf(b, "\\u%04x", c);
		else
			buf_u8(b, c);
	}
}

void
buf_json_str(struct buf *b, const char *s, size_t n)
{
	const uint8_t *p = (const uint8_t *)s;

	buf_u8(b, '"');
	for (size_t i = 0, len; i < n; i += len) {
		len = utf8_len(p + i, n - i);
		if (len == 0) {
			buf_put(b, "\xef\xbf\xbd", 3);
			len = 1;
		} else if (len == 1) {
			json_ascii(b, p[i]);
		} else {
			buf_put(b, p + i, len);
		}
	}
	buf_u8(b, '"');
}

void
buf_json_cstr(struct buf *b, const char *s)
{
	if (s == NULL)
		buf_str(b, "null");
	else
		buf_json_str(b, s, strlen(s));
}

/* One 64x64 multiplication folded onto itself. The operands are added back, so that a zero
 * operand chosen by whoever writes the keys cannot wipe out the other. */
static inline uint64_t
fold(uint64_t x, uint64_t y)
{
	unsigned __int128 m = (unsigned __int128)x * y;

	return (uint64_t)m ^ (uint64_t)(m >> 64) ^ x ^ (y << 32 | y >> 32);
}

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

uint64_t
hash_bytes(const void *p, size_t n, uint64_t seed)
{
	static const uint64_t k0 = 0x9e3779b97f4a7c15, k1 = 0xd6e8feb86659fd93,
			      k2 = 0xa0761d6478bd642f;
	const uint8_t *s = p;
	uint64_t h = fold(seed ^ k0, k1 ^ n);
	uint8_t tail[16] = { 0 };
	size_t left;

	for (left = n; left > 16; left -= 16, s += 16)
		h = fold(load64(s) ^ k1 ^ h, load64(s + 8) ^ k2);
	if (left > 0)
		memcpy(tail, s, left);
	h = fold(load64(tail) ^ k1 ^ h, load64(tail + 8) ^ k2);
	return fold(h ^ k0, k2 ^ n);
}
