/* apply_intern.h - what the parts of an apply side share: apply.c writes what the stream brings, apply_join.c hands tables from a load group's
 * stream to the task's own, apply_ranges.c brings the ranges of a resumed load together. Only these include it. */
#ifndef REPLD_DAEMON_APPLY_INTERN_H
#define REPLD_DAEMON_APPLY_INTERN_H

#include "daemon/apply.h"
#include "daemon/base/map.h"
#include "staging/gtid_track.h"
#include "staging/ranges.h"

struct delta {				/* of one table since the last target COMMIT */
	uint64_t inserts, updates, deletes, truncates, excepted;
	bool touched;
};

/* A shape that came with a transaction which no checkpoint covers yet: where only what is before it is committed, the one before it stays. */
struct shape_ahead {
	char *shape;			/* NULL: none */
	struct txn_mark mark;
};

struct apply {
	struct apply_ctx c;
	struct batch *batch;
	struct gtid_track *gtids;	/* what the checkpoint's position is in the source's GTIDs */
	struct map *plans;		/* by the relation's address */
	enum batch_mode base;		/* without failures */
	bool open;			/* a target transaction is under way */
	bool in_txn;			/* between BEGIN and COMMIT of the source */
	bool marked;			/* parts of the open transaction are no longer in the ring */
	struct txn_mark mark;		/* of the transaction in hand */
	const struct change *last;	/* taken last */
	const struct change *boundary;	/* the last COMMIT or KEEPALIVE taken that is not acked; NULL: nothing complete is pending */
	struct position pos;		/* its position */
	struct wall commit_time;	/* of the last COMMIT taken, ... */
	struct position commit_end;	/* ... and its end */
	struct usec oldest;		/* when the oldest pending complete transaction was there */
	struct position noted;		/* nothing is missing up to here, though it is not in the checkpoint yet */
	uint64_t policy_values;		/* written since the last target COMMIT */
	struct totals pending;		/* since the last target COMMIT */
	struct delta *deltas;		/* by table index */
	uint32_t *touched, ntouched;
	struct table_state **by_table;	/* by table index; NULL: none */
	bool *dirty;			/* table_states rows to write with the next commit */
	struct shape_ahead *ahead;	/* of table_states rows */
	struct table_state *writes;	/* room for them */
	bool catching_up;		/* some table is in CATCH_UP */
	struct ranges **ranged;		/* by table index: catches up from ranges of several snapshots; NULL: not so */
	struct table_state *again;	/* its load starts again */
	bool news_kept;			/* the board keeps mail of such a table */
	struct usec last_checkpoint, last_flush_look, sampled_at;
	uint64_t sampled;		/* relaxed: what was flushed RELAXED_TRAIL ago */
	uint32_t same_tries;
	bool *taken;			/* by table index: taken over in this run, its plans are looked at again */
	bool over;			/* a failure that ends the stream, whatever its kind */
	struct usec last_ask;		/* a load group's */
	struct apply_xa *xa;		/* apply_xa.c */
};

/* A load group's stream speaks for its tables only. */
static inline bool
apply_is_main(const struct apply *a)
{
	return a->c.cp->group == 0;
}

/* This stream writes the table, or leaves it out as suspended. */
static inline bool
apply_is_ours(const struct apply *a, const struct table_state *ts)
{
	return ts->load_group == a->c.cp->group;
}

static inline bool
apply_is_catching_up(const struct apply *a, const struct table_state *ts)
{
	return apply_is_ours(a, ts) && ts->phase == TABLE_CATCH_UP;
}

/* The target's COMMIT with the checkpoint at pos. */
bool apply_commit_at(struct apply *a, const struct position *pos, struct wall commit_time, struct err *err) MUST_CHECK;
/* Commits all that is complete. The batch must end at a boundary. */
bool apply_commit(struct apply *a, struct err *err) MUST_CHECK;

/* The target's transaction is under way. */
bool apply_begin(struct apply *a, struct err *err) MUST_CHECK;
/* What is in the batch goes to the target; the transaction stays open. */
bool apply_write_now(struct apply *a, struct err *err) MUST_CHECK;
/* The same in the middle of a source transaction, and its memory is given back where capture needs it. */
bool apply_write_part(struct apply *a, struct err *err) MUST_CHECK;
/* INSERT, UPDATE, DELETE that takes effect in its place. The change lives until the batch is written. */
bool apply_row(struct apply *a, const struct change *c, struct err *err) MUST_CHECK;
/* The commit time of the oldest transaction taken and not on the target; 0: there is none. */
void apply_say_oldest(struct apply *a, struct wall time);
/* apply_xa.c: transactions that are prepared, and take effect later. */
bool apply_xa_init(struct apply *a, struct err *err) MUST_CHECK;
void apply_xa_done(struct apply *a);
bool apply_xa_is_open(const struct apply *a);	/* the rows that come are prepared, no more */
bool apply_xa_begin(struct apply *a, const struct change *c, struct err *err) MUST_CHECK;	/* a BEGIN that prepares */
bool apply_xa_row(struct apply *a, const struct change *c, struct err *err) MUST_CHECK;
bool apply_xa_prepare(struct apply *a, struct err *err) MUST_CHECK;
bool apply_xa_one_phase(struct apply *a, const struct change *c, struct err *err) MUST_CHECK;	/* COMMIT in place of XA_PREPARE */
bool apply_xa_commit(struct apply *a, const struct change *c, struct err *err) MUST_CHECK;
bool apply_xa_rollback(struct apply *a, const struct change *c, struct err *err) MUST_CHECK;
bool apply_xa_waits(const struct apply *a);	/* something of them goes with the next commit */
bool apply_xa_write(struct apply *a, struct err *err) MUST_CHECK;	/* what is in memory goes to the target, whose transaction is open */
void apply_xa_wrote(struct apply *a);		/* the batch points to no row any more */
void apply_xa_committed(struct apply *a);
void apply_xa_reset(struct apply *a);		/* back to the last commit */
bool apply_xa_gave_up(const struct apply *a);	/* in the middle of a transaction's rows, as the run shall end */
/* A relation that only kept rows point to, and that is not the table's any more. False: with ERR_HOLE. */
bool apply_xa_fits(const struct apply *a, const struct relation *rel, struct err *err) MUST_CHECK;
/* apply_cascade.c. What the source's foreign keys did by themselves when this row went, or changed; the row itself is in the batch, or left out. */
bool apply_cascade(struct apply *a, const struct plan *plan, const struct change *c, struct err *err) MUST_CHECK;

/* apply_plan.c. The plan of a relation version; NULL: it can't be written. */
struct plan *apply_plan_for(struct apply *a, const struct relation *rel, struct err *err) MUST_CHECK;
struct plan *apply_plan_for_truncate(struct apply *a, const struct relation *rel, struct err *err) MUST_CHECK;
/* Nothing is in the batch: plans are made anew with the next changes. */
bool apply_renew_plans(struct apply *a, struct err *err) MUST_CHECK;
void apply_free_plans(struct apply *a);
/* Whether tables still catch up, for the task as a whole. */
void apply_look_who_waits(struct apply *a);

/* apply_ranges.c. The stream has passed all snapshots that the ranges of the table's load were read at. */
bool apply_ranges_met(const struct apply *a, const struct table_state *ts, const struct position *pos);
/* The change, or the half of it that counts. */
bool apply_add_row(struct apply *a, const struct plan *plan, const struct change *c, enum ranges_verdict v, struct err *err) MUST_CHECK;
/* The table can't be brought to one state exactly: its load starts again when this stream has ended with err. Always false. */
bool apply_load_again(struct apply *a, const struct table *t, const char *why, struct err *err);
/* At a boundary, with nothing under way: tables whose ranges have met get their indexes, and stream. A stream that is to end leaves it to the
 * next one. */
bool apply_finish_ranged(struct apply *a, struct err *err) MUST_CHECK;
/* Back to the first change that is not acked. */
void apply_rewind(struct apply *a);

/* apply_news.c. Looks when it is between transactions; idle: nothing came. */
bool apply_take_news(struct apply *a, bool idle, struct err *err) MUST_CHECK;

/* apply_join.c. The task's own stream: a load group that has come near is met, its tables are taken over. */
bool apply_meet_group(struct apply *a, struct err *err) MUST_CHECK;
/* The group's: asks when it is near, and comes where it is called. *ret_joined: its part is over. */
bool apply_come_near(struct apply *a, bool *ret_joined, struct err *err) MUST_CHECK;
void apply_ask_for_end(struct apply *a);

#endif
