/* pg_commit.c - the end of a target transaction: tables' states, checkpoint, COMMIT, and where its
 * commit stands in the target's log.
 * Flow: all answers that count are in -> states -> checkpoint -> COMMIT -> log position, in one
 * round trip.
 * Invariant: the checkpoint is the last statement before COMMIT, and divides by zero unless exactly
 * the row of our epoch and connection was updated, so that the server itself skips the COMMIT of a
 * fenced owner.
 * Threads: the target's. */
#include "endpoints/pg_target.h"

#include <inttypes.h>
#include <stdio.h>

#include "daemon/base/fault.h"

#define NUDGE_USEC 1000000

/* Totals are in the order of struct totals. */
static const char checkpoint_sql[] =
    "WITH u AS (UPDATE repld.checkpoint SET position = $4, commit_time = CASE $5::int8 WHEN 0 THEN "
    "NULL"
    " ELSE timestamptz 'epoch' + $5::int8 * interval '1 microsecond' END,"
    " transactions = $6::int8, rows_read = $7::int8, applied = $8::int8, filtered = $9::int8, "
    "excepted = $10::int8,"
    " inserts = $11::int8, updates = $12::int8, deletes = $13::int8, truncates = $14::int8, "
    "seal = $16::int8, commit_end = $17, gtid_set = $18, updated = clock_timestamp()"
    " WHERE task = $1 AND epoch = $2::int8 AND conn = $3::int8 AND load_group = $15::int8 RETURNING "
    "1) SELECT 1 / count(*) FROM u";

/* The answer takes `prepared` back where it fails. */
static bool
prepare_once(
    struct target *t, struct pg_statement *st, const char *name, const char *sql, struct err *err)
{
	if (st->prepared)
		return true;
	st->prepared = true;
	return pg_pipe_prepare(t, name, sql, (struct pg_sent){ .st = st }, err);
}

static bool
send_states(struct target *t, const struct table_state *states, size_t n, struct err *err)
{
	if (n > 0 && !prepare_once(t, &t->state_st, "repld_state", pg_table_state_sql, err))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct table_state_text text;
		const char *params[TABLE_STATE_PARAMS];

		pg_table_state_params(t, &states[i], &text, params);
		if (!pg_pipe_exec_text(t, "repld_state", TABLE_STATE_PARAMS, params,
			(struct pg_sent){ .kind = SENT_PLAIN }, err))
			return false;
	}
	return true;
}

static bool
send_checkpoint(struct target *t, const struct checkpoint *cp, struct err *err)
{
	const struct totals *n = &cp->totals;
	const uint64_t numbers[] = { n->transactions, n->read, n->applied, n->filtered, n->excepted,
		n->inserts, n->updates, n->deletes, n->truncates };
	char epoch[NUMBER_TEXT], conn[NUMBER_TEXT], time[NUMBER_TEXT], text[9][NUMBER_TEXT],
	    position[POSITION_TEXT], group[NUMBER_TEXT], seal[NUMBER_TEXT], end[POSITION_TEXT];
	const char *params[18] = { t->task, number_text(cp->epoch, epoch),
		number_text(cp->conn, conn), position_stored(&cp->position, position), time };

	snprintf(time, sizeof(time), "%" PRId64, cp->commit_time.v);
	for (int i = 0; i < 9; i++)
		params[5 + i] = number_text(numbers[i], text[i]);
	params[14] = number_text(cp->group, group);
	params[15] = seal_text(checkpoint_seal(t->task, cp), seal);
	params[16] = position_text(&cp->commit_end, end);
	params[17] = cp->position.gtids;
	if (!prepare_once(t, &t->checkpoint_st, "repld_checkpoint", checkpoint_sql, err))
		return false;
	return pg_pipe_exec_text(
	    t, "repld_checkpoint", 18, params, (struct pg_sent){ .kind = SENT_FENCE }, err);
}

/* Its session may still live: another number of its connection lets it commit nothing more. */
static const char hand_over_sql[] =
    "WITH u AS (UPDATE repld.checkpoint SET handed = true, conn = conn + 1, updated = "
    "clock_timestamp()"
    " WHERE task = $1 AND load_group = $2::int8 AND epoch = $3::int8 AND NOT handed RETURNING 1)"
    " SELECT 1 / count(*) FROM u";

bool
pg_target_hand_over(struct target *t, const struct checkpoint *group, struct err *err)
{
	char number[NUMBER_TEXT], epoch[NUMBER_TEXT];
	const char *params[] = { t->task, number_text(group->group, number),
		number_text(group->epoch, epoch) };

	return pg_pipe_begin(t, err) &&
	       prepare_once(t, &t->hand_over_st, "repld_hand_over", hand_over_sql, err) &&
	       pg_pipe_exec_text(t, "repld_hand_over", 3, params,
		   (struct pg_sent){ .kind = SENT_FENCE }, err);
}

static bool
send_commit(struct target *t, struct err *err)
{
	t->commit_sent = true;
	return pg_pipe_plain(t, "COMMIT", (struct pg_sent){ .kind = SENT_COMMIT }, err) &&
	       pg_pipe_plain(t, "SELECT pg_current_wal_insert_lsn()",
		   (struct pg_sent){ .kind = SENT_TOKEN }, err) &&
	       FAULT("target_commit_sent", err) && pg_pipe_drain(t, err);
}

static bool
commit_all(struct target *t, const struct checkpoint *cp, const struct table_state *states,
    size_t n, struct err *err)
{
	/* A row that was not there is known before COMMIT is sent. */
	if (t->checks > 0 && !pg_pipe_drain(t, err))
		return false;
	return pg_pipe_begin(t, err) && send_states(t, states, n, err) &&
	       send_checkpoint(t, cp, err) && FAULT("target_before_commit", err) &&
	       send_commit(t, err);
}

bool
pg_target_commit(struct target *t, const struct checkpoint *cp, const struct table_state *states,
    size_t n, uint64_t *ret_token, bool *ret_unknown, struct err *err)
{
	struct err ignored = ERR_INIT;

	*ret_unknown = false;
	if (t->failed) {
		*err = t->failure;
		return false;
	}
	if (commit_all(t, cp, states, n, err)) {
		pg_apply_committed(t);
		t->token_time = clock_mono();
		*ret_token = t->token;
		return true;
	}
	*ret_unknown = t->commit_sent && !t->commit_refused;
	if (*ret_unknown && err->kind != ERR_CANCELLED)
		err->kind = ERR_RETRY;
	if (err->kind == ERR_FENCED && pg_target_rollback(t, &ignored))
		target_fenced(t, cp->group, err);
	return false;
}

/* Writes a record and waits for its flush: where the server has nothing else to write, an
 * asynchronous commit's neighbour in the log (or a page's head behind it) may stay unflushed for
 * ever. */
static bool
force_flush(struct target *t, struct err *err)
{
	t->nudged = t->token;
	return pg_exec(t->c, err,
	    "BEGIN; SET LOCAL synchronous_commit = on;"
	    " SELECT pg_logical_emit_message(true, 'repld', ''); COMMIT");
}

static bool
ask_flushed(struct target *t, uint64_t *ret, struct err *err)
{
	PGresult *res = pg_query(t->c, err, "SELECT pg_current_wal_flush_lsn()", 0, NULL);
	bool ok;

	if (res == NULL)
		return false;
	ok = PQntuples(res) == 1 && lsn_parse(PQgetvalue(res, 0, 0), ret, err);
	PQclear(res);
	return ok || err_set(err, ERR_PROTOCOL, "the target's log has no position");
}

bool
pg_target_flushed(struct target *t, uint64_t *ret_token, struct err *err)
{
	uint64_t lsn;

	if (!target_plain(t, err) || !ask_flushed(t, &lsn, err))
		return false;
	if (lsn < t->token && t->nudged != t->token && usec_since(t->token_time) > NUDGE_USEC &&
	    (!force_flush(t, err) || !ask_flushed(t, &lsn, err)))
		return false;
	*ret_token = lsn;
	return true;
}
