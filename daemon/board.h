/* board.h - the notice board of a worker: what its threads say of themselves, and what the main thread asks of them.
 * Flow: run, capture, apply, load and watch threads write; the main thread reads it a few times a second and fills status.h's structs.
 * Numbers are relaxed atomics; texts, positions and the pointers to ring and progress are behind one mutex, held for copies only.
 * Threads: any. Owner: the worker. */
#ifndef REPLD_DAEMON_BOARD_H
#define REPLD_DAEMON_BOARD_H

#include "daemon/base/counter.h"
#include "daemon/base/thread.h"
#include "daemon/conf.h"
#include "daemon/status.h"
#include "staging/progress.h"
#include "staging/ring.h"

struct board_table {			/* of one captured table; lives as long as the board's table set */
	char source[160], target[160];
	_Atomic int phase;		/* enum table_phase */
	counter rows_loaded, inserts, updates, deletes, truncates, excepted;
	_Atomic double rows_estimated;	/* < 0: unknown */
	atomic_bool appended;		/* its load added to rows of others: it can't be emptied */
	char load[128];			/* how it is loaded, and why */
	char error[512];		/* under the mutex, both */
	/* mail of the watch thread for apply (suspect.h), under the mutex; NULL: none */
	char *new_facts;		/* for table_state */
	char *suspicion;		/* why the table may differ, and what to do about it */
	char *joined_facts;		/* the other way: what was known before its load of a table that joined the stream */
};

enum board_thread { BEAT_RUN, BEAT_CAPTURE, BEAT_GUARD, BEAT_WATCH, BEAT_GROUP, BEAT_GROUP_CAPTURE, BEAT_LOAD, BEAT_COUNT = BEAT_LOAD + 64 };

struct board {
	struct mutex lock;

	/* asked by the main thread */
	atomic_bool finish;		/* end at a transaction boundary */
	atomic_bool applying;		/* finish is looked at; else only the stop flag ends the run */
	_Atomic uint32_t max_rows;	/* options that change without a restart */
	_Atomic uint64_t max_bytes, max_rate;
	_Atomic int64_t max_delay;
	atomic_uint sync_asked, sync_done;	/* watch asks the source for a barrier while they differ */
	_Atomic uint64_t want;		/* apply writes a checkpoint as soon as this LSN is reached; 0: none */
	atomic_bool ask_source;		/* capture asks the source for its end of log */
	atomic_bool look;		/* a relation came anew: watch looks at the source's catalog */
	atomic_bool news;		/* mail for apply, or halt */

	/* said by the threads: numbers */
	_Atomic int phase;		/* enum task_phase */
	counter transactions, read, applied, filtered, excepted, inserts, updates, deletes, truncates;
	counter batches, fallbacks, rewinds, keepalives;
	counter prepared, prepared_bytes;	/* transactions of XA that wait for their end, and their rows, in repld.prepared */
	counter cascaded;		/* rows of children that the source's foreign keys changed, unseen in its log */
	counter policy_values;		/* values without a form on the target, made others by policy: in load and stream */
	counter load_rows, load_bytes, received_bytes;
	_Atomic int64_t load_started;	/* monotonic usec; 0: no load */
	_Atomic int64_t beats[BEAT_COUNT];	/* monotonic usec of the last round; 0: the thread does not run */
	_Atomic int64_t oldest_pending;	/* wall usec: commit time of the oldest transaction taken and not on the target; 0: none */
	_Atomic uint64_t reached;	/* LSN up to which nothing is missing on the target, recorded or not; 0: unknown */
	atomic_bool grouped;		/* a load group is beside the task's own stream */
	_Atomic uint64_t bulk;		/* the largest row that came through the connections of this run; 0: none over RING_JUMBO */
	_Atomic int64_t bulk_at;	/* when, monotonic usec */

	/* under the mutex */
	struct err halt;		/* why apply ends the stream; ERR_NONE */
	char reason[256];
	struct ring *ring;
	struct progress *progress;
	struct position checkpoint;	/* before a stream runs: where it will start */
	struct totals lifetime, lifetime_group;	/* of the task's own stream, and of a load group's that it has not taken over */
	struct position barrier;	/* what sync_done stands for */
	bool monitor_known;
	struct {
		struct position end;
		struct wall server_time;
		struct usec at, ahead_since;	/* ahead_since: an end that is still not reached was first seen; 0: end is reached */
		struct position ahead_end;	/* that end */
		struct maybe_u64 retained, limit;
		char state[32];
		struct maybe_u64 behind;	/* as the source tells it, where positions alone don't */
	} monitor;
	uint32_t nslots;		/* others' slots on the source */
	struct status_slot slots[STATUS_SLOTS];
	uint32_t ntables;
	struct board_table **tables;
};

void board_init(struct board *b, const struct task_conf *t);
void board_done(struct board *b);
void board_tune(struct board *b, const struct task_conf *t);
/* Forgets what the last run said, keeps the totals. Before a run starts. */
void board_start(struct board *b);
bool board_set_tables(struct board *b, struct tableset *set, struct err *err) MUST_CHECK;
void board_reason(struct board *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void board_table_error(struct board *b, uint32_t index, const char *text);
/* Sets `shown` of the set's tables by their names; UINT32_MAX: the board does not have it. */
void board_find_tables(struct board *b, struct tableset *set);
void board_table_load(struct board *b, uint32_t index, const char *text);
void board_flow(struct board *b, struct ring *ring, struct progress *progress);	/* NULL, NULL: before they are freed */
/* The calling thread lives; from now on its waits for a server say so too. */
static inline void
board_beat(struct board *b, int thread)
{
	thread_beat_at(&b->beats[thread]);
}
static inline void
board_rest(struct board *b, int thread)
{
	thread_beat_at(NULL);
	atomic_store_explicit(&b->beats[thread], 0, memory_order_relaxed);
}
static inline void
board_phase(struct board *b, enum task_phase p)
{
	atomic_store(&b->phase, (int)p);
}
/* Fills all of ret but state, since, error, retry and rates. */
void board_status(struct board *b, const struct task_conf *t, struct status_task *ret);
void board_table_status(struct board *b, uint32_t index, struct status_table *ret);

#endif
