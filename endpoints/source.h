/* source.h - what a task asks of a source server. Each kind of server implements struct source_ops in *_source.c, *_scan.c, *_catalog.c.
 * Four objects, each one connection (a snapshot: one that holds it) and one thread at a time:
 *   source           an ordinary session: catalog, preflight, publication, monitoring; nothing waits for a lock longer than 5 s
 *   source_snapshot  creates a slot (permanent or temporary), holds its exported snapshot, knows its position S as an exact pair with it
 *   source_scan      reads a chunk of a table under a snapshot
 *   source_stream    the log from a resume point: decodes into a sink, keeps the connection alive, confirms
 * All waits watch the stop flag given at open (ERR_CANCELLED) and have deadlines (ERR_RETRY).
 * Errors carry kind, SQLSTATE and remedy; a lost connection is ERR_RETRY, a missing privilege ERR_CONFIG. */
#ifndef REPLD_ENDPOINTS_SOURCE_H
#define REPLD_ENDPOINTS_SOURCE_H

#include <string.h>
#include "cdc/change.h"
#include "daemon/base/thread.h"
#include "endpoints/endpoint.h"
#include "staging/checkpoint.h"
#include "staging/facts.h"
#include "staging/table.h"

struct source;
struct source_snapshot;
struct source_scan;
struct source_stream;

/* What the task's configuration says about its source. */
struct source_params {
	const struct endpoint *endpoint;
	const char *task;
	const char *slot, *publication;		/* postgresql */
	const char *plugin;			/* postgresql: "pgoutput" (NULL too) or "wal2json" */
	uint32_t server_id;			/* mysql */
	uint32_t scans;				/* snapshot_open: how many scans may be open at a time */
	/* snapshot_open: the tables that will be loaded, for a source that can only lock these; the caller's until the snapshot is open. */
	const struct table *const *loads;
	uint32_t nloads;
	bool running;				/* for check(): the task runs elsewhere, and its slot and walsender with it */
	/* The server that the task has accepted; each session then proves that it has reached the same one (ERR_RETRY). NULL: not known yet. */
	const struct source_identity *identity;
	/* stream_open: the last transaction that was applied ends there. Where the log is read again from before it, it must be there. NONE: not known. */
	struct position last_end;
	struct wall last_time;
	struct stop *stop;
};

/* The log comes as text, by the names of tables, without a publication. */
static inline bool
source_is_wal2json(const struct source_params *p)
{
	return p->plugin != NULL && strcmp(p->plugin, "wal2json") == 0;
}

struct source_info {
	struct source_identity identity;	/* kind, id, dbname, timeline */
	int version;				/* PostgreSQL: 150020 */
	char version_text[64];
	bool standby;
	/* A stream that runs while a table is added to its publication may go on without it, in silence (PostgreSQL); one that has looked at a
	 * load group's tables does not tell when they are altered (MySQL): it must be opened again. */
	bool forgets_added_tables;
};

/* The slot (or, elsewhere, the log) as it stands now. */
struct source_log {
	bool exists, active;
	bool ours;			/* plugin and database are what the task needs */
	bool slotless;			/* the source keeps its log by its own rules, for nobody: all of this is of no meaning */
	int active_pid;
	struct position confirmed;	/* confirmed_flush_lsn; NONE where null */
	struct position restart;
	bool lost;			/* wal_status lost, or invalidated: the hole */
	bool failover;			/* kept on standbys too */
	bool standby, is_copy;		/* the server is a standby; the slot is its primary's, and can be used once the server is promoted */
	char state[32];			/* wal_status */
	char detail[160];		/* plugin, database, invalidation reason: for messages */
};

/* Asked once a second for the status. */
struct source_monitor {
	struct position end;		/* the end of the source's log */
	struct wall server_time;
	bool has_retained; uint64_t retained_bytes;	/* of log that the source keeps for us, or has still to give */
	bool has_behind; uint64_t behind_bytes;		/* from what is on the target to the end, where positions alone don't tell it */
	bool has_limit; uint64_t limit_bytes;	/* max_slot_wal_keep_size */
	char state[32];			/* wal_status; "" unknown */
};

struct source_slot {			/* a slot of some task of repld's: its name says so */
	char name[NAME_MAX_BYTES];
	bool active;
	bool has_retained; uint64_t retained_bytes;
};

struct chunk {				/* of one leaf of a table */
	uint32_t number;		/* within the table, from 0 */
	uint32_t leaf;			/* index into table->source->leaves */
	uint64_t first_page, end_page;	/* ctid range; end_page 0: no upper bound */
	const char *column;		/* a range of this column instead; NULL: by ctid */
	const char *low, *high;		/* its first value, the first one behind it, as text; NULL: no bound */
};

/* What prepare() found or made. */
struct source_prepared {
	bool publication_made;		/* by repld, now or earlier */
};

/* What the stream asks of the task; called in stream_step(). */
struct stream_hooks {
	const struct tableset *tables;	/* captured ones */
	/* A relation that is new: which table it is (NULL: none of ours). False: the stream ends with err. */
	bool (*resolve)(void *arg, const struct relation *rel, const void **ret_table, struct err *err);
	/* A statement that changes or removes a captured table stands in the log at this place (sources whose log has such statements). False: the stream
	 * ends with err. */
	bool (*altered)(void *arg, const struct table *t, const struct position *at, const char *what, struct err *err);
	/* Both are asked when the stream opens. The shape (table_shape()) of the table that was applied last; NULL: not known. */
	const char *(*shape)(void *arg, const struct table *t);
	/* All that begins before this place of the log is left out for the table, whatever it is; NONE: nothing is. */
	struct position (*needed_from)(void *arg, const struct table *t);
	void *arg;
};

struct source_ops {
	const char *kind;
	struct source *(*open)(const struct source_params *p, struct err *err);
	void (*close)(struct source *s);			/* NULL is fine */
	bool (*identify)(struct source *s, struct source_info *ret, struct err *err);
	/* The log of `now`, which has the id of `was`, holds all that led to the checkpoint: proven by the server's own history, and its end is
	 * not before the checkpoint. ERR_HOLE: it does not, or there is no proof; ERR_RETRY: it may come. */
	bool (*continues)(struct source *s, const struct source_identity *was, const struct source_identity *now,
	    const struct position *checkpoint, struct err *err);
	/* Fills in the place of a position of which only the GTIDs are known, or are known on another server; of NONE: the end of the log, with its
	 * GTIDs. NULL: such positions do not exist. */
	bool (*locate)(struct source *s, struct position *p, struct err *err);
	/* Ordinary and partitioned tables (leaves and partitions under a root are not listed), sorted by schema, name. */
	bool (*list_tables)(struct source *s, bool (*visit)(void *arg, const char *schema, const char *name), void *arg, struct err *err);
	/* Fills table->source in the arena (leaves, indexes, estimates included). ERR_SCHEMA: it is gone. */
	bool (*describe)(struct source *s, struct table *t, struct arena *arena, struct err *err);
	/* Everything that would stop or endanger the task. needs_slot: a slot will have to be made, or where there are none, a snapshot. Writes nothing. */
	bool (*check)(struct source *s, const struct tableset *set, bool needs_slot, bool streams, struct findings *f, struct err *err);
	/* Makes the publication, or extends the one that repld made, so that it holds exactly the set's tables; one that it did not make is
	 * only checked (ERR_CONFIG names the missing tables). Committed on return. */
	bool (*prepare)(struct source *s, const struct tableset *set, struct source_prepared *ret, struct err *err);
	bool (*log_state)(struct source *s, struct source_log *ret, struct err *err);
	/* applied: the checkpoint; reached: nothing is missing on the target up to there. */
	bool (*monitor)(struct source *s, const struct position *applied, const struct position *reached, struct source_monitor *ret,
	    struct err *err);
	/* The permanent slots of this server, of any database, whose names begin with repld_: those that nobody uses first, then by what they
	 * keep. max of them at most. */
	bool (*list_slots)(struct source *s, struct source_slot *ret, size_t max, size_t *ret_n, struct err *err);
	/* For sync: marks the log where it can, and gives the position that covers all committed before the call. */
	bool (*barrier)(struct source *s, struct position *ret, struct err *err);
	bool (*split)(struct source *s, const struct table *t, uint32_t want, uint64_t min_bytes, struct arena *arena,
	    struct chunk **ret_chunks, uint32_t *ret_n, struct err *err);
	/* Ranges of pages can be read alone: else (PostgreSQL before 14) ranges of a key are the only ones. */
	bool (*splits_by_page)(struct source *s);
	/* Values of the column, rising, that divide the table into at most `want` ranges of about as many rows: the beginnings of all but the first. */
	bool (*sample)(struct source *s, const struct table *t, const char *column, uint32_t want, struct arena *arena,
	    const char ***ret_bounds, size_t *ret_n, struct err *err);
	/* filenodes of the table's leaves as text "oid:filenode,..." now, in the arena. */
	bool (*filenodes)(struct source *s, const struct table *t, struct arena *arena, const char **ret, struct err *err);
	/* What the catalog says of each table of the set now, by its number as the survey found it; strings in the arena. One moment for all. */
	bool (*facts)(struct source *s, const struct tableset *set, struct arena *arena, struct table_facts *ret, struct err *err);
	bool (*leaf_has_rows)(struct source *s, const struct facts_leaf *leaf, enum facts_question q, const char *as_of, bool *ret, struct err *err);
	bool (*drop_slot)(struct source *s, struct err *err);		/* fine where it is gone */
	bool (*drop_publication)(struct source *s, struct err *err);

	/* permanent: the task's own slot (ERR_CONFIG where one of that name is there); else a temporary one. While slot creation waits for
	 * transactions open on the source, on_wait is called about once a second with a text that names them. */
	struct source_snapshot *(*snapshot_open)(const struct source_params *p, bool permanent,
	    void (*on_wait)(void *arg, const char *text), void *arg, struct err *err);
	struct snapshot_pos (*snapshot_pos)(const struct source_snapshot *s);
	bool (*snapshot_alive)(struct source_snapshot *s, struct err *err);	/* still holds it; once a second during a load */
	void (*snapshot_close)(struct source_snapshot *s);	/* ends the snapshot; a temporary slot goes with it */

	/* Rows of a chunk as values in the order of relation_from_desc(). binary: all columns are read in their binary form (the caller has checked
	 * that it may), else all as text. holder: an open transaction that holds ACCESS SHARE on the table is the scan itself. */
	struct source_scan *(*scan_open)(const struct source_params *p, const struct source_snapshot *snap, struct err *err);
	bool (*scan_start)(struct source_scan *s, const struct table *t, const struct chunk *c, bool binary, const char *filenodes, struct err *err);
	/* 1: a row (values valid until the next call), 0: the end (checked with the server), -1: error. ret_bytes: of the row on the wire. */
	int (*scan_next)(struct source_scan *s, struct value *vals, size_t *ret_bytes, struct err *err);
	void (*scan_close)(struct source_scan *s);

	/* binary: ask for binary values (the caller has checked that all captured columns may). Starts at `from`, which must equal what
	 * was confirmed or be ahead of it (checked: a slot ahead of it is ERR_HOLE). */
	struct source_stream *(*stream_open)(const struct source_params *p, const struct position *from, bool binary,
	    struct change_sink sink, const struct stream_hooks *hooks, struct err *err);
	/* Decodes what has arrived; waits at most wait_usec for something. Sends status messages when due. */
	bool (*stream_step)(struct source_stream *s, int64_t wait_usec, struct err *err);
	/* Sends a status message when one is due, reads nothing: called while the sink waits for room. */
	bool (*stream_tick)(struct source_stream *s, struct err *err);
	void (*stream_confirm)(struct source_stream *s, const struct position *p);	/* goes with the next status message; never back */
	void (*stream_ask)(struct source_stream *s);	/* ask the server for its end of log now (a KEEPALIVE change follows) */
	uint64_t (*stream_bytes)(const struct source_stream *s);	/* received */
	void (*stream_close)(struct source_stream *s);	/* sends the last confirmation where it can, within 1 s */
};

extern const struct source_ops pg_source_ops, my_source_ops;
const struct source_ops *source_ops_for(enum endpoint_kind kind);	/* never NULL */

/* All captured columns of the set may travel in binary: else the stream asks for text. */
bool source_stream_binary(const struct tableset *set);

#endif
