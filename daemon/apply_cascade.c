/* apply_cascade.c - what foreign keys of a MySQL or MariaDB source do by themselves (CASCADE, SET NULL), which its log does not show: done on the
 * target in the same place of the same transaction.
 * Flow: a row of a parent is deleted, or changes what children refer to -> the batch so far is written -> for each acting foreign key: what the
 * children's own children refer to is read back and followed first, as far as it goes; then the act itself. Which rows are concerned only the
 * target knows: it stands as the source stood there.
 * Invariant: a child that another stream writes is left to that stream, which reads its parent's changes too.
 * Threads: of the stream that calls. */
#include "daemon/apply_intern.h"

#include "staging/transform.h"

#define DEPTH_MAX 256			/* of rows that refer to rows of their own table, level by level */

/* What a key refers to, and which columns of the child hold it; by number. */
struct key_columns {
	uint16_t n;
	uint16_t from[64];		/* of the parent: values of its relation, or columns of its target table */
	uint16_t to[64];		/* of the child's target table */
};

/* The values that a parent's row had and has; NULL: it is gone. In the target's form. */
struct moved {
	const struct value *old, *now;
	uint16_t depth;
};

static bool
lacks_column(const struct child_key *k, const struct table *t, const char *column, struct err *err)
{
	err_set(err, ERR_SCHEMA, "column %s of foreign key %s is not on the target", column, k->key->name);
	return err_table(err, t->source_schema, t->source_name);
}

static bool
child_columns(const struct child_key *k, struct key_columns *ret, struct err *err)
{
	ret->n = k->key->ncols;
	for (uint16_t i = 0; i < ret->n; i++) {
		const int at = k->child->target != NULL ? table_desc_column(k->child->target, k->key->cols[i]) : -1;

		if (at < 0)
			return lacks_column(k, k->child, k->key->cols[i], err);
		ret->to[i] = (uint16_t)at;
	}
	return true;
}

static bool
is_null(const struct value *vals, const struct key_columns *cols)
{
	for (uint16_t i = 0; i < cols->n; i++)
		if (vals[cols->from[i]].kind == VALUE_NULL)
			return true;
	return false;
}

static bool
is_kept(const struct moved *m, const struct key_columns *cols)
{
	for (uint16_t i = 0; m->now != NULL && i < cols->n; i++)
		if (!value_same(&m->old[cols->from[i]], &m->now[cols->from[i]]))
			return false;
	return m->now != NULL;
}

/* Whether this stream writes the child, and it lacks this transaction. */
static bool
concerns(struct apply *a, const struct table *child)
{
	const struct table_state *ts = a->by_table[child->index];

	return ts != NULL && apply_is_ours(a, ts) && ts->phase != TABLE_SUSPENDED && ts->phase != TABLE_ERROR &&
	    !(a->catching_up && snapshot_has(&ts->snapshot, &a->mark));
}

static bool follow(struct apply *a, const struct child_key *k, const struct key_columns *cols, const struct moved *m, struct err *err);

/* The columns that the child's own children refer to, by number of its target table. */
static bool
referred_columns(const struct table *child, struct key_columns *ret, struct err *err)
{
	ret->n = 0;
	for (uint32_t i = 0; i < child->nchildren; i++)
		for (uint16_t j = 0; j < child->children[i].key->ncols; j++) {
			const char *name = child->children[i].key->parent_cols[j];
			const int at = table_desc_column(child->target, name);
			uint16_t seen = 0;

			if (at < 0)
				return lacks_column(&child->children[i], child, name, err);
			while (seen < ret->n && ret->from[seen] != (uint16_t)at)
				seen++;
			if (seen < ret->n)
				continue;
			if (ret->n == 64)
				return err_set(err, ERR_LIMIT, "foreign keys refer to more than 64 columns of table %s.%s", child->source_schema,
				    child->source_name);
			ret->from[ret->n++] = (uint16_t)at;
		}
	return true;
}

/* A row that the act will change, as its own children see it: vals by column of the target table. */
static bool
follow_row(struct apply *a, const struct table *child, const struct moved *m, struct err *err)
{
	for (uint32_t i = 0; i < child->nchildren; i++) {
		const struct child_key *k = &child->children[i];
		struct key_columns cols;

		if (!child_columns(k, &cols, err))
			return false;
		for (uint16_t j = 0; j < cols.n; j++)
			cols.from[j] = (uint16_t)table_desc_column(child->target, k->key->parent_cols[j]);
		if (!follow(a, k, &cols, m, err))
			return false;
	}
	return true;
}

/* Reads the rows that are concerned, before they change, and follows each. */
static bool
follow_rows(struct apply *a, struct cascade *c, const struct key_columns *cols, uint16_t depth, struct err *err)
{
	const size_t ncols = c->child->target->ncols;
	struct arena *arena = arena_new(4096, 0);
	struct key_columns wanted;
	struct value *found, *old, *now;
	size_t n = 0;
	bool ok;

	if (arena == NULL || (old = arena_zalloc(arena, 2 * (ncols + 1) * sizeof(*old))) == NULL) {
		arena_free(arena);
		return err_set(err, ERR_SYSTEM, "no memory for the rows of a foreign key");
	}
	now = old + ncols;
	ok = referred_columns(c->child, &wanted, err);
	c->want = wanted.from;
	c->nwant = wanted.n;
	ok = ok && a->c.ops->cascade_find(a->c.target, c, arena, &found, &n, err);
	for (size_t i = 0; ok && i < n; i++) {
		const struct moved m = { old, c->set != NULL ? now : NULL, (uint16_t)(depth + 1) };

		for (uint16_t j = 0; j < wanted.n; j++)
			old[wanted.from[j]] = now[wanted.from[j]] = found[i * wanted.n + j];
		for (uint16_t j = 0; c->set != NULL && j < cols->n; j++)
			now[cols->to[j]] = c->set[j];
		ok = follow_row(a, c->child, &m, err);
	}
	arena_free(arena);
	return ok;
}

static bool
follow(struct apply *a, const struct child_key *k, const struct key_columns *cols, const struct moved *m, struct err *err)
{
	const enum fkey_action action = m->now == NULL ? k->key->on_delete : k->key->on_update;
	struct value old[64], set[64];
	struct cascade c = { .child = k->child, .ncols = cols->n, .cols = cols->to, .old = old };
	uint64_t rows = 0;

	if ((action != FKEY_CASCADE && action != FKEY_SET_NULL) || is_kept(m, cols) || is_null(m->old, cols) || !concerns(a, k->child))
		return true;
	if (a->ranged[k->child->index] != NULL)
		return apply_load_again(a, k->child, "a foreign key changed its rows between the snapshots of its ranges", err);
	if (m->depth > DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "foreign key %s leads through more than %d levels of rows", k->key->name, DEPTH_MAX);
	for (uint16_t i = 0; i < cols->n; i++) {
		old[i] = m->old[cols->from[i]];
		set[i] = action == FKEY_SET_NULL ? (struct value){ .kind = VALUE_NULL } : m->now != NULL ? m->now[cols->from[i]] : old[i];
	}
	if (action == FKEY_SET_NULL || m->now != NULL)
		c.set = set;
	if (k->child->nchildren > 0 && !follow_rows(a, &c, cols, m->depth, err))
		return false;
	if (!a->c.ops->cascade(a->c.target, &c, &rows, err))
		return err_ctx(err, "foreign key %s", k->key->name);
	counter_add(&a->c.board->cascaded, rows);
	return true;
}

/* Values that children refer to changed, or the row is gone. */
static bool
may_act(const struct apply *a, const struct change *c)
{
	const struct table *t = c->rel->table;

	(void)a;
	return (c->flags & CHANGE_CASCADES) != 0 && t->nchildren > 0 && c->nold > 0 && (c->kind == CHANGE_DELETE || c->kind == CHANGE_UPDATE);
}

static bool
relation_columns(const struct child_key *k, const struct change *c, struct key_columns *ret, struct err *err)
{
	if (!child_columns(k, ret, err))
		return false;
	for (uint16_t i = 0; i < ret->n; i++) {
		const int at = relation_column_index(c->rel, k->key->parent_cols[i]);

		if (at < 0 || !value_present(&change_old_values(c)[at]))
			return lacks_column(k, c->rel->table, k->key->parent_cols[i], err);
		ret->from[i] = (uint16_t)at;
	}
	return true;
}

/* No child loses its parent by most updates: the values are compared as they are in the log first. */
static bool
acts_at_all(const struct apply *a, const struct change *c, bool *ret, struct err *err)
{
	const struct table *t = c->rel->table;
	const struct moved m = { change_old_values(c), c->kind == CHANGE_UPDATE ? change_new_values(c) : NULL, 0 };
	struct key_columns cols;

	(void)a;
	*ret = false;
	for (uint32_t i = 0; i < t->nchildren; i++) {
		if (!relation_columns(&t->children[i], c, &cols, err))
			return false;
		*ret = *ret || !is_kept(&m, &cols);
	}
	return true;
}

bool
apply_cascade(struct apply *a, const struct plan *plan, const struct change *c, struct err *err)
{
	const struct table *t = c->rel->table;
	struct arena *arena;
	uint64_t ignored = 0;
	bool acts, ok = true;

	if (!may_act(a, c))
		return true;
	if (!acts_at_all(a, c, &acts, err) || !acts)
		return !acts && err->kind == ERR_NONE;
	if (!apply_write_now(a, err) || (arena = arena_new(4096, 0)) == NULL)
		return err->kind != ERR_NONE ? false : err_set(err, ERR_SYSTEM, "no memory for the rows of a foreign key");
	if (plan->converts && (c = transform_change(plan, c, arena, &ignored, err)) == NULL)
		ok = false;
	for (uint32_t i = 0; ok && i < t->nchildren; i++) {
		const struct moved m = { change_old_values(c), c->kind == CHANGE_UPDATE ? change_new_values(c) : NULL, 0 };
		struct key_columns cols;

		ok = relation_columns(&t->children[i], c, &cols, err) && follow(a, &t->children[i], &cols, &m, err);
	}
	arena_free(arena);
	return ok;
}
