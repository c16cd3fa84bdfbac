/* pg_tasks.c - the rows that other tasks have in schema repld: listed for the checks, and taken over
 * by a task that was given another name.
 * Flow of a rename: the former name's lock -> the session that its row names is ended -> table
 * states and chunks -> the checkpoint rows, each sealed for its new name -> COMMIT.
 * Invariant: all rows of a task have one name at every moment; a position is taken over only as it
 * stands under the row's lock, and one that was edited stays as unfit as it was.
 * Threads: the target's. */
#include "endpoints/pg_target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/arena.h"
#include "daemon/base/log.h"

/* ---- list ---- */

/* The last column: whether a session has the lock of that row's task. The numbers are compared as
 * pg_locks has them, without sign. */
static const char list_sql[] =
    "SELECT task, source_kind, source_id, source_dbname, timeline, slot, publication, position,"
    " coalesce((extract(epoch FROM updated) * 1000000)::int8, 0), load_group"
    " FROM repld.checkpoint ORDER BY task, load_group";
static const char locks_sql[] =
    "SELECT objid::int8 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND classid::int8 = ($1::int8 & 4294967295)";

static void
text_at(const PGresult *res, int row, int col, char *out, size_t size)
{
	snprintf(out, size, "%s", PQgetvalue(res, row, col));
}

static bool
has_lock(const PGresult *locks, const char *task)
{
	const uint32_t key = (uint32_t)pg_lock_key(task);

	for (int i = 0; i < PQntuples(locks); i++)
		if (strtoull(PQgetvalue(locks, i, 0), NULL, 10) == key)
			return true;
	return false;
}

static void
read_row(const PGresult *res, int i, struct task_row *row)
{
	struct source_identity *s = &row->source;

	*row = (struct task_row){
		.group = (uint32_t)strtoul(PQgetvalue(res, i, 9), NULL, 10)
	};
	text_at(res, i, 0, row->task, sizeof(row->task));
	text_at(res, i, 1, s->kind, sizeof(s->kind));
	text_at(res, i, 2, s->id, sizeof(s->id));
	text_at(res, i, 3, s->dbname, sizeof(s->dbname));
	s->timeline = (uint32_t)strtoul(PQgetvalue(res, i, 4), NULL, 10);
	text_at(res, i, 5, s->slot, sizeof(s->slot));
	text_at(res, i, 6, s->publication, sizeof(s->publication));
	text_at(res, i, 7, row->position, sizeof(row->position));
	row->updated = wall_from_text(PQgetvalue(res, i, 8));
}

static PGresult *
query_locks(struct target *t, struct err *err)
{
	char space[NUMBER_TEXT];
	const char *params[] = { space };

	snprintf(space, sizeof(space), "%" PRId32, pg_lock_key(PG_LOCK_SPACE));
	return pg_query(t->c, err, locks_sql, 1, params);
}

bool
pg_target_list_tasks(struct target *t, struct task_rows *ret, struct err *err)
{
	PGresult *res, *locks;
	bool installed, ok;

	*ret = (struct task_rows){ 0 };
	if (!pg_installed(t, &installed, err))
		return false;
	if (!installed)
		return true;
	if ((res = pg_query(t->c, err, list_sql, 0, NULL)) == NULL)
		return false;
	locks = query_locks(t, err);
	ok = locks != NULL && mem_grow(&ret->rows, &ret->cap, (size_t)PQntuples(res) + 1,
				  sizeof(ret->rows[0]), err);
	for (int i = 0; ok && i < PQntuples(res); i++) {
		struct task_row *row = &ret->rows[ret->n++];

		read_row(res, i, row);
		row->owned = has_lock(locks, row->task);
	}
	PQclear(locks);
	PQclear(res);
	return ok;
}

/* ---- rename ---- */

static bool
run(struct target *t, const char *sql, int n, const char *const *params, struct err *err)
{
	PGresult *res = pg_query(t->c, err, sql, n, params);

	PQclear(res);
	return res != NULL;
}

static bool
former_lock(struct target *t, const char *from, const char *function, bool *ret, struct err *err)
{
	char text[2][NUMBER_TEXT], sql[80];
	const char *params[] = { text[0], text[1] };

	snprintf(text[0], NUMBER_TEXT, "%" PRId32, pg_lock_key(PG_LOCK_SPACE));
	snprintf(text[1], NUMBER_TEXT, "%" PRId32, pg_lock_key(from));
	snprintf(sql, sizeof(sql), "SELECT %s($1::int4, $2::int4)", function);
	return target_ask(t, ret, err, sql, 2, params);
}

/* Where the rename fails, the lock goes with the session. */
static bool
lock_former(struct target *t, const char *from, struct err *err)
{
	struct owner owner = { .pid = 0 };
	char since[WALL_TEXT];
	bool got;

	if (!former_lock(t, from, "pg_try_advisory_lock", &got, err))
		return false;
	if (got)
		return true;
	if (!pg_named_owner(t, from, &owner, err))
		return false;
	err_set(err, ERR_RETRY,
	    "task %s, which is to be renamed to %s, still runs: host %s, pid %d, since %s", from,
	    t->task, owner.host, owner.pid, wall_text(owner.since, since));
	return err_remedy(err, "stop task %s there; this one waits for it", from);
}

static bool
rename_states(struct target *t, const char *from, struct err *err)
{
	const char *params[] = { t->task, from };

	return run(t, "UPDATE repld.prepared SET task = $1 WHERE task = $2", 2, params, err) &&
	       run(t, "UPDATE repld.table_state SET task = $1 WHERE task = $2", 2, params, err) &&
	       run(t, "UPDATE repld.load_chunk SET task = $1 WHERE task = $2", 2, params, err) &&
	       run(t, "UPDATE repld.exceptions SET task = $1 WHERE task = $2", 2, params, err);
}

/* The seal for the new name; of a row that was edited, one that fits no more than its own did. */
static uint64_t
new_seal(struct target *t, const char *from, const PGresult *res, int i)
{
	struct checkpoint cp = {
		.exists = true, .group = (uint32_t)strtoul(PQgetvalue(res, i, 4), NULL, 10)
	};
	const uint64_t seal = (uint64_t)strtoll(PQgetvalue(res, i, 3), NULL, 10);

	text_at(res, i, 0, cp.source.id, sizeof(cp.source.id));
	text_at(res, i, 1, cp.source.slot, sizeof(cp.source.slot));
	checkpoint_verify(from, &cp, PQgetvalue(res, i, 2),
	    PQgetisnull(res, i, 5) ? NULL : PQgetvalue(res, i, 5), seal);
	return seal == 0 || cp.edited[0] != '\0' ? seal : checkpoint_seal(t->task, &cp);
}

static bool
rename_row(struct target *t, const char *from, const PGresult *res, int i, bool paused,
    struct err *err)
{
	char seal[NUMBER_TEXT];
	const char *params[] = { t->task, from, seal_text(new_seal(t, from, res, i), seal),
		paused ? "t" : "f", PQgetvalue(res, i, 4) };

	return run(t,
	    "UPDATE repld.checkpoint SET task = $1, seal = $3::int8, paused = paused OR $4::bool,"
	    " updated = clock_timestamp() WHERE task = $2 AND load_group = $5::int8",
	    5, params, err);
}

static bool
rename_checkpoint(struct target *t, const char *from, struct err *err)
{
	const char *ours[] = { t->task }, *theirs[] = { from };
	bool paused, ok = true;
	PGresult *res;

	if (!target_ask(t, &paused, err,
		"SELECT coalesce(bool_or(paused), false) FROM repld.checkpoint WHERE task = $1", 1,
		ours) ||
	    !run(t, "DELETE FROM repld.checkpoint WHERE task = $1 AND source_kind = ''", 1, ours,
		err))
		return false;
	res = pg_query(t->c, err,
	    "SELECT source_id, slot, position, seal, load_group, gtid_set FROM repld.checkpoint WHERE task = "
	    "$1 FOR UPDATE",
	    1, theirs);
	if (res == NULL)
		return false;
	for (int i = 0; ok && i < PQntuples(res); i++)
		ok = rename_row(t, from, res, i, paused, err);
	PQclear(res);
	return ok;
}

static bool
rename_all(struct target *t, const char *from, struct err *err)
{
	if (!target_begin_plain(t, err))
		return false;
	if (rename_states(t, from, err) && rename_checkpoint(t, from, err) &&
	    pg_exec(t->c, err, "COMMIT"))
		return true;
	return target_rollback_plain(t);
}

/* The former session is ended outside of the transaction, which would see it for ever. */
bool
pg_target_rename_task(struct target *t, const char *from, struct err *err)
{
	bool held;

	if (lock_former(t, from, err) && pg_end_former_sessions(t, from, err) &&
	    rename_all(t, from, err) && former_lock(t, from, "pg_advisory_unlock", &held, err))
		return true;
	if (err->kind != ERR_CANCELLED)
		err_ctx(err, "rename task %s to %s on the target", from, t->task);
	return false;
}
