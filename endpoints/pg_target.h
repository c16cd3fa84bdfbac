/* pg_target.h - the parts of the PostgreSQL target, which share one connection. Private to
 * endpoints/pg_*.c.
 *   pg_target.c    open, close, session settings, the table of operations, small helpers
 *   pg_tasks.c     rows of other tasks: list, rename
 *   pg_own.c       lock, schema repld, learn, look           pg_state.c   checkpoint's and tables'
 * rows outside of apply
 *   pg_apply.c     begin, write, rollback                    pg_load.c    chunks of a full load
 *   pg_pipe.c      statements sent ahead of their answers    pg_commit.c  the end of a transaction
 *   pg_prepare.c   tables made ready and finished            pg_preflight.c   check
 *   pg_prepared.c  rows of prepared transactions
 *   pg_statement.[ch], pg_params.c, pg_copy.[ch]   SQL text, parameters, COPY's rows (pure)
 * Invariant: outside of pg_apply.c the connection is not in pipeline mode: whoever runs plain
 * statements calls target_plain() first.
 * Threads: one at a time. Owner: whoever opened the target. */
#ifndef REPLD_ENDPOINTS_PG_TARGET_H
#define REPLD_ENDPOINTS_PG_TARGET_H

#include "endpoints/pg_conn.h"
#include "endpoints/pg_copy.h"
#include "endpoints/pg_statement.h"
#include "endpoints/target.h"

struct map;
struct pg_plan;			/* plan->statements; pg_apply.c */

/* What was sent in the pipeline and is not answered yet, in order. */
struct pg_sent {
	enum pg_sent_kind {
		SENT_PLAIN,	/* nothing to look at but failure */
		SENT_BEGIN,
		SENT_PREPARE,
		SENT_WRITE,
		SENT_FENCE,	/* division by zero: the epoch is no longer ours */
		SENT_COMMIT,
		SENT_TOKEN,
		SENT_SYNC
	} kind;
	struct pg_statement *st;
	const struct plan *plan;
	const char *what;	/* "insert", ... */
	uint32_t rows;		/* given */
	bool counted;		/* as many must be touched */
	bool may_be_gone;	/* or fewer */
	bool in_place;		/* an identity column's value took part in finding the row */
	uint64_t ordinal;	/* of the first row in this write() */
};

struct pg_load {
	struct plan *plan;
	uint64_t epoch;
	uint32_t attempt;
	bool running, binary;
	struct pg_copy copy;
	uint64_t rows;
};

struct target {
	struct pg_conn *c;
	char *task;
	bool applies, loads, relaxed, fire_triggers;
	bool origin_role;	/* replica role was wanted, and is not ours to set */
	uint64_t epoch;		/* as last heard in learn(), save_*() or load_begin(); 0: none */

	/* Apply. */
	bool open;		/* BEGIN is sent */
	bool failed;		/* `failure` is what the transaction died of */
	struct err failure;
	uint64_t txn;		/* number of the transaction, for what a rollback takes away */
	struct pg_sent *sent;	/* a ring of `cap` (a power of two) */
	size_t cap, head, count;
	size_t checks;		/* waiting answers whose row count matters */
	size_t unflushed;	/* bytes given to libpq since it was last empty */
	/* something was sent since the last sync: its answers, and an aborted state, end only with
	 * one */
	bool unsynced;
	uint32_t last_id;	/* of statements and parkings */
	struct pg_plan *plans;
	uint32_t *drop_statements;	/* of forgotten plans */
	size_t ndrop_statements, cap_drop_statements;
	uint32_t *drop_parks;
	size_t ndrop_parks, cap_drop_parks;
	struct pg_params params;
	size_t copy_min;	/* rows from which COPY pays its round trips */
	bool commit_sent;
	/* the server did not run it, or ran it into an error: that it did not commit is known */
	bool commit_refused;
	struct pg_statement state_st, checkpoint_st, hand_over_st;
	uint64_t token;		/* of the last commit */
	struct usec token_time;
	uint64_t nudged;	/* the token for which a flush was forced */

	struct pg_load load;
};

/* pg_target.c */
/* leaves pipeline mode; nothing may be under way */
bool target_plain(struct target *t, struct err *err) MUST_CHECK;
/* BEGIN at READ COMMITTED, durable whatever the session says. */
bool target_begin_plain(struct target *t, struct err *err) MUST_CHECK;
/* always false: for `return`; the first error stays */
bool target_rollback_plain(struct target *t);
/* Always false: ERR_FENCED, or ERR_HOLE where the row itself is gone. Not in a failed transaction. */
bool target_fenced(struct target *t, uint32_t group, struct err *err);
/* Inside a transaction: the epoch is ours, and stays so until COMMIT. */
bool target_fence(struct target *t, uint64_t epoch, struct err *err) MUST_CHECK;
/* A query whose only row's first column is a truth value. */
bool target_ask(struct target *t, bool *ret, struct err *err, const char *sql, int n,
    const char *const *params) MUST_CHECK;
bool target_count(const PGresult *res, uint64_t *ret);	/* rows touched, from the command's tag */
/* What the session is in, by its role's settings or by set_replica_role(). */
bool target_role_now(struct target *t, bool *ret_replica, struct err *err) MUST_CHECK;
/* In origin role: a table with triggers, foreign keys or rules is refused. */
bool target_check_role(struct target *t, const struct plan *plan, struct err *err) MUST_CHECK;
/* struct pg_copy's sink */
bool target_copy_put(void *arg, const void *p, size_t n, struct err *err) MUST_CHECK;
/* Ends a COPY and counts. Where `give_up` is set, the server is told to forget it, and the result
 * is false with err as it was. */
bool target_copy_end(struct target *t, uint64_t rows, const char *give_up, struct err *err)
    MUST_CHECK;
bool target_copy_begin(struct target *t, const char *sql, struct err *err) MUST_CHECK;
struct wall wall_from_text(const char *usec);

#define NUMBER_TEXT 24
const char *number_text(uint64_t v, char out[NUMBER_TEXT]);
const char *seal_text(uint64_t seal, char out[NUMBER_TEXT]);	/* as int8 has it */

/* pg_apply.c */
bool pg_target_begin(struct target *t, struct err *err) MUST_CHECK;
bool pg_target_write(struct target *t, const struct step *steps, size_t n, enum batch_mode mode,
    struct err *err) MUST_CHECK;
bool pg_target_rollback(struct target *t, struct err *err) MUST_CHECK;
void pg_target_forget(struct target *t, struct plan *plan);
void pg_apply_close(struct target *t);
bool pg_apply_open(struct target *t, struct err *err) MUST_CHECK;
void pg_apply_committed(struct target *t);

/* pg_pipe.c */
#define PG_BEGIN_SQL "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
/* Where constraints act: those that may wait do, as the source's may have done. */
#define PG_DEFER_SQL "SET CONSTRAINTS ALL DEFERRED"
/* BEGIN, where it is not sent yet. */
bool pg_pipe_begin(struct target *t, struct err *err) MUST_CHECK;
bool pg_pipe_prepare(struct target *t, const char *name, const char *sql, struct pg_sent sent,
    struct err *err) MUST_CHECK;
bool pg_pipe_exec_text(struct target *t, const char *name, int n, const char *const *params,
    struct pg_sent sent, struct err *err) MUST_CHECK;
bool pg_pipe_plain(struct target *t, const char *sql, struct pg_sent sent, struct err *err)
    MUST_CHECK;
/* After a PQsend*() of so many bytes. */
bool pg_pipe_sent(struct target *t, struct pg_sent s, size_t bytes, struct err *err) MUST_CHECK;
/* Syncs and takes all answers; the first failure is returned. */
bool pg_pipe_drain(struct target *t, struct err *err) MUST_CHECK;
/* Notes what the transaction died of, where nothing is noted yet. */
void pg_pipe_fail(struct target *t, const struct pg_sent *s, struct err *failure);
bool pg_pipe_failed(struct target *t, struct err *err);	/* with that failure */

/* Where triggers or foreign keys act. */
#define PG_IDENTITY_FIXED                                                                          \
	"a column GENERATED ALWAYS AS IDENTITY changed, which an update on the target can't set, " \
	"and a trigger or foreign key would act on a delete and insert in its place"
#define PG_IDENTITY_REMEDY                                                                         \
	"ALTER TABLE ... ALTER COLUMN ... SET GENERATED BY DEFAULT on the target"

/* pg_commit.c */
bool pg_target_commit(struct target *t, const struct checkpoint *cp,
    const struct table_state *states, size_t n,
    uint64_t *ret_token, bool *ret_unknown, struct err *err) MUST_CHECK;
bool pg_target_hand_over(struct target *t, const struct checkpoint *group, struct err *err)
    MUST_CHECK;
bool pg_target_flushed(struct target *t, uint64_t *ret_token, struct err *err) MUST_CHECK;

/* pg_own.c */
bool pg_target_own(struct target *t, struct owner *ret_other, struct err *err) MUST_CHECK;
bool pg_target_ping(struct target *t, struct err *err) MUST_CHECK;
bool pg_target_install(struct target *t, struct err *err) MUST_CHECK;
bool pg_target_load_groups(
    struct target *t, struct checkpoint **ret, size_t *ret_n, struct err *err) MUST_CHECK;
bool pg_target_learn(struct target *t, bool new_owner, struct checkpoint *cp, struct err *err)
    MUST_CHECK;
bool pg_target_look(struct target *t, struct target_remains *ret, struct err *err) MUST_CHECK;
bool pg_installed(struct target *t, bool *ret, struct err *err) MUST_CHECK;
bool pg_install_lock(struct target *t, struct err *err) MUST_CHECK;
#define PG_LOCK_SPACE "repld"
int32_t pg_lock_key(const char *text);	/* half of a session lock's number; PG_LOCK_SPACE is the other */
bool pg_named_owner(struct target *t, const char *task, struct owner *ret, struct err *err)
    MUST_CHECK;
/* Ends the sessions that the task's rows name, and waits until they are gone. */
bool pg_end_former_sessions(struct target *t, const char *task, struct err *err) MUST_CHECK;

/* pg_tasks.c */
bool pg_target_list_tasks(struct target *t, struct task_rows *ret, struct err *err) MUST_CHECK;
bool pg_target_rename_task(struct target *t, const char *from, struct err *err) MUST_CHECK;

/* pg_state.c */
#define TABLE_STATE_PARAMS 19
/* INSERT ... ON CONFLICT of one state; $1 is the task. */
extern const char pg_table_state_sql[];
struct table_state_text {		/* memory behind the parameters */
	char numbers[4][NUMBER_TEXT], snapshot[POSITION_TEXT];
};
void pg_table_state_params(const struct target *t, const struct table_state *ts,
    struct table_state_text *text,
    const char *params[TABLE_STATE_PARAMS]);
bool pg_target_save_source(struct target *t, const struct checkpoint *cp, struct err *err)
    MUST_CHECK;
bool pg_target_save_paused(struct target *t, uint64_t epoch, bool paused, struct err *err)
    MUST_CHECK;
bool pg_target_load_states(struct target *t, struct table_states *ret, struct err *err) MUST_CHECK;
bool pg_target_save_states(struct target *t, uint64_t epoch, const struct table_state *ts, size_t n,
    struct err *err) MUST_CHECK;
bool pg_target_end_group(struct target *t, uint64_t epoch, uint32_t group, struct err *err)
    MUST_CHECK;
bool pg_target_forget_state(struct target *t, uint64_t epoch, const char *source_schema,
    const char *source_name,
    struct err *err) MUST_CHECK;
bool pg_target_cleanup(struct target *t, struct err *err) MUST_CHECK;
/* Upserts the row in the transaction that is open; takes the chunks of earlier attempts away. */
bool pg_write_state(struct target *t, const struct table_state *ts, struct err *err) MUST_CHECK;
/* Locks the row in the transaction that is open, where it is there. */
bool pg_lock_state(struct target *t, const struct table_state *ts, struct err *err) MUST_CHECK;
/* Another task that has the target table; "" in name: none. */
bool pg_other_owner(struct target *t, const char *schema, const char *name, char ret_task[64],
    struct err *err) MUST_CHECK;

/* pg_prepare.c */
bool pg_target_describe(struct target *t, struct table *tab, struct arena *arena, struct err *err)
    MUST_CHECK;
bool pg_target_has_rows(struct target *t, const struct table *tab, bool *ret, struct err *err)
    MUST_CHECK;
bool pg_target_prepare_table(struct target *t, struct table *tab, enum target_prep prep,
    struct table_state *ts, struct err *err) MUST_CHECK;
bool pg_target_finish_table(struct target *t, const struct table *tab, bool indexes,
    struct err *err) MUST_CHECK;

/* pg_prepare.c */
bool pg_target_would_make(struct target *t, const struct table *tab, struct arena *arena,
    const struct coltype **ret_types, const char **ret_ddl, struct err *err) MUST_CHECK;

/* pg_cascade.c */
bool pg_target_cascade_find(struct target *t, const struct cascade *c, struct arena *arena,
    struct value **ret_vals, size_t *ret_rows, struct err *err) MUST_CHECK;
bool pg_target_cascade(struct target *t, const struct cascade *c, uint64_t *ret_rows,
    struct err *err) MUST_CHECK;

/* pg_prepared.c */
bool pg_target_prepared_put(struct target *t, uint32_t group, const char *xid, uint32_t part,
    const void *p, size_t n, struct err *err) MUST_CHECK;
bool pg_target_prepared_get(struct target *t, uint32_t group, const char *xid, uint32_t part,
    struct buf *out, bool *ret_there, struct err *err) MUST_CHECK;
bool pg_target_prepared_drop(struct target *t, uint32_t group, const char *xid,
    struct prepared_count *ret, struct err *err) MUST_CHECK;
bool pg_target_prepared_count(struct target *t, uint32_t group, struct prepared_count *ret,
    struct err *err) MUST_CHECK;
/* In the transaction that is about to give the row its position. */
bool pg_forget_prepared(struct target *t, const struct checkpoint *cp, struct err *err) MUST_CHECK;

/* pg_preflight.c */
bool pg_target_check(struct target *t, const struct tableset *set,
    const struct table_states *states, enum target_prep prep,
    bool loads, struct findings *f, struct err *err) MUST_CHECK;

/* pg_load.c */
bool pg_target_load_begin(struct target *t, struct plan *plan, uint64_t epoch, uint32_t attempt,
    bool binary,
    struct err *err) MUST_CHECK;
bool pg_target_load_row(struct target *t, const struct value *vals, struct err *err) MUST_CHECK;
bool pg_target_load_end(struct target *t, const struct load_ledger *l, bool last_of_table_in_append,
    struct err *err) MUST_CHECK;
void pg_target_load_abort(struct target *t);
bool pg_target_load_done(struct target *t, const struct table *tab, uint32_t attempt,
    struct load_ledger **ret, size_t *ret_n, struct err *err) MUST_CHECK;
bool pg_target_resume_table(struct target *t, const struct table_state *ts, struct err *err)
    MUST_CHECK;

#endif
