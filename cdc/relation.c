/* relation.c - one immutable version of a table: its hash, its end, look-up of a column by name.
 * Invariant: the version depends on the table's name and shape only; the source's id and the
 * captured table are not part of it, so equal shapes have equal versions after a restart too.
 * Threads: as relation.h. Owner: the relation's arena owns all of it, the relation itself
 * included. */
#include "cdc/relation.h"

#include <string.h>

#include "daemon/base/bytes.h"

/* The NUL is hashed too: "ab","c" and "a","bc" differ. */
static uint64_t
hash_str(const char *s, uint64_t seed)
{
	return hash_bytes(s, strlen(s) + 1, seed);
}

static uint64_t
hash_column(const struct relation_column *col, uint64_t seed)
{
	const uint32_t facts[] = { col->oid, (uint32_t)col->typmod, col->identity };

	return hash_bytes(facts, sizeof(facts), hash_str(col->name, seed));
}

void
relation_seal(struct relation *rel)
{
	const uint32_t facts[] = { (unsigned char)rel->replica_identity, rel->ncols };
	uint64_t h = hash_str(rel->name, hash_str(rel->schema, 0));

	h = hash_bytes(facts, sizeof(facts), h);
	for (uint16_t i = 0; i < rel->ncols; i++)
		h = hash_column(&rel->cols[i], h);
	rel->version = h;
}

void
relation_free(struct relation *rel)
{
	if (rel != NULL)
		arena_free(rel->arena);
}

int
relation_column_index(const struct relation *rel, const char *name)
{
	for (int i = 0; i < rel->ncols; i++)
		if (strcmp(rel->cols[i].name, name) == 0)
			return i;
	return -1;
}
