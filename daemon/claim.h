/* claim.h - whether what the target remembers is this task's, and whole: a former name, a row that is gone or was edited, a slot that is
 * another task's. Used by a run, before it touches anything, and by `repld check`.
 * All false: ERR_HOLE or ERR_CONFIG, with what is there and what to do.
 * Threads: the caller's. */
#ifndef REPLD_DAEMON_CLAIM_H
#define REPLD_DAEMON_CLAIM_H

#include "daemon/conf.h"
#include "endpoints/target.h"

/* The task takes over the rows of rename_from, where it has none of its own and those are there; else nothing. Before learn(). */
bool claim_former_name(const struct task_conf *conf, const struct target_ops *to, struct target *t, struct err *err) MUST_CHECK;
/* The names that the former task's row has are those of the configuration. */
bool claim_names_fit(const struct task_conf *conf, const struct source_identity *former, struct err *err) MUST_CHECK;
/* Checkpoint row and table states are both there, or neither. states: all of the task's. */
bool claim_rows_whole(const struct task_conf *conf, const struct checkpoint *cp, const struct table_states *states, struct err *err) MUST_CHECK;
/* A task that has no row yet finds no other task's on its slot of this source. */
bool claim_slot_free(const struct task_conf *conf, const struct task_rows *rows, const struct checkpoint *cp,
    const struct source_identity *source, struct err *err) MUST_CHECK;

#endif
