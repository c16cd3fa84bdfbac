/* apply_ranges.c - tables whose load was resumed, so that their ranges are of several snapshots; see ranged.h.
 * Invariant: such a table is in catch_up until the stream has passed the highest of them, and streams only when its indexes are made.
 * Threads: of the stream that calls. */
#include "daemon/apply_intern.h"

#include "daemon/ranged.h"

bool
apply_ranges_met(const struct apply *a, const struct table_state *ts, const struct position *pos)
{
	return apply_is_catching_up(a, ts) && ts->ranges != NULL && snapshot_passed(&ts->snapshot, pos);
}

bool
apply_add_row(struct apply *a, const struct plan *plan, const struct change *c, enum ranges_verdict v, struct err *err)
{
	if (v != RANGES_APPLY && (c = batch_half(a->batch, c, v == RANGES_DELETE, err)) == NULL)
		return false;
	return batch_add(a->batch, plan, c, err);
}

bool
apply_load_again(struct apply *a, const struct table *t, const char *why, struct err *err)
{
	a->again = a->by_table[t->index];
	return ranged_refuse(t, why, err);
}

/* Plans know the indexes of the target: they are made anew. */
static bool
finish_table(struct apply *a, struct table *t, struct table_state *ts, struct err *err)
{
	if (!ranged_finish(a->c.ops, a->c.target, a->c.cp->epoch, a->c.tables->arena, t, ts, err))
		return false;
	ranges_free(a->ranged[t->index]);
	a->ranged[t->index] = NULL;
	atomic_store(&a->c.board->tables[t->shown]->phase, (int)ts->phase);
	apply_look_who_waits(a);
	return apply_renew_plans(a, err);
}

bool
apply_finish_ranged(struct apply *a, struct err *err)
{
	if (!a->catching_up || a->in_txn || a->open || a->boundary != NULL || atomic_load(&a->c.board->finish))
		return true;
	for (uint32_t i = 0; i < a->c.tables->n; i++) {
		struct table_state *ts = a->by_table[i];

		if (a->ranged[i] != NULL && apply_ranges_met(a, ts, &a->c.cp->position) && !finish_table(a, a->c.tables->tables[i], ts, err))
			return false;
	}
	return true;
}
