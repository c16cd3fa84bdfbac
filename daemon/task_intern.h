/* task_intern.h - what the parts of a task share: task.c decides what runs, task_view.c answers what others ask of it (sync, status). Only these
 * include it.
 * Threads: the worker's event loop alone, but for what the run thread shares (board, run_ctx while it runs, mailbox). */
#ifndef REPLD_DAEMON_TASK_INTERN_H
#define REPLD_DAEMON_TASK_INTERN_H

#include "daemon/task.h"

enum { TASK_SAMPLES = 40 };		/* of four a second: rates over 10 s */

enum after {				/* what follows the end of the run */
	AFTER_JUDGE,			/* nobody asked for it: by the error's kind */
	AFTER_PAUSE, AFTER_RESTART, AFTER_STOP
};

struct sync {
	uint32_t id;
	unsigned number;		/* of board.sync_asked */
	struct usec deadline;		/* 0: none */
	struct sync *next;
};

struct sample {
	struct usec at;
	uint64_t transactions, rows, bytes;
};

struct task {
	struct event_base *base;
	struct conf *conf;
	const struct task_conf *tc;
	task_reply_fn *reply;
	void *reply_arg;
	struct board board;
	struct mailbox *mailbox;
	struct event *mail_event, *retry_timer, *force_timer, *sync_timer;
	struct stop stop;
	struct thread thread;
	struct run_ctx run;
	bool running;			/* a run thread exists */
	struct usec run_since;		/* of the phase after ownership; 0: not there yet */
	bool has_run;			/* a run got that far */
	enum after after;
	enum run_intent next_intent;
	char next_from[POSITION_TEXT];	/* of RUN_FROM; the run has a copy */
	uint32_t pause_id;		/* a command that waits for the run's end; 0: none */
	uint32_t resume_id;		/* for what it stores at its begin */
	struct asker *askers;		/* of restarts and resyncs, until the target knows what they asked for */
	bool stores;			/* the run has something of theirs to store */
	struct buf resync;		/* asked for, not given to a run yet */
	struct prepare *prepare;	/* another configuration is looked at; NULL: none */
	uint32_t prepare_id;
	struct conf *next_conf;		/* the next run's; NULL: as this one's */
	bool pausing_only;		/* the run only writes the pause */
	bool pause_unstored;		/* the target could not be told */
	void (*stop_done)(void *arg);
	void *stop_arg;

	enum task_state state;
	struct wall since;
	char reason[256];
	bool has_error;
	struct err err;
	uint32_t attempt;
	uint64_t came_to;		/* transactions applied when the last run failed */
	struct wall next;
	struct sync *syncs;
	struct sample samples[TASK_SAMPLES];
	uint32_t nsamples;
};

struct asker {
	struct asker *next;
	uint32_t id;
	char *text;			/* the answer, where it is done */
};

/* task_view.c: looks whether what syncs wait for is reached, and again while one waits. */
void task_look_at_syncs(evutil_socket_t fd, short what, void *arg);

#endif
