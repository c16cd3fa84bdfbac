/* batch.h - changes of one or more source transactions, grouped into steps that a target writes set by set.
 * Flow: batch_add() per row change -> batch_finish() -> target_write(steps) -> batch_reset().
 * Net changes (BATCH_NET): one row object per live key. A row that was on the target before the batch has an origin key; what it became
 * decides its step: gone = DELETE, same key = UPDATE of the columns present, moved to another key = PARK (deleted into a temporary table that
 * supplies absent columns, then inserted in final form), without origin = INSERT. Steps come in the order DELETE, PARK, UPDATE, INSERT, UNPARK, so no
 * key of the final state can meet one of the former state. Identity is the key's bytes as logged. Rows of tables without key are net changes
 * too, known by their whole content, and are written one by one (STEP_ORDERED; with care in the steps of the others).
 * Invariant: each source change is in exactly one step's net effect; absent never becomes NULL; values are borrowed from the ring
 * (nothing is acked before the target's COMMIT, or before the part is written) or live in the batch's arena.
 * Threads: apply. */
#ifndef REPLD_STAGING_BATCH_H
#define REPLD_STAGING_BATCH_H

#include "cdc/change.h"
#include "staging/plan.h"

enum batch_mode {
	BATCH_NET,	/* net changes, set-wise */
	BATCH_CAREFUL,	/* the same, but each UPDATE of a table with secondary unique indexes or exclusions is parked */
	BATCH_ORDERED,	/* each change in its order; runs of inserts of one table may be written as one */
	BATCH_SINGLE	/* each change in its order, one by one: finds the row that fails */
};

enum step_kind { STEP_DELETE, STEP_PARK, STEP_UPDATE, STEP_INSERT, STEP_UNPARK, STEP_ORDERED, STEP_TRUNCATE };

#define BATCH_COLSET_WORDS (RELATION_MAX_COLUMNS / 64)

/* One table of a TRUNCATE. where: only the rows that this SQL condition names (the leaves of a partitioned source table that were truncated), written as
 * DELETE FROM table WHERE (where); NULL: the whole table. The text is the caller's until the batch is reset or copied (batch_truncate() copies it). */
struct truncation {
	const struct plan *plan;
	const char *where;
};

struct row {
	uint8_t op;			/* enum change_kind of the net effect (ORDERED: of the change) */
	const struct value *key;	/* values in relation order whose key columns find the row on the target; NULL: INSERT */
	const struct value *vals;	/* new values in relation order; NULL: DELETE */
};

struct step {
	enum step_kind kind;
	const struct plan *plan;	/* NULL: TRUNCATE */
	const uint64_t *colset;		/* UPDATE, UNPARK: bit per plan column that is present; else NULL */
	size_t n;
	struct row **rows;		/* STEP_PARK and the STEP_UNPARK after it hold the same rows in the same order (all column sets of a plan: an
					 * UNPARK step per column set, its rows' `park` numbers in `park`) */
	const uint32_t *park;		/* PARK, UNPARK: a row's number in the batch, unique per plan */
	size_t ntruncate;		/* TRUNCATE */
	const struct truncation *truncate;
	bool restart_identity;
};

struct batch;

struct batch_stats { uint64_t inserts, updates, deletes, truncates; };	/* source changes added since reset */

struct batch *batch_new(size_t arena_budget, struct err *err) MUST_CHECK;	/* bytes for own bookkeeping and merged rows */
void batch_free(struct batch *b);
void batch_reset(struct batch *b, enum batch_mode mode);
/* One INSERT, UPDATE or DELETE, in the source's form: it is converted here (transform.h). ERR_DATA: an insert of a key that the batch knows to be there, an update of one it knows to be gone, a key column
 * that is absent (BATCH_NET and BATCH_CAREFUL then ask for BATCH_SINGLE by that kind). ERR_LIMIT: the arena is full: write what is there first. */
bool batch_add(struct batch *b, const struct plan *plan, const struct change *c, struct err *err) MUST_CHECK;
/* One half of an UPDATE that moves a row to another key: a DELETE of the former row (leaves), or an INSERT of the new one, for batch_add(). Lives until
 * the reset. NULL: ERR_LIMIT. */
const struct change *batch_half(struct batch *b, const struct change *c, bool leaves, struct err *err) MUST_CHECK;
/* A TRUNCATE closes what came before it: its step follows all steps of earlier changes, and later ones follow it. */
bool batch_truncate(struct batch *b, const struct truncation *tables, size_t n, bool restart_identity, struct err *err) MUST_CHECK;
uint64_t batch_policy_values(const struct batch *b);	/* values that had no form on the target, made others by policy, since reset */
size_t batch_rows(const struct batch *b);	/* source changes added */
size_t batch_bytes(const struct batch *b);	/* of their records */
void batch_stats(const struct batch *b, struct batch_stats *ret);
/* The steps in the order in which they must be written; valid until reset. */
bool batch_finish(struct batch *b, const struct step **ret_steps, size_t *ret_n, struct err *err) MUST_CHECK;

#endif
