/* my_query.c - statements, their results, rows as they come, binlog packets; and quoting.
 * Invariant: a connection that failed in a call is `lost` unless the server itself answered with an error: nothing more is sent on it.
 * Nothing here waits outside of my_enter() and my_leave(): mysql_free_result() of a result that is not at its end would.
 * Threads: the connection's. */
#include "endpoints/my_conn.h"

#include <assert.h>
#include <errmsg.h>
#include <inttypes.h>
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "cdc/my_type.h"
#include "endpoints/my_conn_intern.h"

#define SMALL_STATEMENT 4096

/* ---- quoting ---- */

void
my_ident(struct buf *b, const char *name)
{
	buf_u8(b, '`');
	for (; *name != '\0'; name++) {
		if (*name == '`')
			buf_u8(b, '`');
		buf_u8(b, (uint8_t)*name);
	}
	buf_u8(b, '`');
}

void
my_ident2(struct buf *b, const char *schema, const char *name)
{
	my_ident(b, schema);
	buf_u8(b, '.');
	my_ident(b, name);
}

/* No byte of a longer UTF-8 sequence is one of these. */
void
my_literal_bytes(struct buf *b, const void *p, size_t n)
{
	const uint8_t *from = p, *end = from + n;

	if (!buf_reserve(b, n + 2))
		return;
	buf_u8(b, '\'');
	for (const uint8_t *at = from; at < end; at++) {
		if (*at != '\'' && *at != '\\' && *at != '\0')
			continue;
		buf_put(b, from, (size_t)(at - from));
		buf_u8(b, '\\');
		buf_u8(b, *at == '\0' ? '0' : *at);
		from = at + 1;
	}
	buf_put(b, from, (size_t)(end - from));
	buf_u8(b, '\'');
}

void
my_literal(struct buf *b, const char *text)
{
	b->bad = b->bad || buf_lost(text);
	my_literal_bytes(b, text, strlen(text));
}

void
my_hex(struct buf *b, const void *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *from = p;

	if (!buf_reserve(b, 2 * n + 3))
		return;
	buf_put(b, "X'", 2);
	for (size_t i = 0; i < n; i++) {
		b->p[b->n++] = (uint8_t)digits[from[i] >> 4];
		b->p[b->n++] = (uint8_t)digits[from[i] & 15];
	}
	buf_u8(b, '\'');
}

void
my_float_column(struct buf *b, const char *name, const struct coltype *type)
{
	my_ident(b, name);
	if (type->code == MY_TYPE_FLOAT || strchr(type->name, ',') != NULL)
		buf_str(b, " * 1e0"); /* + 0e0 would take the sign from -0 */
}

static bool
is_number(const char *text)
{
	const char *p = text + (*text == '-');

	return *p != '\0' && p[strspn(p, "0123456789")] == '\0';
}

void
my_template(struct buf *b, const char *sql, int nparams, const char *const *params)
{
	b->bad = b->bad || buf_lost(sql);
	if (nparams == 0) {	/* then the text may hold values itself */
		buf_str(b, sql);
		return;
	}
	while (*sql != '\0') {
		const char kind = *sql;
		char *end;
		long i;

		if ((kind != '$' && kind != '#') || sql[1] < '1' || sql[1] > '9') {
			buf_u8(b, (uint8_t)*sql++);
			continue;
		}
		i = strtol(sql + 1, &end, 10);
		assert(i >= 1 && i <= nparams);
		if (params[i - 1] == NULL) {
			buf_str(b, "NULL");
		} else if (kind == '$') {
			my_literal(b, params[i - 1]);
		} else {
			assert(is_number(params[i - 1]));
			buf_str(b, params[i - 1]);
		}
		sql = end;
	}
}

/* ---- statements ---- */

static bool
call_failed(struct my_conn *c, const char *doing, struct err *err)
{
	const unsigned number = mysql_errno(c->my);

	my_leave();
	/* An answer of the server leaves the session as it is; 1000 to 1999, 3000 to 4999, and those of plugins above 5999 are its own. */
	if (c->why.kind != ERR_NONE || number == 0 ||
	    (number >= CR_MIN_ERROR && number <= CR_MAX_ERROR) ||
	    (number >= CER_MIN_ERROR && number <= CER_MAX_ERROR))
		c->lost = true;
	else
		c->busy = false;
	return my_err(c, doing, err);
}

/* Sends, and takes the first answer. */
static bool
run(struct my_conn *c, const void *sql, size_t n, struct err *err)
{
	if (c->lost)
		return err_set(err, ERR_RETRY, "endpoint %s: the connection is lost", c->endpoint);
	if (buf_lost(sql))
		return err_set(err, ERR_SYSTEM, "no memory for a statement");
	if (c->max_packet != 0 && n + 64 > c->max_packet) {
		err_set(err, ERR_LIMIT,
		    "a statement of %zu bytes: the server takes at most %" PRIu64
		    " (max_allowed_packet)",
		    n, c->max_packet);
		return err_remedy(
		    err, "raise max_allowed_packet on endpoint %s (at most 1 GB)", c->endpoint);
	}
	my_enter(c);
	c->busy = true;
	if (mysql_real_query(c->my, sql, (unsigned long)n) != 0)
		return call_failed(c, "run a statement", err);
	return true;
}

static bool
finish(struct my_conn *c, struct my_done *ret, struct err *err)
{
	MYSQL_RES *res;

	if (mysql_field_count(c->my) > 0) {
		if ((res = mysql_store_result(c->my)) == NULL)
			return call_failed(c, "read a result", err);
		mysql_free_result(res);
	}
	my_leave();
	c->busy = false;
	if (mysql_more_results(c->my)) {
		c->lost = true;
		return err_set(err, ERR_PROTOCOL, "a statement had more than one result");
	}
	if (ret == NULL)
		return true;
	*ret = (struct my_done){ .rows = mysql_affected_rows(c->my),
		.warnings = mysql_warning_count(c->my) };
	if (mysql_info(c->my) != NULL)
		snprintf(ret->info, sizeof(ret->info), "%s", mysql_info(c->my));
	return true;
}

bool
my_exec_bytes(struct my_conn *c, const void *sql, size_t n, struct my_done *ret, struct err *err)
{
	return run(c, sql, n, err) && finish(c, ret, err);
}

bool
my_exec(struct my_conn *c, struct err *err, const char *sql)
{
	return my_exec_bytes(c, sql, strlen(sql), NULL, err);
}

bool
my_execf(struct my_conn *c, struct err *err, const char *fmt, ...)
{
	char *sql;
	va_list ap;
	int n;
	bool ok;

	va_start(ap, fmt);
	n = vasprintf(&sql, fmt, ap);
	va_end(ap);
	if (n < 0)
		return err_set(err, ERR_SYSTEM, "no memory for a statement");
	ok = my_exec_bytes(c, sql, (size_t)n, NULL, err);
	free(sql);
	return ok;
}

bool
my_run(struct my_conn *c, struct my_done *ret, struct err *err, const char *sql, int nparams,
    const char *const *params)
{
	struct buf b = { 0 };
	bool ok;

	my_template(&b, sql, nparams, params);
	ok = b.bad ? err_set(err, ERR_SYSTEM, "no memory for a statement")
		   : my_exec_bytes(c, b.p, b.n, ret, err);
	buf_done(&b);
	return ok;
}

bool
my_exec_infile(struct my_conn *c, const char *sql, my_infile_read *read, void *arg,
    struct my_done *ret, struct err *err)
{
	bool ok;

	assert(c->kind == MY_CONN_LOAD);
	c->infile = read;
	c->infile_arg = arg;
	ok = my_exec_bytes(c, sql, strlen(sql), ret, err);
	c->infile = NULL;
	return ok;
}

/* ---- rows ---- */

bool
my_query(struct my_conn *c, struct my_rows *ret, struct err *err, const char *sql, int nparams,
    const char *const *params)
{
	struct buf b = { 0 };
	bool ok;

	*ret = (struct my_rows){ .res = NULL };
	my_template(&b, sql, nparams, params);
	ok = b.bad ? err_set(err, ERR_SYSTEM, "no memory for a statement") : run(c, b.p, b.n, err);
	buf_done(&b);
	if (!ok)
		return false;
	ret->res = mysql_store_result(c->my);
	if (ret->res == NULL && mysql_errno(c->my) != 0)
		return call_failed(c, "read a result", err);
	my_leave();
	c->busy = false;
	if (ret->res == NULL)
		return err_set(
		    err, ERR_PROTOCOL, "endpoint %s: a statement had no result", c->endpoint);
	ret->ncols = mysql_num_fields(ret->res);
	ret->n = mysql_num_rows(ret->res);
	return true;
}

bool
my_next(struct my_rows *r)
{
	r->row = mysql_fetch_row(r->res);
	r->lengths = r->row != NULL ? mysql_fetch_lengths(r->res) : NULL;
	return r->row != NULL;
}

bool
my_stream(struct my_conn *c, struct my_rows *ret, struct err *err, const char *sql)
{
	*ret = (struct my_rows){ .res = NULL };
	if (!run(c, sql, strlen(sql), err))
		return false;
	ret->res = mysql_use_result(c->my);
	if (ret->res == NULL && mysql_errno(c->my) != 0)
		return call_failed(c, "read a result", err);
	my_leave();
	if (ret->res == NULL) {
		c->busy = false;
		return err_set(
		    err, ERR_PROTOCOL, "endpoint %s: a statement had no result", c->endpoint);
	}
	ret->ncols = mysql_num_fields(ret->res);
	return true;
}

bool
my_stream_next(struct my_conn *c, struct my_rows *r, bool *ret_row, struct err *err)
{
	my_enter(c);
	r->row = mysql_fetch_row(r->res);
	if (r->row == NULL && mysql_errno(c->my) != 0)
		return call_failed(c, "read rows", err);
	my_leave();
	*ret_row = r->row != NULL;
	r->lengths = r->row != NULL ? mysql_fetch_lengths(r->res) : NULL;
	if (!*ret_row)
		c->busy = false;
	return true;
}

/* What the server goes on sending meets a closed socket; freeing the result then waits for nothing. */
void
my_stream_abandon(struct my_conn *c, struct my_rows *r)
{
	if (r->res == NULL)
		return;
	if (c->busy) {
		if (!c->lost)
			shutdown((int)mysql_get_socket(c->my), SHUT_RDWR);
		c->lost = true;
	}
	my_rows_done(r);
}

/* What is on its way is read and dropped. The server may have been told when there was nothing left to end: the next statement then is. */
void
my_stream_end(struct my_conn *c, struct my_rows *r)
{
	struct err ignored = ERR_INIT;
	bool row = true;

	if (c->busy && !c->lost && (c->stop == NULL || !stop_requested(c->stop)) &&
	    my_conn_interrupt(c)) {
		while (row && my_stream_next(c, r, &row, &ignored))
			;
		if (!c->busy && !c->lost && !my_exec(c, &ignored, "DO 0") && !c->lost)
			c->lost = !my_exec(c, &ignored, "DO 0");
	}
	my_stream_abandon(c, r);
}

void
my_rows_done(struct my_rows *r)
{
	if (r->res != NULL)
		mysql_free_result(r->res);
	*r = (struct my_rows){ .res = NULL };
}

uint64_t
my_number(const struct my_rows *r, unsigned col)
{
	return r->row[col] != NULL ? strtoull(r->row[col], NULL, 10) : 0;
}

bool
my_value(struct my_conn *c, char *out, size_t size, bool *ret_there, struct err *err,
    const char *sql, int nparams, const char *const *params)
{
	struct my_rows rows;
	bool fits = true;

	if (!my_query(c, &rows, err, sql, nparams, params))
		return false;
	*ret_there = my_next(&rows) && !my_is_null(&rows, 0);
	out[0] = '\0';
	if (*ret_there && (fits = my_length(&rows, 0) < size))
		memcpy(out, my_text(&rows, 0), my_length(&rows, 0) + 1);
	my_rows_done(&rows);
	return fits || err_set(err, ERR_LIMIT, "endpoint %s: an answer is too long", c->endpoint);
}

bool
my_ask(struct my_conn *c, bool *ret, struct err *err, const char *sql, int nparams,
    const char *const *params)
{
	struct my_rows rows;

	if (!my_query(c, &rows, err, sql, nparams, params))
		return false;
	*ret = my_next(&rows) && my_number(&rows, 0) != 0;
	my_rows_done(&rows);
	return true;
}

/* ---- binlog ---- */

bool
my_dump(struct my_conn *c, int command, const void *payload, size_t n, struct err *err)
{
	my_enter(c);
	if (c->my->methods->db_command(
		c->my, (enum enum_server_command)command, payload, n, 1, NULL) != 0)
		return call_failed(c, "start a dump", err);
	my_leave();
	return true;
}

bool
my_packet(struct my_conn *c, const uint8_t **ret, size_t *ret_n, struct err *err)
{
	unsigned long n;

	if (c->lost)
		return err_set(err, ERR_RETRY, "endpoint %s: the connection is lost", c->endpoint);
	my_enter(c);
	n = mysql_net_read_packet(c->my);
	if (n == packet_error || n == 0) {
		call_failed(c, "read the binlog", err);
		c->lost = true; /* the dump has ended, whoever ended it */
		return false;
	}
	my_leave();
	*ret = c->my->net.read_pos + 1;
	*ret_n = c->my->net.read_pos[0] == 0xfe && n < 9 ? 0 : n - 1;
	if (*ret_n > 0 && c->my->net.read_pos[0] != 0)
		return err_set(err, ERR_PROTOCOL, "endpoint %s: a binlog packet begins with 0x%02x",
		    c->endpoint, c->my->net.read_pos[0]);
	return true;
}
