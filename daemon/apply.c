/* apply.c - see apply.h. */
#include "daemon/apply_intern.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/fault.h"
#include "daemon/base/log.h"
#include "daemon/ranged.h"
#include "daemon/tables.h"

#define BATCH_BUDGET (16u << 20)	/* bytes of a batch's own bookkeeping and merged rows */
#define IDLE_WAIT 100000		/* usec */
#define NOTE_EVERY 10000000		/* usec: an idle position is written at most this often, ... */
#define NOTE_BYTES (16u << 20)		/* ... or each time this much log went by */
#define FLUSH_EVERY 200000		/* usec between questions what is durable */
#define RELAXED_TRAIL 10000000		/* usec that confirmations trail under durability = "relaxed" */
#define CAREFUL_MIN 8			/* batches that stay careful after a unique value moved between rows */
#define CAREFUL_MAX 1024
#define CALM_BATCHES 4096		/* after so many without a failure the next one is news again */
#define SAME_TRIES 5			/* of a batch that met a deadlock */

/* ---- accounts ------------------------------------------------------------------------------------------------------ */

static struct delta *
touch(struct apply *a, const struct table *t)
{
	struct delta *d = &a->deltas[t->index];

	if (!d->touched) {
		d->touched = true;
		a->touched[a->ntouched++] = t->index;
	}
	return d;
}

static void
drop_accounts(struct apply *a)
{
	for (uint32_t i = 0; i < a->ntouched; i++)
		a->deltas[a->touched[i]] = (struct delta){ 0 };
	a->ntouched = 0;
	a->policy_values = 0;
	a->pending = (struct totals){ 0 };
}

static void
book_accounts(struct apply *a)
{
	struct board *b = a->c.board;

	for (uint32_t i = 0; i < a->ntouched; i++) {
		struct delta *d = &a->deltas[a->touched[i]];
		struct board_table *t = b->tables[a->c.tables->tables[a->touched[i]]->shown];

		counter_add(&t->inserts, d->inserts);
		counter_add(&t->updates, d->updates);
		counter_add(&t->deletes, d->deletes);
		counter_add(&t->truncates, d->truncates);
		counter_add(&t->excepted, d->excepted);
	}
	counter_add(&b->policy_values, a->policy_values);
	counter_add(&b->transactions, a->pending.transactions);
	counter_add(&b->read, a->pending.read);
	counter_add(&b->applied, a->pending.applied);
	counter_add(&b->excepted, a->pending.excepted);
	counter_add(&b->inserts, a->pending.inserts);
	counter_add(&b->updates, a->pending.updates);
	counter_add(&b->deletes, a->pending.deletes);
	counter_add(&b->truncates, a->pending.truncates);
	drop_accounts(a);
}

static void
say_reached(struct apply *a, const struct position *p)
{
	if (apply_is_main(a) && p->kind != POSITION_NONE)
		atomic_store(&a->c.board->reached, position_place(p));
}

void
apply_say_oldest(struct apply *a, struct wall time)
{
	if (apply_is_main(a))
		atomic_store(&a->c.board->oldest_pending, time.v);
}

/* ---- writing and committing ------------------------------------------------------------------------------------------ */

bool
apply_begin(struct apply *a, struct err *err)
{
	if (!a->open && (!FAULT("apply.begin", err) || !a->c.ops->begin(a->c.target, err)))
		return false;
	a->open = true;
	return FAULT("apply.begun", err);
}

/* Writes what the batch holds into the target's transaction, which stays open. */
static bool
apply_write(struct apply *a, struct err *err)
{
	const struct step *steps;
	size_t n;

	if (!batch_finish(a->batch, &steps, &n, err))
		return false;
	if (!apply_begin(a, err) || !apply_xa_write(a, err))
		return false;
	if (n > 0 && (!FAULT("apply.write", err) || !a->c.ops->write(a->c.target, steps, n, a->c.redo->mode, err)))
		return false;
	a->policy_values += batch_policy_values(a->batch);
	batch_reset(a->batch, a->c.redo->mode);
	apply_xa_wrote(a);
	return true;
}

bool
apply_write_now(struct apply *a, struct err *err)
{
	return apply_write(a, err);
}

bool
apply_write_part(struct apply *a, struct err *err)
{
	if (!apply_write(a, err))
		return false;
	counter_add(&a->c.board->batches, 1);
	if (ring_pressure(a->c.ring) && a->last != NULL) {
		a->marked = true;
		a->boundary = NULL;
		ring_ack(a->c.ring, a->last);
		a->last = NULL;
	}
	return true;
}

/* The table has caught up where the checkpoint stands at pos. */
static bool
catches_up(const struct apply *a, const struct table_state *ts, const struct position *pos)
{
	return a->catching_up && apply_is_catching_up(a, ts) && ts->ranges == NULL && snapshot_passed(&ts->snapshot, pos);
}

static bool
has_new_shape(const struct apply *a, size_t i, const struct position *pos)
{
	const struct snapshot_pos here = snapshot_at(pos);

	return a->ahead[i].shape != NULL && snapshot_has(&here, &a->ahead[i].mark);
}

/* Rows of table_state that go with this commit: tables whose snapshot has passed, shapes that changed. What is known here changes with the
 * commit only: where it fails, the same changes are looked at again. */
static size_t
collect_states(struct apply *a, const struct position *pos)
{
	size_t n = 0;

	for (size_t i = 0; i < a->c.states->n; i++) {
		const struct table_state *ts = &a->c.states->rows[i];
		const bool passed = catches_up(a, ts, pos), shaped = has_new_shape(a, i, pos);

		if (!passed && !shaped && !a->dirty[i])
			continue;
		a->writes[n] = *ts;
		if (shaped)
			a->writes[n].shape = a->ahead[i].shape;
		if (passed)
			a->writes[n].phase = TABLE_STREAMING;
		n++;
	}
	return n;
}

void
apply_look_who_waits(struct apply *a)
{
	bool waiting = false;

	for (size_t i = 0; i < a->c.states->n; i++)
		waiting = waiting || apply_is_catching_up(a, &a->c.states->rows[i]);
	a->catching_up = a->catching_up && waiting;
	if (apply_is_main(a) && !a->catching_up && atomic_load(&a->c.board->phase) == PHASE_CATCH_UP)
		board_phase(a->c.board, PHASE_CDC);
}

static void
states_written(struct apply *a, const struct position *pos)
{
	for (size_t i = 0; i < a->c.states->n; i++) {
		struct table_state *ts = &a->c.states->rows[i];
		struct table *t;

		if (catches_up(a, ts, pos)) {
			ts->phase = TABLE_STREAMING;
			a->dirty[i] = true;
		}
		if (has_new_shape(a, i, pos)) {
			free(ts->shape);
			ts->shape = a->ahead[i].shape;
			a->ahead[i].shape = NULL;
		}
		if (!a->dirty[i])
			continue;
		a->dirty[i] = false;
		t = tableset_by_source(a->c.tables, ts->source_schema, ts->source_name);
		if (t != NULL)
			atomic_store(&a->c.board->tables[t->shown]->phase, (int)ts->phase);
	}
	apply_look_who_waits(a);
}

bool
apply_commit_at(struct apply *a, const struct position *pos, struct wall commit_time, struct err *err)
{
	struct checkpoint cp = *a->c.cp;
	uint64_t token = 0;
	bool unknown = false;
	size_t nstates;

	cp.position = *pos;
	if (!gtid_track_text(a->gtids, pos, &cp.position.gtids, err))
		return false;
	if (commit_time.v != 0) {
		cp.commit_time = commit_time;
		cp.commit_end = a->commit_end;
	}
	totals_add(&cp.totals, &a->pending);
	if (!a->open && !a->c.ops->begin(a->c.target, err))
		return false;
	a->open = true;
	nstates = collect_states(a, pos);
	if (!FAULT("apply.before_commit", err) ||
	    !a->c.ops->commit(a->c.target, &cp, a->writes, nstates, &token, &unknown, err)) {
		if (unknown)
			err_ctx(err, "the outcome of the last COMMIT is not known and will be asked for");
		return false;
	}
	a->open = false;
	cp.position.gtids = gtid_track_keep(a->gtids);
	*a->c.cp = cp;
	if (!gtid_track_settle(a->gtids, pos, err))
		return false;
	states_written(a, pos);
	apply_xa_committed(a);
	if (!FAULT("apply.after_commit", err))
		return false;
	mutex_lock(&a->c.board->lock);
	*(apply_is_main(a) ? &a->c.board->lifetime : &a->c.board->lifetime_group) = cp.totals;
	mutex_unlock(&a->c.board->lock);
	book_accounts(a);
	a->last_checkpoint = clock_mono();
	a->same_tries = 0;
	return progress_applied(a->c.progress, pos, commit_time, token, err);
}

/* Where a redo has done its work, the batches go on as before: at once, or after a careful while. */
static void
end_redo(struct apply *a)
{
	struct apply_redo *redo = a->c.redo;

	if (redo->mode == a->base) {
		if (redo->careful_span != 0 && ++redo->calm >= CALM_BATCHES)
			redo->careful_span = redo->calm = 0;
		return;
	}
	if (!position_reached(&a->pos, &redo->until))
		return;
	if (redo->mode == BATCH_CAREFUL && redo->careful_left > 0) {
		redo->careful_left--;
		return;
	}
	if (redo->mode == BATCH_SINGLE)
		log_info("batch applied at last, at %s", position_text(&a->pos, (char[POSITION_TEXT]){ 0 }));
	redo->mode = a->base;
	batch_reset(a->batch, a->base);
}

bool
apply_commit(struct apply *a, struct err *err)
{
	assert(!a->in_txn);
	if (!apply_write(a, err) || !apply_commit_at(a, &a->pos, a->commit_time, err))
		return false;
	counter_add(&a->c.board->batches, 1);
	end_redo(a);
	if (a->boundary != NULL)
		ring_ack(a->c.ring, a->boundary);
	a->boundary = a->last = NULL;
	a->marked = false;
	a->noted = a->pos;
	a->pos.kind = POSITION_NONE;
	apply_say_oldest(a, (struct wall){ 0 });
	say_reached(a, &a->noted);
	return FAULT("apply.acked", err) && apply_finish_ranged(a, err);
}

/* The position is worth a commit of its own at once: a sync waits for it, or the task's own stream, or a table has caught up there. */
static bool
note_is_wanted(const struct apply *a)
{
	struct position want = position_at(a->noted.kind, atomic_load(&a->c.board->want));

	if (!apply_is_main(a) && !handover_called(a->c.handover, &want))
		want.kind = POSITION_NONE;
	if (want.kind != POSITION_NONE && position_reached(&a->noted, &want) &&
	    !position_reached(&a->c.cp->position, &want))
		return true;
	for (size_t i = 0; a->catching_up && i < a->c.states->n; i++)
		if (catches_up(a, &a->c.states->rows[i], &a->noted) || apply_ranges_met(a, &a->c.states->rows[i], &a->noted))
			return true;
	return false;
}

/* Writes a position that moved without anything to apply, so that the source may forget its log. */
static bool
note_position(struct apply *a, bool now, struct err *err)
{
	uint64_t bytes = 0;

	if (a->boundary != NULL || a->in_txn || a->noted.kind == POSITION_NONE ||
	    position_reached(&a->c.cp->position, &a->noted))
		return true;
	position_distance(&a->c.cp->position, &a->noted, &bytes);
	if (!now && bytes < NOTE_BYTES && usec_since(a->last_checkpoint) < NOTE_EVERY && !note_is_wanted(a))
		return true;
	return FAULT("apply.note", err) && apply_commit_at(a, &a->noted, (struct wall){ 0 }, err);
}

/* Asks what is durable, now and then. */
static bool
look_flushed(struct apply *a, struct err *err)
{
	uint64_t token;

	if (a->open || !progress_has_pending(a->c.progress) || usec_since(a->last_flush_look) < FLUSH_EVERY)
		return true;
	a->last_flush_look = clock_mono();
	if (!a->c.ops->flushed(a->c.target, &token, err) || !FAULT("apply.flushed", err))
		return false;
	if (!a->c.relaxed) {
		progress_durable(a->c.progress, token);
	} else if (usec_since(a->sampled_at) >= RELAXED_TRAIL) {
		progress_durable(a->c.progress, a->sampled);
		a->sampled = token;
		a->sampled_at = clock_mono();
	}
	return true;
}

/* ---- failures --------------------------------------------------------------------------------------------------------- */

/* Two rows met in a unique index or an exclusion. */
static bool
rows_met(const struct err *err)
{
	return strcmp(err->sqlstate, "23505") == 0 || strcmp(err->sqlstate, "23P01") == 0;
}

/* How a failed batch is tried next; false: it has been tried change by change. Changes in order may meet where the source allows it for a while
 * (a deferrable constraint) and the target does not: their net effect does not, if nothing has to see each of them. */
static bool
next_mode(const struct apply *a, enum batch_mode mode, const struct err *err, enum batch_mode *ret)
{
	if (mode == BATCH_SINGLE)
		return false;
	*ret = (mode == BATCH_NET || (mode == BATCH_ORDERED && !a->c.in_order)) && rows_met(err) ? BATCH_CAREFUL : BATCH_SINGLE;
	return true;
}

/* The rows themselves are refused, or a table for parked rows can't hold what the target's own can. */
static bool
concerns_rows(enum batch_mode mode, const struct err *err)
{
	return err->kind == ERR_DATA || (err->kind == ERR_LIMIT && mode != BATCH_SINGLE && strncmp(err->sqlstate, "54", 2) == 0);
}

static bool
is_passing(const struct err *err)
{
	return strcmp(err->sqlstate, "40P01") == 0 || strcmp(err->sqlstate, "40001") == 0 ||
	    strcmp(err->sqlstate, "55P03") == 0;
}

/* Back to the first change that is not acked. */
void
apply_rewind(struct apply *a)
{
	ring_rewind(a->c.ring);
	batch_reset(a->batch, a->c.redo->mode);
	apply_xa_reset(a);
	drop_accounts(a);
	a->in_txn = false;
	a->boundary = a->last = NULL;
	a->pos.kind = POSITION_NONE;
	apply_say_oldest(a, (struct wall){ 0 });
}

/* The redo ends at the boundary that ends what was taken so far. */
static struct position
redo_until(const struct apply *a)
{
	if (a->in_txn && a->mark.kind != POSITION_NONE)
		return position_at(a->mark.kind, a->mark.lsn.v + 1);	/* any end after its commit's (first event's) start */
	return a->pos;
}

static void
say_where(struct apply *a, struct err *err)
{
	char text[POSITION_TEXT];

	if (err->position[0] == '\0' && a->mark.kind != POSITION_NONE)
		err_position(err, "%s", txn_mark_text(&a->mark, text));
}

/* Said at once where it is news; where unique values move all the time, the counter says it. */
static void
begin_redo(struct apply *a, enum batch_mode mode, const struct err *err)
{
	struct apply_redo *redo = a->c.redo;
	bool news = mode != BATCH_CAREFUL || redo->careful_span == 0;

	redo->until = redo_until(a);
	redo->mode = mode;
	redo->calm = 0;
	if (mode == BATCH_CAREFUL) {
		redo->careful_span = redo->careful_span == 0 ? CAREFUL_MIN : redo->careful_span < CAREFUL_MAX ? redo->careful_span * 2 : CAREFUL_MAX;
		redo->careful_left = redo->careful_span;
	}
	counter_add(&a->c.board->fallbacks, 1);
	log_err(news ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, mode == BATCH_CAREFUL ?
	    "batch failed, writing it again with care for unique values" : "batch failed, writing it again change by change", err);
}

/* True: the ring is rewound, go on. False: the stream ends with err. */
static bool
apply_failed(struct apply *a, struct err *err)
{
	struct apply_redo *redo = a->c.redo;
	enum batch_mode mode = redo->mode;
	struct err second = ERR_INIT;
	bool passing = is_passing(err);

	if (a->over)
		return false;
	if (a->open && (!a->c.ops->rollback(a->c.target, &second) || err->kind == ERR_FENCED))
		return err->kind == ERR_DATA ? (*err = second, false) : false;
	a->open = false;
	say_where(a, err);
	if (apply_xa_gave_up(a)) {
		apply_rewind(a);
		return true;
	}
	if (!(passing && a->same_tries++ < SAME_TRIES) &&
	    (!concerns_rows(mode, err) || !next_mode(a, mode, err, &mode)))
		return false;
	if (mode != redo->mode)
		begin_redo(a, mode, err);
	if (a->marked) {
		counter_add(&a->c.board->rewinds, 1);
		err->kind = ERR_RETRY;
		err_ctx(err, "a transaction larger than the ring failed and is read again from the checkpoint");
		return false;
	}
	apply_rewind(a);
	return true;
}

/* ---- changes ------------------------------------------------------------------------------------------------------------ */

static bool
batch_is_full(const struct apply *a)
{
	return batch_rows(a->batch) >= atomic_load_explicit(&a->c.board->max_rows, memory_order_relaxed) ||
	    batch_bytes(a->batch) >= atomic_load_explicit(&a->c.board->max_bytes, memory_order_relaxed);
}

/* With care for unique values a transaction goes on as a whole while the ring holds it: in a part of it the values may meet that do not at its end. */
static bool
part_is_full(const struct apply *a)
{
	return batch_is_full(a) && (a->c.redo->mode != BATCH_CAREFUL || ring_pressure(a->c.ring));
}

/* The row is part of the snapshot that its table was loaded from, or a load group's stream writes it. */
static bool
skips(const struct apply *a, const struct table *t)
{
	const struct table_state *ts = a->by_table[t->index];

	if (ts != NULL && !apply_is_ours(a, ts))
		return true;
	return a->catching_up && ts != NULL && snapshot_has(&ts->snapshot, &a->mark);
}

/* A suspended table's changes are left out, and counted: read = applied + filtered + excepted. */
static bool
is_suspended(const struct apply *a, const struct table *t)
{
	const struct table_state *ts = a->by_table[t->index];

	return ts == NULL || (apply_is_ours(a, ts) && (ts->phase == TABLE_SUSPENDED || ts->phase == TABLE_ERROR));
}

static void
count_excepted(struct apply *a, const struct table *t)
{
	touch(a, t)->excepted++;
	a->pending.read++;
	a->pending.excepted++;
}

static void
count_row(struct apply *a, const struct change *c)
{
	struct delta *d = touch(a, c->rel->table);

	a->pending.read++;
	a->pending.applied++;
	switch (c->kind) {
	case CHANGE_INSERT: d->inserts++; a->pending.inserts++; break;
	case CHANGE_UPDATE: d->updates++; a->pending.updates++; break;
	default: d->deletes++; a->pending.deletes++; break;
	}
}

static enum ranges_verdict
verdict(const struct apply *a, const struct change *c)
{
	const struct table *t = c->rel->table;
	struct ranges *r = a->ranged[t->index];

	if (r != NULL)
		return ranges_verdict(r, c, &a->mark);
	return skips(a, t) ? RANGES_SKIP : RANGES_APPLY;
}

static enum ranges_verdict
truncate_verdict(const struct apply *a, const struct table *t)
{
	const struct ranges *r = a->ranged[t->index];

	return r != NULL ? ranges_truncate(r, &a->mark) : skips(a, t) ? RANGES_SKIP : RANGES_APPLY;
}

/* Children of a row may be this stream's also where the row is not. */
static bool
follow_keys(struct apply *a, struct plan *plan, const struct change *c, struct err *err)
{
	const struct table *t = c->rel->table;

	if (t->nchildren == 0 || (c->flags & CHANGE_CASCADES) == 0)
		return true;
	if (plan == NULL && (plan = apply_plan_for(a, c->rel, err)) == NULL)
		return false;
	return apply_cascade(a, plan, c, err);
}

bool
apply_row(struct apply *a, const struct change *c, struct err *err)
{
	enum ranges_verdict v;
	struct plan *plan;

	if (is_suspended(a, c->rel->table)) {
		count_excepted(a, c->rel->table);
		return follow_keys(a, NULL, c, err);
	}
	if ((v = verdict(a, c)) == RANGES_SKIP)
		return follow_keys(a, NULL, c, err);
	if (v == RANGES_AGAIN)
		return apply_load_again(a, c->rel->table, "a row moved between ranges of two snapshots, and the log does not hold all of it", err);
	if ((plan = apply_plan_for(a, c->rel, err)) == NULL)
		return false;
	if (!apply_add_row(a, plan, c, v, err)) {
		if (err->kind != ERR_LIMIT || batch_rows(a->batch) == 0)
			return false;
		err_clear(err);
		if (!apply_write_part(a, err) || !apply_add_row(a, plan, c, v, err))
			return false;
	}
	count_row(a, c);
	if (!follow_keys(a, plan, c, err))
		return false;
	return !part_is_full(a) || apply_write_part(a, err);
}

static bool
on_truncate(struct apply *a, const struct change *c, struct err *err)
{
	struct tables_truncate tt;
	enum ranges_verdict v;
	bool ok = false;

	if (!tables_truncate_plan(c, a->c.tables, &tt, err))
		return false;
	for (uint32_t i = 0; i < tt.n; i++) {
		if (is_suspended(a, tt.items[i].rel->table)) {
			count_excepted(a, tt.items[i].rel->table);
			continue;
		}
		if ((v = truncate_verdict(a, tt.items[i].rel->table)) == RANGES_SKIP)
			continue;
		if (v == RANGES_AGAIN) {
			apply_load_again(a, tt.items[i].rel->table, "it was truncated between the snapshots of its ranges", err);
			goto out;
		}
		if (tt.items[i].untold != NULL && !tables_truncate_untold(&tt.items[i], err))
			goto out;
		if ((tt.items[i].plan = apply_plan_for_truncate(a, tt.items[i].rel, err)) == NULL)
			goto out;
		touch(a, tt.items[i].rel->table)->truncates++;
		a->pending.truncates++;
		a->pending.read++;
		a->pending.applied++;
	}
	ok = tables_truncate_add(a->batch, &tt, c->u.truncate.restart_identity, err);
out:
	tables_truncate_done(&tt);
	return ok;
}

/* A transaction of which nothing concerns us moves the position, no more. */
static bool
nothing_pending(const struct apply *a)
{
	return a->boundary == NULL && !a->open && batch_rows(a->batch) == 0 && a->pending.excepted == 0 && !apply_xa_waits(a);
}

static bool
on_boundary(struct apply *a, const struct change *c, struct err *err)
{
	const bool commits = c->kind == CHANGE_COMMIT || c->kind == CHANGE_XA_COMMIT;
	struct wall time = c->u.commit.commit_time;

	a->in_txn = false;
	if (!gtid_track_note(a->gtids, &c->u.commit.position, change_gtids(c), c->u.commit.ngtids, err))
		return false;
	if (nothing_pending(a)) {
		a->noted = c->u.commit.position;
		if (!gtid_track_settle(a->gtids, &a->noted, err))
			return false;
		ring_ack(a->c.ring, c);
		a->last = NULL;
		if (c->kind != CHANGE_KEEPALIVE)
			apply_say_oldest(a, (struct wall){ 0 });
		say_reached(a, &a->noted);
		return note_position(a, false, err) && apply_finish_ranged(a, err);
	}
	if (a->boundary == NULL)
		a->oldest = clock_mono();
	a->boundary = c;
	a->pos = c->u.commit.position;
	if (commits) {
		a->commit_time = time;
		a->commit_end = a->pos;
		a->pending.transactions++;
	}
	if (a->c.mode == APPLY_TRANSACTIONAL || a->c.redo->mode == BATCH_SINGLE || batch_is_full(a) || a->open ||
	    usec_since(a->oldest) >= atomic_load_explicit(&a->c.board->max_delay, memory_order_relaxed))
		return apply_commit(a, err);
	return true;
}

static bool
on_begin(struct apply *a, const struct change *c, struct err *err)
{
	a->in_txn = true;
	a->mark = c->u.begin.mark;
	if (atomic_load_explicit(&a->c.board->oldest_pending, memory_order_relaxed) == 0)
		apply_say_oldest(a, c->u.begin.commit_time);
	return (c->flags & CHANGE_PREPARES) == 0 || apply_xa_begin(a, c, err);
}

static bool
on_change(struct apply *a, const struct change *c, struct err *err)
{
	a->last = c;
	switch ((enum change_kind)c->kind) {
	case CHANGE_BEGIN: return on_begin(a, c, err);
	case CHANGE_INSERT:
	case CHANGE_UPDATE:
	case CHANGE_DELETE: return apply_xa_is_open(a) ? apply_xa_row(a, c, err) : apply_row(a, c, err);
	case CHANGE_TRUNCATE: return on_truncate(a, c, err);
	case CHANGE_COMMIT: return (!apply_xa_is_open(a) || apply_xa_one_phase(a, c, err)) && on_boundary(a, c, err);
	case CHANGE_KEEPALIVE: return on_boundary(a, c, err);
	case CHANGE_XA_PREPARE: return apply_xa_prepare(a, err) && on_boundary(a, c, err);
	case CHANGE_XA_COMMIT: return apply_xa_commit(a, c, err) && on_boundary(a, c, err);
	case CHANGE_XA_ROLLBACK: return apply_xa_rollback(a, c, err) && on_boundary(a, c, err);
	}
	return err_set(err, ERR_PROTOCOL, "a change of unknown kind %u in the ring", c->kind);
}

/* ---- the loop ------------------------------------------------------------------------------------------------------------ */

/* Nothing came: commit what is complete, free what blocks capture, write and confirm positions. */
static bool
on_idle(struct apply *a, struct err *err)
{
	if (a->boundary != NULL && !a->in_txn)
		return apply_commit(a, err);
	if (ring_pressure(a->c.ring) && a->last != NULL)
		return apply_write_part(a, err);
	apply_ask_for_end(a);
	return note_position(a, false, err) && apply_finish_ranged(a, err) && look_flushed(a, err);
}

/* Commits all that is complete. What was taken of a transaction that is not, and not written, is left out: the changes are taken again up to
 * the last boundary. On the way a boundary may commit by itself; the last one stays in the ring until it is taken, so its address is its own. */
static bool
commit_complete(struct apply *a, struct err *err)
{
	const struct change *end = a->boundary, *c = NULL;

	if (a->in_txn && end != NULL && !a->open) {
		apply_rewind(a);
		while (c != end) {
			if ((c = ring_take(a->c.ring, 0)) == NULL)
				return err_set(err, ERR_PROTOCOL, "a rewound change is gone from the ring");
			if (!on_change(a, c, err))
				return false;
		}
	}
	if (a->in_txn)
		return true;		/* partly written: the connection's end rolls it back */
	return a->boundary == NULL || apply_commit(a, err);
}

/* board->finish: what is complete is committed, the rest will be read again. */
static bool
apply_finish(struct apply *a, struct err *err)
{
	uint64_t token;

	if (!commit_complete(a, err))
		return false;
	if (a->in_txn && a->open)
		return a->c.ops->rollback(a->c.target, err);
	if (!note_position(a, true, err))
		return false;
	if (!a->c.relaxed && progress_has_pending(a->c.progress)) {
		if (!a->c.ops->flushed(a->c.target, &token, err))
			return false;
		progress_durable(a->c.progress, token);
	}
	return true;
}

static bool
apply_loop(struct apply *a, struct err *err)
{
	const struct change *c;
	uint32_t round = 0;
	bool ok, joined = false;

	for (;;) {
		if ((round++ & 255) == 0)
			board_beat(a->c.board, a->c.beat);
		if (stop_requested(a->c.stop))
			return err_set(err, ERR_CANCELLED, "stopped");
		if (apply_is_main(a) && atomic_load(&a->c.board->finish))
			return apply_finish(a, err);
		c = ring_take(a->c.ring, a->boundary != NULL && !a->in_txn ? 0 : IDLE_WAIT);
		if (c == NULL)
			round = 0;
		if (c == NULL && ring_closed(a->c.ring, err))
			return commit_complete(a, &(struct err)ERR_INIT) && false;
		ok = c != NULL ? on_change(a, c, err) : on_idle(a, err);
		if (ok && (round & 63) == 0)
			ok = look_flushed(a, err);
		ok = ok && (apply_is_main(a) ? apply_meet_group(a, err) : apply_come_near(a, &joined, err));
		if (ok && joined)
			return true;
		ok = ok && apply_take_news(a, c == NULL, err);
		if (!ok) {
			if (!apply_failed(a, err))
				return false;
			err_clear(err);
		}
	}
}

static bool
apply_init(struct apply *a, struct err *err)
{
	size_t n = a->c.tables->n + 1, m = a->c.states->n + 1;

	if ((a->plans = map_new()) == NULL)
		return err_set(err, ERR_SYSTEM, "out of memory");
	if ((a->batch = batch_new(BATCH_BUDGET, err)) == NULL ||
	    (a->deltas = mem_zalloc(n * sizeof(*a->deltas), err)) == NULL ||
	    (a->touched = mem_zalloc(n * sizeof(*a->touched), err)) == NULL ||
	    (a->by_table = mem_zalloc(n * sizeof(struct table_state *), err)) == NULL ||
	    (a->dirty = mem_zalloc(m * sizeof(*a->dirty), err)) == NULL ||
	    (a->ahead = mem_zalloc(m * sizeof(*a->ahead), err)) == NULL ||
	    (a->writes = mem_zalloc(m * sizeof(*a->writes), err)) == NULL ||
	    (a->taken = mem_zalloc(n * sizeof(*a->taken), err)) == NULL)
		return false;
	if ((a->gtids = gtid_track_new(a->c.cp->position.gtids, err)) == NULL || !apply_xa_init(a, err))
		return false;
	a->base = a->c.mode == APPLY_TRANSACTIONAL || a->c.in_order ? BATCH_ORDERED : BATCH_NET;
	if (a->c.redo->mode == BATCH_NET)
		a->c.redo->mode = a->base;
	batch_reset(a->batch, a->c.redo->mode);
	a->last_checkpoint = a->sampled_at = clock_mono();
	for (uint32_t i = 0; i < a->c.tables->n; i++)
		a->by_table[i] = table_states_find(a->c.states, a->c.tables->tables[i]->source_schema, a->c.tables->tables[i]->source_name);
	for (size_t i = 0; i < a->c.states->n; i++)
		a->catching_up = a->catching_up || apply_is_catching_up(a, &a->c.states->rows[i]);
	return ranged_open(a->c.ops, a->c.target, a->c.tables, a->c.states, a->c.cp->group, &a->ranged, err);
}

bool
apply_run(const struct apply_ctx *ctx, struct err *err)
{
	struct apply a = { .c = *ctx };
	bool ok = apply_init(&a, err);

	if (ok) {
		if (apply_is_main(&a))
			atomic_store(&ctx->board->applying, true);
		ok = apply_loop(&a, err);
		if (apply_is_main(&a))
			atomic_store(&ctx->board->applying, false);
		if (!ok)
			ranged_failed(ctx->ops, ctx->target, ctx->cp->epoch, ctx->tables, a.by_table, a.ranged, a.again, err);
	}
	/* Texts of the track go with it; what was written last is where the next stream begins. */
	if (a.c.cp->position.gtids != NULL)
		a.c.cp->position.gtids = name_intern(a.c.cp->position.gtids, strlen(a.c.cp->position.gtids));
	gtid_track_free(a.gtids);
	apply_xa_done(&a);
	apply_free_plans(&a);
	batch_free(a.batch);
	free(a.deltas);
	free(a.touched);
	ranged_close(a.ranged, ctx->tables);
	free(a.by_table);
	for (size_t i = 0; a.ahead != NULL && i < ctx->states->n; i++)
		free(a.ahead[i].shape);
	free(a.ahead);
	free(a.dirty);
	free(a.writes);
	free(a.taken);
	return ok;
}
