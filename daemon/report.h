/* report.h - one walk over what the supervisor knows, rendered by ops: text for people, JSON for
 * scripts, OpenMetrics.
 * Flow: report_new() copies the tasks' records; report_next() visits tasks and tables and appends
 * their text, a slice at a time, so that a large answer neither blocks the loop nor fills the
 * memory; tables are read when they are visited, and may have gone by then.
 * Pure but for the source's callbacks. Threads: one. Owner: the caller. */
#ifndef REPLD_DAEMON_REPORT_H
#define REPLD_DAEMON_REPORT_H

#include <sys/types.h>
#include "daemon/base/bytes.h"
#include "daemon/status.h"

struct report_task {
	char name[64], source[64], target[64];
	char slot[64];			/* by its configuration */
	const char *mode;
	const char *plugin;		/* the output plugin of a PostgreSQL source; NULL: another kind of source */
	struct status_task status;
	bool stale;			/* the figures are the last good copy */
	pid_t pid;			/* of the worker; 0: none */
	uint32_t restarts;		/* of the worker, by the supervisor */
	struct maybe_u64 log_left;	/* usec until the source drops the log that the task needs, at the present growth */
	uint32_t ntables;
};

/* What is walked over. */
struct report_source {
	void *arg;
	struct wall started;		/* the daemon */
	size_t ntasks;
	void (*task)(void *arg, size_t i, struct report_task *ret);
	bool (*table)(void *arg, const char *task, uint32_t i, struct status_table *ret);	/* false: not there (any more) */
};

struct report_ops;
extern const struct report_ops report_text, report_json, report_metrics;

struct report;
/* only: one task, or NULL for all. tables: with a block of tables each (text; the others always
 * have them). */
struct report *report_new(const struct report_source *src, const struct report_ops *ops, const char *only, bool tables);
void report_free(struct report *r);
/* Appends the next part, some 64 KB; false: there is no more (it may have appended all the same).
 * */
bool report_next(struct report *r, struct buf *out);
/* 1: a task of the report is in error, or has a suspended table. */
int report_code(const struct report *r);

/* ---- for the renderings ---- */

/* The walk visits tasks and, where ops->tables says so, their tables; all of it once for each
 * pass. */
struct report_ops {
	uint32_t passes;
	bool worst_first;	/* tasks by trouble; a task's troubled tables before its others */
	bool (*tables)(const struct report *r);	/* in this pass */
	void (*begin)(struct report *r);
	void (*pass)(struct report *r);		/* optional, as the two below */
	void (*table)(struct report *r, const struct report_task *t, const struct status_table *tab);
	void (*task_end)(struct report *r, const struct report_task *t);
	void (*task)(struct report *r, const struct report_task *t);
	void (*end)(struct report *r);
};

#define REPORT_COLUMNS 8
#define REPORT_ORPHANS 64

struct report_orphan {			/* a slot of no task that the daemon knows */
	const char *endpoint;
	const struct status_slot *slot;
};

struct report {
	const struct report_ops *ops;
	struct report_source src;
	bool want_tables;
	struct wall now;
	size_t ntasks;
	struct report_task *tasks;	/* those that are shown */
	uint32_t states[TASK_ERROR + 1];	/* how many of all tasks */
	uint64_t log_lost;		/* lines of the log that nobody could write */
	uint32_t norphans;
	struct report_orphan orphans[REPORT_ORPHANS];	/* borrowed from tasks */
	struct buf *out;		/* during report_next() */
	uint32_t pass;
	/* the walk */
	enum report_stage { REPORT_BEGIN, REPORT_PASS, REPORT_TASK, REPORT_TABLES, REPORT_DONE } stage;
	size_t task;
	uint32_t table, round;
	/* the renderings' */
	size_t widths[REPORT_COLUMNS], table_widths[REPORT_COLUMNS];
	uint32_t shown;			/* tables of this task */
};

bool table_is_troubled(const struct status_table *tab);

#endif
