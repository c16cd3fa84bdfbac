/* stream.h - one stream: a capture thread, a ring, an apply side, a checkpoint row. A task has one; each load group beside it is one more.
 * A group's stream takes only its own tables from the log; the task's own sees all of them, and leaves out the group's until it takes them over.
 * Threads: stream_run() = the caller's thread, which becomes the apply side; capture is a thread of its own. */
#ifndef REPLD_DAEMON_STREAM_H
#define REPLD_DAEMON_STREAM_H

#include "daemon/apply.h"
#include "endpoints/source.h"

struct stream_ctx {
	const struct task_conf *conf;
	const struct source_ops *source_ops;
	const struct target_ops *target_ops;
	struct source_params source_params;
	struct target *target;			/* the apply connection, named in the checkpoint row */
	struct checkpoint *cp;
	struct tableset *tables;
	struct table_states *states;
	struct board *board;
	struct stop *stop;
	int beat;				/* enum board_thread, of the caller's thread */
	size_t ring_size;			/* bytes */
	struct handover *handover;		/* NULL: no load group beside the task's own stream */
	atomic_bool *ask;			/* the source is asked for the end of its log */
	bool in_order;
	bool reopen_after_join;			/* struct source_info.forgets_added_tables */
	struct apply_redo *redo;
	bool *text_only;			/* kept by the caller over a reopening: values in binary form are of no use */
};

/* True: board->finish was seen, and what was complete is committed; of a load group: its tables were taken over. */
bool stream_run(const struct stream_ctx *ctx, struct err *err) MUST_CHECK;

#endif
