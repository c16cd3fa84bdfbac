/* pg_pipe.c - statements sent ahead of their answers.
 * Flow: pg_pipe_begin() -> pg_pipe_prepare(), pg_pipe_plain(), ... (sent, not waited for; answers
 * are taken as they come) -> pg_pipe_drain() (a sync, then every answer).
 * Invariant: `sent` lists exactly what libpq owes an answer for, in order; the first failure is
 * kept, and nothing more is sent until rollback().
 * libpq keeps what it can't send and moves it about as a whole, so never more than 64 KB (or one
 * statement) waits unsent.
 * Threads: the target's. */
#include "endpoints/pg_target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/arena.h"

#define UNSENT_BYTES (60u * 1024) /* below 64 KB, from where libpq tries to send at each call */
#define SENT_MOST    4096 /* answers outstanding */

static struct pg_sent *
sent_push(struct target *t, struct pg_sent s, struct err *err)
{
	if (t->count == t->cap) {
		const size_t cap = t->cap == 0 ? 64 : t->cap * 2;
		struct pg_sent *all = mem_zalloc(cap * sizeof(*all), err);

		if (all == NULL)
			return NULL;
		for (size_t i = 0; i < t->count; i++)
			all[i] = t->sent[(t->head + i) & (t->cap - 1)];
		free(t->sent);
		t->sent = all;
		t->cap = cap;
		t->head = 0;
	}
	t->sent[(t->head + t->count) & (t->cap - 1)] = s;
	t->checks += s.counted;
	return &t->sent[(t->head + t->count++) & (t->cap - 1)];
}

/* The first failure is what the transaction dies of; it is returned by the call that meets it. */
void
pg_pipe_fail(struct target *t, const struct pg_sent *s, struct err *failure)
{
	const struct plan *plan = s->plan;

	if (t->failed)
		return;
	if (plan != NULL && failure->kind != ERR_CANCELLED) {
		if (failure->table[0] == '\0')
			err_table(failure, plan->target->schema, plan->target->name);
		if (s->rows == 1)
			err_ctx(failure, "%s.%s, %s (change %" PRIu64 " of the batch)",
			    plan->target->schema, plan->target->name, s->what, s->ordinal + 1);
		else if (s->rows > 1)
			err_ctx(failure, "%s.%s, %s of %u rows", plan->target->schema,
			    plan->target->name, s->what, s->rows);
		else
			err_ctx(failure, "%s.%s, %s", plan->target->schema, plan->target->name,
			    s->what);
		if (strcmp(s->what, "truncate") == 0 && strcmp(failure->sqlstate, "0A000") == 0)
			err_remedy(failure, "drop the foreign keys of other tables on the target "
					    "that refer to it, then: repld ctl restart TASK");
	}
	t->failed = true;
	t->failure = *failure;
}

/* After FATAL the server may have done the work before it went. */
static bool
went_away(const struct target *t, const PGresult *res)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	return PQstatus(t->c->pg) != CONNECTION_OK || state == NULL ||
	       strncmp(state, "57P0", 4) == 0 || strncmp(state, "08", 2) == 0;
}

static void
answer_failed(struct target *t, const struct pg_sent *s, const PGresult *res)
{
	struct err failure = ERR_INIT;

	if (s->kind == SENT_PREPARE && s->st != NULL)
		s->st->prepared = false;
	if (s->kind == SENT_COMMIT && !went_away(t, res))
		t->commit_refused = true;
	pg_err_result(t->c, res, &failure);
	if (s->kind == SENT_FENCE && strcmp(failure.sqlstate, "22012") == 0)
		err_set(&failure, ERR_FENCED, "another owner has taken over task %s", t->task);
	pg_pipe_fail(t, s, &failure);
}

static void
answer_rows(struct target *t, const struct pg_sent *s, const PGresult *res)
{
	struct err failure = ERR_INIT;
	uint64_t n = 0;

	if (!s->counted || (target_count(res, &n) && n == s->rows) ||
	    (s->may_be_gone && n < s->rows))
		return;
	if (n < s->rows)
		err_set(&failure, ERR_DATA, "%" PRIu64 " of %u rows to %s were not there",
		    s->rows - n, s->rows, s->what);
	else
		err_set(
		    &failure, ERR_DATA, "%" PRIu64 " rows met %u keys to %s", n, s->rows, s->what);
	err_remedy(&failure, "the target differs from the source: load the table again");
	if (s->in_place && n < s->rows) {
		err_ctx(&failure, "%s, or the target differs", PG_IDENTITY_FIXED);
		err_remedy(&failure, PG_IDENTITY_REMEDY "; where it differs, load the table again");
	}
	pg_pipe_fail(t, s, &failure);
}

static void
answer_commit(struct target *t, const struct pg_sent *s, PGresult *res)
{
	struct err failure = ERR_INIT;

	if (strcmp(PQcmdStatus(res), "COMMIT") == 0)
		return;
	t->commit_refused = true;
	err_set(&failure, ERR_RETRY, "the server answered COMMIT with %.20s", PQcmdStatus(res));
	pg_pipe_fail(t, s, &failure);
}

static void
answer_token(struct target *t, const struct pg_sent *s, const PGresult *res)
{
	struct err failure = ERR_INIT;

	if (PQntuples(res) != 1 || !lsn_parse(PQgetvalue(res, 0, 0), &t->token, &failure)) {
		err_set(&failure, ERR_PROTOCOL, "the target's log has no position");
		pg_pipe_fail(t, s, &failure);
	}
}

static void
answer(struct target *t, const struct pg_sent *s, PGresult *res)
{
	switch (PQresultStatus(res)) {
	case PGRES_PIPELINE_ABORTED:
		if (s->kind == SENT_PREPARE && s->st != NULL)
			s->st->prepared = false;
		if (s->kind == SENT_COMMIT)
			t->commit_refused = true;
		return;
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK: break;
	default: answer_failed(t, s, res); return;
	}
	if (s->kind == SENT_WRITE)
		answer_rows(t, s, res);
	else if (s->kind == SENT_COMMIT)
		answer_commit(t, s, res);
	else if (s->kind == SENT_TOKEN)
		answer_token(t, s, res);
}

/* One answer. Without wait only one that has arrived (*ret_taken): the server holds answers back
 * until it is asked to sync, and the end of the one before (NULL) is ready long before the next.
 * False: the connection is of no more use, or the wait was ended. */
static bool
take_answer(struct target *t, bool wait, bool *ret_taken, struct err *err)
{
	struct err wait_err = ERR_INIT;
	struct pg_sent s = t->sent[t->head];
	PGresult *res = NULL;

	*ret_taken = false;
	for (int tries = 0; res == NULL; tries++) {
		if (!wait && PQisBusy(t->c->pg))
			return true;
		res = pg_next_result(t->c, &wait_err);
		if (res == NULL && wait_err.kind != ERR_NONE) {
			*err = wait_err;
			return false;
		}
		if (res == NULL && PQstatus(t->c->pg) != CONNECTION_OK)
			return pg_err_conn(t->c, "receive", err);
		if (res == NULL && tries > 3)
			return err_set(err, ERR_PROTOCOL, "the server owes %zu answers", t->count);
	}
	*ret_taken = true;
	t->head = (t->head + 1) & (t->cap - 1);
	t->count--;
	t->checks -= s.counted;
	if ((s.kind == SENT_SYNC) != (PQresultStatus(res) == PGRES_PIPELINE_SYNC)) {
		answer_failed(t, &s, res);
		PQclear(res);
		if (PQstatus(t->c->pg) == CONNECTION_OK && s.kind == SENT_SYNC)
			return err_set(err, ERR_PROTOCOL, "the server's answers are out of step");
		*err = t->failure;
		return false;
	}
	if (s.kind != SENT_SYNC)
		answer(t, &s, res);
	PQclear(res);
	if (PQstatus(t->c->pg) != CONNECTION_OK) {
		*err = t->failed ? t->failure : *err;
		return t->failed ? false : pg_err_conn(t->c, "receive", err);
	}
	return true;
}

bool
pg_pipe_failed(struct target *t, struct err *err)
{
	if (t->failed)
		*err = t->failure;
	return t->failed;
}

bool
pg_pipe_drain(struct target *t, struct err *err)
{
	bool taken;

	if (PQpipelineStatus(t->c->pg) != PQ_PIPELINE_OFF && t->unsynced) {
		if (!PQpipelineSync(t->c->pg))
			return pg_err_conn(t->c, "send", err);
		t->unsynced = false;
		if (sent_push(t, (struct pg_sent){ .kind = SENT_SYNC }, err) == NULL)
			return false;
	}
	while (t->count > 0)
		if (!take_answer(t, true, &taken, err)) {
			/* What the server said before it went says more than that it went. */
			if (t->failed && err->kind != ERR_CANCELLED)
				*err = t->failure;
			return false;
		}
	t->unflushed = 0;
	t->c->busy = false;
	return !pg_pipe_failed(t, err);
}

/* Sends what waits, and takes the answers that are there. */
static bool
pump(struct target *t, struct err *err)
{
	bool taken = true;

	if (t->count >= SENT_MOST)
		return pg_pipe_drain(t, err);
	if (!pg_flush(t->c, err))
		return false;
	t->unflushed = 0;
	while (t->count > 0 && taken)
		if (!take_answer(t, false, &taken, err))
			return false;
	return !pg_pipe_failed(t, err);
}

/* After a successful PQsend*(). */
bool
pg_pipe_sent(struct target *t, struct pg_sent s, size_t bytes, struct err *err)
{
	t->c->busy = true;
	t->unsynced = true;
	if (sent_push(t, s, err) == NULL)
		return false;
	t->unflushed += bytes;
	return (t->unflushed < UNSENT_BYTES && t->count < SENT_MOST) || pump(t, err);
}

bool
pg_pipe_plain(struct target *t, const char *sql, struct pg_sent sent, struct err *err)
{
	if (buf_lost(sql))
		return err_set(err, ERR_SYSTEM, "no memory for a statement");
	if (!PQsendQueryParams(t->c->pg, sql, 0, NULL, NULL, NULL, NULL, 0))
		return pg_err_conn(t->c, "send a statement", err);
	return pg_pipe_sent(t, sent, strlen(sql) + 32, err);
}

bool
pg_pipe_prepare(
    struct target *t, const char *name, const char *sql, struct pg_sent sent, struct err *err)
{
	if (buf_lost(sql))
		return err_set(err, ERR_SYSTEM, "no memory for a statement");
	sent.kind = SENT_PREPARE;
	if (!PQsendPrepare(t->c->pg, name, sql, 0, NULL))
		return pg_err_conn(t->c, "send a statement", err);
	return pg_pipe_sent(t, sent, strlen(sql) + 32, err);
}

bool
pg_pipe_exec_text(struct target *t, const char *name, int n, const char *const *params,
    struct pg_sent sent, struct err *err)
{
	if (!PQsendQueryPrepared(t->c->pg, name, n, params, NULL, NULL, 0))
		return pg_err_conn(t->c, "send a statement", err);
	return pg_pipe_sent(t, sent, 512, err);
}

static bool
drop_forgotten(struct target *t, struct err *err)
{
	char sql[80];

	while (t->ndrop_statements > 0) {
		snprintf(
		    sql, sizeof(sql), "DEALLOCATE r%u", t->drop_statements[--t->ndrop_statements]);
		if (!pg_pipe_plain(t, sql, (struct pg_sent){ .kind = SENT_PLAIN }, err))
			return false;
	}
	while (t->ndrop_parks > 0) {
		snprintf(sql, sizeof(sql), "DROP TABLE IF EXISTS pg_temp.repld_park_%u",
		    t->drop_parks[--t->ndrop_parks]);
		if (!pg_pipe_plain(t, sql, (struct pg_sent){ .kind = SENT_PLAIN }, err))
			return false;
	}
	return true;
}

bool
pg_pipe_begin(struct target *t, struct err *err)
{
	if (PQpipelineStatus(t->c->pg) == PQ_PIPELINE_OFF) {
		if (!PQenterPipelineMode(t->c->pg))
			return pg_err_conn(t->c, "enter pipeline mode", err);
		t->c->pipeline = true;
	}
	if (t->open)
		return true;
	t->open = true;
	return pg_pipe_plain(t, PG_BEGIN_SQL, (struct pg_sent){ .kind = SENT_BEGIN }, err) &&
	       (!t->fire_triggers ||
		   pg_pipe_plain(t, PG_DEFER_SQL, (struct pg_sent){ .kind = SENT_PLAIN }, err)) &&
	       drop_forgotten(t, err);
}
