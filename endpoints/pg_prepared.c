/* pg_prepared.c - rows of prepared transactions, kept in repld.prepared of a PostgreSQL target.
 * Flow: within the transaction of a commit of apply: parts are sent ahead like its rows; what is read comes by plain statements, after all that
 * was sent before is in.
 * Threads: the target's. */
#include "endpoints/pg_target.h"

#include <stdlib.h>

#include "daemon/base/arena.h"

#define BYTEA 17

static const char put_sql[] =
    "INSERT INTO repld.prepared (task, load_group, xid, part, content) VALUES ($1::text, $2::int8, "
    "$3::text, $4::int8, $5) ON CONFLICT (task, load_group, xid, part) DO UPDATE SET content = "
    "excluded.content, kept_at = clock_timestamp()";

bool
pg_target_prepared_put(struct target *t, uint32_t group, const char *xid, uint32_t part,
    const void *p, size_t n, struct err *err)
{
	static const Oid types[] = { 0, 0, 0, 0, BYTEA };
	static const int formats[] = { 0, 0, 0, 0, 1 };
	const int lengths[] = { 0, 0, 0, 0, (int)n };
	char numbers[2][NUMBER_TEXT];
	const char *params[] = { t->task, number_text(group, numbers[0]), xid,
		number_text(part, numbers[1]), p };

	if (!pg_pipe_begin(t, err))
		return false;
	if (!PQsendQueryParams(t->c->pg, put_sql, 5, types, params, lengths, formats, 0))
		return pg_err_conn(t->c, "send a statement", err);
	return pg_pipe_sent(t, (struct pg_sent){ .kind = SENT_PLAIN }, sizeof(put_sql) + n, err);
}

static PGresult *
run(struct target *t, const char *sql, int n, const char *const *params, struct err *err)
{
	if (!pg_pipe_begin(t, err) || !pg_pipe_drain(t, err) || !target_plain(t, err))
		return NULL;
	return pg_query(t->c, err, sql, n, params);
}

static uint8_t
digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void
put_unhex(struct buf *out, const char *hex, size_t n)
{
	if (!buf_reserve(out, n / 2))
		return;
	for (size_t i = 0; i + 1 < n; i += 2)
		out->p[out->n++] = (uint8_t)(digit(hex[i]) << 4 | digit(hex[i + 1]));
}

bool
pg_target_prepared_get(struct target *t, uint32_t group, const char *xid, uint32_t part,
    struct buf *out, bool *ret_there, struct err *err)
{
	char numbers[2][NUMBER_TEXT];
	const char *params[] = { t->task, number_text(group, numbers[0]), xid,
		number_text(part, numbers[1]) };
	PGresult *res = run(t,
	    "SELECT encode(content, 'hex') FROM repld.prepared WHERE task = $1 AND load_group = "
	    "$2::int8 AND xid = $3 AND part = $4::int8",
	    4, params, err);

	if (res == NULL)
		return false;
	*ret_there = PQntuples(res) == 1;
	if (*ret_there)
		put_unhex(out, PQgetvalue(res, 0, 0), (size_t)PQgetlength(res, 0, 0));
	PQclear(res);
	return !out->bad || err_set(err, ERR_SYSTEM, "no memory for a prepared transaction");
}

static bool
take_counts(PGresult *res, struct prepared_count *ret)
{
	if (res == NULL)
		return false;
	ret->transactions = strtoull(PQgetvalue(res, 0, 0), NULL, 10);
	ret->bytes = strtoull(PQgetvalue(res, 0, 1), NULL, 10);
	PQclear(res);
	return true;
}

bool
pg_target_prepared_drop(struct target *t, uint32_t group, const char *xid,
    struct prepared_count *ret, struct err *err)
{
	char number[NUMBER_TEXT];
	const char *params[] = { t->task, number_text(group, number), xid };

	return take_counts(
	    run(t,
		"WITH d AS (DELETE FROM repld.prepared WHERE task = $1 AND load_group = $2::int8 "
		"AND xid = $3 RETURNING octet_length(content)::int8 AS n)"
		" SELECT least(count(*), 1), coalesce(sum(n), 0) FROM d",
		3, params, err),
	    ret);
}

bool
pg_target_prepared_count(struct target *t, uint32_t group, struct prepared_count *ret,
    struct err *err)
{
	char number[NUMBER_TEXT];
	const char *params[] = { t->task, number_text(group, number) };

	return target_plain(t, err) &&
	       take_counts(
		   pg_query(t->c, err,
		       "SELECT count(DISTINCT xid), coalesce(sum(octet_length(content)::int8), 0) "
		       "FROM repld.prepared WHERE task = $1 AND load_group = $2::int8",
		       2, params),
		   ret);
}

/* What was prepared belongs to the place of the log that the row is about to leave. Where only the server is another one, its GTIDs are the same. */
bool
pg_forget_prepared(struct target *t, const struct checkpoint *cp, struct err *err)
{
	char number[NUMBER_TEXT], position[POSITION_TEXT];
	const char *params[] = { t->task, number_text(cp->group, number),
		position_text(&cp->position, position), cp->position.gtids };
	PGresult *res = pg_query(t->c, err,
	    "DELETE FROM repld.prepared p USING repld.checkpoint c WHERE p.task = $1 AND "
	    "p.load_group = $2::int8 AND c.task = $1 AND c.load_group = $2::int8 AND c.position "
	    "<> $3 AND (c.gtid_set = $4) IS NOT TRUE",
	    4, params);

	PQclear(res);
	return res != NULL;
}
