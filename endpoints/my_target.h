/* my_target.h - the parts of the MySQL and MariaDB target, which share one connection. Private to
 * endpoints/my_*.c.
 *   my_target.c    open, close, the table of operations, small helpers
 *   my_own.c       locks, database repld, learn, look        my_state.c   checkpoint's and tables'
 *   my_tasks.c     rows of other tasks: list, rename         rows outside of apply
 *   my_apply.c     begin, write, rollback                    my_park.c    rows that change places
 *   my_commit.c    the end of a transaction                  my_load.c    chunks of a full load
 *   my_prepare.c   tables made ready and finished            my_preflight.c   check
 *   my_prepared.c  rows of prepared transactions
 *   my_statement.[ch], my_condition.c   SQL text of rows (pure)
 *   my_catalog.[ch]  descriptions of tables
 * Each statement is answered before the next is sent. Nothing that commits by itself (DDL) runs
 * while a transaction is open: temporary tables neither, which GTIDs forbid there on older servers.
 * Threads: one at a time. Owner: whoever opened the target. */
#ifndef REPLD_ENDPOINTS_MY_TARGET_H
#define REPLD_ENDPOINTS_MY_TARGET_H

#include "endpoints/my_conn.h"
#include "endpoints/target.h"

struct my_load {
	struct plan *plan;
	uint64_t epoch;
	uint32_t attempt;
	bool running, infile;		/* infile: by LOAD DATA LOCAL */
	uint64_t rows;			/* given */
	struct buf values;		/* rows that wait: each value as kind, length, bytes */
	size_t waiting;			/* how many */
	struct buf text;		/* the same as the server takes them */
};

struct my_park;				/* my_park.c */

struct target {
	struct my_conn *c;
	char *task;
	uint64_t serial;		/* of no other target of this process: plans' caches go by it */
	bool applies, loads, relaxed, fire_triggers;
	bool many_locks;		/* a session can hold several named locks (not MySQL 5.6) */
	uint64_t epoch;			/* as last heard in learn(), save_*() or load_begin(); 0: none */

	/* Apply. */
	bool open;			/* a transaction is */
	bool failed;			/* `failure` is what it died of */
	struct err failure;
	uint64_t token;			/* commits so far */
	struct buf sql;
	struct my_park *park;

	struct my_load load;
};

/* my_target.c */
bool my_begin(struct target *t, struct err *err) MUST_CHECK;	/* START TRANSACTION, where none is open */
bool my_commit(struct target *t, struct err *err) MUST_CHECK;
/* Always false: for `return`; the first error stays. */
bool my_rollback(struct target *t);
/* Always false: ERR_FENCED, or ERR_HOLE where the row itself is gone. */
bool my_fenced(struct target *t, uint32_t group, struct err *err);
/* Inside a transaction: the epoch is ours, and stays so until COMMIT. */
bool my_fence(struct target *t, uint64_t epoch, struct err *err) MUST_CHECK;
/* One statement of the transaction that is open; *ret_rows may be NULL. */
bool my_do(struct target *t, uint64_t *ret_rows, struct err *err, const char *sql, int n,
    const char *const *params) MUST_CHECK;
/* Triggers of the table: a table that has some is refused where they may not fire. */
bool my_check_triggers(struct target *t, const struct plan *plan, struct err *err) MUST_CHECK;
struct wall my_wall(const struct my_rows *r, unsigned col);	/* a number of microseconds */

#define MY_NUMBER 24
const char *my_u64(uint64_t v, char out[MY_NUMBER]);
const char *my_i64(int64_t v, char out[MY_NUMBER]);
const char *my_flag(bool v);		/* "1", "0" */
/* Microseconds since 1970 of a datetime, and back: for SQL texts. */
#define MY_USEC_OF(column) "TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', " column ")"
#define MY_TIME_OF(param)                                                                          \
	"IF(" param " = 0, NULL, TIMESTAMP('1970-01-01 00:00:00') + INTERVAL " param " MICROSECOND)"

/* my_table_ddl.c, my_prepare.c */
bool my_target_would_make(struct target *t, const struct table *tab, struct arena *arena, const struct coltype **ret_types,
    const char **ret_ddl, struct err *err) MUST_CHECK;

/* my_cascade.c */
bool my_target_cascade_find(struct target *t, const struct cascade *c, struct arena *arena, struct value **ret_vals,
    size_t *ret_rows, struct err *err) MUST_CHECK;
bool my_target_cascade(struct target *t, const struct cascade *c, uint64_t *ret_rows, struct err *err) MUST_CHECK;

/* my_apply.c */
bool my_target_begin(struct target *t, struct err *err) MUST_CHECK;
bool my_target_write(struct target *t, const struct step *steps, size_t n, enum batch_mode mode,
    struct err *err) MUST_CHECK;
bool my_target_rollback(struct target *t, struct err *err) MUST_CHECK;
void my_target_forget(struct target *t, struct plan *plan);
/* A statement of rows of one plan; its warnings are an error, and `rows` must be touched. */
struct my_expect {
	const struct plan *plan;
	const char *what;		/* "insert", ... */
	size_t rows;
	bool counted;			/* as many must be touched */
	uint64_t ordinal;		/* of the first of them in this write() */
};
bool my_write_sql(struct target *t, const struct buf *sql, const struct my_expect *x, struct err *err) MUST_CHECK;
bool my_rows_failed(const struct my_expect *x, struct err *err);	/* always false: says where */
size_t my_part_bytes(const struct target *t);	/* of one statement */

/* my_park.c */
bool my_park_rows(struct target *t, const struct step *step, uint64_t ordinal, struct err *err) MUST_CHECK;
bool my_unpark_rows(struct target *t, const struct step *step, uint64_t ordinal, struct err *err) MUST_CHECK;
void my_park_reset(struct target *t);
void my_park_free(struct my_park *p);

/* my_commit.c */
bool my_target_commit(struct target *t, const struct checkpoint *cp, const struct table_state *states,
    size_t n, uint64_t *ret_token, bool *ret_unknown, struct err *err) MUST_CHECK;
bool my_target_hand_over(struct target *t, const struct checkpoint *group, struct err *err) MUST_CHECK;
bool my_target_flushed(struct target *t, uint64_t *ret_token, struct err *err) MUST_CHECK;

/* my_own.c */
bool my_target_own(struct target *t, struct owner *ret_other, struct err *err) MUST_CHECK;
bool my_target_ping(struct target *t, struct err *err) MUST_CHECK;
bool my_target_install(struct target *t, struct err *err) MUST_CHECK;
bool my_target_load_groups(struct target *t, struct checkpoint **ret, size_t *ret_n, struct err *err) MUST_CHECK;
bool my_target_learn(struct target *t, bool new_owner, struct checkpoint *cp, struct err *err) MUST_CHECK;
bool my_target_look(struct target *t, struct target_remains *ret, struct err *err) MUST_CHECK;
bool my_installed(struct target *t, bool *ret, struct err *err) MUST_CHECK;
/* Two tasks that begin, or one that begins while another cleans up: one after the other. */
bool my_install_lock(struct target *t, struct err *err) MUST_CHECK;
void my_install_unlock(struct target *t);
bool my_named_owner(struct target *t, const char *task, struct owner *ret, struct err *err) MUST_CHECK;
bool my_who_holds(struct target *t, const char *task, struct owner *ret, bool *ret_held, struct err *err) MUST_CHECK;
/* Ends the sessions that apply for the task, and waits until they are gone. */
bool my_end_former_sessions(struct target *t, const char *task, struct err *err) MUST_CHECK;
/* Named locks of the server: repld:TASK is the owner's, repld:TASK:gN that of the session which applies for a group. */
#define MY_LOCK_NAME 80
const char *my_owner_lock(const char *task, char out[MY_LOCK_NAME]);
bool my_lock(struct target *t, const char *name, bool *ret_got, struct err *err) MUST_CHECK;	/* without waiting */
bool my_unlock(struct target *t, const char *name, struct err *err) MUST_CHECK;

/* my_tasks.c */
bool my_target_list_tasks(struct target *t, struct task_rows *ret, struct err *err) MUST_CHECK;
bool my_target_rename_task(struct target *t, const char *from, struct err *err) MUST_CHECK;

/* my_state.c */
bool my_target_save_source(struct target *t, const struct checkpoint *cp, struct err *err) MUST_CHECK;
bool my_target_save_paused(struct target *t, uint64_t epoch, bool paused, struct err *err) MUST_CHECK;
bool my_target_load_states(struct target *t, struct table_states *ret, struct err *err) MUST_CHECK;
bool my_target_save_states(struct target *t, uint64_t epoch, const struct table_state *ts, size_t n,
    struct err *err) MUST_CHECK;
bool my_target_end_group(struct target *t, uint64_t epoch, uint32_t group, struct err *err) MUST_CHECK;
bool my_target_forget_state(struct target *t, uint64_t epoch, const char *source_schema,
    const char *source_name, struct err *err) MUST_CHECK;
bool my_target_cleanup(struct target *t, struct err *err) MUST_CHECK;
/* Writes the row in the transaction that is open. */
bool my_put_state(struct target *t, const struct table_state *ts, struct err *err) MUST_CHECK;
/* The same, and takes the chunks of earlier attempts away. */
bool my_write_state(struct target *t, const struct table_state *ts, struct err *err) MUST_CHECK;
/* Locks the row in the transaction that is open, where it is there. */
bool my_lock_state(struct target *t, const struct table_state *ts, struct err *err) MUST_CHECK;
/* Another task that has the target table; "" in name: none. */
bool my_other_owner(struct target *t, const char *schema, const char *name, char ret_task[64],
    struct err *err) MUST_CHECK;

/* my_prepare.c */
bool my_target_describe(struct target *t, struct table *tab, struct arena *arena, struct err *err) MUST_CHECK;
bool my_target_has_rows(struct target *t, const struct table *tab, bool *ret, struct err *err) MUST_CHECK;
bool my_target_prepare_table(struct target *t, struct table *tab, enum target_prep prep,
    struct table_state *ts, struct err *err) MUST_CHECK;
bool my_target_finish_table(struct target *t, const struct table *tab, bool indexes, struct err *err) MUST_CHECK;

/* my_prepared.c */
bool my_target_prepared_put(struct target *t, uint32_t group, const char *xid, uint32_t part,
    const void *p, size_t n, struct err *err) MUST_CHECK;
bool my_target_prepared_get(struct target *t, uint32_t group, const char *xid, uint32_t part,
    struct buf *out, bool *ret_there, struct err *err) MUST_CHECK;
bool my_target_prepared_drop(struct target *t, uint32_t group, const char *xid,
    struct prepared_count *ret, struct err *err) MUST_CHECK;
bool my_target_prepared_count(struct target *t, uint32_t group, struct prepared_count *ret,
    struct err *err) MUST_CHECK;
/* In the transaction that is about to give the row its position. */
bool my_forget_prepared(struct target *t, const struct checkpoint *cp, struct err *err) MUST_CHECK;
bool my_has_prepared(struct target *t, bool *ret, struct err *err) MUST_CHECK;

/* my_preflight.c */
bool my_target_check(struct target *t, const struct tableset *set, const struct table_states *states,
    enum target_prep prep, bool loads, struct findings *f, struct err *err) MUST_CHECK;

/* my_load.c */
bool my_target_load_begin(struct target *t, struct plan *plan, uint64_t epoch, uint32_t attempt,
    bool binary, struct err *err) MUST_CHECK;
bool my_target_load_row(struct target *t, const struct value *vals, struct err *err) MUST_CHECK;
bool my_target_load_end(struct target *t, const struct load_ledger *l, bool last_of_table_in_append,
    struct err *err) MUST_CHECK;
void my_target_load_abort(struct target *t);
bool my_target_load_done(struct target *t, const struct table *tab, uint32_t attempt,
    struct load_ledger **ret, size_t *ret_n, struct err *err) MUST_CHECK;
bool my_target_resume_table(struct target *t, const struct table_state *ts, struct err *err) MUST_CHECK;

#endif
