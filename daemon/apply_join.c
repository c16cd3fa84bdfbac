/* apply_join.c - how tables pass from a load group's stream to the task's own; see handover.h for the meeting itself.
 * Invariant: the tables change hands in one target transaction, which also marks the group's row; from the group's position on the task's own
 * stream writes them, up to it the group has. Both know that position as the tables' snapshot, so that it does not matter where the task's own
 * stream is begun again.
 * Threads: of the stream that calls. */
#include "daemon/apply_intern.h"

#include <stdlib.h>
#include "daemon/base/fault.h"
#include "daemon/base/log.h"
#include "daemon/ranged.h"
#include "daemon/suspect.h"

#define MEET_WAIT 1000000		/* usec that the task's own stream waits for a load group */
#define NEAR_BYTES (4u << 20)		/* of log: a load group that is so close to it asks to be taken over */
#define ASK_EVERY 200000		/* usec between a load group's questions for the end of the log */

/* Nothing is missing on the target up to here. */
static struct position
position_here(const struct apply *a)
{
	return position_reached(&a->c.cp->position, &a->noted) ? a->c.cp->position : a->noted;
}

static bool
copy_text(char **to, const char *from, struct err *err)
{
	char *copy = from != NULL ? mem_strdup(from, err) : NULL;

	if (from != NULL && copy == NULL)
		return false;
	free(*to);
	*to = copy;
	return true;
}

/* What the group knows of the table, as it stands at the group's position. */
static bool
take_table(struct apply *a, const struct table_state *theirs, const struct position *here, const struct position *there, struct err *err)
{
	struct table_state *ts = table_states_find(a->c.states, theirs->source_schema, theirs->source_name);
	struct table *t = tableset_by_source(a->c.tables, theirs->source_schema, theirs->source_name);

	if (ts == NULL || t == NULL)
		return err_set(err, ERR_RETRY, "table %s.%s is not known to the task's stream: looking up the tables again", theirs->source_schema,
		    theirs->source_name);
	if (!a->c.ops->describe(a->c.target, t, a->c.tables->arena, err) || !copy_text(&ts->shape, theirs->shape, err) ||
	    !copy_text(&ts->filenodes, theirs->filenodes, err) || !copy_text(&ts->made, theirs->made, err) ||
	    !copy_text(&ts->error, theirs->error, err) || !copy_text(&ts->facts, theirs->facts, err) ||
	    !suspect_tell(a->c.board, t->shown, ts->facts, err))
		return false;
	ranged_forget(ts);		/* they have met */
	ts->attempt = theirs->attempt;
	ts->rows_loaded = theirs->rows_loaded;
	ts->bytes_loaded = theirs->bytes_loaded;
	ts->snapshot = snapshot_at(there);
	ts->load_group = 0;
	ts->phase = theirs->phase;
	if (theirs->phase == TABLE_STREAMING && !position_reached(here, there))
		ts->phase = TABLE_CATCH_UP;
	a->catching_up = a->catching_up || ts->phase == TABLE_CATCH_UP;
	a->by_table[t->index] = ts;
	a->taken[t->index] = true;
	a->dirty[ts - a->c.states->rows] = true;
	return true;
}

/* One transaction: the tables are ours from the group's position on, its counts are the task's, its row is marked. */
static bool
take_over(struct apply *a, const struct position *here, struct err *err)
{
	const struct checkpoint *cp = a->c.handover->cp;
	const struct table_states *theirs = a->c.handover->states;
	char from[POSITION_TEXT];

	for (size_t i = 0; i < theirs->n; i++)
		if (!take_table(a, &theirs->rows[i], here, &cp->position, err))
			return false;
	if (!FAULT("handover.begin", err) || !a->c.ops->begin(a->c.target, err))
		return false;
	a->open = true;
	totals_add(&a->c.cp->totals, &cp->totals);
	if (!a->c.ops->hand_over(a->c.target, cp, err) || !apply_commit_at(a, here, (struct wall){ 0 }, err) || !FAULT("handover.committed", err))
		return false;
	mutex_lock(&a->c.board->lock);
	a->c.board->lifetime_group = (struct totals){ 0 };
	mutex_unlock(&a->c.board->lock);
	log_info("%zu table%s of load group %u belong%s to the task's own stream from %s on", theirs->n, theirs->n == 1 ? "" : "s", cp->group,
	    theirs->n == 1 ? "s" : "", position_text(&cp->position, from));
	return true;
}

bool
apply_meet_group(struct apply *a, struct err *err)
{
	struct position here;

	if (!apply_is_main(a) || a->c.handover == NULL || a->in_txn || !handover_wanted(a->c.handover))
		return true;
	if (a->boundary != NULL && !apply_commit(a, err))
		return false;
	here = position_here(a);
	if (!handover_meet(a->c.handover, &here, MEET_WAIT, a->c.stop))
		return true;
	if (!take_over(a, &here, err)) {
		a->over = true;
		return err_ctx(err, "taking over the tables of a load group");
	}
	handover_taken(a->c.handover);
	if (!a->c.reopen_after_join)
		return true;
	a->over = true;
	return err_set(err, ERR_RETRY, "tables have joined the stream: opening it again, since it looked at them as another's");
}

bool
apply_come_near(struct apply *a, bool *ret_joined, struct err *err)
{
	struct position at, main;
	uint64_t behind;

	*ret_joined = false;
	if (a->catching_up || a->in_txn || a->boundary != NULL || a->open)
		return true;
	if (!handover_called(a->c.handover, &at)) {
		at = position_here(a);
		main = position_at(at.kind, atomic_load(&a->c.board->reached));
		if (position_distance(&at, &main, &behind) && behind <= NEAR_BYTES)
			handover_ask(a->c.handover);
		return true;
	}
	if (!position_reached(&a->c.cp->position, &at))
		return true;
	switch (handover_arrive(a->c.handover, a->c.cp, a->c.states, a->c.stop)) {
	case HANDOVER_JOINED: *ret_joined = true; return true;
	case HANDOVER_NOT_TAKEN: return true;
	case HANDOVER_GIVEN_UP: break;
	}
	return err_set(err, ERR_CANCELLED, "stopped while the tables were being handed over");
}

/* The server tells the end of its log only where it is asked, or where it has something to say. */
void
apply_ask_for_end(struct apply *a)
{
	if (apply_is_main(a) || usec_since(a->last_ask) < ASK_EVERY)
		return;
	a->last_ask = clock_mono();
	atomic_store(a->c.ask, true);
}
