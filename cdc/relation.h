/* relation.h - one immutable version of a table as the log describes it (RELATION, TABLE_MAP).
 * Values of a change are in this relation's column order. A version outlives the last change that points to it: relmap.h.
 * Threads: written by the capture thread before the first change that points to it; read-only afterwards. */
#ifndef REPLD_CDC_RELATION_H
#define REPLD_CDC_RELATION_H

#include <stdint.h>
#include "cdc/type.h"
#include "daemon/base/arena.h"

#define RELATION_MAX_COLUMNS 1664	/* PostgreSQL's MaxTupleAttributeNumber; more is refused */

struct relation_column {
	const char *name;
	uint32_t oid;		/* PostgreSQL: type OID; MySQL: my_type_oid() */
	int32_t typmod;		/* MySQL: my_type_typmod() */
	const struct coltype *type;	/* MySQL: the type that the log tells; NULL: the catalog's */
	bool identity;		/* part of the replica identity */
};

struct relation {
	uint32_t id;		/* the source's id: PostgreSQL's OID of the table or leaf; MySQL: no meaning beyond this stream */
	const char *schema, *name;
	char replica_identity;	/* 'd' default, 'n' nothing, 'f' full, 'i' index */
	uint16_t ncols;
	const struct relation_column *cols;
	uint64_t version;	/* hash of the contents: equal contents, equal version */
	const void *table;	/* what the resolver gave: the captured table; NULL: not captured */
	struct arena *arena;	/* owns all of it */
};

/* Fills version from the other members. */
void relation_seal(struct relation *rel);
void relation_free(struct relation *rel);	/* NULL is fine */
int relation_column_index(const struct relation *rel, const char *name);	/* -1: none */

#endif
