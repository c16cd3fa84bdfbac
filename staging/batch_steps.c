/* batch_steps.c - the steps of a section: each row's net effect, or the changes in their order,
 * set by set.
 * Flow: classify rows -> deletes, parks, updates and unparks by column set, inserts -> steps in
 * the order of batch.h; then the tables without key, row by row, whose order among the others does
 * not matter.
 * Invariant: each row that has an effect is in exactly one step, a parked one in a PARK and an
 * UNPARK.
 * Threads: apply. Memory: `out` has no budget, its use is bounded by the rows. */
#include "staging/batch_intern.h"

#include <assert.h>
#include <string.h>

static struct step *
new_step(struct batch *b, enum step_kind kind, const struct plan *plan, struct err *err)
{
	struct step *s;

	if (!mem_grow(&b->steps, &b->steps_cap, b->nsteps + 1, sizeof(*s), err))
		return NULL;
	s = &b->steps[b->nsteps++];
	*s = (struct step){ .kind = kind, .plan = plan };
	return s;
}

static void *
out_alloc(struct batch *b, size_t n, struct err *err)
{
	void *p = arena_alloc(b->out, n);

	if (p == NULL)
		err_set(err, ERR_SYSTEM, "no memory for the batch's steps");
	return p;
}

/* A step of n rows, from r on by the link that next() follows. */
static bool
emit_rows(struct batch *b, enum step_kind kind, const struct plan *plan, struct brow *r, size_t n,
    const uint64_t *colset, struct err *err)
{
	bool parks = kind == STEP_PARK || kind == STEP_UNPARK,
	     grouped = kind == STEP_UPDATE || kind == STEP_UNPARK;
	struct step *s;
	uint32_t *park = NULL;

	if (n == 0)
		return true;
	if ((s = new_step(b, kind, plan, err)) == NULL ||
	    (s->rows = out_alloc(b, n * sizeof(struct row *), err)) == NULL ||
	    (parks && (park = out_alloc(b, n * sizeof(*park), err)) == NULL))
		return false;
	s->n = n;
	s->park = park;
	s->colset = colset;
	for (size_t i = 0; i < n; i++, r = grouped ? r->next_in_group : r->next) {
		s->rows[i] = &r->pub;
		if (parks)
			park[i] = r->park;
	}
	return true;
}

static bool
emit_groups(struct batch *b, enum step_kind kind, const struct plan *plan, const struct groups *gs,
    struct err *err)
{
	for (const struct group *g = gs->first; g != NULL; g = g->next)
		if (!emit_rows(b, kind, plan, g->first, g->n, g->colset, err))
			return false;
	return true;
}

/* Runs of one plan, and of inserts or others where those may be written as one. */
static bool
emit_ordered(struct batch *b, const struct list *list, struct err *err)
{
	struct brow *r, *end;
	size_t n;

	for (r = list->first; r != NULL; r = end) {
		bool insert = r->pub.op == CHANGE_INSERT && b->mode != BATCH_SINGLE;

		for (n = 0, end = r;
		     end != NULL && end->plan == r->plan &&
		     (b->mode == BATCH_SINGLE || (end->pub.op == CHANGE_INSERT) == insert);
		     end = end->next)
			n++;
		if (!emit_rows(b, insert ? STEP_INSERT : STEP_ORDERED, r->plan, r, n, NULL, err))
			return false;
	}
	return true;
}

static size_t
colset_words(const struct plan *p)
{
	return (p->ncols + 63u) / 64;
}

/* The bits of the columns that are present, those of the key only with_key; false: none. */
static bool
make_colset(
    const struct plan *p, const struct value *vals, bool with_key, uint64_t set[BATCH_COLSET_WORDS])
{
	bool any = false;

	memset(set, 0, colset_words(p) * sizeof(*set));
	for (uint16_t i = 0; i < p->ncols; i++) {
		if (!value_present(&vals[p->cols[i].src]) || (p->cols[i].key && !with_key))
			continue;
		set[i / 64] |= (uint64_t)1 << (i % 64);
		any = true;
	}
	return any;
}

static struct group *
get_group(
    struct batch *b, struct groups *gs, const struct plan *p, const uint64_t *set, struct err *err)
{
	size_t bytes = colset_words(p) * sizeof(*set);
	struct group *g = gs->latest;
	uint64_t *copy;

	if (g != NULL && memcmp(g->colset, set, bytes) == 0)
		return g;
	for (g = gs->first; g != NULL; g = g->next)
		if (memcmp(g->colset, set, bytes) == 0)
			return gs->latest = g;
	if ((g = out_alloc(b, sizeof(*g), err)) == NULL ||
	    (copy = out_alloc(b, bytes, err)) == NULL)
		return NULL;
	memcpy(copy, set, bytes);
	*g = (struct group){ .colset = copy };
	if (gs->last != NULL)
		gs->last->next = g;
	else
		gs->first = g;
	return gs->last = gs->latest = g;
}

static bool
group_row(struct batch *b, struct groups *gs, struct brow *r, const uint64_t *set, struct err *err)
{
	struct group *g = get_group(b, gs, r->plan, set, err);

	if (g == NULL)
		return false;
	r->next_in_group = NULL;
	if (g->last != NULL)
		g->last->next_in_group = r;
	else
		g->first = r;
	g->last = r;
	g->n++;
	return true;
}

/* A row that was there and is there: parked where its key changed, or where a unique value of it
 * may meet another's. */
static bool
classify_update(struct batch *b, struct section *s, struct brow *r, struct err *err)
{
	bool moved = !batch_same_key(s->plan, r->pub.key, r->now);
	uint64_t set[BATCH_COLSET_WORDS];

	r->pub.op = CHANGE_UPDATE;
	if (!make_colset(s->plan, r->pub.vals, moved, set))
		return true;
	if (!moved && !(b->mode == BATCH_CAREFUL && s->plan->secondary_unique))
		return group_row(b, &s->updates, r, set, err);
	make_colset(s->plan, r->pub.vals, true, set);
	list_add(&s->parks, r);
	r->park = b->parked++;
	return group_row(b, &s->unparks, r, set, err);
}

/* What has become of each row of the section. */
static bool
classify(struct batch *b, struct section *s, struct err *err)
{
	struct brow *r, *next;

	for (r = s->rows.first; r != NULL; r = next) {
		next = r->next;
		if (r->alive && r->pub.key != NULL) {
			if (!classify_update(b, s, r, err))
				return false;
		} else if (r->alive) {
			r->pub.op = CHANGE_INSERT;
			list_add(&s->inserts, r);
		} else if (r->pub.key != NULL) {
			r->pub.op = CHANGE_DELETE;
			r->pub.vals = NULL;
			list_add(&s->deletes, r);
		}
	}
	return true;
}

static bool
emit_kind(struct batch *b, enum step_kind kind, struct err *err)
{
	bool ok = true;

	for (struct section *s = b->sections; s != NULL && ok; s = s->next) {
		switch (kind) {
		case STEP_DELETE:
			ok = emit_rows(b, kind, s->plan, s->deletes.first, s->deletes.n, NULL, err);
			break;
		case STEP_PARK:
			ok = emit_rows(b, kind, s->plan, s->parks.first, s->parks.n, NULL, err);
			break;
		case STEP_UPDATE: ok = emit_groups(b, kind, s->plan, &s->updates, err); break;
		case STEP_INSERT:
			ok = emit_rows(b, kind, s->plan, s->inserts.first, s->inserts.n, NULL, err);
			break;
		case STEP_UNPARK: ok = emit_groups(b, kind, s->plan, &s->unparks, err); break;
		case STEP_ORDERED: ok = !s->plan->keyless || emit_ordered(b, &s->rows, err); break;
		case STEP_TRUNCATE: break;
		}
	}
	return ok;
}

/* A row that was there and is there, of a table without key: parked, as its new values may meet
 * another row's. */
static bool
park_row(struct batch *b, struct section *s, struct brow *r, struct err *err)
{
	uint64_t set[BATCH_COLSET_WORDS];

	make_colset(s->plan, r->pub.vals, true, set);
	list_add(&s->parks, r);
	r->park = b->parked++;
	return group_row(b, &s->unparks, r, set, err);
}

/* Each row's own net effect, one by one, as rows found by content have to be; what is gone first,
 * what is new last. With care, in the steps of the tables with keys. */
static bool
classify_bag(struct batch *b, struct section *s, struct err *err)
{
	const bool careful = b->mode == BATCH_CAREFUL && s->plan->secondary_unique;
	struct list deletes = { 0 }, updates = { 0 }, inserts = { 0 };
	struct brow *r, *next;

	for (r = s->rows.first; r != NULL; r = next) {
		const bool was = r->pub.key != NULL;

		next = r->next;
		r->pub.op = !r->alive ? CHANGE_DELETE : was ? CHANGE_UPDATE : CHANGE_INSERT;
		if (!r->alive && was)
			list_add(careful ? &s->deletes : &deletes, r);
		else if (r->alive && !was)
			list_add(careful ? &s->inserts : &inserts, r);
		else if (!r->alive || batch_same_key(s->plan, r->pub.key, r->pub.vals))
			continue;
		else if (!careful)
			list_add(&updates, r);
		else if (!park_row(b, s, r, err))
			return false;
	}
	s->rows = deletes;
	list_append(&s->rows, &updates);
	list_append(&s->rows, &inserts);
	return true;
}

/* Makes the steps of what came so far, and starts a new section. */
bool
batch_emit_section(struct batch *b, struct err *err)
{
	static const enum step_kind kinds[] = { STEP_DELETE, STEP_PARK, STEP_UPDATE, STEP_INSERT,
		STEP_UNPARK, STEP_ORDERED };

	if (!emit_ordered(b, &b->ordered, err))
		return false;
	for (struct section *s = b->sections; s != NULL; s = s->next)
		if (!(s->plan->keyless ? classify_bag(b, s, err) : classify(b, s, err)))
			return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!emit_kind(b, kinds[i], err))
			return false;
	batch_forget_section(b);
	return true;
}

/* The tables of a TRUNCATE with their conditions' texts, copied. */
static struct truncation *
copy_truncations(struct batch *b, const struct truncation *tables, size_t n, struct err *err)
{
	struct truncation *copy = out_alloc(b, n * sizeof(*copy), err);
	char *where;
	size_t size;

	for (size_t i = 0; copy != NULL && i < n; i++) {
		copy[i] = tables[i];
		if (tables[i].where == NULL)
			continue;
		size = strlen(tables[i].where) + 1;
		if ((where = out_alloc(b, size, err)) == NULL)
			return NULL;
		memcpy(where, tables[i].where, size);
		copy[i].where = where;
	}
	return copy;
}

bool
batch_truncate(struct batch *b, const struct truncation *tables, size_t n, bool restart_identity,
    struct err *err)
{
	struct truncation *copy = copy_truncations(b, tables, n, err);
	struct step *s;

	assert(!b->finished && n > 0);
	if (copy == NULL || !batch_emit_section(b, err) ||
	    (s = new_step(b, STEP_TRUNCATE, NULL, err)) == NULL)
		return false;
	s->truncate = copy;
	s->ntruncate = n;
	s->restart_identity = restart_identity;
	b->stats.truncates++;
	return true;
}

bool
batch_finish(struct batch *b, const struct step **ret_steps, size_t *ret_n, struct err *err)
{
	assert(!b->finished);
	if (!batch_emit_section(b, err))
		return false;
	b->finished = true;
	*ret_steps = b->steps;
	*ret_n = b->nsteps;
	return true;
}
