/* load.h - the full load of a load group: tables that share one snapshot, several tables and several chunks of each at a time.
 * Flow: coordinator (the run thread) prepares each table and queues its chunks; load threads take chunks: source_scan -> target load;
 * who ends a table's last chunk finishes it (indexes) and writes its state.
 * Invariants: a chunk commits with its ledger row; a table is `loaded` only with all its chunks and its indexes; never a truncation
 * that was not asked for, but of what a load of ours, cut short, has left.
 * Threads: the caller's (the run thread, a load group's) and up to parallel_tables x parallel_chunks load threads. */
#ifndef REPLD_DAEMON_LOAD_H
#define REPLD_DAEMON_LOAD_H

#include "daemon/board.h"
#include "endpoints/source.h"
#include "endpoints/target.h"

struct load_ctx {
	const struct task_conf *conf;
	const struct source_ops *source_ops;
	const struct target_ops *target_ops;
	struct source_params source_params;
	struct target_params target_params;
	struct source *source;			/* the caller's session */
	struct target *admin;			/* the caller's session */
	struct source_snapshot *snapshot;
	const struct position *start;		/* from which the stream of these tables goes on: ranges read before it are of no use; NULL: no stream */
	uint64_t epoch;
	struct tableset *tables;
	struct table_states *states;		/* rows of the group's tables to load are TABLE_QUEUED, with filenodes set */
	uint32_t group;				/* of the states; others are none of this load's */
	struct board *board;
	int beat;				/* enum board_thread, of the caller's thread */
	struct stop *stop;
};

/* Loads all queued tables. Tables whose data the target refuses are suspended, the others go on. False: the load is cut short (ERR_RETRY
 * and the like); complete tables stay complete. */
bool load_run(const struct load_ctx *ctx, struct err *err) MUST_CHECK;

#endif
