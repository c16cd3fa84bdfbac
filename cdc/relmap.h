/* relmap.h - source id -> current relation version. All versions of a stream are kept until relmap_free(): the ring may still
 * point to any of them, and a new version is rare (a change of shape stops the task). An equal RELATION message makes no new version.
 * Threads: the capture thread; relations themselves are read by the apply thread. Owner: the map. */
#ifndef REPLD_CDC_RELMAP_H
#define REPLD_CDC_RELMAP_H

#include "cdc/relation.h"

struct relmap;

struct relmap *relmap_new(struct err *err) MUST_CHECK;
void relmap_free(struct relmap *map);
const struct relation *relmap_get(const struct relmap *map, uint32_t id);	/* NULL: never announced */
/* Takes rel (also on failure). Where the current version is equal, rel is freed and the current one stays.
 * *ret_new tells whether it is a new version. */
bool relmap_put(struct relmap *map, struct relation *take_rel, const struct relation **ret_rel, bool *ret_new,
    struct err *err) MUST_CHECK;
size_t relmap_versions(const struct relmap *map);

#endif
