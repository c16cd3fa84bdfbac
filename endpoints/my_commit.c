/* my_commit.c - the end of a target transaction: tables' states, checkpoint, COMMIT.
 * Invariant: the checkpoint is the last statement before COMMIT, and COMMIT is sent only where it touched exactly the row of our epoch and
 * connection. An answer to COMMIT that is anything but success leaves its outcome unknown: a server may fail after it has written the
 * transaction to its log.
 * Threads: the target's. */
#include <inttypes.h>
#include <stdio.h>

#include "daemon/base/fault.h"
#include "endpoints/my_target.h"

/* Totals are in the order of struct totals. */
static const char checkpoint_sql[] =
    "UPDATE repld.checkpoint SET position = $4, commit_time = " MY_TIME_OF(
	"#5") ", transactions = #6, rows_read = #7, applied = #8,"
	      " filtered = #9, excepted = #10, inserts = #11, updates = #12, deletes = #13, "
	      "truncates = #14, seal = #16, commit_end = $17,"
	      " gtid_set = $18, updated = UTC_TIMESTAMP(6) WHERE task = $1 AND epoch = #2 AND conn "
	      "= #3 AND load_group = #15";

static bool
write_checkpoint(struct target *t, const struct checkpoint *cp, struct err *err)
{
	const struct totals *n = &cp->totals;
	const uint64_t numbers[] = { n->transactions, n->read, n->applied, n->filtered, n->excepted,
		n->inserts, n->updates, n->deletes, n->truncates };
	char epoch[MY_NUMBER], conn[MY_NUMBER], time[MY_NUMBER], text[9][MY_NUMBER],
	    position[POSITION_TEXT], group[MY_NUMBER], seal[MY_NUMBER], end[POSITION_TEXT];
	const char *params[18] = { t->task, my_u64(cp->epoch, epoch), my_u64(cp->conn, conn),
		position_stored(&cp->position, position), my_i64(cp->commit_time.v, time) };
	uint64_t rows = 0;

	for (int i = 0; i < 9; i++)
		params[5 + i] = my_u64(numbers[i], text[i]);
	params[14] = my_u64(cp->group, group);
	params[15] = my_i64((int64_t)checkpoint_seal(t->task, cp), seal);
	params[16] = position_text(&cp->commit_end, end);
	params[17] = cp->position.gtids;
	if (!my_do(t, &rows, err, checkpoint_sql, 18, params))
		return false;
	return rows == 1 ||
	       err_set(err, ERR_FENCED, "another owner has taken over task %s", t->task);
}

/* Its session may still live: another number of its connection lets it commit nothing more. */
bool
my_target_hand_over(struct target *t, const struct checkpoint *group, struct err *err)
{
	char number[MY_NUMBER], epoch[MY_NUMBER];
	const char *params[] = { t->task, my_u64(group->group, number),
		my_u64(group->epoch, epoch) };
	uint64_t rows = 0;

	if (!my_begin(t, err) ||
	    !my_do(t, &rows, err,
		"UPDATE repld.checkpoint SET handed = 1, conn = conn + 1, updated = "
		"UTC_TIMESTAMP(6)"
		" WHERE task = $1 AND load_group = #2 AND epoch = #3 AND NOT handed",
		3, params))
		return false;
	return rows == 1 ||
	       err_set(err, ERR_FENCED, "another owner has taken over task %s", t->task);
}

static bool
commit_all(struct target *t, const struct checkpoint *cp, const struct table_state *states,
    size_t n, struct err *err)
{
	if (!my_begin(t, err))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!my_put_state(t, &states[i], err))
			return false;
	return write_checkpoint(t, cp, err) && FAULT("target_before_commit", err);
}

/* A cluster's node that lost against another one's transaction, and a transaction that is over a limit: they have said that nothing came of it. */
static bool
was_rolled_back(const struct target *t, const struct err *err)
{
	return !t->c->lost && my_errno(t->c) != 0 &&
	       (strcmp(err->sqlstate, "40001") == 0 || err->kind == ERR_LIMIT);
}

bool
my_target_commit(struct target *t, const struct checkpoint *cp, const struct table_state *states,
    size_t n, uint64_t *ret_token, bool *ret_unknown, struct err *err)
{
	*ret_unknown = false;
	if (t->failed) {
		*err = t->failure;
		return false;
	}
	if (!commit_all(t, cp, states, n, err)) {
		if (err->kind == ERR_FENCED) {
			my_rollback(t);
			my_fenced(t, cp->group, err);
		}
		return false;
	}
	if (my_commit(t, err) && FAULT("target_commit_sent", err)) {
		*ret_token = ++t->token;
		return true;
	}
	*ret_unknown = !was_rolled_back(t, err);
	if (*ret_unknown && err->kind != ERR_CANCELLED)
		err->kind = ERR_RETRY;
	return false;
}

/* What a commit's answer says, the server's log holds on disk: the checks see to that, or durability = "relaxed" does without. */
bool
my_target_flushed(struct target *t, uint64_t *ret_token, struct err *err)
{
	(void)err;
	*ret_token = t->token;
	return true;
}
