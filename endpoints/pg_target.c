/* pg_target.c - opening a PostgreSQL target, its session's settings, and what the parts of the
 * target share.
 * The session runs in replica role, so that triggers, foreign keys and rules of the target do not fire
 * (its own role settings may have done so already); where the role may not set it, the session goes
 * on in origin role, and a table that has triggers, foreign keys or rules is refused at its first
 * write.
 * An apply session plans by index alone: statements are prepared once, often while the table is
 * still empty, and a plan with a sequential scan or a hash of the target would stay when the table
 * has grown.
 * Threads: one at a time. Owner: the caller of open(). */
#include "endpoints/pg_target.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/arena.h"

const char *
number_text(uint64_t v, char out[NUMBER_TEXT])
{
	snprintf(out, NUMBER_TEXT, "%" PRIu64, v);
	return out;
}

const char *
seal_text(uint64_t seal, char out[NUMBER_TEXT])
{
	snprintf(out, NUMBER_TEXT, "%" PRId64, (int64_t)seal);
	return out;
}

struct wall
wall_from_text(const char *usec)
{
	return (struct wall){ strtoll(usec, NULL, 10) };
}

const char *
target_prep_name(enum target_prep p)
{
	switch (p) {
	case PREP_CREATE: return "create";
	case PREP_TRUNCATE: return "truncate";
	case PREP_APPEND: return "append";
	case PREP_DROP: return "drop";
	}
	return "?";
}

/* ---- plain statements ---- */

bool
target_plain(struct target *t, struct err *err)
{
	if (PQpipelineStatus(t->c->pg) == PQ_PIPELINE_OFF)
		return true;
	assert(t->count == 0);
	if (!PQexitPipelineMode(t->c->pg))
		return pg_err_conn(t->c, "leave pipeline mode", err);
	t->c->pipeline = false;
	t->c->busy = false;
	return true;
}

bool
target_begin_plain(struct target *t, struct err *err)
{
	return target_plain(t, err) && pg_exec(t->c, err,
					   "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET "
					   "LOCAL synchronous_commit = on");
}

bool
target_rollback_plain(struct target *t)
{
	struct err ignored = ERR_INIT;

	if (PQstatus(t->c->pg) == CONNECTION_OK && PQtransactionStatus(t->c->pg) != PQTRANS_IDLE)
		(void)!pg_exec(t->c, &ignored, "ROLLBACK");
	return false;
}

/* Share lock: who raises the epoch waits until this transaction has ended. */
bool
target_fenced(struct target *t, uint32_t group, struct err *err)
{
	char number[NUMBER_TEXT];
	const char *params[] = { t->task, number_text(group, number) };
	struct err ignored = ERR_INIT;
	bool there;

	if (!target_ask(t, &there, &ignored,
		"SELECT EXISTS (SELECT FROM repld.checkpoint WHERE task = $1 AND load_group = "
		"$2::int8)",
		2, params) ||
	    there) {
		err_set(err, ERR_FENCED, "another owner has taken over task %s", t->task);
		return err_remedy(err,
		    "owner_host and owner_pid in repld.checkpoint name it; where nobody else runs "
		    "the task: repld ctl restart %s",
		    t->task);
	}
	err_set(err, ERR_HOLE,
	    "the row of task %s in repld.checkpoint went away while the task ran: somebody has "
	    "deleted it",
	    t->task);
	return err_remedy(err,
	    "put the row back; or load the tables again: repld ctl restart %s --reload", t->task);
}

bool
target_fence(struct target *t, uint64_t epoch, struct err *err)
{
	char number[NUMBER_TEXT];
	const char *params[] = { t->task, number_text(epoch, number) };
	PGresult *res = pg_query(t->c, err,
	    "SELECT FROM repld.checkpoint WHERE task = $1 AND load_group = 0 AND epoch = $2::int8"
	    " FOR SHARE",
	    2, params);
	int n;

	if (res == NULL)
		return false;
	n = PQntuples(res);
	PQclear(res);
	if (n != 1)
		return target_fenced(t, 0, err);
	t->epoch = epoch;
	return true;
}

bool
target_ask(
    struct target *t, bool *ret, struct err *err, const char *sql, int n, const char *const *params)
{
	PGresult *res;

	if (!target_plain(t, err) || (res = pg_query(t->c, err, sql, n, params)) == NULL)
		return false;
	*ret = PQntuples(res) > 0 && PQgetvalue(res, 0, 0)[0] == 't';
	PQclear(res);
	return true;
}

bool
target_count(const PGresult *res, uint64_t *ret)
{
	const char *text = PQcmdTuples((PGresult *)(uintptr_t)res);
	char *end;

	if (text[0] == '\0')
		return false;
	*ret = strtoull(text, &end, 10);
	return *end == '\0';
}

bool
target_check_role(struct target *t, const struct plan *plan, struct err *err)
{
	char oid[NUMBER_TEXT];
	const char *params[] = { number_text(plan->target->oid, oid) };
	PGresult *res;
	bool ok = true;

	if (!t->origin_role)
		return true;
	res = pg_query(t->c, err,
	    "SELECT coalesce(c.conname, g.tgname), CASE WHEN c.contype = 'f' THEN 'foreign key' "
	    "ELSE 'trigger' END"
	    " FROM pg_trigger g LEFT JOIN pg_constraint c ON c.oid = g.tgconstraint"
	    " WHERE g.tgrelid = $1::oid AND g.tgenabled IN ('O', 'A')"
	    " AND (c.contype IS NULL OR c.contype NOT IN ('u', 'p', 'x'))"
	    " UNION ALL SELECT rulename, 'rule' FROM pg_rewrite WHERE ev_class = $1::oid AND "
	    "ev_enabled IN ('O', 'A')"
	    " ORDER BY 1 LIMIT 1",
	    1, params);
	if (res == NULL)
		return false;
	if (PQntuples(res) > 0) {
		err_set(err, ERR_CONFIG,
		    "%s \"%s\" would act on the target: the role may not set "
		    "session_replication_role",
		    PQgetvalue(res, 0, 1), PQgetvalue(res, 0, 0));
		err_remedy(err,
		    "GRANT SET ON PARAMETER session_replication_role TO %s (before PostgreSQL 15: "
		    "a superuser), "
		    "or set apply.fire_triggers = true",
		    PQuser(t->c->pg));
		err_table(err, plan->target->schema, plan->target->name);
		ok = false;
	}
	PQclear(res);
	return ok;
}

/* ---- COPY ---- */

bool
target_copy_begin(struct target *t, const char *sql, struct err *err)
{
	struct err wait_err = ERR_INIT;
	PGresult *res;
	bool ok = true, copying = false;

	if (buf_lost(sql))
		return err_set(err, ERR_SYSTEM, "no memory for a statement");
	t->c->busy = true;
	if (!PQsendQuery(t->c->pg, sql))
		return pg_err_conn(t->c, "send a statement", err);
	while (ok && !copying && (res = pg_next_result(t->c, &wait_err)) != NULL) {
		copying = PQresultStatus(res) == PGRES_COPY_IN;
		if (!copying && PQresultStatus(res) != PGRES_COMMAND_OK)
			ok = pg_err_result(t->c, res, err);
		PQclear(res);
	}
	if (!ok) {
		while ((res = pg_next_result(t->c, &wait_err)) != NULL)
			PQclear(res);
		return false;
	}
	if (wait_err.kind != ERR_NONE) {
		*err = wait_err;
		return false;
	}
	return copying || err_set(err, ERR_PROTOCOL, "COPY did not start");
}

/* Each piece is on its way before the next is given: libpq's buffer would grow with a slow server.
 * */
bool
target_copy_put(void *arg, const void *p, size_t n, struct err *err)
{
	struct target *t = arg;
	int done;

	assert(n <= INT32_MAX);
	while ((done = PQputCopyData(t->c->pg, p, (int)n)) == 0)
		if (!pg_flush(t->c, err))
			return false;
	if (done < 0)
		return pg_err_conn(t->c, "send rows", err);
	return pg_flush(t->c, err);
}

static bool
copy_result(struct target *t, const PGresult *res, uint64_t rows, struct err *err)
{
	uint64_t n = 0;

	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		return pg_err_result(t->c, res, err);
	if (!target_count(res, &n) || n != rows)
		return err_set(
		    err, ERR_DATA, "COPY stored %" PRIu64 " of %" PRIu64 " rows", n, rows);
	return true;
}

bool
target_copy_end(struct target *t, uint64_t rows, const char *give_up, struct err *err)
{
	struct err wait_err = ERR_INIT, ignored = ERR_INIT,
		   *into = give_up != NULL ? &ignored : err;
	PGresult *res;
	bool ok = true;
	int done;

	while ((done = PQputCopyEnd(t->c->pg, give_up)) == 0)
		if (!pg_flush(t->c, into))
			return false;
	if (done < 0)
		return pg_err_conn(t->c, "end COPY", into);
	while ((res = pg_next_result(t->c, &wait_err)) != NULL) {
		ok = ok && copy_result(t, res, rows, into);
		PQclear(res);
	}
	if (ok && wait_err.kind != ERR_NONE) {
		*into = wait_err;
		ok = false;
	}
	return ok && give_up == NULL;
}

/* ---- open and close ---- */

/* Names that a version does not have are passed over. */
static const char session_sql[] =
    "SELECT set_config(s.name, v.value, false) FROM (VALUES ('statement_timeout', '0'), "
    "('lock_timeout', '0'),"
    " ('idle_in_transaction_session_timeout', '0'), ('idle_session_timeout', '0'), "
    "('transaction_timeout', '0'),"
    " ('client_min_messages', 'warning'), ('array_nulls', 'on'), ('xmloption', 'content'),"
    " ('tcp_keepalives_idle', '20'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', "
    "'3'))"
    " v(name, value) JOIN pg_settings s ON s.name = v.name";

static const char apply_sql[] = "SELECT set_config(v.name, v.value, false) FROM (VALUES ('jit', "
				"'off'), ('plan_cache_mode', 'force_generic_plan'),"
				" ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'), "
				"('enable_seqscan', 'off')) v(name, value)";

/* Off is safe, as confirmation trails behind the flush; where standbys take part in a commit it
 * would not wait for them. */
static const char async_sql[] = "SELECT set_config('synchronous_commit', 'off', false)"
				" WHERE current_setting('synchronous_standby_names') = ''";

static bool
run_query(struct target *t, const char *sql, struct err *err)
{
	PGresult *res = pg_query(t->c, err, sql, 0, NULL);

	PQclear(res);
	return res != NULL;
}

bool
target_role_now(struct target *t, bool *ret_replica, struct err *err)
{
	return target_ask(t, ret_replica, err,
	    "SELECT current_setting('session_replication_role') = 'replica'", 0, NULL);
}

/* The role's own settings may have put the session into replica role. */
static bool
set_origin_role(struct target *t, struct err *err)
{
	if (pg_exec(t->c, err, "SET session_replication_role = origin"))
		return true;
	if (strcmp(err->sqlstate, "42501") == 0) {
		err_ctx(err, "apply.fire_triggers = true, but the role's sessions start in replica role");
		err_remedy(err, "ALTER ROLE %s RESET session_replication_role", PQuser(t->c->pg));
	}
	return false;
}

static bool
set_replica_role(struct target *t, struct err *err)
{
	struct err refused = ERR_INIT;
	bool replica;

	if (!target_role_now(t, &replica, err))
		return false;
	if (t->fire_triggers)
		return !replica || set_origin_role(t, err);
	if (replica || pg_exec(t->c, &refused, "SET session_replication_role = replica"))
		return true;
	if (strcmp(refused.sqlstate, "42501") != 0) {
		*err = refused;
		return false;
	}
	t->origin_role = true;
	return true;
}

static bool
session_start(struct target *t, struct err *err)
{
	if (!run_query(t, session_sql, err))
		return false;
	if ((t->applies || t->loads) && !set_replica_role(t, err))
		return false;
	return !t->applies || (run_query(t, apply_sql, err) && run_query(t, async_sql, err) &&
				  pg_apply_open(t, err));
}

static void
pg_target_close(struct target *t)
{
	if (t == NULL)
		return;
	pg_apply_close(t);
	pg_conn_close(t->c);
	pg_copy_done(&t->load.copy);
	free(t->task);
	free(t);
}

static struct target *
pg_target_open(const struct target_params *p, struct err *err)
{
	struct target *t = mem_zalloc(sizeof(*t), err);

	if (t == NULL)
		return NULL;
	t->applies = strcmp(p->purpose, "apply") == 0 || strcmp(p->purpose, "group") == 0;
	t->loads = strcmp(p->purpose, "load") == 0;
	t->relaxed = p->relaxed;
	t->fire_triggers = p->fire_triggers;
	t->load.copy.put = target_copy_put;
	t->load.copy.arg = t;
	if ((t->task = mem_strdup(p->task != NULL ? p->task : "", err)) == NULL ||
	    (t->c = pg_conn_open(p->endpoint, PG_CONN_TARGET, p->task, p->purpose, p->stop, err)) ==
		NULL ||
	    !session_start(t, err)) {
		pg_target_close(t);
		return NULL;
	}
	return t;
}

static bool
pg_target_identify(struct target *t, char ret_version[64], struct err *err)
{
	const char *version = PQparameterStatus(t->c->pg, "server_version");

	if (version == NULL)
		return err_set(err, ERR_PROTOCOL, "the target does not name its version");
	snprintf(ret_version, 64, "PostgreSQL %s", version);
	return true;
}

const struct target_ops pg_target_ops = {
	.kind = "postgresql",
	.open = pg_target_open,
	.close = pg_target_close,
	.identify = pg_target_identify,
	.own = pg_target_own,
	.ping = pg_target_ping,
	.install = pg_target_install,
	.learn = pg_target_learn,
	.look = pg_target_look,
	.save_source = pg_target_save_source,
	.save_paused = pg_target_save_paused,
	.load_states = pg_target_load_states,
	.load_groups = pg_target_load_groups,
	.end_group = pg_target_end_group,
	.save_states = pg_target_save_states,
	.forget_state = pg_target_forget_state,
	.list_tasks = pg_target_list_tasks,
	.rename_task = pg_target_rename_task,
	.cleanup = pg_target_cleanup,
	.describe = pg_target_describe,
	.has_rows = pg_target_has_rows,
	.check = pg_target_check,
	.would_make = pg_target_would_make,
	.prepare_table = pg_target_prepare_table,
	.resume_table = pg_target_resume_table,
	.finish_table = pg_target_finish_table,
	.load_begin = pg_target_load_begin,
	.load_row = pg_target_load_row,
	.load_end = pg_target_load_end,
	.load_abort = pg_target_load_abort,
	.load_done = pg_target_load_done,
	.begin = pg_target_begin,
	.write = pg_target_write,
	.cascade_find = pg_target_cascade_find,
	.cascade = pg_target_cascade,
	.prepared_put = pg_target_prepared_put,
	.prepared_get = pg_target_prepared_get,
	.prepared_drop = pg_target_prepared_drop,
	.prepared_count = pg_target_prepared_count,
	.hand_over = pg_target_hand_over,
	.commit = pg_target_commit,
	.rollback = pg_target_rollback,
	.flushed = pg_target_flushed,
	.forget = pg_target_forget,
};
