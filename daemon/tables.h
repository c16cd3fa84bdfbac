/* tables.h - what is known of a task's tables before anything runs: which ones the rules take, what both catalogs say of them, whether
 * their shape is still the one that was applied last. Used by a run and by `repld check`.
 * Threads: the caller's. */
#ifndef REPLD_DAEMON_TABLES_H
#define REPLD_DAEMON_TABLES_H

#include "daemon/conf.h"
#include "endpoints/source.h"
#include "endpoints/target.h"

/* Asks the source for its tables and keeps those that the rules take, described on both sides (t NULL: on the source only).
 * A rule that matches nothing and a rule set that takes nothing are findings. NULL: the servers could not be asked. */
struct tableset *tables_survey(const struct task_conf *conf, const struct source_ops *so, struct source *s,
    const struct target_ops *to, struct target *t, struct findings *f, struct err *err) MUST_CHECK;

/* Holds the shapes against those last applied; states get the new shape where the target has taken the change. Findings: ERR_SCHEMA blockers
 * that name the difference and the ALTER. */
bool tables_compare_shapes(const struct tableset *set, struct table_states *states, struct findings *f, struct err *err) MUST_CHECK;

/* The relation of the log has the columns and types that the source's catalog shows now. */
bool tables_relation_is_current(const struct relation *rel, const struct table *t);
/* The columns of a shape text (table_shape()) by name, in order; of the types that it says, where that can be told. */
bool tables_relation_is_shape(const struct relation *rel, const struct table *t, const char *shape);
/* All of its columns that the catalog shows have the catalog's types: values in binary form fit plans made from it. */
bool tables_relation_has_types(const struct relation *rel, const struct table *t);
/* ERR_SCHEMA for a relation that differs from what was applied: what was added, dropped, changed. Always false. */
bool tables_relation_differs(const struct relation *rel, const struct table *t, struct err *err);

/* A TRUNCATE of the log in terms of captured tables: several leaves of one root are one item; whole: all its leaves are named. */
struct tables_truncate {
	uint32_t n;
	struct tables_truncate_item {
		const struct relation *rel;	/* one of the table's */
		const struct plan *plan;	/* the caller fills it; NULL: left out */
		bool whole;
		char *where;			/* not whole: the leaves' rows as SQL; malloc'ed */
		const struct leaf_desc *untold;	/* a leaf whose rows no SQL tells on the target; NULL: none */
	} *items;
};
bool tables_truncate_plan(const struct change *c, const struct tableset *set, struct tables_truncate *ret, struct err *err) MUST_CHECK;
/* ERR_SCHEMA for an item with a leaf like that. Always false. */
bool tables_truncate_untold(const struct tables_truncate_item *item, struct err *err);
bool tables_truncate_add(struct batch *b, const struct tables_truncate *tt, bool restart_identity, struct err *err) MUST_CHECK;
void tables_truncate_done(struct tables_truncate *tt);

#endif
