/* status.h - what is known of a task and of its tables, as fixed-size plain values: written by the worker's main thread into the shared
 * block (shm.h), read by the supervisor, rendered by report_*.c. Strings are bounded and treated as foreign by readers.
 * Unknown numbers are flagged unknown (has_*), never 0. The keys are in repld-ctl(1). */
#ifndef REPLD_DAEMON_STATUS_H
#define REPLD_DAEMON_STATUS_H

#include <stdint.h>
#include "daemon/base/clock.h"
#include "daemon/base/err.h"
#include "staging/checkpoint.h"

#define TASK_STATES(X) X(STOPPED, "stopped") X(STARTING, "starting") X(RUNNING, "running") X(PAUSED, "paused") X(RETRYING, "retrying") X(ERROR, "error")
enum task_state {
#define X(name, text) TASK_##name,
	TASK_STATES(X)
#undef X
};
const char *task_state_name(enum task_state s);

#define TASK_PHASES(X) X(NONE, "none") X(CHECK, "check") X(FULL_LOAD, "full_load") X(CATCH_UP, "catch_up") X(CDC, "cdc")
enum task_phase {
#define X(name, text) PHASE_##name,
	TASK_PHASES(X)
#undef X
};
const char *task_phase_name(enum task_phase p);

struct maybe_u64 { bool known; uint64_t v; };

#define STATUS_SLOTS 8

struct status_slot {			/* on the source; whose it is, who knows all tasks can tell */
	char name[NAME_MAX_BYTES];
	bool active;
	struct maybe_u64 retained;
};

struct status_task {
	uint8_t state, phase;		/* enum task_state, task_phase */
	char reason[256];		/* why stopped, paused, starting or waiting; "" */
	struct wall since;		/* of the state */
	bool has_error;
	struct {
		uint8_t kind;		/* enum err_kind */
		char message[1024], position[128], remedy[512], table[160], sqlstate[6];
	} error;			/* the last one; kept while retrying or in error */
	struct { uint32_t attempt; struct wall next; } retry;	/* while RETRYING */
	char read[POSITION_TEXT], applied[POSITION_TEXT], confirmed[POSITION_TEXT], source_end[POSITION_TEXT];	/* "": unknown */
	struct maybe_u64 lag_bytes, lag_usec;
	struct maybe_u64 retained_bytes, limit_bytes;
	char log_state[32];
	struct maybe_u64 rate_transactions, rate_rows, rate_bytes;	/* a second, over the last 10 s, times 1000 */
	uint64_t ring_size, ring_used, ring_waiting;
	uint64_t rss_bytes, peak_rss_bytes;
	uint64_t log_lost;		/* lines of the log that the worker could not write */
	struct totals totals;		/* since the worker's start */
	struct totals lifetime;		/* from the checkpoint row */
	uint64_t batches, fallbacks, rewinds, keepalives, policy_values, cascaded, prepared, prepared_bytes;
	uint8_t apply_mode;
	struct {
		uint32_t tables_total, tables_loaded;
		uint64_t rows, bytes;
		struct maybe_u64 rows_estimated, rows_per_second, eta_seconds;
	} load;
	uint32_t ntables, tables_suspended, tables_suspect;
	uint32_t nslots;		/* of other tasks of repld's, the first that nobody uses */
	struct status_slot slots[STATUS_SLOTS];
	uint64_t beats;			/* raised while the worker's main loop runs */
	struct usec beat_at, oldest_thread_beat;	/* monotonic: a thread that has not come round since then hangs */
};

struct status_table {
	char source[160], target[160];	/* schema.table */
	uint8_t state;			/* enum table_phase */
	uint64_t rows_loaded;
	struct maybe_u64 rows_estimated;
	uint64_t inserts, updates, deletes, truncates, excepted;
	char load[128];			/* by key or by ctid, and why; "": it is not loaded */
	char error[512];
};

#endif
