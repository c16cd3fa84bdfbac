/* pg_conn.h - a libpq connection whose every wait watches a stop flag and a deadline, and whose session is pinned.
 * Pinned at start, by the startup packet's options: UTC, UTF8, ISO dates, postgres intervals, extra_float_digits 3, bytea hex, xmlbinary/xmloption left,
 * search_path pg_catalog, row_security off, statement/lock/idle timeouts 0 (a source session: lock_timeout 5 s), synchronous_commit on,
 * standard_conforming_strings on, session_replication_role untouched here.
 * TLS: sslmode and sslrootcert from the endpoint alone; gssencmode disable. Environment, service files and .pgpass are not read.
 * Threads: one at a time. Owner: whoever opened it. Only endpoints/pg_*.c include this header. */
#ifndef REPLD_ENDPOINTS_PG_CONN_H
#define REPLD_ENDPOINTS_PG_CONN_H

#include <libpq-fe.h>
#include "daemon/base/thread.h"
#include "endpoints/endpoint.h"

struct pg_conn {
	PGconn *pg;
	struct stop *stop;
	const char *endpoint;		/* for messages */
	const struct endpoint *ep;	/* outlives the connection */
	int64_t deadline_usec;		/* of one statement; 0: none. The default is none */
	bool looks;			/* a target's: a wait without a deadline asks how the session does */
	/* The session's number in the server's own words, 0: not known; and which server that is, by its start. (Of a source's plain sessions nobody asks.) */
	int pid;
	char started[40];
	bool busy;			/* a statement may be running: close() cancels it */
	bool pipeline;
};

enum pg_conn_kind { PG_CONN_SOURCE, PG_CONN_REPLICATION, PG_CONN_TARGET };

/* application_name is "repld TASK PURPOSE". Connect deadline 10 s per address, 30 s in all. */
struct pg_conn *pg_conn_open(const struct endpoint *ep, enum pg_conn_kind kind, const char *task, const char *purpose,
    struct stop *stop, struct err *err) MUST_CHECK;
void pg_conn_close(struct pg_conn *c);		/* NULL is fine; cancels a running statement (deadline 1 s) */
int pg_conn_version(const struct pg_conn *c);

/* Runs SQL (several statements are fine), wants no rows. */
bool pg_exec(struct pg_conn *c, struct err *err, const char *sql) MUST_CHECK;
bool pg_execf(struct pg_conn *c, struct err *err, const char *fmt, ...) PRINTF_LIKE(3, 4) MUST_CHECK;
/* One statement with text parameters; the result is checked to be rows (or a command); the caller clears it. NULL: error. */
PGresult *pg_query(struct pg_conn *c, struct err *err, const char *sql, int nparams, const char *const *params) MUST_CHECK;
/* The next result of what was sent, waiting under stop and deadline. NULL with err->kind == ERR_NONE: no more. */
PGresult *pg_next_result(struct pg_conn *c, struct err *err) MUST_CHECK;
/* Waits until the socket is readable (and, where want_write, flushes meanwhile). False: stop, deadline, lost. */
bool pg_wait(struct pg_conn *c, bool want_write, int64_t wait_usec, bool *ret_ready, struct err *err) MUST_CHECK;
bool pg_flush(struct pg_conn *c, struct err *err) MUST_CHECK;	/* until all is sent; reads meanwhile */

/* What the server says of this session, asked over another connection. */
enum pg_doing { PG_UNKNOWN, PG_WORKS, PG_WAITS, PG_GONE };	/* it can't be asked; PG_WAITS: for us to read, or to say something */
enum pg_doing pg_doing(const struct pg_conn *c);
/* A long wait asks the server about this session. *waits: at how many looks in a row it waited for us, 0 at first. False: no answer will come. */
bool pg_look(struct pg_conn *c, struct usec since, unsigned *waits, struct err *err) MUST_CHECK;

/* SQLSTATE and connection status -> kind, message without values, remedy. */
bool pg_err_result(struct pg_conn *c, const PGresult *res, struct err *err);	/* always false */
bool pg_err_conn(struct pg_conn *c, const char *doing, struct err *err);	/* always false; a lost connection */
enum err_kind pg_err_kind(const char *sqlstate);
/* A connection that did not come about; always false. silent: an address gave no answer. Wants PQERRORS_VERBOSE. */
bool pg_err_connect(const PGconn *pg, const struct endpoint *ep, bool silent, struct err *err);

/* Quoting into a buffer; names are UTF-8 and checked (no NUL by construction). */
void pg_ident(struct buf *b, const char *name);				/* "name" */
void pg_ident2(struct buf *b, const char *schema, const char *name);	/* "schema"."name" */
void pg_literal(struct buf *b, const char *text);			/* 'text' or E'text' */
void pg_repl_literal(struct buf *b, const char *text);			/* 'text', of a replication command: backslashes mean nothing */

#endif
