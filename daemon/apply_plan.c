/* apply_plan.c - the plans of an apply side: one for each relation version, made at its first change.
 * Threads: of the stream that calls. */
#include "daemon/apply_intern.h"

#include <stdlib.h>
#include <string.h>
#include "daemon/base/map.h"
#include "daemon/tables.h"

/* The shape last applied becomes the current one with the first change that has it, once that is committed. */
static bool
note_shape(struct apply *a, const struct relation *rel, struct err *err)
{
	const struct table *t = rel->table;
	struct table_state *ts = a->by_table[t->index];
	struct shape_ahead *ahead;
	const char *shape;

	if (ts == NULL || !tables_relation_is_current(rel, t))
		return true;
	if ((shape = table_shape(t->source, a->c.tables->arena)) == NULL)
		return err_set(err, ERR_SYSTEM, "out of memory");
	ahead = &a->ahead[ts - a->c.states->rows];
	if (ahead->shape != NULL || (ts->shape != NULL && strcmp(ts->shape, shape) == 0))
		return true;
	ahead->mark = a->mark;
	return (ahead->shape = mem_strdup(shape, err)) != NULL;
}

/* The survey that this run began with may not know what the load group found. */
static bool
check_taken(struct apply *a, const struct plan *p, struct err *err)
{
	const struct table *t = p->rel->table;
	bool fits = true;

	if (!a->taken[t->index])
		return true;
	for (uint16_t i = 0; a->c.binary && i < p->ncols; i++)
		fits = fits && (p->cols[i].binary_ok || p->cols[i].source_type->wire == WIRE_LABEL);
	if (!fits)
		*a->c.text_only = true;
	if (fits && tables_relation_is_current(p->rel, t))
		return true;
	err_set(err, ERR_RETRY, "table %s.%s was loaded meanwhile: looking up the tables again", t->source_schema, t->source_name);
	return err_table(err, t->source_schema, t->source_name);
}

/* told: the log itself has announced the relation. */
static struct plan *
plan_for(struct apply *a, const struct relation *rel, bool told, struct err *err)
{
	struct plan *p = map_get(a->plans, &rel, sizeof(rel));

	if (p != NULL)
		return p;
	if (!a->c.fits(a->c.fits_arg, rel, err) || !apply_xa_fits(a, rel, err))
		return NULL;
	if ((p = plan_new(rel, rel->table, err)) == NULL)
		return NULL;
	if (!check_taken(a, p, err)) {
		plan_free(p);
		return NULL;
	}
	if (!map_put(a->plans, &rel, sizeof(rel), p, err)) {
		plan_free(p);
		return NULL;
	}
	return !told || note_shape(a, rel, err) ? p : NULL;
}

struct plan *
apply_plan_for(struct apply *a, const struct relation *rel, struct err *err)
{
	return plan_for(a, rel, true, err);
}

/* A binlog has a table's name there, and no columns: what comes as its relation may be the catalog's, which is of later. */
struct plan *
apply_plan_for_truncate(struct apply *a, const struct relation *rel, struct err *err)
{
	return plan_for(a, rel, a->mark.kind != POSITION_BINLOG, err);
}

void
apply_free_plans(struct apply *a)
{
	size_t iter = 0, n;
	const void *key;
	void *plan;

	if (a->plans == NULL)
		return;
	while (map_next(a->plans, &iter, &key, &n, &plan)) {
		a->c.ops->forget(a->c.target, plan);
		plan_free(plan);
	}
	map_free(a->plans, NULL);
	a->plans = NULL;
}

bool
apply_renew_plans(struct apply *a, struct err *err)
{
	apply_free_plans(a);
	batch_reset(a->batch, a->c.redo->mode);
	a->plans = map_new();
	return a->plans != NULL || err_set(err, ERR_SYSTEM, "out of memory");
}
