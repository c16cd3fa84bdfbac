/* target.h - what a task asks of a target server. One struct target is one connection and belongs to one thread at a time.
 * Apply: begin -> write (any number of times) -> commit (checkpoint last) or rollback.
 * Load: load_begin -> load_row ... -> load_end (ledger row last, COMMIT) or load_abort.
 * Every write that follows from owning the task carries its epoch and is refused with ERR_FENCED where another owner has come.
 * All waits watch the stop flag given at open (ERR_CANCELLED). Errors: ERR_RETRY connection, deadlock, lock; ERR_DATA constraint or value,
 * with SQLSTATE, table and constraint named, never a value; ERR_SCHEMA column or table missing; ERR_LIMIT; ERR_CONFIG privilege. */
#ifndef REPLD_ENDPOINTS_TARGET_H
#define REPLD_ENDPOINTS_TARGET_H

#include "daemon/base/thread.h"
#include "endpoints/endpoint.h"
#include "staging/batch.h"
#include "staging/checkpoint.h"

struct target;

struct target_params {
	const struct endpoint *endpoint;
	const char *task;
	const char *purpose;		/* "apply", "group" (apply of a load group), "guard", "load", "check": part of application_name */
	bool relaxed;			/* durability = "relaxed" */
	bool fire_triggers;		/* apply.fire_triggers: no replica role */
	struct stop *stop;
};

struct owner {				/* who holds a task */
	char host[128];
	int32_t pid;
	struct wall since;
};

enum target_prep { PREP_CREATE, PREP_TRUNCATE, PREP_APPEND, PREP_DROP };	/* full_load.target_tables */
const char *target_prep_name(enum target_prep p);

struct load_ledger {			/* a chunk's row, written last in its transaction */
	const struct table *table;
	uint32_t attempt, chunk;
	uint64_t rows, bytes;
	struct snapshot_pos snapshot;	/* that it was read at */
};

/* Rows that a look at the target shows: a task's remains, for cleanup and check. */
struct target_remains {
	bool installed;			/* the schema repld is there */
	bool checkpoint;
	struct checkpoint cp;
	size_t table_states, exceptions;
	bool owned;			/* somebody holds the lock now */
	struct owner owner;
};

struct task_row {			/* of the table of checkpoints, any task's */
	char task[64];
	uint32_t group;			/* 0: the task's own stream */
	struct source_identity source;	/* kind "": a row that no source stands in yet */
	char position[POSITION_TEXT];
	struct wall updated;
	bool owned;			/* somebody holds the task's lock now */
};

struct task_rows {
	size_t n, cap;
	struct task_row *rows;
};
void task_rows_done(struct task_rows *r);

/* What a foreign key does to a child's rows: those whose columns have these values, none of them NULL, in the target's form. */
struct cascade {
	const struct table *child;	/* described on the target */
	uint16_t ncols;
	const uint16_t *cols;		/* of child->target */
	const struct value *old;
	const struct value *set;	/* their new values; NULL: the rows are deleted */
	uint16_t nwant;
	const uint16_t *want;		/* cascade_find(): columns of child->target */
};

struct prepared_count {			/* of prepared transactions whose rows are kept */
	uint64_t transactions, bytes;
};

struct target_ops {
	const char *kind;
	struct target *(*open)(const struct target_params *p, struct err *err);
	void (*close)(struct target *t);		/* an open transaction is rolled back by the server; asks it to cancel a running statement */
	bool (*identify)(struct target *t, char ret_version[64], struct err *err);

	/* Ownership. own(): the session lock; false with err->kind == ERR_NONE: another holds it (*ret_other, as far as known). */
	bool (*own)(struct target *t, struct owner *ret_other, struct err *err);
	bool (*ping)(struct target *t, struct err *err);
	bool (*install)(struct target *t, struct err *err);	/* makes schema repld and its tables, where missing */
	/* new_owner: ends the former sessions of this task, locks its rows (makes the one of cp->group 0 where missing), raises the epoch in all of them,
	 * names this session in the task's own. Else: the same for the row of cp->group alone, which is made under the epoch in cp->epoch; raises conn.
	 * cp->group: in; the rest: out. ERR_FENCED where the epoch is no longer ours. */
	bool (*learn)(struct target *t, bool new_owner, struct checkpoint *cp, struct err *err);
	/* Plain read, for check, status and cleanup; raises nothing. */
	bool (*look)(struct target *t, struct target_remains *ret, struct err *err);
	/* Rows of load groups, by number; malloc'ed. */
	bool (*load_groups)(struct target *t, struct checkpoint **ret, size_t *ret_n, struct err *err);
	bool (*end_group)(struct target *t, uint64_t epoch, uint32_t group, struct err *err);	/* its row goes, and what it kept; own transaction */
	/* Identity, slot, made flags, position, load_done; own transaction. Where the position leaves the place that it had, what was prepared there goes. */
	bool (*save_source)(struct target *t, const struct checkpoint *cp, struct err *err);
	bool (*save_paused)(struct target *t, uint64_t epoch, bool paused, struct err *err);
	bool (*load_states)(struct target *t, struct table_states *ret, struct err *err);
	bool (*save_states)(struct target *t, uint64_t epoch, const struct table_state *ts, size_t n, struct err *err);	/* upsert; one transaction of their own */
	bool (*forget_state)(struct target *t, uint64_t epoch, const char *source_schema, const char *source_name, struct err *err);
	/* All tasks' rows, by name; none where repld has made nothing here. A plain read. */
	bool (*list_tasks)(struct target *t, struct task_rows *ret, struct err *err);
	/* Gives this task all rows of task `from`, in one transaction under that task's lock; an empty row of this one goes. ERR_RETRY with the
	 * owner named where `from` runs. */
	bool (*rename_task)(struct target *t, const char *from, struct err *err);
	bool (*cleanup)(struct target *t, struct err *err);	/* drops the task's rows; the schema too where it was the last */

	/* Tables. describe(): table->target in the arena; NULL where it is not there. */
	bool (*describe)(struct target *t, struct table *tab, struct arena *arena, struct err *err);
	bool (*has_rows)(struct target *t, const struct table *tab, bool *ret, struct err *err);
	/* Everything that would stop or endanger the task on this side; writes nothing. states: what is loaded already (may be empty). */
	bool (*check)(struct target *t, const struct tableset *set, const struct table_states *states, enum target_prep prep, bool loads,
	    struct findings *f, struct err *err);
	/* What this server would make of a table that is not there: the type of each of the source's columns (name NULL: none is made), and the DDL as
	 * text. In the arena. ERR_SCHEMA: it can't be made. */
	bool (*would_make)(struct target *t, const struct table *tab, struct arena *arena, const struct coltype **ret_types, const char **ret_ddl,
	    struct err *err);
	/* Makes the table ready for its load, in a transaction that also writes its state with what was done in ts->made ("created", "found", "truncated",
	 * "dropped", "appended"): a start cut short leaves no riddle. Where ts->made is set already, a load of ours was cut short, and its rows may be removed. */
	bool (*prepare_table)(struct target *t, struct table *tab, enum target_prep prep, struct table_state *ts, struct err *err);
	/* Goes on with a load by key ranges that was cut short, in one transaction: writes the state, whose attempt is raised, and takes the chunks
	 * of the attempt before it over into this one. A loader of the former attempt commits no more. */
	bool (*resume_table)(struct target *t, const struct table_state *ts, struct err *err);
	/* Secondary indexes and unique constraints of a table that we made (where `indexes`); ANALYZE. May be repeated. */
	bool (*finish_table)(struct target *t, const struct table *tab, bool indexes, struct err *err);

	/* Load. binary: rows come as VALUE_BINARY/VALUE_LABEL throughout. */
	bool (*load_begin)(struct target *t, struct plan *plan, uint64_t epoch, uint32_t attempt, bool binary, struct err *err);
	bool (*load_row)(struct target *t, const struct value *vals, struct err *err);
	bool (*load_end)(struct target *t, const struct load_ledger *l, bool last_of_table_in_append, struct err *err);
	void (*load_abort)(struct target *t);
	/* Ledger rows of this attempt: chunks that are committed. *ret is malloc'ed. */
	bool (*load_done)(struct target *t, const struct table *tab, uint32_t attempt, struct load_ledger **ret, size_t *ret_n, struct err *err);

	/* Apply. */
	bool (*begin)(struct target *t, struct err *err);
	bool (*write)(struct target *t, const struct step *steps, size_t n, enum batch_mode mode, struct err *err);
	/* In the transaction, which this opens where it has to: the rows that a foreign key of the source acts on, and its act. The first reads the
	 * columns `want` of the rows that it will act on (values in the arena, row after row); the second acts. */
	bool (*cascade_find)(struct target *t, const struct cascade *c, struct arena *arena, struct value **ret_vals, size_t *ret_rows, struct err *err);
	bool (*cascade)(struct target *t, const struct cascade *c, uint64_t *ret_rows, struct err *err);
	/* The rows of prepared transactions (staging/prepared.h) that one of the task's streams has read, in parts numbered from 0. put, get and drop act
	 * in the transaction, which they open where they have to; get and drop find what the same transaction has put. xid: prepared_xid_text(). */
	bool (*prepared_put)(struct target *t, uint32_t group, const char *xid, uint32_t part, const void *p, size_t n, struct err *err);
	/* Adds the part to out; *ret_there false: there is none of that number. */
	bool (*prepared_get)(struct target *t, uint32_t group, const char *xid, uint32_t part, struct buf *out, bool *ret_there, struct err *err);
	bool (*prepared_drop)(struct target *t, uint32_t group, const char *xid, struct prepared_count *ret_gone, struct err *err);
	/* A plain read, outside a transaction. */
	bool (*prepared_count)(struct target *t, uint32_t group, struct prepared_count *ret, struct err *err);
	/* In the open transaction: the group's row is marked as handed over, and its session can commit nothing any more. */
	bool (*hand_over)(struct target *t, const struct checkpoint *group, struct err *err);
	/* Writes the checkpoint (cp->epoch, cp->conn must match: else ROLLBACK and ERR_FENCED), then COMMIT. *ret_token as progress_applied() wants it.
	 * states: table phases that change with this commit (n may be 0). ERR_RETRY with *ret_unknown: the outcome is not known. */
	bool (*commit)(struct target *t, const struct checkpoint *cp, const struct table_state *states, size_t n, uint64_t *ret_token,
	    bool *ret_unknown, struct err *err);
	bool (*rollback)(struct target *t, struct err *err);
	bool (*flushed)(struct target *t, uint64_t *ret_token, struct err *err);	/* commits up to this token are durable */
	void (*forget)(struct target *t, struct plan *plan);	/* frees plan->statements */
};

extern const struct target_ops pg_target_ops, my_target_ops;
const struct target_ops *target_ops_for(enum endpoint_kind kind);	/* never NULL */

#endif
