/* pg_own.c - who owns a task: the session lock, schema repld, the checkpoint row and its epoch.
 * The lock is a pair of numbers hashed from "repld" and the task's name; both hashes are fixed for
 * ever, as two versions of repld must meet in the same lock.
 * Invariant: a position is only ever taken from the row under its lock, after the session named in
 * it is gone, and used only where the row's seal fits it.
 * Threads: the target's. */
#include "endpoints/pg_target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/base/arena.h"

#define SCHEMA_FORMAT 1
#define GONE_USEC     10000000
#define GONE_STEP     20000

/* FNV-1a, 32 bits. */
int32_t
pg_lock_key(const char *text)
{
	uint32_t h = 2166136261u;

	for (; *text != '\0'; text++)
		h = (h ^ (uint8_t)*text) * 16777619u;
	return (int32_t)h;
}

static void
lock_params(const char *name, char text[2][NUMBER_TEXT], const char *params[2])
{
	snprintf(text[0], NUMBER_TEXT, "%" PRId32, pg_lock_key(PG_LOCK_SPACE));
	snprintf(text[1], NUMBER_TEXT, "%" PRId32, pg_lock_key(name));
	params[0] = text[0];
	params[1] = text[1];
}

/* ---- schema repld ---- */

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS repld.checkpoint (task text NOT NULL,"
    " load_group int8 NOT NULL DEFAULT 0, handed bool NOT NULL DEFAULT false,"
    " source_kind text NOT NULL DEFAULT '', source_id text NOT NULL DEFAULT '', source_dbname text "
    "NOT NULL DEFAULT '',"
    " timeline int8 NOT NULL DEFAULT 0, slot text NOT NULL DEFAULT '', publication text NOT NULL "
    "DEFAULT '',"
    " slot_made bool NOT NULL DEFAULT false, publication_made bool NOT NULL DEFAULT false,"
    " position text NOT NULL DEFAULT '-', gtid_set text, commit_time timestamptz, commit_end text NOT NULL "
    "DEFAULT '-',"
    " epoch int8 NOT NULL DEFAULT 0, conn int8 NOT NULL DEFAULT 0,"
    " paused bool NOT NULL DEFAULT false, load_done bool NOT NULL DEFAULT false,"
    " transactions int8 NOT NULL DEFAULT 0, rows_read int8 NOT NULL DEFAULT 0, applied int8 NOT "
    "NULL DEFAULT 0,"
    " filtered int8 NOT NULL DEFAULT 0, excepted int8 NOT NULL DEFAULT 0, inserts int8 NOT NULL "
    "DEFAULT 0,"
    " updates int8 NOT NULL DEFAULT 0, deletes int8 NOT NULL DEFAULT 0, truncates int8 NOT NULL "
    "DEFAULT 0,"
    " owner_host text NOT NULL DEFAULT '', owner_pid int4 NOT NULL DEFAULT 0, owner_since "
    "timestamptz,"
    " session_pid int4, session_start timestamptz, seal int8 NOT NULL DEFAULT 0, updated timestamptz NOT NULL DEFAULT "
    "clock_timestamp(), PRIMARY KEY (task, load_group))"
    " WITH (fillfactor = 30);"
    "CREATE TABLE IF NOT EXISTS repld.table_state (task text NOT NULL, source_schema text NOT "
    "NULL, source_name text NOT NULL,"
    " target_schema text NOT NULL, target_name text NOT NULL, state text NOT NULL, load_group int8 "
    "NOT NULL DEFAULT 0,"
    " snapshot text NOT NULL DEFAULT '-', position_kind text NOT NULL DEFAULT '', attempt int8 NOT "
    "NULL DEFAULT 0,"
    " rows_loaded int8 NOT NULL DEFAULT 0, bytes_loaded int8 NOT NULL DEFAULT 0, shape text, "
    "filenodes text, facts text, made text,"
    " error text, fingerprint text, ranges text, changed timestamptz NOT NULL DEFAULT "
    "clock_timestamp(),"
    " PRIMARY KEY (task, source_schema, source_name),"
    " CONSTRAINT table_state_target UNIQUE (target_schema, target_name)) WITH (fillfactor = 70);"
    "CREATE TABLE IF NOT EXISTS repld.load_chunk (task text NOT NULL, source_schema text NOT NULL, "
    "source_name text NOT NULL,"
    " attempt int8 NOT NULL, chunk int8 NOT NULL, row_count int8 NOT NULL, byte_count int8 NOT "
    "NULL, snapshot text NOT NULL DEFAULT '-',"
    " loaded timestamptz NOT NULL DEFAULT clock_timestamp(),"
    " PRIMARY KEY (task, source_schema, source_name, attempt, chunk));"
    "CREATE TABLE IF NOT EXISTS repld.exceptions (number int8 GENERATED ALWAYS AS IDENTITY PRIMARY "
    "KEY, task text NOT NULL,"
    " source_schema text NOT NULL, source_name text NOT NULL, operation text NOT NULL, position "
    "text NOT NULL,"
    " time timestamptz NOT NULL DEFAULT clock_timestamp(), sqlstate text NOT NULL DEFAULT '',"
    " message text NOT NULL DEFAULT '', row_data jsonb);"
    "CREATE INDEX IF NOT EXISTS exceptions_task ON repld.exceptions (task, number);"
    "CREATE TABLE IF NOT EXISTS repld.prepared (task text NOT NULL, load_group int8 NOT NULL, xid "
    "text NOT NULL, part int8 NOT NULL,"
    " content bytea NOT NULL, kept_at timestamptz NOT NULL DEFAULT clock_timestamp(),"
    " PRIMARY KEY (task, load_group, xid, part))";

bool
pg_installed(struct target *t, bool *ret, struct err *err)
{
	return target_ask(t, ret, err,
	    "SELECT count(*) = 4 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
	    "WHERE n.nspname = 'repld'"
	    " AND c.relkind = 'r' AND c.relname IN ('checkpoint', 'table_state', 'load_chunk', "
	    "'exceptions')",
	    0, NULL);
}

/* Two tasks that begin, or one that begins while another cleans up: one after the other. Held until
 * the transaction ends. */
bool
pg_install_lock(struct target *t, struct err *err)
{
	char text[2][NUMBER_TEXT];
	const char *params[2];
	PGresult *res;

	lock_params(" install", text, params);
	res = pg_query(t->c, err, "SELECT pg_advisory_xact_lock($1::int4, $2::int4)", 2, params);
	PQclear(res);
	return res != NULL;
}

static bool
check_format(struct target *t, struct err *err)
{
	PGresult *res = pg_query(t->c, err,
	    "SELECT substring(obj_description(to_regnamespace('repld'), 'pg_namespace') from "
	    "'format ([0-9]+)')",
	    0, NULL);
	long format;

	if (res == NULL)
		return false;
	format = PQntuples(res) == 1 ? strtol(PQgetvalue(res, 0, 0), NULL, 10) : 0;
	PQclear(res);
	if (format <= SCHEMA_FORMAT)
		return true;
	err_set(err, ERR_CONFIG, "schema repld on the target has format %ld, this repld knows %d",
	    format, SCHEMA_FORMAT);
	return err_remedy(err, "run the newer repld that made it");
}

static bool
make_schema(struct target *t, struct err *err)
{
	bool there;

	if (!pg_install_lock(t, err) ||
	    !target_ask(t, &there, err, "SELECT to_regnamespace('repld') IS NOT NULL", 0, NULL))
		return false;
	if (!there &&
	    !pg_execf(t->c, err,
		"CREATE SCHEMA repld; COMMENT ON SCHEMA repld IS"
		" 'repld: positions and table states of its replication tasks (format %d)'",
		SCHEMA_FORMAT)) {
		if (strcmp(err->sqlstate, "42501") == 0)
			err_remedy(err, "GRANT CREATE ON DATABASE \"%s\" TO \"%s\"", PQdb(t->c->pg),
			    PQuser(t->c->pg));
		return false;
	}
	return pg_exec(t->c, err, schema_sql);
}

bool
pg_target_install(struct target *t, struct err *err)
{
	bool installed, complete = false;

	if (!pg_installed(t, &installed, err) ||
	    (installed && !target_ask(t, &complete, err,
			      "SELECT to_regclass('repld.prepared') IS NOT NULL", 0, NULL)))
		return false;
	if (complete)
		return check_format(t, err);
	if (!target_begin_plain(t, err) || !make_schema(t, err) || !pg_exec(t->c, err, "COMMIT")) {
		err_ctx(err, "make schema repld on the target");
		return target_rollback_plain(t);
	}
	return check_format(t, err);
}

/* ---- the lock ---- */

/* The row says who; where there is none yet, the server knows from where the holder is connected.
 * */
static bool
who_holds(struct target *t, struct owner *ret, bool *ret_held, struct err *err)
{
	static const char sql[] =
	    "SELECT coalesce(host(a.client_addr), ''), coalesce((extract(epoch FROM "
	    "a.backend_start) * 1000000)::int8, 0)"
	    " FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid"
	    " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2"
	    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
	    " AND l.classid::int8 = ($1::int8 & 4294967295) AND l.objid::int8 = ($2::int8 & "
	    "4294967295)";
	char text[2][NUMBER_TEXT];
	const char *params[2];
	PGresult *res;

	lock_params(t->task, text, params);
	if (!target_plain(t, err) || (res = pg_query(t->c, err, sql, 2, params)) == NULL)
		return false;
	*ret_held = PQntuples(res) > 0;
	if (*ret_held && ret->host[0] == '\0') {
		snprintf(ret->host, sizeof(ret->host), "%s", PQgetvalue(res, 0, 0));
		ret->since = wall_from_text(PQgetvalue(res, 0, 1));
	}
	PQclear(res);
	return true;
}

bool
pg_named_owner(struct target *t, const char *task, struct owner *ret, struct err *err)
{
	const char *params[] = { task };
	bool installed;
	PGresult *res;

	if (!pg_installed(t, &installed, err))
		return false;
	if (!installed)
		return true;
	res = pg_query(t->c, err,
	    "SELECT owner_host, owner_pid, coalesce((extract(epoch FROM owner_since) * "
	    "1000000)::int8, 0)"
	    " FROM repld.checkpoint WHERE task = $1 AND load_group = 0",
	    1, params);
	if (res == NULL)
		return false;
	if (PQntuples(res) == 1) {
		snprintf(ret->host, sizeof(ret->host), "%s", PQgetvalue(res, 0, 0));
		ret->pid = (int32_t)strtol(PQgetvalue(res, 0, 1), NULL, 10);
		ret->since = wall_from_text(PQgetvalue(res, 0, 2));
	}
	PQclear(res);
	return true;
}

bool
pg_target_own(struct target *t, struct owner *ret_other, struct err *err)
{
	char text[2][NUMBER_TEXT];
	const char *params[2];
	bool got, held;

	*ret_other = (struct owner){ .pid = 0 };
	lock_params(t->task, text, params);
	if (!target_ask(t, &got, err, "SELECT pg_try_advisory_lock($1::int4, $2::int4)", 2, params))
		return false;
	if (!got) {
		if (pg_named_owner(t, t->task, ret_other, err))
			(void)!who_holds(t, ret_other, &held, err);
		return false;
	}
	/* An owner that hangs or is cut off is not one for long: it has to ping. */
	return pg_conn_version(t->c) < 140000 ||
	       pg_exec(t->c, err, "SET idle_session_timeout = '30s'");
}

/* Less than the 30 s of silence after which the server ends the lock's session. */
#define PING_DEADLINE 20000000

bool
pg_target_ping(struct target *t, struct err *err)
{
	bool one, ok;

	t->c->deadline_usec = PING_DEADLINE;
	ok = target_ask(t, &one, err, "SELECT true", 0, NULL);
	t->c->deadline_usec = 0;
	return ok;
}

/* ---- the row ---- */

static const char row_columns[] =
    "source_kind, source_id, source_dbname, timeline, slot, publication, slot_made, "
    "publication_made, position,"
    " coalesce((extract(epoch FROM commit_time) * 1000000)::int8, 0), epoch, conn, paused, "
    "load_done,"
    " transactions, rows_read, applied, filtered, excepted, inserts, updates, deletes, truncates,"
    " session_pid, session_start, load_group, handed, seal, commit_end, gtid_set";

static uint64_t
number_at(const PGresult *res, int row, int col)
{
	return strtoull(PQgetvalue(res, row, col), NULL, 10);
}

static bool
flag_at(const PGresult *res, int row, int col)
{
	return PQgetvalue(res, row, col)[0] == 't';
}

static void
read_source(const PGresult *res, int row, struct checkpoint *cp)
{
	struct source_identity *s = &cp->source;

	snprintf(s->kind, sizeof(s->kind), "%s", PQgetvalue(res, row, 0));
	snprintf(s->id, sizeof(s->id), "%s", PQgetvalue(res, row, 1));
	snprintf(s->dbname, sizeof(s->dbname), "%s", PQgetvalue(res, row, 2));
	s->timeline = (uint32_t)number_at(res, row, 3);
	snprintf(s->slot, sizeof(s->slot), "%s", PQgetvalue(res, row, 4));
	snprintf(s->publication, sizeof(s->publication), "%s", PQgetvalue(res, row, 5));
	cp->slot_made = flag_at(res, row, 6);
	cp->publication_made = flag_at(res, row, 7);
}

/* A row that names no source yet holds a lock's and a pause's facts only: it is no checkpoint. */
static void
read_checkpoint(struct target *t, const PGresult *res, int row, struct checkpoint *cp)
{
	uint64_t *const totals[] = { &cp->totals.transactions, &cp->totals.read,
		&cp->totals.applied, &cp->totals.filtered, &cp->totals.excepted,
		&cp->totals.inserts, &cp->totals.updates, &cp->totals.deletes,
		&cp->totals.truncates };
	struct err no_place = ERR_INIT;

	read_source(res, row, cp);
	cp->exists = cp->source.kind[0] != '\0';
	cp->group = (uint32_t)number_at(res, row, 25);
	cp->handed = flag_at(res, row, 26);
	checkpoint_verify(t->task, cp, PQgetvalue(res, row, 8),
	    PQgetisnull(res, row, 29) ? NULL : PQgetvalue(res, row, 29),
	    (uint64_t)strtoll(PQgetvalue(res, row, 27), NULL, 10));
	if (!position_parse(PQgetvalue(res, row, 28), &cp->commit_end, &no_place)) {
		cp->commit_end.kind = POSITION_NONE;
		snprintf(cp->edited, sizeof(cp->edited), "commit_end %.40s", PQgetvalue(res, row, 28));
	}
	cp->commit_time = wall_from_text(PQgetvalue(res, row, 9));
	cp->epoch = number_at(res, row, 10);
	cp->conn = number_at(res, row, 11);
	cp->paused = flag_at(res, row, 12);
	cp->load_done = flag_at(res, row, 13);
	for (int i = 0; i < 9; i++)
		*totals[i] = number_at(res, row, 14 + i);
}

/* The rows of the task, or of one of its streams. */
static PGresult *
query_rows(struct target *t, const char *task, const char *which, struct err *err)
{
	const char *params[] = { task };
	struct buf sql = { 0 };
	PGresult *res;

	buf_printf(&sql, "SELECT %s FROM repld.checkpoint WHERE task = $1%s", row_columns, which);
	res = pg_query(t->c, err, buf_cstr(&sql), 1, params);
	buf_done(&sql);
	return res;
}

static PGresult *
query_group(struct target *t, uint32_t group, const char *suffix, struct err *err)
{
	char which[80];

	snprintf(which, sizeof(which), " AND load_group = %u%s", group, suffix);
	return query_rows(t, t->task, which, err);
}

/* ---- learn ---- */

/* backend_start of a session of another role is hidden: then its pid alone says that it may live.
 * */
static const char alive_sql[] =
    "SELECT true FROM pg_stat_activity WHERE pid = $1::int4 AND pid <> pg_backend_pid()"
    " AND (backend_start = $2::timestamptz OR backend_start IS NULL)";

struct session {
	char pid[16], start[64];
};

static bool
wait_gone(struct target *t, const struct session *s, struct err *err)
{
	const char *params[] = { s->pid, s->start };
	const struct usec start = clock_mono();
	bool alive = true;

	while (usec_since(start) < GONE_USEC) {
		if (!target_ask(t, &alive, err, alive_sql, 2, params))
			return false;
		if (!alive)
			return true;
		if (!stop_sleep(t->c->stop, GONE_STEP))
			return err_set(err, ERR_CANCELLED, "stopped");
	}
	return err_set(err, ERR_RETRY,
	    "the task's former session on the target (pid %s) does not end", s->pid);
}

static bool
end_session(struct target *t, const struct session *s, struct err *err)
{
	const char *params[] = { s->pid, s->start };
	bool alive, told;

	if (s->pid[0] == '\0')
		return true;
	if (!target_ask(t, &alive, err, alive_sql, 2, params))
		return false;
	if (!alive)
		return true;
	if (!target_ask(t, &told, err, "SELECT pg_terminate_backend($1::int4)", 1, params))
		return err_ctx(err, "end the task's former session on the target (pid %s)", s->pid);
	return wait_gone(t, s, err);
}

static void
read_session(const PGresult *res, int row, struct session *ret)
{
	*ret = (struct session){ .pid = "" };
	if (row >= PQntuples(res) || PQgetisnull(res, row, 23) || PQgetisnull(res, row, 24))
		return;
	snprintf(ret->pid, sizeof(ret->pid), "%s", PQgetvalue(res, row, 23));
	snprintf(ret->start, sizeof(ret->start), "%s", PQgetvalue(res, row, 24));
}

/* Ends the sessions that the rows name: *ret, that of the first row, must still be there under the
 * row's lock. */
static bool
end_sessions(struct target *t, const char *task, const char *which, struct session *ret,
    struct err *err)
{
	PGresult *res = query_rows(t, task, which, err);
	bool ok = res != NULL;

	if (!ok)
		return false;
	read_session(res, 0, ret);
	for (int row = 0; ok && row < PQntuples(res); row++) {
		struct session s;

		read_session(res, row, &s);
		ok = end_session(t, &s, err);
	}
	PQclear(res);
	return ok;
}

bool
pg_end_former_sessions(struct target *t, const char *task, struct err *err)
{
	struct session first;

	return target_plain(t, err) && end_sessions(t, task, "", &first, err);
}

/* The row under its lock, made where it is missing: where somebody has deleted it, a former owner's
 * epoch must not come again, so a task's first one is the time. *ret_other: a session other than the one that
 * was ended has come in between. */
static bool
lock_row(struct target *t, const struct session *ended, struct checkpoint *cp, bool *ret_other,
    struct err *err)
{
	char group[NUMBER_TEXT], epoch[NUMBER_TEXT];
	const char *params[] = { t->task, number_text(cp->group, group),
		number_text(cp->group > 0 ? cp->epoch : 0, epoch) };
	struct session now;
	PGresult *res = pg_query(t->c, err,
	    "INSERT INTO repld.checkpoint (task, load_group, epoch) VALUES ($1, $2::int8,"
	    " CASE WHEN $2::int8 > 0 THEN $3::int8"
	    " ELSE (extract(epoch FROM clock_timestamp()) * 1000000)::int8 END)"
	    " ON CONFLICT DO NOTHING",
	    3, params);
	bool ok;

	PQclear(res);
	if (res == NULL || (res = query_group(t, cp->group, " FOR UPDATE", err)) == NULL)
		return false;
	if ((ok = PQntuples(res) == 1))
		read_checkpoint(t, res, 0, cp);
	else
		err_set(err, ERR_RETRY, "the task's checkpoint row went away");
	read_session(res, 0, &now);
	*ret_other = strcmp(now.pid, ended->pid) != 0 || strcmp(now.start, ended->start) != 0;
	PQclear(res);
	return ok;
}

static bool
name_ourselves(struct target *t, bool new_owner, const struct checkpoint *cp, struct err *err)
{
	char host[128] = "", pid[NUMBER_TEXT], epoch[NUMBER_TEXT], conn[NUMBER_TEXT],
	     group[NUMBER_TEXT];
	const char *params[] = { t->task, number_text(cp->epoch, epoch),
		number_text(cp->conn, conn), new_owner ? "t" : "f", host,
		number_text((uint64_t)getpid(), pid), number_text(cp->group, group) };
	PGresult *res;

	if (gethostname(host, sizeof(host) - 1) != 0)
		snprintf(host, sizeof(host), "unknown");
	res = pg_query(t->c, err,
	    "UPDATE repld.checkpoint SET epoch = $2::int8, conn = $3::int8, session_pid = "
	    "pg_backend_pid(),"
	    " session_start = (SELECT backend_start FROM pg_stat_activity WHERE pid = "
	    "pg_backend_pid()),"
	    " owner_host = $5, owner_pid = $6::int4,"
	    " owner_since = CASE WHEN $4::bool OR owner_since IS NULL THEN clock_timestamp() ELSE "
	    "owner_since END,"
	    " updated = clock_timestamp() WHERE task = $1 AND load_group = $7::int8",
	    7, params);
	PQclear(res);
	return res != NULL;
}

/* The groups' rows follow the task's: who held them before commits nothing any more. The update
 * waits for a COMMIT that is under way. */
static bool
raise_groups(struct target *t, const struct checkpoint *cp, struct err *err)
{
	char epoch[NUMBER_TEXT];
	const char *params[] = { t->task, number_text(cp->epoch, epoch) };
	PGresult *res = pg_query(t->c, err,
	    "UPDATE repld.checkpoint SET epoch = $2::int8 WHERE task = $1 AND load_group > 0", 2,
	    params);

	PQclear(res);
	return res != NULL;
}

static bool
raise_epoch(struct target *t, bool new_owner, const struct session *ended, struct checkpoint *cp,
    struct err *err)
{
	struct checkpoint row = { .group = cp->group, .epoch = cp->epoch };
	bool other;

	if (!new_owner && !target_fence(t, cp->epoch, err))
		return false;
	if (!lock_row(t, ended, &row, &other, err))
		return false;
	if (!new_owner && row.epoch != cp->epoch)
		return err_set(err, ERR_FENCED, "another owner has taken over task %s", t->task);
	if (other)
		return err_set(
		    err, ERR_RETRY, "another session of task %s came in between", t->task);
	row.conn = new_owner ? 1 : row.conn + 1;
	row.epoch += new_owner;
	if (!name_ourselves(t, new_owner, &row, err) ||
	    (new_owner && !raise_groups(t, &row, err)) || !pg_exec(t->c, err, "COMMIT"))
		return false;
	*cp = row;
	return true;
}

bool
pg_target_learn(struct target *t, bool new_owner, struct checkpoint *cp, struct err *err)
{
	struct session former;
	char which[80] = " ORDER BY load_group";

	if (!new_owner)
		snprintf(which, sizeof(which), " AND load_group = %u", cp->group);
	if (!target_plain(t, err) || !end_sessions(t, t->task, which, &former, err))
		return false;
	if (!target_begin_plain(t, err) || !raise_epoch(t, new_owner, &former, cp, err))
		return target_rollback_plain(t);
	t->epoch = cp->epoch;
	return true;
}

bool
pg_target_load_groups(struct target *t, struct checkpoint **ret, size_t *ret_n, struct err *err)
{
	PGresult *res;
	bool ok = true;

	*ret = NULL;
	*ret_n = 0;
	if (!target_plain(t, err) ||
	    (res = query_rows(t, t->task, " AND load_group > 0 ORDER BY load_group", err)) == NULL)
		return false;
	ok = (*ret = mem_zalloc(((size_t)PQntuples(res) + 1) * sizeof(**ret), err)) != NULL;
	for (int row = 0; ok && row < PQntuples(res); row++, ++*ret_n)
		read_checkpoint(t, res, row, &(*ret)[row]);
	PQclear(res);
	return ok;
}

/* ---- look ---- */

static bool
count_remains(struct target *t, struct target_remains *ret, struct err *err)
{
	const char *params[] = { t->task };
	PGresult *res = pg_query(t->c, err,
	    "SELECT (SELECT count(*) FROM repld.table_state WHERE task = $1),"
	    " (SELECT count(*) FROM repld.exceptions WHERE task = $1)",
	    1, params);

	if (res == NULL)
		return false;
	ret->table_states = (size_t)number_at(res, 0, 0);
	ret->exceptions = (size_t)number_at(res, 0, 1);
	PQclear(res);
	return true;
}

bool
pg_target_look(struct target *t, struct target_remains *ret, struct err *err)
{
	struct target_remains r = { .installed = false };
	PGresult *res;

	if (!pg_installed(t, &r.installed, err))
		return false;
	if (r.installed) {
		if ((res = query_group(t, 0, "", err)) == NULL)
			return false;
		r.checkpoint = PQntuples(res) == 1;
		if (r.checkpoint)
			read_checkpoint(t, res, 0, &r.cp);
		PQclear(res);
		if (!count_remains(t, &r, err) || !pg_named_owner(t, t->task, &r.owner, err))
			return false;
	}
	if (!who_holds(t, &r.owner, &r.owned, err))
		return false;
	*ret = r;
	return true;
}
