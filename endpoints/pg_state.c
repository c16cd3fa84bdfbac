/* pg_state.c - the rows of repld.checkpoint, table_state and load_chunk that are written outside of
 * apply, and their end. What is kept of prepared transactions goes with them.
 * Each write is a transaction of its own: the rows first, then the look at the epoch under a share
 * lock, then COMMIT. That order is the one of a commit of apply, so the two never wait for each
 * other in a ring.
 * Threads: the target's. */
#include "endpoints/pg_target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/arena.h"

const char pg_table_state_sql[] =
    "INSERT INTO repld.table_state AS s (task, source_schema, source_name, target_schema, "
    "target_name, state, load_group,"
    " snapshot, position_kind, attempt, rows_loaded, bytes_loaded, shape, filenodes, made, error, "
    "fingerprint, ranges, facts)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7::int8, $8, $9, $10::int8, $11::int8, $12::int8, $13, $14, "
    "$15, $16, $17, $18, $19)"
    " ON CONFLICT (task, source_schema, source_name) DO UPDATE SET target_schema = $4, target_name "
    "= $5, state = $6,"
    " load_group = $7::int8, snapshot = $8, position_kind = $9, attempt = $10::int8, rows_loaded = "
    "$11::int8,"
    " bytes_loaded = $12::int8, shape = $13, filenodes = $14, made = $15, error = $16, "
    "fingerprint = $17, ranges = $18, facts = $19, changed = "
    "clock_timestamp()";

void
pg_table_state_params(const struct target *t, const struct table_state *ts,
    struct table_state_text *text, const char *params[TABLE_STATE_PARAMS])
{
	const char *const all[TABLE_STATE_PARAMS] = { t->task, ts->source_schema, ts->source_name,
		ts->target_schema, ts->target_name, table_phase_name(ts->phase),
		number_text(ts->load_group, text->numbers[0]),
		snapshot_text(&ts->snapshot, text->snapshot),
		ts->snapshot.kind == POSITION_LSN ? "lsn" : ts->snapshot.kind == POSITION_BINLOG ? "binlog" : "",
		number_text(ts->attempt, text->numbers[1]),
		number_text(ts->rows_loaded, text->numbers[2]),
		number_text(ts->bytes_loaded, text->numbers[3]), ts->shape, ts->filenodes, ts->made,
		ts->error, ts->fingerprint, ts->ranges, ts->facts };

	memcpy(params, all, sizeof(all));
}

/* ---- transactions ---- */

static bool
run(struct target *t, const char *sql, int n, const char *const *params, struct err *err)
{
	PGresult *res = pg_query(t->c, err, sql, n, params);

	PQclear(res);
	return res != NULL;
}

/* Ends the transaction that `ok` tells of: fence and COMMIT, or ROLLBACK. */
static bool
finish(struct target *t, bool ok, uint64_t epoch, const char *doing, struct err *err)
{
	if (ok && target_fence(t, epoch, err) && pg_exec(t->c, err, "COMMIT"))
		return true;
	if (err->kind != ERR_CANCELLED && err->kind != ERR_FENCED)
		err_ctx(err, "%s", doing);
	return target_rollback_plain(t);
}

static bool
update_source(struct target *t, const struct checkpoint *cp, struct err *err)
{
	char timeline[NUMBER_TEXT], position[POSITION_TEXT], group[NUMBER_TEXT],
	    seal[NUMBER_TEXT], end[POSITION_TEXT];
	const struct source_identity *s = &cp->source;
	const char *params[] = { t->task, s->kind, s->id, s->dbname,
		number_text(s->timeline, timeline), s->slot, s->publication,
		cp->slot_made ? "t" : "f", cp->publication_made ? "t" : "f",
		position_stored(&cp->position, position), cp->load_done ? "t" : "f",
		number_text(cp->group, group), seal_text(checkpoint_seal(t->task, cp), seal),
		position_text(&cp->commit_end, end), cp->position.gtids };

	return run(t,
	    "UPDATE repld.checkpoint SET source_kind = $2, source_id = $3, source_dbname = $4, "
	    "timeline = $5::int8,"
	    " slot = $6, publication = $7, slot_made = $8::bool, publication_made = $9::bool, "
	    "position = $10,"
	    " load_done = $11::bool, seal = $13::int8, commit_end = $14, gtid_set = $15, updated = "
	    "clock_timestamp() WHERE task = $1 AND load_group = $12::int8",
	    15, params, err);
}

bool
pg_target_save_source(struct target *t, const struct checkpoint *cp, struct err *err)
{
	if (!target_begin_plain(t, err))
		return false;
	return finish(t, pg_forget_prepared(t, cp, err) && update_source(t, cp, err), cp->epoch,
	    "save the checkpoint", err);
}

bool
pg_target_save_paused(struct target *t, uint64_t epoch, bool paused, struct err *err)
{
	const char *params[] = { t->task, paused ? "t" : "f" };
	bool ok;

	if (!target_begin_plain(t, err))
		return false;
	ok = run(t,
	    "UPDATE repld.checkpoint SET paused = $2::bool, updated = clock_timestamp() WHERE task "
	    "= $1 AND load_group = 0",
	    2, params, err);
	return finish(t, ok, epoch, "save the pause", err);
}

/* ---- table states ---- */

bool
pg_other_owner(
    struct target *t, const char *schema, const char *name, char ret_task[64], struct err *err)
{
	const char *params[] = { t->task, schema, name };
	PGresult *res;
	bool installed;

	ret_task[0] = '\0';
	if (!pg_installed(t, &installed, err) || !installed)
		return installed || err->kind == ERR_NONE;
	res = pg_query(t->c, err,
	    "SELECT task FROM repld.table_state WHERE target_schema = $2 AND target_name = $3 AND "
	    "task <> $1",
	    3, params);
	if (res == NULL)
		return false;
	if (PQntuples(res) > 0)
		snprintf(ret_task, 64, "%s", PQgetvalue(res, 0, 0));
	PQclear(res);
	return true;
}

/* After the rollback: who has the table that could not be taken. */
static bool
name_other_owner(struct target *t, const struct table_state *ts, struct err *err)
{
	struct err ignored = ERR_INIT;
	char other[64];

	if (!pg_other_owner(t, ts->target_schema, ts->target_name, other, &ignored))
		return false;
	err_set(err, ERR_CONFIG, "table %s.%s belongs to %s%s already", ts->target_schema,
	    ts->target_name, other[0] != '\0' ? "task " : "another table of this task", other);
	err_remedy(err, "take the table out of one of the tasks, or give it another target; a task "
			"that is no more: repld cleanup");
	return err_table(err, ts->target_schema, ts->target_name);
}

bool
pg_write_state(struct target *t, const struct table_state *ts, struct err *err)
{
	struct table_state_text text;
	const char *params[TABLE_STATE_PARAMS], *old[4];

	pg_table_state_params(t, ts, &text, params);
	old[0] = t->task;
	old[1] = ts->source_schema;
	old[2] = ts->source_name;
	old[3] = params[9];
	return run(t, pg_table_state_sql, TABLE_STATE_PARAMS, params, err) &&
	       run(t,
		   "DELETE FROM repld.load_chunk WHERE task = $1 AND source_schema = $2 AND "
		   "source_name = $3"
		   " AND attempt < $4::int8",
		   4, old, err);
}

bool
pg_lock_state(struct target *t, const struct table_state *ts, struct err *err)
{
	const char *params[] = { t->task, ts->source_schema, ts->source_name };

	return run(t,
	    "SELECT FROM repld.table_state WHERE task = $1 AND source_schema = $2 AND source_name "
	    "= $3 FOR UPDATE",
	    3, params, err);
}

bool
pg_target_save_states(struct target *t, uint64_t epoch, const struct table_state *ts, size_t n,
    struct err *err)
{
	size_t done = 0;
	bool ok = true;

	if (!target_begin_plain(t, err))
		return false;
	while (done < n && (ok = pg_write_state(t, &ts[done], err)))
		done++;
	ok = finish(t, ok, epoch, "save the tables' states", err);
	if (!ok && strcmp(err->sqlstate, "23505") == 0 && done < n)
		name_other_owner(t, &ts[done], err);
	return ok;
}

bool
pg_target_forget_state(struct target *t, uint64_t epoch, const char *source_schema,
    const char *source_name, struct err *err)
{
	const char *params[] = { t->task, source_schema, source_name };
	bool ok;

	if (!target_begin_plain(t, err))
		return false;
	ok = run(t,
		 "DELETE FROM repld.table_state WHERE task = $1 AND source_schema = $2 AND "
		 "source_name = $3",
		 3, params, err) &&
	     run(t,
		 "DELETE FROM repld.load_chunk WHERE task = $1 AND source_schema = $2 AND "
		 "source_name = $3",
		 3, params, err);
	return finish(t, ok, epoch, "forget the table's state", err);
}

static bool
copy_text(char **ret, const PGresult *res, int row, int col, struct err *err)
{
	if (PQgetisnull(res, row, col))
		return true;
	return (*ret = mem_strdup(PQgetvalue(res, row, col), err)) != NULL;
}

static uint64_t
number_at(const PGresult *res, int row, int col)
{
	return strtoull(PQgetvalue(res, row, col), NULL, 10);
}

static bool
read_state(const PGresult *res, int row, struct table_state *ts, struct err *err)
{
	if (!copy_text(&ts->source_schema, res, row, 0, err) ||
	    !copy_text(&ts->source_name, res, row, 1, err) ||
	    !copy_text(&ts->target_schema, res, row, 2, err) ||
	    !copy_text(&ts->target_name, res, row, 3, err) ||
	    !copy_text(&ts->shape, res, row, 10, err) ||
	    !copy_text(&ts->filenodes, res, row, 11, err) ||
	    !copy_text(&ts->made, res, row, 12, err) || !copy_text(&ts->error, res, row, 13, err) ||
	    !copy_text(&ts->fingerprint, res, row, 14, err) ||
	    !copy_text(&ts->ranges, res, row, 15, err) ||
	    !copy_text(&ts->facts, res, row, 16, err))
		return false;
	if (!table_phase_parse(PQgetvalue(res, row, 4), &ts->phase))
		return err_set(err, ERR_CONFIG,
		    "repld.table_state holds the unknown state \"%.40s\" for %s.%s",
		    PQgetvalue(res, row, 4), ts->source_schema, ts->source_name);
	ts->load_group = (uint32_t)number_at(res, row, 5);
	ts->attempt = (uint32_t)number_at(res, row, 7);
	ts->rows_loaded = number_at(res, row, 8);
	ts->bytes_loaded = number_at(res, row, 9);
	return snapshot_parse(PQgetvalue(res, row, 6), &ts->snapshot, err) ||
	       err_ctx(err, "the snapshot in repld.table_state");
}

bool
pg_target_load_states(struct target *t, struct table_states *ret, struct err *err)
{
	const char *params[] = { t->task };
	PGresult *res;
	bool ok = true;

	if (!target_plain(t, err))
		return false;
	res = pg_query(t->c, err,
	    "SELECT source_schema, source_name, target_schema, target_name, state, load_group, "
	    "snapshot,"
	    " attempt, rows_loaded, bytes_loaded, shape, filenodes, made, error, fingerprint, "
	    "ranges, facts FROM "
	    "repld.table_state WHERE task = $1"
	    " ORDER BY source_schema, source_name",
	    1, params);
	if (res == NULL)
		return false;
	for (int row = 0; ok && row < PQntuples(res); row++) {
		struct table_state *ts = table_states_add(ret, err);

		ok = ts != NULL && read_state(res, row, ts, err);
	}
	PQclear(res);
	return ok;
}

bool
pg_target_end_group(struct target *t, uint64_t epoch, uint32_t group, struct err *err)
{
	char number[NUMBER_TEXT];
	const char *params[] = { t->task, number_text(group, number) };
	bool ok;

	if (!target_begin_plain(t, err))
		return false;
	ok = run(t,
		 "DELETE FROM repld.prepared WHERE task = $1 AND load_group = $2::int8 AND "
		 "load_group > 0",
		 2, params, err) &&
	     run(t,
		 "DELETE FROM repld.checkpoint WHERE task = $1 AND load_group = $2::int8 AND "
		 "load_group > 0",
		 2, params, err);
	return finish(t, ok, epoch, "forget the load group", err);
}

/* ---- cleanup ---- */

/* A schema made before the table of prepared transactions came lacks it. */
static bool
delete_prepared(struct target *t, struct err *err)
{
	const char *params[] = { t->task };
	bool there;

	return target_ask(t, &there, err, "SELECT to_regclass('repld.prepared') IS NOT NULL", 0, NULL) &&
	       (!there || run(t, "DELETE FROM repld.prepared WHERE task = $1", 1, params, err));
}

static bool
delete_task(struct target *t, struct err *err)
{
	const char *params[] = { t->task };

	return delete_prepared(t, err) &&
	       run(t, "DELETE FROM repld.load_chunk WHERE task = $1", 1, params, err) &&
	       run(t, "DELETE FROM repld.table_state WHERE task = $1", 1, params, err) &&
	       run(t, "DELETE FROM repld.exceptions WHERE task = $1", 1, params, err) &&
	       run(t, "DELETE FROM repld.checkpoint WHERE task = $1", 1, params, err);
}

/* The tables go where no task has a row; the schema where nothing else is in it. */
static bool
drop_if_last(struct target *t, struct err *err)
{
	bool empty, alone;

	if (!target_ask(t, &empty, err,
		"SELECT NOT EXISTS (SELECT FROM repld.checkpoint) AND"
		" NOT EXISTS (SELECT FROM repld.table_state) AND NOT EXISTS (SELECT FROM "
		"repld.exceptions)",
		0, NULL))
		return false;
	if (!empty)
		return true;
	if (!pg_exec(t->c, err,
		"DROP TABLE IF EXISTS repld.prepared; DROP TABLE repld.load_chunk, "
		"repld.table_state, repld.exceptions, repld.checkpoint"))
		return false;
	if (!target_ask(t, &alone, err,
		"SELECT NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = "
		"'repld'::regnamespace) AND"
		" NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = 'repld'::regnamespace) AND"
		" NOT EXISTS (SELECT FROM pg_type WHERE typnamespace = 'repld'::regnamespace)",
		0, NULL))
		return false;
	return !alone || pg_exec(t->c, err, "DROP SCHEMA repld");
}

bool
pg_target_cleanup(struct target *t, struct err *err)
{
	bool installed;

	if (!pg_installed(t, &installed, err))
		return false;
	if (!installed)
		return true;
	if (target_begin_plain(t, err) && pg_install_lock(t, err) && delete_task(t, err) &&
	    drop_if_last(t, err) && pg_exec(t->c, err, "COMMIT"))
		return true;
	if (err->kind != ERR_CANCELLED)
		err_ctx(err, "clean up on the target");
	return target_rollback_plain(t);
}
