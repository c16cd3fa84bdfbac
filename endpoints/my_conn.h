/* my_conn.h - a libmariadb connection to MySQL or MariaDB whose every wait watches a stop flag and a deadline, and whose session is pinned.
 * Pinned, whatever the server's or the account's defaults are: utf8mb4 with collation utf8mb4_bin, time_zone +00:00, sql_mode, READ COMMITTED,
 * autocommit on, timeouts of locks, statements, idle sessions and of the network (a year; a source session waits 5 s for locks).
 * sql_mode of a target: strict, without ANSI_QUOTES and NO_BACKSLASH_ESCAPES, zero and invalid dates are written as they are, 0 is a value for
 * AUTO_INCREMENT. A target session has foreign_key_checks off and unique_checks on. A source's: nothing but NO_ENGINE_SUBSTITUTION, so that what
 * stands in a table is read as it stands there.
 * TLS, CA and password come from the endpoint alone: no my.cnf, no environment. A statement's warnings are not errors here: who writes counts them.
 * Threads: one at a time. Owner: whoever opened it. Only endpoints/my_*.c include this header. */
#ifndef REPLD_ENDPOINTS_MY_CONN_H
#define REPLD_ENDPOINTS_MY_CONN_H

#include "daemon/base/bytes.h"
#include "daemon/base/thread.h"
#include "endpoints/endpoint.h"

enum my_conn_kind {
	MY_CONN_SOURCE,		/* catalog, snapshots, scans */
	MY_CONN_DUMP,		/* my_dump() */
	MY_CONN_TARGET,
	MY_CONN_LOAD		/* a target that may send rows by LOAD DATA LOCAL, from memory */
};

/* Where the bytes of a LOAD DATA LOCAL come from: fills up to n bytes, 0: the end, < 0: given up. No file is ever read. */
typedef int my_infile_read(void *arg, char *out, unsigned n);

struct my_conn {
	struct st_mysql *my;	/* MYSQL */
	struct stop *stop;
	const struct endpoint *ep;	/* outlives the connection */
	const char *endpoint;	/* its name, for messages */
	int64_t deadline_usec;	/* of one statement (one packet of a dump); 0: none. The default is none */
	bool busy;		/* a statement may be running: close() ends it on the server */
	bool lost;		/* of no more use */
	bool mariadb;
	bool folds_names;	/* lower_case_table_names is not 0 */
	int version;		/* as the server numbers itself: 50624, 90704, 101119 */
	uint64_t id;		/* the session's number on the server: KILL takes it */
	char server[160];	/* which one that is */
	uint64_t max_packet;	/* bytes that the server takes in one statement; larger ones end the session */
	enum my_conn_kind kind;

	/* my_conn.c */
	bool connecting, tls, needs_tls, greeted, silent;
	int64_t wait_until, address_until;	/* monotonic usec; 0: for ever */
	int64_t heard;		/* monotonic usec: of this call's last byte, or its begin */
	unsigned waits;		/* looks in a row at which the server waited for us */
	struct err why;		/* a wait that was ended: what for */
	my_infile_read *infile;
	void *infile_arg;
};

struct coltype;

struct my_done {		/* of a statement that returns no rows */
	uint64_t rows;		/* found by an UPDATE, whether changed or not; inserted; deleted */
	unsigned warnings;
	char info[160];		/* "Records: 3  Deleted: 0  Skipped: 0  Warnings: 0" */
};

struct my_rows {		/* a result; strings live until the next row, or my_rows_done() */
	struct st_mysql_res *res;
	char **row;
	unsigned long *lengths;
	unsigned ncols;
	uint64_t n;		/* rows in all; 0 where they are streamed */
};

/* The first my_conn_open() does it, whatever thread that is in; a process may do it before. */
bool my_library_start(struct err *err) MUST_CHECK;

/* The session's name is "repld TASK PURPOSE" (performance_schema.session_connect_attrs: program_name). Deadline 10 s per address, 30 s in all. */
struct my_conn *my_conn_open(const struct endpoint *ep, enum my_conn_kind kind, const char *task, const char *purpose,
    struct stop *stop, struct err *err) MUST_CHECK;
void my_conn_close(struct my_conn *c);	/* NULL is fine; ends a running statement on the server (2 s at most) */
bool my_conn_interrupt(const struct my_conn *c) MUST_CHECK;	/* ends its statement, by way of a session of its own (2 s at most) */
const char *my_conn_version_text(const struct my_conn *c);	/* "10.11.19-MariaDB", "9.7.4" */
bool my_conn_at_least(const struct my_conn *c, int mysql, int mariadb);	/* 0: never */

/* One statement (several are refused). my_exec() wants no rows, and drops those that come. */
bool my_exec(struct my_conn *c, struct err *err, const char *sql) MUST_CHECK;
bool my_execf(struct my_conn *c, struct err *err, const char *fmt, ...) PRINTF_LIKE(3, 4) MUST_CHECK;
/* Any bytes. ERR_LIMIT, before anything is sent, where the server would not take so long a statement. */
bool my_exec_bytes(struct my_conn *c, const void *sql, size_t n, struct my_done *ret, struct err *err) MUST_CHECK;
/* $1 .. $99 in the text: a quoted literal, NULL where the parameter is; #1 .. #99: a number as it is. Nothing else is done to the text. */
bool my_run(struct my_conn *c, struct my_done *ret, struct err *err, const char *sql, int nparams, const char *const *params) MUST_CHECK;
/* All rows in memory. */
bool my_query(struct my_conn *c, struct my_rows *ret, struct err *err, const char *sql, int nparams, const char *const *params) MUST_CHECK;
bool my_next(struct my_rows *r);		/* of my_query(): false at the end */
/* Rows as they come; each my_stream_next() until *ret_row is false, then my_rows_done(). One that is not read to its end costs the connection:
 * my_stream_abandon(), after which only my_conn_close() makes sense. */
bool my_stream(struct my_conn *c, struct my_rows *ret, struct err *err, const char *sql) MUST_CHECK;
bool my_stream_next(struct my_conn *c, struct my_rows *r, bool *ret_row, struct err *err) MUST_CHECK;
void my_stream_abandon(struct my_conn *c, struct my_rows *r);
/* The same, but keeps the session and what it holds, where the server can be told to end the statement: c->lost says whether. */
void my_stream_end(struct my_conn *c, struct my_rows *r);
void my_rows_done(struct my_rows *r);		/* can be called again */

static inline bool
my_is_null(const struct my_rows *r, unsigned col)
{
	return r->row[col] == NULL;
}

static inline const char *
my_text(const struct my_rows *r, unsigned col)	/* "" for NULL; may hold NUL bytes: my_length() */
{
	return r->row[col] != NULL ? r->row[col] : "";
}

static inline size_t
my_length(const struct my_rows *r, unsigned col)
{
	return r->row[col] != NULL ? r->lengths[col] : 0;
}

uint64_t my_number(const struct my_rows *r, unsigned col);	/* decimal; 0 for NULL */
/* The first column of the first row; *ret_there false: no row, or NULL. out is NUL-terminated; ERR_LIMIT: it does not fit. */
bool my_value(struct my_conn *c, char *out, size_t size, bool *ret_there, struct err *err, const char *sql, int nparams,
    const char *const *params) MUST_CHECK;
/* The same as a truth value. */
bool my_ask(struct my_conn *c, bool *ret, struct err *err, const char *sql, int nparams, const char *const *params) MUST_CHECK;

/* LOAD DATA LOCAL INFILE 'repld' ...: read() is called for its bytes. Warnings are in ret. */
bool my_exec_infile(struct my_conn *c, const char *sql, my_infile_read *read, void *arg, struct my_done *ret, struct err *err) MUST_CHECK;

/* The first warning of the statement before, as an error (ERR_DATA, its code and message without values). Always false. */
bool my_err_warning(struct my_conn *c, struct err *err);

/* ---- binlog ---- */

/* Sends a command of the protocol (COM_BINLOG_DUMP 18, COM_BINLOG_DUMP_GTID 30) with its payload; packets follow. */
bool my_dump(struct my_conn *c, int command, const void *payload, size_t n, struct err *err) MUST_CHECK;
/* The next packet's event, valid until the next call; waits under stop and deadline (ask the server for heartbeats to wake up in between).
 * *ret_n 0: the server ended the dump. An error packet is an error, with the server's number in c->why_number. */
bool my_packet(struct my_conn *c, const uint8_t **ret, size_t *ret_n, struct err *err) MUST_CHECK;

/* ---- errors (my_err.c) ---- */

struct my_error { unsigned number; const char *sqlstate, *text; };
/* The library's last error of this connection, or why a wait was ended. Always false. */
bool my_err(struct my_conn *c, const char *doing, struct err *err);
#define MY_TABLE_DENIED 1142
#define MY_NO_RIGHT 1227
unsigned my_errno(const struct my_conn *c);	/* of the last statement; 0: none, or not the server's */
enum err_kind my_err_kind(unsigned number, const char *sqlstate);
/* Kind, SQLSTATE, message without values, remedy. Always false. Pure. */
bool my_err_fill(struct err *err, const struct my_error *e);
bool my_err_connect(const struct my_conn *c, const struct my_error *e, struct err *err);	/* always false */

/* ---- quoting ---- */

void my_ident(struct buf *b, const char *name);				/* `name` */
void my_ident2(struct buf *b, const char *schema, const char *name);	/* `schema`.`name` */
void my_literal(struct buf *b, const char *text);			/* 'text' */
void my_literal_bytes(struct buf *b, const void *p, size_t n);		/* 'text', of UTF-8 */
void my_hex(struct buf *b, const void *p, size_t n);			/* X'0aff' */
/* A column of floating point numbers, so that the text gives the number back: SELECT rounds a float, and what has digits, as double(10,2). */
void my_float_column(struct buf *b, const char *name, const struct coltype *type);
void my_template(struct buf *b, const char *sql, int nparams, const char *const *params);	/* as my_run() */

#endif
