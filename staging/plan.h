/* plan.h - everything that is decided once per relation version: which column goes where, in which form, and how rows are found.
 * Built at the first change (or row loaded) of a relation; the work per row is then loops over its arrays.
 * Values of a row are in the source relation's order; plan->cols[i].src indexes them.
 * Threads: the apply (or load) thread that built it. Owner: that thread's planmap; `statements` is the target's. */
#ifndef REPLD_STAGING_PLAN_H
#define REPLD_STAGING_PLAN_H

#include "cdc/relation.h"
#include "staging/convert.h"
#include "staging/table.h"

struct plan_column {
	uint16_t src;			/* index into the relation's columns, and into a row's values */
	uint16_t target;		/* index into target->cols */
	const char *name;		/* on the target */
	const struct coltype *source_type, *target_type;
	bool binary_ok;			/* a VALUE_BINARY may pass to the target as it is */
	bool key;			/* one of the columns by which rows are found */
	bool unique;			/* part of a unique index or an exclusion of the target beside the key */
	bool notnull;			/* on the target */
	const struct convert *convert;	/* NULL: values pass as they are */
};

/* The column's values can be loaded by a binary COPY: as they are, or as an enum's label. */
static inline bool
plan_column_loads_binary(const struct plan_column *c)
{
	return c->binary_ok || (c->source_type->wire == WIRE_LABEL && c->target_type->wire == WIRE_LABEL);
}

struct plan {
	const struct relation *rel;
	const struct table *table;
	const struct table_desc *target;
	uint16_t ncols;			/* written columns; generated ones are left out */
	struct plan_column *cols;
	uint16_t nkey;			/* 0: keyless, rows are found by content */
	uint16_t *key;			/* indexes into cols, in the order of the target's index where it has one */
	bool keyless;
	uint16_t nhint;			/* keyless: columns of a unique index of the target that narrows the search for a content */
	uint16_t *hint;			/* indexes into cols */
	bool secondary_unique;		/* the target has a unique index or an exclusion other than the key: values may move between rows */
	bool converts;			/* some column has a conversion: rows go through transform.h first */
	bool has_array;			/* an array column: unnest can't carry it, statements go row by row */
	bool overriding;		/* an identity column GENERATED ALWAYS is written: OVERRIDING SYSTEM VALUE */
	bool needs_full;		/* keyless: the old image must be whole */
	struct arena *arena;
	void *statements;		/* the target's cache for this plan; freed by target_forget() */
};

/* Errors: ERR_SCHEMA (a source column that the target lacks, with the ALTER as remedy; a not null target column without default
 * that the source lacks). The plan keeps pointers into rel and table. */
struct plan *plan_new(const struct relation *rel, const struct table *table, struct err *err) MUST_CHECK;
void plan_free(struct plan *p);

/* The same, for a full load: the relation is made from the source's description (columns in catalog order, generated ones left out).
 * The relation belongs to the arena. */
const struct relation *relation_from_desc(const struct table_desc *d, const struct table *table, struct arena *arena,
    struct err *err) MUST_CHECK;

#endif
