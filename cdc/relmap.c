/* relmap.c - source id -> current relation version; the versions before it are kept beside.
 * Flow: relmap_put() at a RELATION message, relmap_get() at a row.
 * Invariant: every relation that relmap_put() gave out lives until relmap_free(); current <= all.
 * Threads: the capture thread. Owner: the map owns all versions. */
#include "cdc/relmap.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/base/map.h"

struct relmap {
	struct map *current;		/* by id; borrowed from all */
	struct relation **all;		/* in the order of their coming */
	size_t n, cap;
};

struct relmap *
relmap_new(struct err *err)
{
	struct relmap *map = mem_zalloc(sizeof(*map), err);

	if (map == NULL)
		return NULL;
	if ((map->current = map_new()) == NULL) {
		err_set(err, ERR_SYSTEM, "no memory for the relations");
		free(map);
		return NULL;
	}
	return map;
}

void
relmap_free(struct relmap *map)
{
	if (map == NULL)
		return;
	for (size_t i = 0; i < map->n; i++)
		relation_free(map->all[i]);
	free(map->all);
	map_free(map->current, NULL);
	free(map);
}

const struct relation *
relmap_get(const struct relmap *map, uint32_t id)
{
	return map_get_u32(map->current, id);
}

static bool
same_columns(const struct relation *a, const struct relation *b)
{
	if (a->ncols != b->ncols)
		return false;
	for (uint16_t i = 0; i < a->ncols; i++) {
		const struct relation_column *ca = &a->cols[i], *cb = &b->cols[i];

		if (ca->oid != cb->oid || ca->typmod != cb->typmod ||
		    ca->identity != cb->identity || strcmp(ca->name, cb->name) != 0)
			return false;
	}
	return true;
}

/* By content too: a row decoded by a shape whose hash happens to be equal would be wrong without a
 * word. */
static bool
same_relation(const struct relation *a, const struct relation *b)
{
	return a->version == b->version && a->replica_identity == b->replica_identity &&
	    strcmp(a->schema, b->schema) == 0 && strcmp(a->name, b->name) == 0 &&
	    same_columns(a, b);
}

bool
relmap_put(struct relmap *map, struct relation *take_rel, const struct relation **ret_rel,
    bool *ret_new, struct err *err)
{
	const struct relation *now = relmap_get(map, take_rel->id);

	if (now != NULL && same_relation(now, take_rel)) {
		relation_free(take_rel);
		*ret_rel = now;
		*ret_new = false;
		return true;
	}
	if (!mem_grow(&map->all, &map->cap, map->n + 1, sizeof(*map->all), err) ||
	    !map_put_u32(map->current, take_rel->id, take_rel, err)) {
		relation_free(take_rel);
		return false;
	}
	map->all[map->n++] = take_rel;
	*ret_rel = take_rel;
	*ret_new = true;
	return true;
}

size_t
relmap_versions(const struct relmap *map)
{
	return map->n;
}
