/* ranged.h - tables that are loaded by ranges of their key: which ones they are, how a load that was cut short goes on, and how ranges that were
 * read at several snapshots come to one state.
 * Flow: load.c: ranged_way() -> ranged_begin(), or ranged_resume() where table_state holds ranges -> ranged_chunks(). apply_ranges.c: ranged_open() ->
 * staging/ranges for each change -> ranged_finish() once the stream has passed the highest snapshot; ranged_again() where that can't be exact.
 * Invariants: ranges are kept over a restart only while the table is `loading`, and only where the stream begins at or before each of their
 * snapshots; a table with ranges of several snapshots has no secondary index of ours before they have met.
 * Threads: the caller's: run for a load, apply for the rest. */
#ifndef REPLD_DAEMON_RANGED_H
#define REPLD_DAEMON_RANGED_H

#include "daemon/conf.h"
#include "endpoints/source.h"
#include "endpoints/target.h"
#include "staging/ranges.h"

struct ranged_way {
	int column;			/* of table->source, by whose ranges the table is loaded; -1: by ctid */
	bool resumes, by_page;
	const char *why;		/* a clause; NULL: as asked for */
};

/* by_page: the source reads ranges of pages alone. */
void ranged_way(const struct task_conf *conf, bool by_page, const struct table_desc *d, struct ranged_way *ret);
/* "by key (resumes)", "by ctid (fast, restarts)", and why. */
#define RANGED_WAY_TEXT 256
const char *ranged_way_text(const struct ranged_way *w, char out[RANGED_WAY_TEXT]);

/* Divides a table for a load that begins, and notes it in ts. *ret NULL: it goes by ctid after all. */
bool ranged_begin(const struct source_ops *so, struct source *s, const struct table *t, const struct ranged_way *w, uint32_t parallel,
    struct arena *arena, struct table_state *ts, struct ranges **ret, struct err *err) MUST_CHECK;
/* What must have been the same for the ranges at all of their snapshots: before a load. text: the leaves' files now. */
void ranged_check_files(struct table_state *ts, const char *text);

struct ranged_resume {
	const struct target_ops *to;
	struct target *admin;
	uint64_t epoch;
	const struct position *start;	/* from which the table's stream goes on; NULL: there is none */
	struct snapshot_pos now;	/* that the missing ranges will be read at */
	struct arena *arena;
};
/* Goes on with the load whose ranges stand in ts; *ret_ledger sums up what is there. *ret NULL: it can't, and ts has no ranges any more. */
bool ranged_resume(const struct ranged_resume *c, const struct table *t, const struct ranged_way *w, struct table_state *ts,
    struct load_ledger *ret_ledger, struct ranges **ret, struct err *err) MUST_CHECK;
/* Chunks of the ranges that are not read yet, which get the snapshot. */
bool ranged_chunks(struct ranges *r, const struct snapshot_pos *now, struct arena *arena, struct chunk **ret, uint32_t *ret_n,
    struct err *err) MUST_CHECK;
/* A row of one snapshot met a row of another one. */
bool ranged_collided(const struct ranges *r, const struct err *err);

/* Ranges of the load group's tables in catch_up that were read at several snapshots, by table index; NULL elsewhere. */
bool ranged_open(const struct target_ops *to, struct target *t, const struct tableset *tables, const struct table_states *states,
    uint32_t group, struct ranges ***ret, struct err *err) MUST_CHECK;
void ranged_close(struct ranges **by_table, const struct tableset *tables);
/* The stream has passed all snapshots: makes the table's indexes, writes that it streams, and describes it anew. */
bool ranged_finish(const struct target_ops *to, struct target *t, uint64_t epoch, struct arena *arena, struct table *table, struct table_state *ts,
    struct err *err) MUST_CHECK;
/* ERR_RETRY: the table can't be brought to one state exactly. Always false. */
bool ranged_refuse(const struct table *t, const char *why, struct err *err);
/* The stream has ended with err, nothing of it is open on the target: queues the table that is to be loaded `again` (NULL: none), or the one
 * whose ranges collided, and tells in err. */
void ranged_failed(const struct target_ops *to, struct target *t, uint64_t epoch, const struct tableset *tables, struct table_state **states,
    struct ranges **ranges, struct table_state *again, struct err *err);
/* Queues the table: it is loaded again as a whole. */
bool ranged_again(const struct target_ops *to, struct target *t, uint64_t epoch, struct table_state *ts, struct err *err) MUST_CHECK;
void ranged_forget(struct table_state *ts);

#endif
