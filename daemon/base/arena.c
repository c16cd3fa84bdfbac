/* arena.c - two lists of chunks: regular ones of one size, filled one after the other, and big ones
 * of one allocation each.
 * Invariant: used <= budget; each allocation starts at a multiple of ARENA_ALIGN; reset leaves at
 * most one regular chunk. Under AddressSanitizer everything not handed out is poisoned, the padding
 * between allocations too. */
#include "daemon/base/arena.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/bytes.h"
#include "daemon/base/fault.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

#define ARENA_ALIGN	((size_t)16)
#define ARENA_CHUNK_MIN ((size_t)256)
#define ROUND_UP(n)	(((n) + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1))

struct chunk {
	struct chunk *next;
	size_t size;	/* bytes in data */
	size_t off;	/* bytes of data handed out */
	_Alignas(16) uint8_t data[];
};

struct arena {
	struct chunk *chunks;	/* regular; the first is the one being filled */
	struct chunk *big;
	size_t chunk_size, budget;
	size_t used, held;
	bool failed;		/* there was no memory for what was asked for last */
};

struct arena *
arena_new(size_t chunk_size, size_t budget)
{
	struct arena *a = FAULT_MEMORY() ? calloc(1, sizeof(*a)) : NULL;

	if (a == NULL)
		return NULL;
	a->chunk_size = ROUND_UP(chunk_size < ARENA_CHUNK_MIN ? ARENA_CHUNK_MIN : chunk_size);
	a->budget = budget;
	return a;
}

static struct chunk *
chunk_new(struct arena *a, struct chunk **list, size_t size)
{
	struct chunk *c;

	if (size > SIZE_MAX - sizeof(*c) || !FAULT_MEMORY() || (c = malloc(sizeof(*c) + size)) == NULL) {
		a->failed = true;
		return NULL;
	}
	c->next = *list;
	c->size = size;
	c->off = 0;
	POISON(c->data, size);
	*list = c;
	a->held += sizeof(*c) + size;
	return c;
}

static void
chunk_drop(struct arena *a, struct chunk **list)
{
	struct chunk *c = *list;

	*list = c->next;
	a->held -= sizeof(*c) + c->size;
	UNPOISON(c->data, c->size);
	free(c);
}

void
arena_reset(struct arena *a)
{
	while (a->big != NULL)
		chunk_drop(a, &a->big);
	while (a->chunks != NULL && a->chunks->next != NULL)
		chunk_drop(a, &a->chunks);
	if (a->chunks != NULL) {
		a->chunks->off = 0;
		POISON(a->chunks->data, a->chunks->size);
	}
	a->used = 0;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	arena_reset(a);
	if (a->chunks != NULL)
		chunk_drop(a, &a->chunks);
	assert(a->held == 0);
	free(a);
}

/* A chunk with room for n (already rounded) bytes. What is larger than half a chunk and does not
 * fit gets its own, so that at most half of a regular chunk is ever left over. */
static struct chunk *
chunk_for(struct arena *a, size_t n)
{
	if (a->chunks != NULL && n <= a->chunks->size - a->chunks->off)
		return a->chunks;
	if (n > a->chunk_size / 2)
		return chunk_new(a, &a->big, n);
	return chunk_new(a, &a->chunks, a->chunk_size);
}

void *
arena_alloc(struct arena *a, size_t n)
{
	size_t size = ROUND_UP(n == 0 ? 1 : n);
	struct chunk *c;
	void *p;

	a->failed = false;
	if (size < n || (a->budget != 0 && (a->used > a->budget || size > a->budget - a->used)))
		return NULL;
	if ((c = chunk_for(a, size)) == NULL)
		return NULL;
	p = c->data + c->off;
	c->off += size;
	a->used += size;
	UNPOISON(p, n);
	return p;
}

void *
arena_zalloc(struct arena *a, size_t n)
{
	void *p = arena_alloc(a, n);

	return p != NULL ? memset(p, 0, n) : NULL;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = !buf_lost(s) ? arena_alloc(a, n) : NULL;

	return p != NULL ? memcpy(p, s, n) : NULL;
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = arena_alloc(a, len + 1);

	if (p == NULL)
		return NULL;
	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || (p = arena_alloc(a, (size_t)n + 1)) == NULL)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}

size_t
arena_held(const struct arena *a)
{
	return a->held;
}

bool
arena_failed(const struct arena *a)
{
	return a->failed;
}

bool
arena_full(const struct arena *a, struct err *err, const char *text)
{
	return a->failed ? err_set(err, ERR_SYSTEM, "out of memory") : err_set(err, ERR_LIMIT, "%s", text);
}

void *
mem_zalloc(size_t n, struct err *err)
{
	void *p = FAULT_MEMORY() ? calloc(1, n == 0 ? 1 : n) : NULL;

	if (p == NULL)
		err_set(err, ERR_SYSTEM, "out of memory (%zu bytes)", n);
	return p;
}

char *
mem_strdup(const char *s, struct err *err)
{
	char *p = !buf_lost(s) && FAULT_MEMORY() ? strdup(s) : NULL;

	if (p == NULL)
		err_set(err, ERR_SYSTEM, "out of memory (%zu bytes)", strlen(s) + 1);
	return p;
}

bool
mem_grow(void *arr, size_t *cap, size_t need, size_t size, struct err *err)
{
	size_t n = *cap;
	void *old, *p;

	assert(size > 0);
	if (need <= n)
		return true;
	n = n > SIZE_MAX / 2 ? need : n * 2;
	if (n < 8)
		n = 8;
	if (n < need)
		n = need;
	memcpy(&old, arr, sizeof(old));
	if (n > SIZE_MAX / size || !FAULT_MEMORY() || (p = realloc(old, n * size)) == NULL)
		return err_set(err, ERR_SYSTEM, "out of memory (%zu elements of %zu bytes)", n,
		    size);
	memset((uint8_t *)p + *cap * size, 0, (n - *cap) * size);
	memcpy(arr, &p, sizeof(p));
	*cap = n;
	return true;
}

static void *
or_abort(void *p)
{
	if (p == NULL) {
		fputs("repld: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *
xzalloc(size_t n)
{
	return or_abort(calloc(1, n == 0 ? 1 : n));
}

char *
xstrdup(const char *s)
{
	return or_abort(!buf_lost(s) ? strdup(s) : NULL);
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *p = NULL;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&p, fmt, ap);
	va_end(ap);
	return or_abort(n < 0 ? NULL : p);
}
