/* apply.h - the apply side of one stream: ring -> plan -> batch -> target, with the checkpoint in the same transaction.
 * Flow: take -> batch_add -> (limits, idle, boundary) -> write -> commit -> ack -> progress.
 * Invariants: a target COMMIT happens at a source commit only; nothing is acked before it, but for the parts of a transaction larger than the
 * ring, which are marked: such a transaction can't be rewound in the ring, its failure ends the stream (reopened at the checkpoint).
 * The task's own stream leaves out the tables that a load group still writes, and takes them over at a boundary (handover.h); a group's stream
 * ends there. Only the former speaks for the task on the board.
 * A failing batch is written again from the ring, first with care for unique values, then change by change, which names the row.
 * Threads: the run thread; a load group's stream: the group's thread. */
#ifndef REPLD_DAEMON_APPLY_H
#define REPLD_DAEMON_APPLY_H

#include "daemon/board.h"
#include "daemon/handover.h"
#include "endpoints/target.h"

/* How a batch that failed is tried again; kept by the caller over a reopening of the stream. */
struct apply_redo {
	enum batch_mode mode;		/* BATCH_NET: nothing to redo */
	struct position until;		/* the first boundary at or after it ends it */
	/* Where unique values keep moving between rows, batches stay careful for a while, each time for longer: 8 to 1024 of them. */
	uint32_t careful_span, careful_left;
	uint32_t calm;			/* batches without a failure since */
};

struct apply_ctx {
	const struct target_ops *ops;
	struct target *target;
	struct checkpoint *cp;		/* the row as it stands; kept current */
	struct tableset *tables;
	struct table_states *states;
	struct ring *ring;
	struct progress *progress;
	struct board *board;
	struct stop *stop;
	enum apply_mode mode;
	bool in_order;			/* no compaction across tables: target triggers fire */
	bool relaxed;			/* durability = "relaxed": confirmations trail */
	struct apply_redo *redo;
	struct handover *handover;	/* NULL: no load group is beside the task's own stream */
	bool binary;			/* values come in binary form where they may */
	bool *text_only;		/* set before ERR_RETRY where that turns out to be of no use */
	bool reopen_after_join;		/* tables that were taken over need a stream that is opened anew: ERR_RETRY */
	int beat;			/* enum board_thread */
	atomic_bool *ask;		/* capture asks the source for the end of its log */
	/* Asked before the first row of a relation is applied. False: it is of a shape that nobody has looked at, and err says so. */
	bool (*fits)(void *arg, const struct relation *rel, struct err *err);
	void *fits_arg;
};

/* Runs until the ring is closed and empty, a failure, or board->finish (then true, after the last complete transaction is committed). A load
 * group's runs until its tables have been taken over (true), or a failure. */
bool apply_run(const struct apply_ctx *ctx, struct err *err) MUST_CHECK;

#endif
