/* batch_intern.h - what the two halves of a batch share: batch.c takes changes in, batch_steps.c
 * makes steps of them.
 * Threads: apply. Owner: the batch; rows, sections and slots live in its arena, steps' arrays in
 * `out`. */
#ifndef REPLD_STAGING_BATCH_INTERN_H
#define REPLD_STAGING_BATCH_INTERN_H

#include "staging/batch.h"

struct brow {
	struct row pub; /* first: what steps point to. key: its origin */
	const struct value *now; /* the key columns' present values */
	struct value *mine; /* pub.vals where it is ours to write to; else NULL */
	struct brow *next; /* in order of coming; then in its class */
	struct brow *next_in_group; /* of one column set */
	struct brow *below; /* keyless: another row of the same content */
	const struct plan *plan;
	uint32_t park;
	bool alive;
};

struct list {
	struct brow *first, *last;
	size_t n;
};

struct group { /* rows of one column set */
	struct group *next;
	const uint64_t *colset;
	struct brow *first, *last;
	size_t n;
};

struct groups {
	struct group *first, *last, *latest;
};

struct section { /* a plan's rows in this section */
	const struct plan *plan;
	struct section *next;
	struct list rows;
	struct list deletes, parks, inserts; /* filled when the section ends */
	struct groups updates, unparks;
};

struct slot {
	uint64_t hash;
	const struct plan *plan;
	const struct value *key; /* NULL: the slot is empty */
	struct brow *row; /* NULL: nothing lives at this key */
};

struct batch {
	enum batch_mode mode;
	bool finished;
	struct arena *arena, *out, *converted;	/* converted: rows in the target's form */
	size_t budget;				/* of converted too, but for a row that is alone */
	uint64_t policy_values;
	size_t bytes;
	struct batch_stats stats;

	struct section *sections, *last_section, *latest; /* latest: of the last change */
	struct section **by_plan; /* open addressing by the plan's address */
	size_t nsections, by_plan_cap;
	struct slot *slots;
	size_t nslots, slots_cap;
	struct list ordered; /* BATCH_ORDERED, BATCH_SINGLE: all rows */

	uint32_t parked;
	struct step *steps;
	size_t nsteps, steps_cap;
};

static inline void
list_add(struct list *l, struct brow *r)
{
	r->next = NULL;
	if (l->last != NULL)
		l->last->next = r;
	else
		l->first = r;
	l->last = r;
	l->n++;
}

static inline void
list_append(struct list *l, const struct list *more)
{
	if (more->first == NULL)
		return;
	if (l->last != NULL)
		l->last->next = more->first;
	else
		l->first = more->first;
	l->last = more->last;
	l->n += more->n;
}

/* The key columns, of a keyless plan all columns, are equal in both images. */
bool batch_same_key(const struct plan *p, const struct value *a, const struct value *b);
/* Starts a new section: nothing is known of any key. */
void batch_forget_section(struct batch *b);
/* Makes the steps of what came so far, and starts a new section. After an error the batch is of
 * no use until reset. */
bool batch_emit_section(struct batch *b, struct err *err) MUST_CHECK;

#endif
