/* err.h - the one error value that travels up the layers.
 * Flow: the place that fails calls err_set(); callers prepend where they were with err_ctx(); the task logs it, once.
 * Invariant: a function that returns false or NULL for an error has set *err; one that succeeds leaves it alone.
 * Threads: plain value, no allocation. Owner: the caller. */
#ifndef REPLD_BASE_ERR_H
#define REPLD_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define MUST_CHECK	__attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* The kind decides the policy (task.c): what comes back by itself, what needs a person. */
#define ERR_KINDS(X)                                                                               \
	X(NONE, "none")                                                                            \
	X(RETRY, "retry")	/* connection, deadlock, lock timeout: comes back by itself */    \
	X(DATA, "data")		/* a row or value that the target refuses */                      \
	X(CONFIG, "config")	/* needs the user: configuration, privilege, server setting */    \
	X(SCHEMA, "schema")	/* a table's shape differs or changed */                          \
	X(PROTOCOL, "protocol") /* bytes that we do not understand */                             \
	X(LIMIT, "limit")	/* a stated size limit is passed */                               \
	X(HOLE, "hole")		/* the source's log no longer continues the checkpoint */         \
	X(FENCED, "fenced")	/* another owner took over */                                     \
	X(SYSTEM, "system")	/* memory, files, threads */                                      \
	X(CANCELLED, "cancelled") /* the stop flag was seen: nothing to report */

enum err_kind {
#define X(name, text) ERR_##name,
	ERR_KINDS(X)
#undef X
};

struct err {
	enum err_kind kind;
	char sqlstate[6];	/* "" where the server gave none */
	char msg[1024];		/* one line, no newline, no row values */
	char remedy[512];	/* what to do about it; "" where the message says it all */
	char position[128];	/* place in the source's log; "" where unknown */
	char table[160];	/* schema.table the error speaks of; "" */
	bool password;		/* it was refused, or could not be read: may be about to change */
	bool once;			/* of ERR_RETRY: the same again at the same place is an error (ERR_PROTOCOL) */
};

#define ERR_INIT { .kind = ERR_NONE }

/* Sets kind and message, clears the rest. Always false, so that callers can `return err_set(...)`. */
bool err_set(struct err *err, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The same with strerror(errnum) appended; kind ERR_SYSTEM. */
bool err_errno(struct err *err, int errnum, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Prepends "where: " to the message. Always false. */
bool err_ctx(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Sets what to do about it, keeps the rest. Always false. */
bool err_remedy(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
bool err_position(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
bool err_table(struct err *err, const char *schema, const char *table);
void err_clear(struct err *err);
const char *err_kind_name(enum err_kind kind);

#endif
