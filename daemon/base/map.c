/* map.c - linear probing over a table of a power of two, at most 3/4 full; a removal moves
 * followers back, so there are no tombstones. Keys of up to 16 bytes live in the entry, longer ones
 * on the heap.
 * Invariant: every entry is reachable from its hash's home slot without an empty slot between. */
#include "daemon/base/map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "daemon/base/arena.h"
#include "daemon/base/bytes.h"
#include "daemon/base/fault.h"

#define KEY_INLINE 16

struct entry {
	uint64_t hash;
	void *value;
	size_t n;
	union {
		uint8_t in[KEY_INLINE];
		uint8_t *heap;
	} key;
	bool full;
};

struct map {
	struct entry *tab;
	size_t size;	/* a power of two; 0: no table yet */
	size_t count;
	uint64_t seed;	/* keys may come from rows: their writers cannot aim at a slot */
};

static const uint8_t *
entry_key(const struct entry *e)
{
	return e->n <= KEY_INLINE ? e->key.in : e->key.heap;
}

struct map *
map_new(void)
{
	struct map *m = FAULT_MEMORY() ? calloc(1, sizeof(*m)) : NULL;

	if (m != NULL && getrandom(&m->seed, sizeof(m->seed), GRND_NONBLOCK) < 0)
		m->seed = (uint64_t)(uintptr_t)m;
	return m;
}

void
map_free(struct map *m, void (*free_value)(void *))
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->size; i++) {
		struct entry *e = &m->tab[i];

		if (!e->full)
			continue;
		if (free_value != NULL)
			free_value(e->value);
		if (e->n > KEY_INLINE)
			free(e->key.heap);
	}
	free(m->tab);
	free(m);
}

size_t
map_count(const struct map *m)
{
	return m->count;
}

/* The key's entry, or NULL. */
static struct entry *
find(const struct map *m, const void *key, size_t n, uint64_t hash)
{
	if (m->size == 0)
		return NULL;
	for (size_t i = hash & (m->size - 1); m->tab[i].full; i = (i + 1) & (m->size - 1)) {
		struct entry *e = &m->tab[i];

		if (e->hash == hash && e->n == n && (n == 0 || memcmp(entry_key(e), key, n) == 0))
			return e;
	}
	return NULL;
}

static struct entry *
free_slot(struct entry *tab, size_t size, uint64_t hash)
{
	size_t i = hash & (size - 1);

	while (tab[i].full)
		i = (i + 1) & (size - 1);
	return &tab[i];
}

static bool
grow(struct map *m, struct err *err)
{
	size_t size = m->size == 0 ? 16 : m->size * 2;
	struct entry *tab;

	if (size > SIZE_MAX / sizeof(*tab))
		return err_set(err, ERR_SYSTEM, "out of memory (map of %zu entries)", size);
	if ((tab = mem_zalloc(size * sizeof(*tab), err)) == NULL)
		return false;
	for (size_t i = 0; i < m->size; i++)
		if (m->tab[i].full)
			*free_slot(tab, size, m->tab[i].hash) = m->tab[i];
	free(m->tab);
	m->tab = tab;
	m->size = size;
	return true;
}

void *
map_get(const struct map *m, const void *key, size_t n)
{
	struct entry *e;

	if (m->count == 0)
		return NULL;
	e = find(m, key, n, hash_bytes(key, n, m->seed));
	return e != NULL ? e->value : NULL;
}

bool
map_put(struct map *m, const void *key, size_t n, void *value, struct err *err)
{
	uint64_t hash = hash_bytes(key, n, m->seed);
	struct entry new = { .hash = hash, .value = value, .n = n, .full = true };
	struct entry *e = find(m, key, n, hash);

	assert(value != NULL);
	if (e != NULL) {
		e->value = value;
		return true;
	}
	if (m->count + 1 > m->size / 4 * 3 && !grow(m, err))
		return false;
	if (n > KEY_INLINE && (new.key.heap = mem_zalloc(n, err)) == NULL)
		return false;
	if (n > 0)
		memcpy(n > KEY_INLINE ? new.key.heap : new.key.in, key, n);
	*free_slot(m->tab, m->size, hash) = new;
	m->count++;
	return true;
}

/* Closes the gap at slot i: a follower moves back unless its home lies behind the gap. */
static void
close_gap(struct map *m, size_t i)
{
	size_t mask = m->size - 1;

	for (size_t j = (i + 1) & mask; m->tab[j].full; j = (j + 1) & mask) {
		size_t home = m->tab[j].hash & mask;

		if (((j - home) & mask) >= ((j - i) & mask)) {
			m->tab[i] = m->tab[j];
			i = j;
		}
	}
	memset(&m->tab[i], 0, sizeof(m->tab[i]));
}

void *
map_remove(struct map *m, const void *key, size_t n)
{
	struct entry *e = find(m, key, n, hash_bytes(key, n, m->seed));
	void *value;

	if (e == NULL)
		return NULL;
	value = e->value;
	if (e->n > KEY_INLINE)
		free(e->key.heap);
	close_gap(m, (size_t)(e - m->tab));
	m->count--;
	return value;
}

bool
map_next(const struct map *m, size_t *iter, const void **ret_key, size_t *ret_n, void **ret_value)
{
	while (*iter < m->size) {
		const struct entry *e = &m->tab[(*iter)++];

		if (!e->full)
			continue;
		if (ret_key != NULL)
			*ret_key = entry_key(e);
		if (ret_n != NULL)
			*ret_n = e->n;
		if (ret_value != NULL)
			*ret_value = e->value;
		return true;
	}
	return false;
}

void *
map_get_u32(const struct map *m, uint32_t key)
{
	return map_get(m, &key, sizeof(key));
}

bool
map_put_u32(struct map *m, uint32_t key, void *value, struct err *err)
{
	return map_put(m, &key, sizeof(key), value, err);
}

void *
map_get_str(const struct map *m, const char *key)
{
	return map_get(m, key, strlen(key));
}

bool
map_put_str(struct map *m, const char *key, void *value, struct err *err)
{
	return map_put(m, key, strlen(key), value, err);
}
