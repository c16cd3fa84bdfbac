/* task_view.c - what others ask of a task: to tell when the target has what the source had, and how it stands; see task.h. */
#include "daemon/task_intern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYNC_TICK 50000			/* usec */

/* ---- sync ---------------------------------------------------------------------------------------------------------------------- */

/* 1: reached, 0: wait, -1: it can't be. */
static int
sync_look(struct task *t, const struct sync *s)
{
	struct progress_view v = { 0 };
	struct position barrier;

	if (t->state == TASK_PAUSED || t->state == TASK_STOPPED || t->state == TASK_ERROR)
		return -1;
	if ((int)(atomic_load(&t->board.sync_done) - s->number) < 0)
		return 0;
	mutex_lock(&t->board.lock);
	barrier = t->board.barrier;
	if (t->board.progress != NULL)
		progress_view(t->board.progress, &v);
	mutex_unlock(&t->board.lock);
	return v.applied.kind != POSITION_NONE && position_reached(&v.applied, &barrier) && !atomic_load(&t->board.grouped);
}

static void
sync_answer(struct task *t, const struct sync *s, int rc)
{
	char text[1400];

	if (rc > 0)
		snprintf(text, sizeof(text), "the target has all that the source had committed at the call");
	else if (rc == 0)
		snprintf(text, sizeof(text), "timeout: the target does not have it yet");
	else
		snprintf(text, sizeof(text), "the task is %s%s%s", task_state_name(t->state), t->has_error ? ": " : t->reason[0] != '\0' ? ": " : "",
		    t->has_error ? t->err.msg : t->reason);
	t->reply(t->reply_arg, s->id, rc > 0, text);
}

void
task_look_at_syncs(evutil_socket_t fd, short what, void *arg)
{
	struct task *t = arg;
	struct timeval tv = { 0, SYNC_TICK };

	(void)fd;
	(void)what;
	for (struct sync **p = &t->syncs; *p != NULL;) {
		struct sync *s = *p;
		int rc = sync_look(t, s);

		if (rc == 0 && (s->deadline.v == 0 || clock_mono().v < s->deadline.v)) {
			p = &s->next;
			continue;
		}
		*p = s->next;
		sync_answer(t, s, rc);
		free(s);
	}
	if (t->syncs != NULL)
		evtimer_add(t->sync_timer, &tv);
}

void
task_sync(struct task *t, uint32_t id, int64_t timeout_usec)
{
	struct sync *s = xzalloc(sizeof(*s));

	s->id = id;
	s->number = atomic_fetch_add(&t->board.sync_asked, 1) + 1;
	if (timeout_usec >= 0)
		s->deadline.v = clock_mono().v + timeout_usec + 1;
	s->next = t->syncs;
	t->syncs = s;
	task_look_at_syncs(-1, 0, t);
}

/* ---- status --------------------------------------------------------------------------------------------------------------------- */

static void
take_sample(struct task *t, struct status_task *ret)
{
	struct sample *last = &t->samples[t->nsamples % TASK_SAMPLES], *first;
	uint32_t back = t->nsamples < TASK_SAMPLES ? t->nsamples : TASK_SAMPLES - 1;
	uint64_t ms;

	last->at = clock_mono();
	last->transactions = ret->totals.transactions;
	last->rows = ret->totals.read + counter_get(&t->board.load_rows);
	last->bytes = counter_get(&t->board.received_bytes) + counter_get(&t->board.load_bytes);
	first = &t->samples[(t->nsamples - back) % TASK_SAMPLES];
	t->nsamples++;
	ms = (uint64_t)(last->at.v - first->at.v) / 1000;
	if (ms < 200 || last->rows < first->rows || last->bytes < first->bytes)
		return;
	ret->rate_transactions = (struct maybe_u64){ true, (last->transactions - first->transactions) * 1000000 / ms };
	ret->rate_rows = (struct maybe_u64){ true, (last->rows - first->rows) * 1000000 / ms };
	ret->rate_bytes = (struct maybe_u64){ true, (last->bytes - first->bytes) * 1000000 / ms };
}

static void
fill_error(const struct err *err, struct status_task *ret)
{
	ret->has_error = true;
	ret->error.kind = (uint8_t)err->kind;
	snprintf(ret->error.message, sizeof(ret->error.message), "%s", err->msg);
	snprintf(ret->error.position, sizeof(ret->error.position), "%s", err->position);
	snprintf(ret->error.remedy, sizeof(ret->error.remedy), "%s", err->remedy);
	snprintf(ret->error.table, sizeof(ret->error.table), "%s", err->table);
	memcpy(ret->error.sqlstate, err->sqlstate, sizeof(ret->error.sqlstate));
}

void
task_status(struct task *t, struct status_task *ret)
{
	memset(ret, 0, sizeof(*ret));
	board_status(&t->board, t->tc, ret);
	ret->state = (uint8_t)t->state;
	ret->since = t->since;
	if (t->state != TASK_RUNNING && t->state != TASK_STARTING)
		ret->phase = PHASE_NONE;
	if (t->reason[0] != '\0')
		memcpy(ret->reason, t->reason, sizeof(ret->reason));
	if (t->has_error)
		fill_error(&t->err, ret);
	ret->retry.attempt = t->attempt;
	ret->retry.next = t->next;
	take_sample(t, ret);
}

uint32_t
task_tables(struct task *t)
{
	uint32_t n;

	mutex_lock(&t->board.lock);
	n = t->board.ntables;
	mutex_unlock(&t->board.lock);
	return n;
}

void
task_table_status(struct task *t, uint32_t i, struct status_table *ret)
{
	board_table_status(&t->board, i, ret);
}
