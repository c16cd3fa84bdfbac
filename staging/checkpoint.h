/* checkpoint.h - what a task must remember, as a value; it lives in the target.
 * Threads: plain values. */
#ifndef REPLD_STAGING_CHECKPOINT_H
#define REPLD_STAGING_CHECKPOINT_H

#include "cdc/position.h"
#include "daemon/base/clock.h"

#define NAME_MAX_BYTES 64		/* a server's identifier with its NUL (PostgreSQL 63, MySQL 64 characters are handled as text) */

/* Who the source is: a checkpoint of one source never continues on another. */
struct source_identity {
	char kind[16];			/* "postgresql" */
	char id[64];			/* PostgreSQL: system_identifier; MySQL: server_uuid */
	char dbname[NAME_MAX_BYTES];
	uint32_t timeline;		/* PostgreSQL */
	char slot[NAME_MAX_BYTES], publication[NAME_MAX_BYTES];
};

/* Totals since the task began; columns of the checkpoint row, so that they stay true after a crash.
 * read = applied + filtered + excepted. */
struct totals {
	uint64_t transactions, read, applied, filtered, excepted, inserts, updates, deletes, truncates;
};

void totals_add(struct totals *t, const struct totals *more);

/* A task has one row; a load group that is still beside the task's own stream has one more. */
struct checkpoint {
	bool exists;			/* a row was there */
	uint32_t group;			/* 0: the task's own stream */
	bool handed;			/* a group whose tables the task's own stream has taken over: its slot goes, then the row */
	struct source_identity source;
	bool slot_made, publication_made;	/* by repld */
	struct position position;	/* NONE: not streamed yet */
	struct wall commit_time;	/* of the last source transaction applied, ... */
	struct position commit_end;	/* ... and where it ends; NONE: not known */
	uint64_t epoch;			/* raised by each new owner */
	uint64_t conn;			/* raised by each apply connection of an owner */
	bool paused;
	bool load_done;			/* the full load (of the group) is complete */
	struct totals totals;
	char edited[256];		/* the row is not as repld wrote it: what it says now; "": it is */
};

/* Stands in the row beside what it covers: task, source, slot, position. Never 0, which is a row that nobody has written yet. It tells a slip of
 * the hand or a row mixed of two, not a forger. */
uint64_t checkpoint_seal(const char *task, const struct checkpoint *cp);
/* Holds a row as it was read against its seal; sets cp->edited where they differ. position: as the row has it, which may be no position at all;
 * gtids: NULL where the row has none. */
void checkpoint_verify(const char *task, struct checkpoint *cp, const char *position, const char *gtids, uint64_t seal);
/* ERR_HOLE, with what is there and what to do; true: the row is as repld wrote it. */
bool checkpoint_intact(const char *task, const struct checkpoint *cp, struct err *err) MUST_CHECK;

/* A row of table_state. */
enum table_phase { TABLE_QUEUED, TABLE_LOADING, TABLE_LOADED, TABLE_CATCH_UP, TABLE_STREAMING, TABLE_SUSPENDED, TABLE_SUSPECT, TABLE_ERROR };
const char *table_phase_name(enum table_phase p);	/* the words of status and table_state */
bool table_phase_parse(const char *text, enum table_phase *ret);

struct table_state {
	char *source_schema, *source_name, *target_schema, *target_name;
	enum table_phase phase;
	uint32_t load_group;		/* whose stream writes it; 0: the task's own */
	struct snapshot_pos snapshot;	/* NONE: not loaded by us (mode cdc: from the stream's start) */
	uint32_t attempt;		/* raised by each load of the table: fences loaders */
	uint64_t rows_loaded, bytes_loaded;
	char *shape;			/* table_shape() of the source as last applied; NULL */
	char *filenodes;		/* "oid:filenode,..." of the leaves when the snapshot was taken; NULL */
	char *ranges;			/* ranges_text() of a load by key ranges, until they have all come to one state; NULL: by ctid */
	char *facts;			/* facts_write() of the source at the last look; NULL: none yet */
	char *made;			/* what repld did to the target table: "created", "truncated", "dropped", "appended"; NULL */
	char *error;			/* SUSPENDED, SUSPECT, ERROR: why */
	char *fingerprint;		/* what the rows on the target depend on, by the rules: tables_fingerprint(); NULL: not noted */
};

struct table_states {
	size_t n, cap;
	struct table_state *rows;	/* strings are malloc'ed and owned */
};

void table_states_done(struct table_states *ts);
void table_states_cut(struct table_states *ts, size_t n);	/* only the first n stay */
struct table_state *table_states_find(const struct table_states *ts, const char *source_schema, const char *source_name);
struct table_state *table_states_add(struct table_states *ts, struct err *err) MUST_CHECK;	/* zeroed, valid until the next add */

#endif
