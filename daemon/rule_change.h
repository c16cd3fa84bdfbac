/* rule_change.h - what a change of the rules means for tables that are on the target already: which are taken in, which leave, which have to be
 * loaded again, and whether that was agreed to.
 * Flow: the set of tables that the rules take now is held against the rows of table_state, at a run's start and when a reload is prepared.
 * Invariant: rows made by other rules are never taken for rows of these: a fingerprint in table_state says what they depend on.
 * Pure. Threads: any. */
#ifndef REPLD_DAEMON_RULE_CHANGE_H
#define REPLD_DAEMON_RULE_CHANGE_H

#include "daemon/conf.h"
#include "endpoints/endpoint.h"
#include "staging/checkpoint.h"
#include "staging/table.h"

/* What a table's rows on the target depend on beside its place there and its shape, as the rules say. */
const char *rule_fingerprint(const struct table *t);
bool rule_fingerprint_differs(const struct table *t, const struct table_state *ts);	/* nothing noted: no */
bool rule_fingerprint_note(const struct table *t, struct table_state *ts, struct err *err) MUST_CHECK;

/* A blocker for each table that would have to be loaded again, unless its rules say on_change = "reload", or it is loaded again anyhow: resync
 * (see resync.h; NULL: none), or not loaded yet. */
void rule_change_check(const struct task_conf *conf, const struct tableset *set, const struct table_states *states, const char *resync,
    struct findings *f);

/* What becomes of tables with the next run, a line each: added, loaded again, no longer written. */
void rule_change_tell(const struct task_conf *conf, const struct tableset *set, const struct table_states *states, bool load_done, struct buf *out);

#endif
