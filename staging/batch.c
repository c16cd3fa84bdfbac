/* batch.c - see batch.h.
 * Net changes. A slot stands for a key of a plan that a change of this section has named: with
 * the row that lives there, or without one when the key is known to be free. A row remembers
 * where it stood on the target before (origin; NULL: it was not there), where it stands (now)
 * and its values. So at any time each key is live, free or unknown, and a change that
 * contradicts it (an insert of a live key, an update or delete of a free one, an old image that
 * is not what the row has become) is refused, not guessed at.
 * Rows of a table without key are known by all that they hold. There may be several of one
 * content: a change takes any of them, first of those that the batch made itself. So nothing can
 * contradict what is known, and each former row that is needed was on the target before the batch.
 * A section ends at a TRUNCATE, and where a plan comes that does not commute with another one of
 * its table (a new version of the same relation; a keyless one beside another): its steps are
 * made there, and a new section starts with nothing known.
 * Plans of one table that do commute are leaves of one root (MySQL has none that come by themselves): each sees its own leaf's changes,
 * and as all plans' deletes come before all plans' inserts, a row that moves between leaves
 * meets nobody.
 * Memory: rows, slots and merged values are in `arena`, within its budget; what the steps need
 * is in `out`, made at a section's end, which must not fail for lack of budget: it is bounded by
 * the rows. Keys and values are borrowed from the changes; arrays reached through a row's key,
 * its now or a slot are never written to again.
 * An add that fails has changed nothing but the memory in use, and may have ended a section. */
#include "staging/batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/bytes.h"
#include "staging/batch_intern.h"
#include "staging/transform.h"

#define CHUNK_BYTES (256u << 10)
#define MIN_BUDGET  (1u << 20) /* one row of the most columns fits with all that belongs to it */
#define FIRST_SLOTS 128u

struct batch *
batch_new(size_t arena_budget, struct err *err)
{
	struct batch *b = mem_zalloc(sizeof(*b), err);

	if (b == NULL)
		return NULL;
	b->arena = arena_new(CHUNK_BYTES, arena_budget < MIN_BUDGET ? MIN_BUDGET : arena_budget);
	b->out = arena_new(CHUNK_BYTES / 4, 0);
	b->converted = arena_new(CHUNK_BYTES, 0);
	b->budget = arena_budget;
	if (b->arena == NULL || b->out == NULL || b->converted == NULL) {
		err_set(err, ERR_SYSTEM, "no memory");
		batch_free(b);
		return NULL;
	}
	return b;
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	arena_free(b->arena);
	arena_free(b->out);
	arena_free(b->converted);
	free(b->steps);
	free(b);
}

/* What a section knows lives in the arena and is left behind with it. */
void
batch_forget_section(struct batch *b)
{
	b->sections = b->last_section = b->latest = NULL;
	b->by_plan = NULL;
	b->nsections = b->by_plan_cap = 0;
	b->slots = NULL;
	b->nslots = b->slots_cap = 0;
	b->ordered = (struct list){ 0 };
}

void
batch_reset(struct batch *b, enum batch_mode mode)
{
	arena_reset(b->arena);
	arena_reset(b->out);
	arena_reset(b->converted);
	batch_forget_section(b);
	b->mode = mode;
	b->finished = false;
	b->bytes = 0;
	b->stats = (struct batch_stats){ 0 };
	b->policy_values = 0;
	b->parked = 0;
	b->nsteps = 0;
}

size_t
batch_rows(const struct batch *b)
{
	return b->stats.inserts + b->stats.updates + b->stats.deletes + b->stats.truncates;
}

size_t
batch_bytes(const struct batch *b)
{
	return b->bytes;
}

void
batch_stats(const struct batch *b, struct batch_stats *ret)
{
	*ret = b->stats;
}

static bool
full(const struct batch *b, struct err *err)
{
	return arena_full(b->arena, err, "the batch's memory is full");
}

static bool
data_error(const struct plan *p, struct err *err, const char *what)
{
	err_set(err, ERR_DATA, "%s", what);
	return err_table(err, p->table->source_schema, p->table->source_name);
}

/* Sections */

static size_t
hash_plan(const struct plan *p)
{
	uint64_t h = (uint64_t)(uintptr_t)p * 0x9e3779b97f4a7c15u;

	return (size_t)(h >> 32);
}

static struct section **
find_section(const struct batch *b, const struct plan *p)
{
	size_t mask = b->by_plan_cap - 1, i = hash_plan(p) & mask;

	while (b->by_plan[i] != NULL && b->by_plan[i]->plan != p)
		i = (i + 1) & mask;
	return &b->by_plan[i];
}

static bool
grow_sections(struct batch *b, struct err *err)
{
	size_t cap = b->by_plan_cap == 0 ? 16 : b->by_plan_cap * 2;
	struct section **table = arena_zalloc(b->arena, cap * sizeof(struct section *));

	if (table == NULL)
		return full(b, err);
	b->by_plan = table;
	b->by_plan_cap = cap;
	for (struct section *s = b->sections; s != NULL; s = s->next)
		*find_section(b, s->plan) = s;
	return true;
}

/* The plan's steps can't be mixed with those of a plan that is here: see the head. */
static bool
conflicts(const struct batch *b, const struct plan *p)
{
	for (const struct section *s = b->sections; s != NULL; s = s->next)
		if (s->plan->table == p->table &&
		    (s->plan->rel->id == p->rel->id || p->table->source_family == FAMILY_MYSQL ||
			s->plan->keyless || p->keyless))
			return true;
	return false;
}

static bool
get_section(struct batch *b, const struct plan *p, struct section **ret, struct err *err)
{
	struct section *s = b->latest;

	if (s != NULL && s->plan == p) {
		*ret = s;
		return true;
	}
	if (b->nsections > 0 && (s = *find_section(b, p)) != NULL) {
		*ret = b->latest = s;
		return true;
	}
	if (conflicts(b, p) && !batch_emit_section(b, err))
		return false;
	if (2 * (b->nsections + 1) > b->by_plan_cap && !grow_sections(b, err))
		return false;
	if ((s = arena_zalloc(b->arena, sizeof(*s))) == NULL)
		return full(b, err);
	s->plan = p;
	*find_section(b, p) = s;
	if (b->last_section != NULL)
		b->last_section->next = s;
	else
		b->sections = s;
	b->nsections++;
	*ret = b->last_section = b->latest = s;
	return true;
}

/* Slots */

static uint16_t
identity_columns(const struct plan *p)
{
	return p->keyless ? p->ncols : p->nkey;
}

/* Where the value of the i-th of them is. */
static uint16_t
identity_column(const struct plan *p, uint16_t i)
{
	return p->cols[p->keyless ? i : p->key[i]].src;
}

static uint64_t
hash_key(const struct plan *p, const struct value *vals)
{
	uint64_t h = hash_plan(p);

	for (uint16_t i = 0; i < identity_columns(p); i++) {
		const struct value *v = &vals[identity_column(p, i)];

		if (v->kind <= VALUE_NULL)
			h = h * 31 + v->kind;
		else
			h = hash_bytes(v->p, v->len, h + v->kind);
	}
	return h;
}

bool
batch_same_key(const struct plan *p, const struct value *a, const struct value *b)
{
	for (uint16_t i = 0; a != b && i < identity_columns(p); i++) {
		uint16_t src = identity_column(p, i);

		if (!value_same(&a[src], &b[src]))
			return false;
	}
	return true;
}

/* The key's slot, or the empty one where it would be; there is always one. */
static struct slot *
find_slot(const struct batch *b, const struct plan *p, const struct value *key, uint64_t hash)
{
	size_t mask = b->slots_cap - 1, i = (size_t)hash & mask;
	struct slot *s;

	for (s = &b->slots[i]; s->key != NULL; i = (i + 1) & mask, s = &b->slots[i])
		if (s->hash == hash && s->plan == p && batch_same_key(p, s->key, key))
			break;
	return s;
}

/* Room for two more slots, so that none has to be made between a change's look-ups and its
 * effect. */
static bool
grow_slots(struct batch *b, struct err *err)
{
	size_t cap = b->slots_cap == 0 ? FIRST_SLOTS : b->slots_cap * 4, old_cap = b->slots_cap;
	struct slot *old = b->slots, *table;

	if ((b->nslots + 2) * 2 <= b->slots_cap)
		return true;
	if ((table = arena_zalloc(b->arena, cap * sizeof(*table))) == NULL)
		return full(b, err);
	b->slots = table;
	b->slots_cap = cap;
	for (size_t i = 0; i < old_cap; i++) {
		size_t at = (size_t)old[i].hash & (cap - 1);

		if (old[i].key == NULL)
			continue;
		while (table[at].key != NULL)
			at = (at + 1) & (cap - 1);
		table[at] = old[i];
	}
	return true;
}

static void
fill_slot(
    struct batch *b, const struct plan *p, const struct value *key, uint64_t hash, struct brow *row)
{
	struct slot *s = find_slot(b, p, key, hash);

	if (s->key == NULL) {
		*s = (struct slot){ .hash = hash, .plan = p, .key = key };
		b->nslots++;
	}
	s->row = row;
}

/* Values */

static bool
key_present(const struct plan *p, const struct value *vals)
{
	for (uint16_t i = 0; i < identity_columns(p); i++)
		if (!value_present(&vals[identity_column(p, i)]))
			return false;
	return true;
}

static bool
all_present(const struct value *vals, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!value_present(&vals[i]))
			return false;
	return true;
}

static bool
columns_present(const struct plan *p, const struct value *vals)
{
	for (uint16_t i = 0; i < p->ncols; i++)
		if (!value_present(&vals[p->cols[i].src]))
			return false;
	return true;
}

/* The image by which an UPDATE or DELETE finds its row; NULL with err where it can't. */
static const struct value *
old_image(const struct plan *p, const struct change *c, struct err *err)
{
	const struct value *old = change_new_values(c);

	if (c->old != OLD_NONE)
		old = change_old_values(c);
	else if (c->kind == CHANGE_DELETE)
		old = NULL;
	if (p->keyless ? c->old == OLD_FULL : old != NULL && p->nkey > 0 && key_present(p, old))
		return old;
	data_error(p, err,
	    p->keyless	  ? "a change without the whole old row, of a table without a key"
	    : p->nkey > 0 ? "a change whose old key is not there"
			  : "an update or delete of a table without replica identity");
	return NULL;
}

/* Where a column that tells the row is absent in the new image it has not changed: *ret is the new
 * image, or a copy with the old values. */
static bool
complete_key(struct batch *b, const struct plan *p, const struct change *c, const struct value *old,
    const struct value **ret, struct err *err)
{
	const struct value *vals = change_new_values(c);
	struct value *copy;

	*ret = vals;
	if (key_present(p, vals))
		return true;
	if ((copy = arena_alloc(b->arena, c->nnew * sizeof(*copy))) == NULL)
		return full(b, err);
	memcpy(copy, vals, c->nnew * sizeof(*copy));
	for (uint16_t i = 0; i < identity_columns(p); i++) {
		uint16_t src = identity_column(p, i);

		if (!value_present(&copy[src]))
			copy[src] = old[src];
	}
	*ret = copy;
	return true;
}

/* The whole old image is what the batch knows of the row: else it is another row (a source that
 * allows two of one key for a while). */
static bool
is_same_row(const struct brow *r, const struct change *c)
{
	const struct value *old = change_old_values(c), *vals = r->pub.vals;

	if (c->old != OLD_FULL || vals == NULL)
		return true;
	for (uint16_t i = 0; i < c->nold; i++)
		if (value_present(&vals[i]) && value_present(&old[i]) &&
		    !value_same(&vals[i], &old[i]))
			return false;
	return true;
}

/* Net changes */

static struct brow *
new_row(struct batch *b, const struct plan *p, const struct value *origin, const struct value *now,
    const struct value *vals, struct err *err)
{
	struct brow *r = arena_alloc(b->arena, sizeof(*r));

	if (r == NULL)
		full(b, err);
	else
		*r = (struct brow){
			.pub = { .key = origin, .vals = vals }, .now = now, .plan = p, .alive = true
		};
	return r;
}

static bool
net_insert(struct batch *b, struct section *s, const struct change *c, struct err *err)
{
	const struct plan *p = s->plan;
	const struct value *vals = change_new_values(c);
	uint64_t hash = hash_key(p, vals);
	struct brow *r;

	if (!columns_present(p, vals))
		return data_error(p, err, "an insert that lacks a column");
	if (p->nkey > 0) {
		if (!grow_slots(b, err))
			return false;
		if (find_slot(b, p, vals, hash)->row != NULL)
			return data_error(p, err, "an insert of a key that is there already");
	}
	if ((r = new_row(b, p, NULL, vals, vals, err)) == NULL)
		return false;
	list_add(&s->rows, r);
	if (p->nkey > 0)
		fill_slot(b, p, vals, hash, r);
	return true;
}

/* The row that lives at this key; *ret is NULL where the batch knows nothing of the key. */
static bool
find_row(const struct batch *b, const struct plan *p, const struct change *c,
    const struct value *key, uint64_t hash, struct brow **ret, struct err *err)
{
	const struct slot *s = find_slot(b, p, key, hash);

	*ret = s->row;
	if (s->key != NULL && s->row == NULL)
		return data_error(p, err, "a change of a key that is gone already");
	if (s->row != NULL && !is_same_row(s->row, c))
		return data_error(
		    p, err, "a change whose old row is not the one that has this key");
	return true;
}

static bool
net_delete(struct batch *b, struct section *s, const struct change *c, struct err *err)
{
	const struct plan *p = s->plan;
	const struct value *old = old_image(p, c, err);
	struct brow *r;
	uint64_t hash;

	if (old == NULL || !grow_slots(b, err))
		return false;
	hash = hash_key(p, old);
	if (!find_row(b, p, c, old, hash, &r, err))
		return false;
	if (r == NULL) {
		if ((r = new_row(b, p, old, old, NULL, err)) == NULL)
			return false;
		list_add(&s->rows, r);
	}
	r->alive = false;
	fill_slot(b, p, old, hash, NULL);
	return true;
}

/* Lays the new values over those that the row has; absent ones keep what is there. copy: room
 * for all, where mine is NULL. */
static void
merge(struct brow *r, const struct value *vals, size_t n, struct value *copy)
{
	if (all_present(vals, n)) {
		r->pub.vals = vals;
		r->mine = NULL;
		return;
	}
	if (r->mine == NULL) {
		memcpy(copy, r->pub.vals, n * sizeof(*copy));
		r->pub.vals = r->mine = copy;
	}
	for (size_t i = 0; i < n; i++)
		if (value_present(&vals[i]))
			r->mine[i] = vals[i];
}

static bool
net_update(struct batch *b, struct section *s, const struct change *c, struct err *err)
{
	const struct plan *p = s->plan;
	const struct value *old = old_image(p, c, err), *now;
	struct value *copy = NULL;
	uint64_t hash, now_hash;
	struct brow *r;
	bool moves;

	if (old == NULL || !grow_slots(b, err) || !complete_key(b, p, c, old, &now, err))
		return false;
	hash = hash_key(p, old);
	if (!find_row(b, p, c, old, hash, &r, err))
		return false;
	moves = !batch_same_key(p, old, now);
	now_hash = moves ? hash_key(p, now) : hash;
	if (moves && find_slot(b, p, now, now_hash)->row != NULL)
		return data_error(p, err, "an update to a key that is there already");
	if (r != NULL && r->mine == NULL && !all_present(now, c->nnew) &&
	    (copy = arena_alloc(b->arena, c->nnew * sizeof(*copy))) == NULL)
		return full(b, err);
	if (r != NULL)
		merge(r, now, c->nnew, copy);
	else if ((r = new_row(b, p, old, now, now, err)) != NULL)
		list_add(&s->rows, r);
	else
		return false;
	fill_slot(b, p, old, hash, moves ? NULL : r);
	if (moves) {
		fill_slot(b, p, now, now_hash, r);
		r->now = now;
	}
	return true;
}

static bool
add_net(struct batch *b, struct section *s, const struct change *c, struct err *err)
{
	switch (c->kind) {
	case CHANGE_INSERT: return net_insert(b, s, c, err);
	case CHANGE_UPDATE: return net_update(b, s, c, err);
	default: return net_delete(b, s, c, err);
	}
}

/* Net changes of a table without key. Rows of one content can't be told apart, here or there, so
 * any of them serves; a slot holds those that the batch knows to be there. */

static void
bag_put(struct batch *b, const struct plan *p, struct brow *r)
{
	uint64_t hash = hash_key(p, r->pub.vals);
	struct slot *s = find_slot(b, p, r->pub.vals, hash);

	r->below = s->row;
	fill_slot(b, p, r->pub.vals, hash, r);
}

/* A row of this content: one that the batch knows, else one that was on the target before it. */
static struct brow *
bag_take(struct batch *b, struct section *s, const struct value *old, struct err *err)
{
	struct slot *slot = find_slot(b, s->plan, old, hash_key(s->plan, old));
	struct brow *r = slot->row;

	if (r != NULL)
		slot->row = r->below;
	else if ((r = new_row(b, s->plan, old, old, NULL, err)) != NULL)
		list_add(&s->rows, r);
	return r;
}

static bool
bag_insert(struct batch *b, struct section *s, const struct change *c, struct err *err)
{
	const struct value *vals = change_new_values(c);
	struct brow *r;

	if (!columns_present(s->plan, vals))
		return data_error(s->plan, err, "an insert that lacks a column");
	if ((r = new_row(b, s->plan, NULL, vals, vals, err)) == NULL)
		return false;
	list_add(&s->rows, r);
	bag_put(b, s->plan, r);
	return true;
}

static bool
add_bag(struct batch *b, struct section *s, const struct change *c, struct err *err)
{
	const struct value *old = NULL, *now = NULL;
	struct brow *r;

	if (!grow_slots(b, err))
		return false;
	if (c->kind == CHANGE_INSERT)
		return bag_insert(b, s, c, err);
	if ((old = old_image(s->plan, c, err)) == NULL)
		return false;
	if (c->kind == CHANGE_UPDATE && !complete_key(b, s->plan, c, old, &now, err))
		return false;
	if ((r = bag_take(b, s, old, err)) == NULL)
		return false;
	r->pub.vals = now;
	r->alive = now != NULL;
	if (r->alive)
		bag_put(b, s->plan, r);
	return true;
}

/* Changes in order */

static bool
add_ordered(struct batch *b, const struct plan *p, struct list *list, const struct change *c,
    struct err *err)
{
	const struct value *vals = c->kind == CHANGE_DELETE ? NULL : change_new_values(c),
			   *old = NULL;
	struct brow *r;

	if (c->kind == CHANGE_INSERT && !columns_present(p, vals))
		return data_error(p, err, "an insert that lacks a column");
	if (c->kind != CHANGE_INSERT && (old = old_image(p, c, err)) == NULL)
		return false;
	if ((r = new_row(b, p, old, NULL, vals, err)) == NULL)
		return false;
	r->pub.op = c->kind;
	list_add(list, r);
	return true;
}

static bool
is_net(const struct batch *b)
{
	return b->mode == BATCH_NET || b->mode == BATCH_CAREFUL;
}

static bool
add_change(struct batch *b, const struct plan *plan, const struct change *c, struct err *err)
{
	struct section *s = NULL;

	if (!is_net(b))
		return add_ordered(b, plan, &b->ordered, c, err);
	if (!get_section(b, plan, &s, err))
		return false;
	return plan->keyless ? add_bag(b, s, c, err) : add_net(b, s, c, err);
}

const struct change *
batch_half(struct batch *b, const struct change *c, bool leaves, struct err *err)
{
	const uint16_t n = leaves ? c->nold : c->nnew;
	struct change *half = arena_alloc(b->arena, sizeof(*half) + n * sizeof(struct value));

	assert(c->kind == CHANGE_UPDATE && (!leaves || c->old != OLD_NONE));
	if (half == NULL) {
		full(b, err);
		return NULL;
	}
	*half = *c;
	half->kind = leaves ? CHANGE_DELETE : CHANGE_INSERT;
	half->old = leaves ? c->old : OLD_NONE;
	half->nnew = leaves ? 0 : n;
	half->nold = leaves ? n : 0;
	memcpy(change_new_values(half), leaves ? change_old_values(c) : change_new_values(c),
	    n * sizeof(struct value));
	return half;
}

/* A row may be larger than all the room there is: alone it may be. */
static const struct change *
convert(struct batch *b, const struct plan *plan, const struct change *c, struct err *err)
{
	if (arena_used(b->converted) > b->budget && batch_rows(b) > 0) {
		err_set(err, ERR_LIMIT, "no room for a converted row");
		return NULL;
	}
	return transform_change(plan, c, b->converted, &b->policy_values, err);
}

uint64_t
batch_policy_values(const struct batch *b)
{
	return b->policy_values;
}

bool
batch_add(struct batch *b, const struct plan *plan, const struct change *c, struct err *err)
{
	assert(!b->finished);
	assert(c->kind == CHANGE_INSERT || c->kind == CHANGE_UPDATE || c->kind == CHANGE_DELETE);
	assert(c->nnew == (c->kind == CHANGE_DELETE ? 0 : plan->rel->ncols));
	assert(c->nold == (c->old == OLD_NONE ? 0 : plan->rel->ncols));
	if ((plan->converts && (c = convert(b, plan, c, err)) == NULL) || !add_change(b, plan, c, err))
		return false;
	b->bytes += c->size;
	b->stats.inserts += c->kind == CHANGE_INSERT;
	b->stats.updates += c->kind == CHANGE_UPDATE;
	b->stats.deletes += c->kind == CHANGE_DELETE;
	return true;
}
