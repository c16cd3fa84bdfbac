/* run.h - one run of a task, from taking ownership to the end of its stream; every failure ends it, and the task decides what follows.
 * Flow: own -> learn the checkpoint -> survey -> check -> publication, slot -> load what is not loaded -> stream.
 * Threads: run_main() is the body of the run thread; the rest meets it on the board.
 * Invariants: nothing is written to either server before the checks have passed (but repld's own schema and checkpoint row); a slot's position
 * is in the checkpoint row before a table is loaded from its snapshot. */
#ifndef REPLD_DAEMON_RUN_H
#define REPLD_DAEMON_RUN_H

#include "daemon/stream.h"

enum run_intent {
	RUN_NORMAL,
	RUN_RESUME,	/* take the pause out of the checkpoint row, then go on */
	RUN_PAUSE,	/* only write the pause */
	RUN_RELOAD,	/* load all tables again */
	RUN_FROM	/* from `from`: "now" or a position */
};

enum run_end {
	RUN_FAILED,	/* see err */
	RUN_FINISHED,	/* as asked by board->finish */
	RUN_LOADED,	/* mode full_load: done */
	RUN_IS_PAUSED	/* the checkpoint row says so: it did, or it was asked for and is done */
};

struct run_ctx {
	const struct task_conf *conf;
	struct board *board;
	struct stop *stop;
	enum run_intent intent;
	char from[POSITION_TEXT];
	/* Tables to empty and load again ("schema.table" lines, see resync.h), whatever the intent; NULL: none. Malloc'ed, the task's while no run is
	 * running; the run frees it and sets NULL as soon as the target has it. */
	char *resync;
	atomic_bool pause_at_end;	/* set before board->finish */
	struct apply_redo redo;		/* kept over runs */
	bool text_only;			/* kept over runs */
	/* Called by the run thread once the task is ours and the run goes on. */
	void (*on_running)(void *arg);
	/* ... and once what the intent and `resync` ask for stands on the target: nothing asks for it again. */
	void (*on_stored)(void *arg);
	void *arg;
};

enum run_end run_main(struct run_ctx *ctx, struct err *err);

#endif
