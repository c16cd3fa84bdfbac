/* arena.h - bump allocation with one lifetime (a batch, a relation version, a configuration).
 * Flow: arena_alloc() many times, arena_reset() or arena_free() once.
 * Invariant: used <= budget (0: none). Memory is 16-byte aligned; reset keeps the first chunk and poisons it under ASan.
 * Threads: one at a time. Owner: whoever called arena_new(). */
#ifndef REPLD_BASE_ARENA_H
#define REPLD_BASE_ARENA_H

#include <stdint.h>
#include "daemon/base/err.h"

struct arena;

struct arena *arena_new(size_t chunk_size, size_t budget);	/* NULL: no memory */
void arena_free(struct arena *a);				/* NULL is fine */
void arena_reset(struct arena *a);
void *arena_alloc(struct arena *a, size_t n);			/* NULL: over budget, or no memory */
void *arena_zalloc(struct arena *a, size_t n);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
size_t arena_used(const struct arena *a);			/* bytes handed out since the last reset */
size_t arena_held(const struct arena *a);			/* bytes taken from the system */
bool arena_failed(const struct arena *a);			/* there was no memory for the last allocation */
/* Why the last allocation gave NULL. Always false: ERR_SYSTEM where there was no memory; ERR_LIMIT, with this text, where it was over budget. */
bool arena_full(const struct arena *a, struct err *err, const char *text);

/* Outside arenas: allocation that fails with ERR_SYSTEM in err, so that callers read evenly. */
void *mem_zalloc(size_t n, struct err *err) MUST_CHECK;
char *mem_strdup(const char *s, struct err *err) MUST_CHECK;
/* Grows *arr (element size `size`, *cap elements) so that `need` elements fit. */
bool mem_grow(void *arr, size_t *cap, size_t need, size_t size, struct err *err) MUST_CHECK;
/* For start-up code and small strings without which nothing goes on: abort on no memory. */
void *xzalloc(size_t n);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
