/* my_tasks.c - the rows that other tasks have in database repld: listed for the checks, and taken over by a task that was given another name.
 * Flow of a rename: the former name's lock -> the sessions that apply under it are ended -> table states and chunks -> the checkpoint rows, each
 * sealed for its new name -> COMMIT.
 * Invariant: all rows of a task have one name at every moment; a position is taken over only as it stands under the row's lock, and one that was
 * edited stays as unfit as it was.
 * Threads: the target's. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/arena.h"
#include "endpoints/my_target.h"

/* ---- list ---- */

static void
text_at(const struct my_rows *r, unsigned col, char *out, size_t size)
{
	snprintf(out, size, "%s", my_text(r, col));
}

static void
read_row(const struct my_rows *r, struct task_row *row)
{
	struct source_identity *s = &row->source;

	*row = (struct task_row){ .group = (uint32_t)my_number(r, 9) };
	text_at(r, 0, row->task, sizeof(row->task));
	text_at(r, 1, s->kind, sizeof(s->kind));
	text_at(r, 2, s->id, sizeof(s->id));
	text_at(r, 3, s->dbname, sizeof(s->dbname));
	s->timeline = (uint32_t)my_number(r, 4);
	text_at(r, 5, s->slot, sizeof(s->slot));
	text_at(r, 6, s->publication, sizeof(s->publication));
	text_at(r, 7, row->position, sizeof(row->position));
	row->updated = my_wall(r, 8);
	row->owned = my_number(r, 10) != 0;
}

/* The last column: whether a session has the lock of that row's task (my_owner_lock()). */
bool
my_target_list_tasks(struct target *t, struct task_rows *ret, struct err *err)
{
	struct my_rows rows;
	bool installed, ok;

	*ret = (struct task_rows){ 0 };
	if (!my_installed(t, &installed, err))
		return false;
	if (!installed)
		return true;
	if (!my_query(t->c, &rows, err,
		"SELECT task, source_kind, source_id, source_dbname, timeline, slot, publication, "
		"position,"
		" coalesce(" MY_USEC_OF(
		    "updated") ", 0), load_group, IS_USED_LOCK(concat('repld:', task)) IS NOT NULL"
			       " FROM repld.checkpoint ORDER BY task, load_group",
		0, NULL))
		return false;
	ok = mem_grow(&ret->rows, &ret->cap, rows.n + 1, sizeof(ret->rows[0]), err);
	while (ok && my_next(&rows))
		read_row(&rows, &ret->rows[ret->n++]);
	my_rows_done(&rows);
	return ok;
}

/* ---- rename ---- */

static bool
lock_former(struct target *t, const char *from, struct err *err)
{
	struct owner owner = { .pid = 0 };
	char since[WALL_TEXT], name[MY_LOCK_NAME];
	bool got;

	if (!my_lock(t, my_owner_lock(from, name), &got, err))
		return false;
	if (got)
		return true;
	if (!my_named_owner(t, from, &owner, err))
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

	return my_do(t, NULL, err, "UPDATE repld.prepared SET task = $1 WHERE task = $2", 2,
		   params) &&
	       my_do(t, NULL, err, "UPDATE repld.table_state SET task = $1 WHERE task = $2", 2,
		   params) &&
	       my_do(t, NULL, err, "UPDATE repld.load_chunk SET task = $1 WHERE task = $2", 2,
		   params) &&
	       my_do(t, NULL, err, "UPDATE repld.exceptions SET task = $1 WHERE task = $2", 2,
		   params);
}

/* The seal for the new name; of a row that was edited, one that fits no more than its own did. */
static uint64_t
new_seal(struct target *t, const char *from, const struct my_rows *r)
{
	struct checkpoint cp = { .exists = true, .group = (uint32_t)my_number(r, 4) };
	const uint64_t seal = (uint64_t)strtoll(my_text(r, 3), NULL, 10);

	text_at(r, 0, cp.source.id, sizeof(cp.source.id));
	text_at(r, 1, cp.source.slot, sizeof(cp.source.slot));
	checkpoint_verify(from, &cp, my_text(r, 2), my_is_null(r, 5) ? NULL : my_text(r, 5), seal);
	return seal == 0 || cp.edited[0] != '\0' ? seal : checkpoint_seal(t->task, &cp);
}

static bool
rename_row(
    struct target *t, const char *from, const struct my_rows *r, bool paused, struct err *err)
{
	char seal[MY_NUMBER];
	const char *params[] = { t->task, from, my_i64((int64_t)new_seal(t, from, r), seal),
		my_flag(paused), my_text(r, 4) };

	return my_do(t, NULL, err,
	    "UPDATE repld.checkpoint SET task = $1, seal = #3, paused = paused OR #4, updated = "
	    "UTC_TIMESTAMP(6)"
	    " WHERE task = $2 AND load_group = #5",
	    5, params);
}

static bool
rename_checkpoint(struct target *t, const char *from, struct err *err)
{
	const char *ours[] = { t->task }, *theirs[] = { from };
	struct my_rows rows;
	bool paused, ok = true;

	if (!my_ask(t->c, &paused, err,
		"SELECT coalesce(max(paused), 0) FROM repld.checkpoint WHERE task = $1", 1, ours) ||
	    !my_do(t, NULL, err,
		"DELETE FROM repld.checkpoint WHERE task = $1 AND source_kind = ''", 1, ours) ||
	    !my_query(t->c, &rows, err,
		"SELECT source_id, slot, position, seal, load_group, gtid_set FROM "
		"repld.checkpoint WHERE task = $1 FOR UPDATE",
		1, theirs))
		return false;
	while (ok && my_next(&rows))
		ok = rename_row(t, from, &rows, paused, err);
	my_rows_done(&rows);
	return ok;
}

static bool
rename_all(struct target *t, const char *from, struct err *err)
{
	if (!my_begin(t, err))
		return false;
	if (rename_states(t, from, err) && rename_checkpoint(t, from, err) && my_commit(t, err))
		return true;
	return my_rollback(t);
}

/* Where the rename fails, the lock goes with the session. */
bool
my_target_rename_task(struct target *t, const char *from, struct err *err)
{
	char name[MY_LOCK_NAME];

	if (lock_former(t, from, err) && my_end_former_sessions(t, from, err) &&
	    rename_all(t, from, err) && my_unlock(t, my_owner_lock(from, name), err))
		return true;
	if (err->kind != ERR_CANCELLED)
		err_ctx(err, "rename task %s to %s on the target", from, t->task);
	return false;
}
