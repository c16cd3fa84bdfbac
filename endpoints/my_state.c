/* my_state.c - the rows of repld.checkpoint, table_state and load_chunk that are written outside of apply, and their end.
 * Each write is a transaction of its own: the rows first, then the look at the epoch under a share lock, then COMMIT. That order is the one of a
 * commit of apply, so the two never wait for each other in a ring.
 * A state is updated, and inserted where it is not there: INSERT ... ON DUPLICATE KEY UPDATE would also take another task's row of the same target.
 * Threads: the target's. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/arena.h"
#include "endpoints/my_target.h"

/* ---- transactions ---- */

/* Ends the transaction that `ok` tells of: fence and COMMIT, or ROLLBACK. */
static bool
finish(struct target *t, bool ok, uint64_t epoch, const char *doing, struct err *err)
{
	if (ok && my_fence(t, epoch, err) && my_commit(t, err))
		return true;
	if (err->kind != ERR_CANCELLED && err->kind != ERR_FENCED)
		err_ctx(err, "%s", doing);
	return my_rollback(t);
}

static bool
update_source(struct target *t, const struct checkpoint *cp, struct err *err)
{
	char timeline[MY_NUMBER], position[POSITION_TEXT], group[MY_NUMBER], seal[MY_NUMBER],
	    end[POSITION_TEXT];
	const struct source_identity *s = &cp->source;
	const char *params[] = { t->task, s->kind, s->id, s->dbname, my_u64(s->timeline, timeline),
		s->slot, s->publication, my_flag(cp->slot_made), my_flag(cp->publication_made),
		position_stored(&cp->position, position), my_flag(cp->load_done),
		my_u64(cp->group, group), my_i64((int64_t)checkpoint_seal(t->task, cp), seal),
		position_text(&cp->commit_end, end), cp->position.gtids };

	return my_do(t, NULL, err,
	    "UPDATE repld.checkpoint SET source_kind = $2, source_id = $3, source_dbname = $4, "
	    "timeline = #5, slot = $6, publication = $7,"
	    " slot_made = #8, publication_made = #9, position = $10, load_done = #11, seal = #13, "
	    "commit_end = $14, gtid_set = $15,"
	    " updated = UTC_TIMESTAMP(6) WHERE task = $1 AND load_group = #12",
	    15, params);
}

bool
my_target_save_source(struct target *t, const struct checkpoint *cp, struct err *err)
{
	if (!my_begin(t, err))
		return false;
	return finish(t, my_forget_prepared(t, cp, err) && update_source(t, cp, err), cp->epoch,
	    "save the checkpoint", err);
}

bool
my_target_save_paused(struct target *t, uint64_t epoch, bool paused, struct err *err)
{
	const char *params[] = { t->task, my_flag(paused) };

	if (!my_begin(t, err))
		return false;
	return finish(t,
	    my_do(t, NULL, err,
		"UPDATE repld.checkpoint SET paused = #2, updated = UTC_TIMESTAMP(6) WHERE task = "
		"$1 AND load_group = 0",
		2, params),
	    epoch, "save the pause", err);
}

/* ---- table states ---- */

#define STATE_PARAMS 19

struct state_text { /* memory behind the parameters */
	char numbers[4][MY_NUMBER], snapshot[POSITION_TEXT];
};

static void
state_params(const struct target *t, const struct table_state *ts, struct state_text *text,
    const char *params[STATE_PARAMS])
{
	const char *const kind = ts->snapshot.kind == POSITION_LSN	? "lsn"
				 : ts->snapshot.kind == POSITION_BINLOG ? "binlog"
									: "";
	const char *const all[STATE_PARAMS] = { t->task, ts->source_schema, ts->source_name,
		ts->target_schema, ts->target_name, table_phase_name(ts->phase),
		my_u64(ts->load_group, text->numbers[0]),
		snapshot_text(&ts->snapshot, text->snapshot), kind,
		my_u64(ts->attempt, text->numbers[1]), my_u64(ts->rows_loaded, text->numbers[2]),
		my_u64(ts->bytes_loaded, text->numbers[3]), ts->shape, ts->filenodes, ts->made,
		ts->error, ts->fingerprint, ts->ranges, ts->facts };

	memcpy(params, all, sizeof(all));
}

bool
my_put_state(struct target *t, const struct table_state *ts, struct err *err)
{
	const char *params[STATE_PARAMS];
	struct state_text text;
	uint64_t rows = 0;

	state_params(t, ts, &text, params);
	if (!my_do(t, &rows, err,
		"UPDATE repld.table_state SET target_schema = $4, target_name = $5, state = $6, "
		"load_group = #7, snapshot = $8,"
		" position_kind = $9, attempt = #10, rows_loaded = #11, bytes_loaded = #12, shape "
		"= $13, filenodes = $14, made = $15, error = $16,"
		" fingerprint = $17, ranges = $18, facts = $19, changed = UTC_TIMESTAMP(6)"
		" WHERE task = $1 AND source_schema = $2 AND source_name = $3",
		STATE_PARAMS, params))
		return false;
	return rows == 1 || my_do(t, NULL, err,
				"INSERT INTO repld.table_state (task, source_schema, source_name, "
				"target_schema, target_name, state, load_group, snapshot,"
				" position_kind, attempt, rows_loaded, bytes_loaded, shape, "
				"filenodes, made, error, fingerprint, ranges, facts)"
				" VALUES ($1, $2, $3, $4, $5, $6, #7, $8, $9, #10, #11, #12, $13, "
				"$14, $15, $16, $17, $18, $19)",
				STATE_PARAMS, params);
}

bool
my_write_state(struct target *t, const struct table_state *ts, struct err *err)
{
	char attempt[MY_NUMBER];
	const char *old[] = { t->task, ts->source_schema, ts->source_name,
		my_u64(ts->attempt, attempt) };

	return my_put_state(t, ts, err) &&
	       my_do(t, NULL, err,
		   "DELETE FROM repld.load_chunk WHERE task = $1 AND source_schema = $2 AND "
		   "source_name = $3 AND attempt < #4",
		   4, old);
}

bool
my_lock_state(struct target *t, const struct table_state *ts, struct err *err)
{
	const char *params[] = { t->task, ts->source_schema, ts->source_name };
	bool there;

	return my_ask(t->c, &there, err,
	    "SELECT 1 FROM repld.table_state WHERE task = $1 AND source_schema = $2 AND "
	    "source_name = $3 FOR UPDATE",
	    3, params);
}

bool
my_other_owner(
    struct target *t, const char *schema, const char *name, char ret_task[64], struct err *err)
{
	const char *params[] = { t->task, schema, name };
	bool installed, there;

	ret_task[0] = '\0';
	if (!my_installed(t, &installed, err) || !installed)
		return installed || err->kind == ERR_NONE;
	return my_value(t->c, ret_task, 64, &there, err,
	    "SELECT left(task, 60) FROM repld.table_state WHERE target_schema = $2 AND target_name "
	    "= $3 AND task <> $1",
	    3, params);
}

/* After the rollback: who has the table that could not be taken. */
static bool
name_other_owner(struct target *t, const struct table_state *ts, struct err *err)
{
	struct err ignored = ERR_INIT;
	char other[64];

	if (!my_other_owner(t, ts->target_schema, ts->target_name, other, &ignored))
		return false;
	err_set(err, ERR_CONFIG, "table %s.%s belongs to %s%s already", ts->target_schema,
	    ts->target_name, other[0] != '\0' ? "task " : "another table of this task", other);
	err_remedy(err, "take the table out of one of the tasks, or give it another target; a task "
			"that is no more: repld cleanup");
	return err_table(err, ts->target_schema, ts->target_name);
}

bool
my_target_save_states(
    struct target *t, uint64_t epoch, const struct table_state *ts, size_t n, struct err *err)
{
	size_t done = 0;
	bool ok = true;

	if (!my_begin(t, err))
		return false;
	while (done < n && (ok = my_write_state(t, &ts[done], err)))
		done++;
	ok = finish(t, ok, epoch, "save the tables' states", err);
	if (!ok && strcmp(err->sqlstate, "23505") == 0 && done < n)
		name_other_owner(t, &ts[done], err);
	return ok;
}

bool
my_target_forget_state(struct target *t, uint64_t epoch, const char *source_schema,
    const char *source_name, struct err *err)
{
	const char *params[] = { t->task, source_schema, source_name };
	bool ok;

	if (!my_begin(t, err))
		return false;
	ok = my_do(t, NULL, err,
		 "DELETE FROM repld.table_state WHERE task = $1 AND source_schema = $2 AND "
		 "source_name = $3",
		 3, params) &&
	     my_do(t, NULL, err,
		 "DELETE FROM repld.load_chunk WHERE task = $1 AND source_schema = $2 AND "
		 "source_name = $3",
		 3, params);
	return finish(t, ok, epoch, "forget the table's state", err);
}

static bool
copy_text(char **ret, const struct my_rows *r, unsigned col, struct err *err)
{
	return my_is_null(r, col) || (*ret = mem_strdup(my_text(r, col), err)) != NULL;
}

static bool
read_state(const struct my_rows *r, struct table_state *ts, struct err *err)
{
	if (!copy_text(&ts->source_schema, r, 0, err) || !copy_text(&ts->source_name, r, 1, err) ||
	    !copy_text(&ts->target_schema, r, 2, err) || !copy_text(&ts->target_name, r, 3, err) ||
	    !copy_text(&ts->shape, r, 9, err) || !copy_text(&ts->filenodes, r, 10, err) ||
	    !copy_text(&ts->made, r, 11, err) || !copy_text(&ts->error, r, 12, err) ||
	    !copy_text(&ts->fingerprint, r, 13, err) || !copy_text(&ts->ranges, r, 14, err) ||
	    !copy_text(&ts->facts, r, 15, err))
		return false;
	if (!table_phase_parse(my_text(r, 4), &ts->phase))
		return err_set(err, ERR_CONFIG,
		    "repld.table_state holds the unknown state \"%.40s\" for %s.%s", my_text(r, 4),
		    ts->source_schema, ts->source_name);
	ts->load_group = (uint32_t)my_number(r, 5);
	ts->attempt = (uint32_t)my_number(r, 7);
	ts->rows_loaded = my_number(r, 8);
	ts->bytes_loaded = my_number(r, 16);
	return snapshot_parse(my_text(r, 6), &ts->snapshot, err) ||
	       err_ctx(err, "the snapshot in repld.table_state");
}

bool
my_target_load_states(struct target *t, struct table_states *ret, struct err *err)
{
	const char *params[] = { t->task };
	struct my_rows rows;
	bool ok = true;

	if (!my_query(t->c, &rows, err,
		"SELECT source_schema, source_name, target_schema, target_name, state, load_group, "
		"snapshot, attempt, rows_loaded, shape,"
		" filenodes, made, error, fingerprint, ranges, facts, bytes_loaded FROM "
		"repld.table_state WHERE task = $1"
		" ORDER BY source_schema, source_name",
		1, params))
		return false;
	while (ok && my_next(&rows)) {
		struct table_state *ts = table_states_add(ret, err);

		ok = ts != NULL && read_state(&rows, ts, err);
	}
	my_rows_done(&rows);
	return ok;
}

bool
my_target_end_group(struct target *t, uint64_t epoch, uint32_t group, struct err *err)
{
	char number[MY_NUMBER];
	const char *params[] = { t->task, my_u64(group, number) };

	if (!my_begin(t, err))
		return false;
	return finish(t,
	    my_do(t, NULL, err,
		"DELETE FROM repld.prepared WHERE task = $1 AND load_group = #2 AND load_group > 0",
		2, params) &&
		my_do(t, NULL, err,
		    "DELETE FROM repld.checkpoint WHERE task = $1 AND load_group = #2 AND "
		    "load_group > 0",
		    2, params),
	    epoch, "forget the load group", err);
}

/* ---- cleanup ---- */

static bool
delete_task(struct target *t, struct err *err)
{
	static const char *const deletes[] = { "DELETE FROM repld.prepared WHERE task = $1",
		"DELETE FROM repld.load_chunk WHERE task = $1",
		"DELETE FROM repld.table_state WHERE task = $1",
		"DELETE FROM repld.exceptions WHERE task = $1",
		"DELETE FROM repld.checkpoint WHERE task = $1" };
	const char *params[] = { t->task };
	bool there;

	if (!my_has_prepared(t, &there, err) || !my_begin(t, err))
		return false;
	for (size_t i = there ? 0 : 1; i < sizeof(deletes) / sizeof(deletes[0]); i++)
		if (!my_do(t, NULL, err, deletes[i], 1, params))
			return my_rollback(t);
	return my_commit(t, err) || my_rollback(t);
}

/* The tables go where no task has a row; the database where nothing else is in it. */
static bool
drop_if_last(struct target *t, struct err *err)
{
	bool rows, others;

	if (!my_ask(t->c, &rows, err,
		"SELECT EXISTS (SELECT 1 FROM repld.checkpoint) OR EXISTS (SELECT 1 FROM "
		"repld.table_state)"
		" OR EXISTS (SELECT 1 FROM repld.exceptions)",
		0, NULL))
		return false;
	if (rows)
		return true;
	if (!my_exec(t->c, err,
		"DROP TABLE IF EXISTS repld.prepared, repld.load_chunk, repld.table_state, "
		"repld.exceptions, repld.checkpoint"))
		return my_errno(t->c) == MY_TABLE_DENIED &&
		       err_remedy(err,
			   "GRANT DROP ON repld.* to the account of endpoint %s; or DROP DATABASE "
			   "repld, where no task has a row any more",
			   t->c->endpoint);
	if (!my_ask(t->c, &others, err,
		"SELECT EXISTS (SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = "
		"'repld')"
		" OR EXISTS (SELECT 1 FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = "
		"'repld')"
		" OR EXISTS (SELECT 1 FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'repld')",
		0, NULL))
		return false;
	return others || my_exec(t->c, err, "DROP DATABASE IF EXISTS repld");
}

bool
my_target_cleanup(struct target *t, struct err *err)
{
	bool installed, ok;

	if (!my_installed(t, &installed, err))
		return false;
	if (!installed)
		return true;
	ok = my_install_lock(t, err) && delete_task(t, err) && drop_if_last(t, err);
	my_install_unlock(t);
	if (!ok && err->kind != ERR_CANCELLED)
		err_ctx(err, "clean up on the target");
	return ok;
}
