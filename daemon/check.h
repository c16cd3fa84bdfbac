/* check.h - a look at both servers of a task as a configuration would have them, for `repld check` and for a reload that is prepared.
 * Flow: target, its memory of the task, source, tables, checks on both sides -> findings. Writes nothing, on sessions of its own.
 * Threads: the caller's. Owner: the caller, of the report and of what it names. */
#ifndef REPLD_DAEMON_CHECK_H
#define REPLD_DAEMON_CHECK_H

#include "daemon/tables.h"

struct check_made {				/* what the target would make of a table; NULL: it is there, or can't be made */
	const struct coltype *types;		/* by the source's columns; name NULL: none */
	const char *ddl;
};

struct check_report {				/* of one task */
	const struct conf *file;
	const struct task_conf *conf;
	bool first_of_source, first_of_target;	/* of the tasks that are checked: it reports what is left there of tasks that are no more */
	bool running;			/* by whoever asks: its slot and its walsender are in use */
	struct findings findings;
	struct buf changes;		/* what the rules mean for tables that are on the target: rule_change_tell() */
	struct tableset *tables;	/* NULL: the source could not be asked */
	struct check_made *made;	/* by table index; NULL: the target could not be asked */
	struct table_states states;	/* of tables that are where the rules want them */
	size_t nstates;			/* with those that are not, behind them */
	struct target_remains remains;
	struct task_rows rows;		/* on the target, of all tasks */
	struct source_log log;
	bool reached_source, reached_target;
	bool by_page;			/* the source can read ranges of pages */
	char source_version[64], target_version[64];
};

/* conf, running and, where it reports what is left, file are set, the rest zero. */
void check_look(struct check_report *r, struct stop *stop);
void check_done(struct check_report *r);

#endif
