/* map.h - open-addressing hash map from byte strings (or u32) to pointers. Keys are copied, values are the caller's.
 * Threads: one at a time. Iteration order is undefined; removing while iterating is not allowed. */
#ifndef REPLD_BASE_MAP_H
#define REPLD_BASE_MAP_H

#include <stdint.h>
#include "daemon/base/err.h"

struct map;

struct map *map_new(void);				/* NULL: no memory */
void map_free(struct map *m, void (*free_value)(void *));	/* free_value may be NULL */
size_t map_count(const struct map *m);
void *map_get(const struct map *m, const void *key, size_t n);	/* NULL: not there */
bool map_put(struct map *m, const void *key, size_t n, void *value, struct err *err) MUST_CHECK; /* replaces */
void *map_remove(struct map *m, const void *key, size_t n);	/* the value, or NULL */
/* *iter starts at 0; false at the end. */
bool map_next(const struct map *m, size_t *iter, const void **ret_key, size_t *ret_n, void **ret_value);

void *map_get_u32(const struct map *m, uint32_t key);
bool map_put_u32(struct map *m, uint32_t key, void *value, struct err *err) MUST_CHECK;
void *map_get_str(const struct map *m, const char *key);
bool map_put_str(struct map *m, const char *key, void *value, struct err *err) MUST_CHECK;

#endif
