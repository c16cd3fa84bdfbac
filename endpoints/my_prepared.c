/* my_prepared.c - rows of prepared transactions, kept in repld.prepared of a MySQL or MariaDB target.
 * Flow: within the transaction of a commit of apply, statement by statement.
 * Threads: the target's. */
#include <stdio.h>

#include "daemon/base/arena.h"
#include "endpoints/my_target.h"

bool
my_target_prepared_put(struct target *t, uint32_t group, const char *xid, uint32_t part,
    const void *p, size_t n, struct err *err)
{
	char numbers[2][MY_NUMBER];
	const char *params[] = { t->task, my_u64(group, numbers[0]), xid,
		my_u64(part, numbers[1]) };
	struct my_done done = { 0 };
	struct buf sql = { 0 };
	bool ok;

	my_template(&sql,
	    "REPLACE INTO repld.prepared (task, load_group, xid, part, content) VALUES ($1, #2, "
	    "$3, #4, ",
	    4, params);
	my_hex(&sql, p, n);
	buf_str(&sql, ")");
	ok = sql.bad ? err_set(err, ERR_SYSTEM, "no memory for a prepared transaction")
		     : my_begin(t, err) && my_exec_bytes(t->c, sql.p, sql.n, &done, err) &&
			   (done.warnings == 0 || my_err_warning(t->c, err));
	buf_done(&sql);
	return ok;
}

bool
my_target_prepared_get(struct target *t, uint32_t group, const char *xid, uint32_t part,
    struct buf *out, bool *ret_there, struct err *err)
{
	char numbers[2][MY_NUMBER];
	const char *params[] = { t->task, my_u64(group, numbers[0]), xid,
		my_u64(part, numbers[1]) };
	struct my_rows rows;

	if (!my_begin(t, err) ||
	    !my_query(t->c, &rows, err,
		"SELECT content FROM repld.prepared WHERE task = $1 AND load_group = #2 AND xid = "
		"$3 AND part = #4",
		4, params))
		return false;
	*ret_there = my_next(&rows);
	if (*ret_there)
		buf_put(out, my_text(&rows, 0), my_length(&rows, 0));
	my_rows_done(&rows);
	return !out->bad || err_set(err, ERR_SYSTEM, "no memory for a prepared transaction");
}

static bool
count(struct target *t, const char *sql, int n, const char *const *params,
    struct prepared_count *ret, struct err *err)
{
	struct my_rows rows;
	bool there;

	if (!my_query(t->c, &rows, err, sql, n, params))
		return false;
	if ((there = my_next(&rows)))
		*ret = (struct prepared_count){ my_number(&rows, 0), my_number(&rows, 1) };
	my_rows_done(&rows);
	return there || err_set(err, ERR_PROTOCOL, "a count had no row");
}

bool
my_target_prepared_drop(struct target *t, uint32_t group, const char *xid,
    struct prepared_count *ret, struct err *err)
{
	char number[MY_NUMBER];
	const char *params[] = { t->task, my_u64(group, number), xid };

	return my_begin(t, err) &&
	       count(t,
		   "SELECT count(DISTINCT xid), coalesce(sum(octet_length(content)), 0) FROM "
		   "repld.prepared WHERE task = $1 AND load_group = #2 AND xid = $3",
		   3, params, ret, err) &&
	       (ret->transactions == 0 ||
		   my_do(t, NULL, err,
		       "DELETE FROM repld.prepared WHERE task = $1 AND load_group = #2 AND xid = "
		       "$3",
		       3, params));
}

bool
my_target_prepared_count(struct target *t, uint32_t group, struct prepared_count *ret,
    struct err *err)
{
	char number[MY_NUMBER];
	const char *params[] = { t->task, my_u64(group, number) };

	return count(t,
	    "SELECT count(DISTINCT xid), coalesce(sum(octet_length(content)), 0) FROM "
	    "repld.prepared WHERE task = $1 AND load_group = #2",
	    2, params, ret, err);
}

/* What was prepared belongs to the place of the log that the row is about to leave. Where only the server is another one, its GTIDs are the
 * same. */
bool
my_forget_prepared(struct target *t, const struct checkpoint *cp, struct err *err)
{
	char number[MY_NUMBER], position[POSITION_TEXT];
	const char *params[] = { t->task, my_u64(cp->group, number),
		position_text(&cp->position, position), cp->position.gtids };

	return my_do(t, NULL, err,
	    "DELETE FROM repld.prepared WHERE task = $1 AND load_group = #2 AND EXISTS (SELECT 1 "
	    "FROM repld.checkpoint c WHERE c.task = $1 AND c.load_group = #2 AND c.position <> $3 "
	    "AND NOT coalesce(c.gtid_set = $4, 0))",
	    4, params);
}

/* A database made before the table came lacks it. */
bool
my_has_prepared(struct target *t, bool *ret, struct err *err)
{
	return my_ask(t->c, ret, err,
	    "SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'repld' AND "
	    "TABLE_NAME = 'prepared'",
	    0, NULL);
}
