/* keeper.c - the state machine of one worker's life, its commands under way, and what its status
 * is while it has none of its own to give. */
#include "daemon/keeper.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "daemon/base/arena.h"
#include "daemon/base/log.h"
#include "daemon/worker.h"

#define SECOND		((int64_t)1000000)
#ifndef KEEPER_HANG
#define KEEPER_HANG	(60 * SECOND)	/* no sign of life for this long: killed */
#endif
#define KEEPER_STEADY	(60 * SECOND)	/* a worker that lived so long starts the backoff anew */
#define KEEPER_WAIT_MAX (60 * SECOND)
#define KEEPER_UNHEARD	(5 * SECOND)	/* a socket that is closed while the process stays */
#define KEEPER_STUCK	(30 * SECOND)
#define COMMAND_TIMEOUT (30 * SECOND)
#define SYNC_GRACE	(5 * SECOND)	/* the worker is the one to say that the time is up */
#define SAMPLE_EVERY	(10 * SECOND)

struct pending {
	uint32_t id;
	enum ipc_type type;
	char *payload;
	struct usec limit;	/* 0: none */
	bool sent;
	struct answer answer;
};

/* ---- what it remembers of the configuration ---- */

static void
conf_forget(struct keeper_conf *c)
{
	free(c->source);
	free(c->target);
	free(c->slot);
	free(c->publication);
	free(c->env[0]);
	free(c->env[1]);
	buf_done(&c->text);
	*c = (struct keeper_conf){ 0 };
}

static void
conf_remember(struct keeper_conf *c, const struct conf *conf, const struct task_conf *t)
{
	size_t n = 0;

	conf_forget(c);
	c->source = xstrdup(t->source->name);
	c->target = xstrdup(t->target->name);
	c->slot = xstrdup(t->postgresql.slot != NULL ? t->postgresql.slot : "");
	c->publication =
	    xstrdup(t->postgresql.publication != NULL ? t->postgresql.publication : "");
	c->mode = task_mode_name(t->mode);
	if (t->source->kind == ENDPOINT_POSTGRESQL)
		c->plugin = strcmp(t->postgresql.plugin, "wal2json") == 0 ? "wal2json" : "pgoutput";
	c->enabled = t->enabled;
	if (t->source->password_env != NULL)
		c->env[n++] = xstrdup(t->source->password_env);
	if (t->target->password_env != NULL)
		c->env[n++] = xstrdup(t->target->password_env);
	conf_print(conf, t, &c->text);
	assert(!c->text.bad && c->text.n > 0);
}

static void
enter(struct keeper *k, enum keeper_life life)
{
	k->life = life;
	k->since = clock_wall();
	k->kill_at = k->killed = k->unheard = (struct usec){ 0 };
}

struct keeper *
keeper_new(const struct keeper_host *host, const struct conf *conf, const struct task_conf *task)
{
	struct keeper *k = xzalloc(sizeof(*k));

	k->name = xstrdup(task->name);
	k->host = host;
	k->child = (struct child)CHILD_INIT;
	conf_remember(&k->conf, conf, task);
	enter(k, KEEPER_OFF);
	snprintf(k->why, sizeof(k->why), "%s",
	    task->enabled ? "not started yet" : "disabled in the configuration");
	return k;
}

/* ---- answers ---- */

static void
answer_give(struct answer *a, bool ok, const char *text)
{
	struct answer to = *a;

	*a = (struct answer){ 0 };
	if (to.done != NULL)
		to.done(to.arg, ok, text);
}

/* Takes the entry out of the list before it is answered: the answer may come back here. */
static void
pending_answer(struct keeper *k, size_t i, bool ok, const char *text)
{
	struct answer a = k->pending[i].answer;

	free(k->pending[i].payload);
	memmove(&k->pending[i], &k->pending[i + 1], (k->npending - i - 1) * sizeof(*k->pending));
	k->npending--;
	answer_give(&a, ok, text);
}

static void
pending_fail_all(struct keeper *k, const char *text)
{
	while (k->npending > 0)
		pending_answer(k, 0, false, text);
}

void
keeper_forget(struct keeper *k, void *arg)
{
	for (size_t i = 0; i < k->npending; i++)
		if (k->pending[i].answer.arg == arg)
			k->pending[i].answer = (struct answer){ 0 };
	if (k->ended.arg == arg)
		k->ended = (struct answer){ 0 };
}

void
keeper_free(struct keeper *k)
{
	if (k == NULL)
		return;
	pending_fail_all(k, "the daemon ends");
	answer_give(&k->ended, false, "the daemon ends");
	child_done(&k->child);
	conf_forget(&k->conf);
	conf_forget(&k->offered);
	free(k->pending);
	free(k->name);
	free(k);
}

/* ---- messages ---- */

static void
send_pending(struct keeper *k, struct pending *p)
{
	char left[24];
	const char *payload = p->payload;

	if (p->type == IPC_SYNC) {
		int64_t usec = p->limit.v == 0 ? -1 : p->limit.v - clock_mono().v;

		snprintf(left, sizeof(left), "%" PRId64, p->limit.v != 0 && usec < 0 ? 0 : usec);
		payload = left;
	}
	p->sent = true;
	child_send(&k->child, p->type, p->id, payload, strlen(payload));
}

static void
send_all_pending(struct keeper *k)
{
	for (size_t i = 0; i < k->npending; i++)
		if (!k->pending[i].sent)
			send_pending(k, &k->pending[i]);
	if (child_wants_write(&k->child))
		k->host->io(k->host->arg, k);
}

static void
send_plain(struct keeper *k, enum ipc_type type, const char *text, size_t n)
{
	child_send(&k->child, type, 0, text, n);
	if (child_wants_write(&k->child))
		k->host->io(k->host->arg, k);
}

void
keeper_log_level(struct keeper *k)
{
	const char *level = log_level_name(log_get_level());

	if (k->child.sock >= 0)
		send_plain(k, IPC_LOG_LEVEL, level, strlen(level));
}

static struct pending *
pending_add(struct keeper *k, enum ipc_type type, const char *payload, int64_t timeout,
    struct answer answer)
{
	struct err err = ERR_INIT;
	struct pending *p;

	if (!mem_grow(&k->pending, &k->pending_cap, k->npending + 1, sizeof(*p), &err)) {
		answer_give(&answer, false, err.msg);
		return NULL;
	}
	p = &k->pending[k->npending++];
	p->id = ++k->last_id;
	p->type = type;
	p->payload = xstrdup(payload);
	p->limit = (struct usec){ 0 };
	p->sent = false;
	p->answer = answer;
	if (timeout >= 0)
		p->limit.v = clock_mono().v + timeout;
	return p;
}

/* What was accepted holds for the next worker as well. */
static void
offer_settled(struct keeper *k, bool accepted)
{
	if (k->offered.text.n == 0)
		return;
	k->refused = !accepted;
	if (accepted) {
		conf_forget(&k->conf);
		k->conf = k->offered;
		k->offered = (struct keeper_conf){ 0 };
	} else {
		conf_forget(&k->offered);
	}
	k->offer_id = 0;
}

/* "OK\n" or "ERR\n", then the text. */
static void
on_message(void *arg, const struct ipc_msg *m)
{
	struct keeper *k = arg;
	const char *nl = memchr(m->payload, '\n', m->n);
	bool ok = m->n >= 2 && memcmp(m->payload, "OK", 2) == 0;
	struct buf text = { 0 };

	if (nl != NULL)
		buf_put(&text, nl + 1, m->n - (size_t)(nl + 1 - m->payload));
	while (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	if (m->id != 0 && m->id == k->offer_id)
		offer_settled(k, ok);
	for (size_t i = 0; i < k->npending; i++) {
		if (k->pending[i].id == m->id) {
			pending_answer(k, i, ok, buf_cstr(&text));
			break;
		}
	}
	buf_done(&text);
}

void
keeper_readable(struct keeper *k)
{
	struct err err = ERR_INIT;

	if (child_read(&k->child, on_message, k, &err))
		return;
	/* Where it ends, SIGCHLD tells the rest; where it doesn't, it can't be reached any more
	 * and is killed. */
	log_debug("task=%s worker %d: %s", k->name, (int)k->child.pid, err.msg);
	k->unheard = clock_mono();
	k->host->io(k->host->arg, k);
}

void
keeper_writable(struct keeper *k)
{
	child_flush(&k->child);
	if (!child_wants_write(&k->child))
		k->host->io(k->host->arg, k);
}

/* ---- start and end ---- */

static int64_t
backoff(uint32_t attempt)
{
	int64_t wait = attempt > 6 ? KEEPER_WAIT_MAX : SECOND << (attempt - 1);

	return wait < KEEPER_WAIT_MAX ? wait : KEEPER_WAIT_MAX;
}

static void
wait_for_next(struct keeper *k)
{
	int64_t wait = backoff(++k->attempt);

	enter(k, KEEPER_WAITING);
	k->next.v = clock_mono().v + wait;
	log_warning("task=%s %s; restart in %d s (attempt %" PRIu32 ")", k->name, k->why,
	    (int)(wait / SECOND), k->attempt);
}

/* With the configuration that holds now. */
static void
start(struct keeper *k)
{
	const char *const env[] = { k->conf.env[0], k->conf.env[0] != NULL ? k->conf.env[1] : NULL,
		NULL };
	bool first = k->child.shm == NULL;
	struct err err = ERR_INIT;

	assert(k->child.pid == 0);
	if (!child_start(&k->child, k->host->program, k->name, env, &err)) {
		snprintf(
		    k->why, sizeof(k->why), "the worker could not be started: %.200s", err.msg);
		wait_for_next(k);
		return;
	}
	k->restarts += first ? 0 : 1;
	enter(k, KEEPER_UP);
	k->host->io(k->host->arg, k);
	log_info("task=%s worker %d started", k->name, (int)k->child.pid);
	child_send(&k->child, IPC_CONFIG, 0, (const char *)k->conf.text.p, k->conf.text.n);
	keeper_log_level(k);
	send_all_pending(k);
}

void
keeper_start(struct keeper *k)
{
	if (k->life == KEEPER_OFF && k->conf.enabled)
		start(k);
}

static void
turn_off(struct keeper *k, const char *why)
{
	char text[320];

	if (why != k->why)
		snprintf(k->why, sizeof(k->why), "%s", why);
	enter(k, KEEPER_OFF);
	k->attempt = 0;
	snprintf(text, sizeof(text), "task %s is stopped: %s", k->name, k->why);
	pending_fail_all(k, text);
	offer_settled(k, k->offer == IPC_TUNE);
	answer_give(&k->ended, true, "");
}

void
keeper_end(struct keeper *k, const char *why, int64_t grace, bool again, struct answer answer)
{
	int64_t kill_at = clock_mono().v + grace;

	answer_give(&k->ended, false, "asked for anew");
	k->ended = answer;
	k->again = again;
	if (k->life == KEEPER_UP) {
		send_plain(k, IPC_STOP, why, strlen(why));
		enter(k, KEEPER_ENDING);
		k->kill_at.v = kill_at;
		snprintf(k->why, sizeof(k->why), "%s", why);
	} else if (k->life == KEEPER_ENDING) {
		if (kill_at < k->kill_at.v)
			k->kill_at.v = kill_at;
	} else if (again && k->conf.enabled) {
		k->attempt = 0;
		start(k);
		answer_give(&k->ended, true, "");
	} else {
		turn_off(k, why);
	}
}

static void
tune_settled_by_death(struct keeper *k)
{
	if (k->offer == IPC_TUNE)
		offer_settled(k, true);
}

static void
pending_lost(struct keeper *k, size_t i, const char *text)
{
	if (k->pending[i].id == k->offer_id)
		offer_settled(k, false);
	pending_answer(k, i, false, text);
}

/* Commands that were under way: a sync is asked again of the next worker, the others are not
 * known to have been done. */
static void
pending_after_death(struct keeper *k)
{
	char text[320];
	size_t i = 0;

	snprintf(text, sizeof(text), "before it answered: %s", k->why);
	while (i < k->npending) {
		struct pending *p = &k->pending[i];

		if (p->type == IPC_TUNE)
			pending_answer(k, i, true, "by the next worker: this one died meanwhile");
		else if (p->type != IPC_SYNC && p->sent)
			pending_lost(k, i, text);
		else
			k->pending[i++].sent = false;
	}
}

static void
gone_as_asked(struct keeper *k, int status)
{
	char text[CHILD_END_TEXT];

	if (status != 0)
		log_warning("task=%s worker ended with %s where it should have stopped cleanly",
		    k->name, child_end_text(status, text));
	else
		log_info("task=%s worker ended: %s", k->name, k->why);
	if (k->again && k->conf.enabled) {
		pending_after_death(k);
		k->attempt = 0;
		start(k);
		answer_give(&k->ended, true, "");
	} else {
		turn_off(k, k->why);
	}
}

static void
gone_refusing(struct keeper *k)
{
	char text[320];

	snprintf(k->why, sizeof(k->why), "worker refused its configuration");
	enter(k, KEEPER_REFUSED);
	log_error("task=%s %s; not started again before the configuration changes, or: repld ctl "
		  "restart %s",
	    k->name, k->why, k->name);
	snprintf(text, sizeof(text), "task %s is in error: %s", k->name, k->why);
	pending_fail_all(k, text);
	offer_settled(k, false);
}

static void
gone_by_itself(struct keeper *k, int status)
{
	char text[CHILD_END_TEXT];

	if (usec_since(k->child.started) >= KEEPER_STEADY)
		k->attempt = 0;
	if (k->killed.v == 0)
		snprintf(k->why, sizeof(k->why), "worker died: %s", child_end_text(status, text));
	pending_after_death(k);
	wait_for_next(k);
}

static void
reap_ended(struct keeper *k, int status)
{
	struct status_task st;
	bool refused = WIFEXITED(status) && WEXITSTATUS(status) == WORKER_EXIT_USAGE;

	child_close(&k->child, on_message, k);
	k->host->io(k->host->arg, k);
	keeper_status(k, &st);		/* its last words, into k->last */
	if (k->life != KEEPER_ENDING)
		tune_settled_by_death(k);
	if (k->life == KEEPER_ENDING)
		gone_as_asked(k, status);
	else if (refused)
		gone_refusing(k);
	else
		gone_by_itself(k, status);
}

void
keeper_reap(struct keeper *k)
{
	int status;

	if (child_reap(&k->child, &status))
		reap_ended(k, status);
}

/* ---- commands and configuration ---- */

void
keeper_set_conf(struct keeper *k, const struct conf *conf, const struct task_conf *task)
{
	conf_forget(&k->offered);
	k->offer_id = 0;
	k->refused = false;
	conf_remember(&k->conf, conf, task);
}

/* The former offer, if it stands, is not settled any more: its answer says nothing of this one. */
static bool
offer(struct keeper *k, enum ipc_type type, const struct conf *conf, const struct task_conf *task,
    int64_t timeout, struct answer answer)
{
	struct pending *p;

	conf_remember(&k->offered, conf, task);
	k->offer = type;
	k->offer_id = 0;
	p = pending_add(k, type, buf_cstr(&k->offered.text), timeout, answer);
	if (p != NULL)
		k->offer_id = p->id;
	else
		offer_settled(k, false);
	return p != NULL;
}

void
keeper_tune(
    struct keeper *k, const struct conf *conf, const struct task_conf *task, struct answer answer)
{
	if (k->life != KEEPER_UP) {
		keeper_set_conf(k, conf, task);
		answer_give(&answer, true, "when its worker starts");
	} else if (offer(k, IPC_TUNE, conf, task, COMMAND_TIMEOUT, answer)) {
		send_all_pending(k);
	}
}

static bool
same_text(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

/* A worker's environment is that of its start. */
static bool
same_environment(const struct keeper *k, const struct task_conf *task)
{
	const char *const vars[] = { task->source->password_env, task->target->password_env };
	const char *env[2] = { NULL, NULL };
	size_t n = 0;

	for (size_t i = 0; i < 2; i++)
		if (vars[i] != NULL)
			env[n++] = vars[i];
	return same_text(env[0], k->conf.env[0]) && same_text(env[1], k->conf.env[1]);
}

bool
keeper_can_prepare(const struct keeper *k, const struct task_conf *task)
{
	bool lives = k->life == KEEPER_UP || k->life == KEEPER_WAITING ||
		     (k->life == KEEPER_ENDING && k->again);

	return lives && k->conf.enabled && task->enabled && same_environment(k, task);
}

void
keeper_prepare(
    struct keeper *k, const struct conf *conf, const struct task_conf *task, struct answer answer)
{
	assert(keeper_can_prepare(k, task));
	if (!offer(k, IPC_PREPARE, conf, task, -1, answer))
		return;
	if (k->life == KEEPER_UP)
		send_all_pending(k);
	else if (k->life == KEEPER_WAITING)
		start(k);
}

bool
keeper_differs(const struct keeper *k)
{
	return k->refused || k->offer_id != 0;
}

/* Where the worker can't be asked now. False: it can, or its next one will be. */
static bool
command_without_worker(
    struct keeper *k, enum ipc_type type, const char *payload, struct answer *answer)
{
	bool plain_restart = type == IPC_RESTART && payload[0] == '\0';
	char text[400];

	if (k->life == KEEPER_OFF || (k->life == KEEPER_ENDING && !k->again)) {
		snprintf(text, sizeof(text), "task %s is %s: %s", k->name,
		    k->life == KEEPER_OFF ? "stopped" : "about to stop", k->why);
		answer_give(answer, false, text);
		return true;
	}
	if (k->life == KEEPER_REFUSED && type != IPC_RESTART) {
		snprintf(text, sizeof(text), "task %s is in error: %s", k->name, k->why);
		answer_give(answer, false, text);
		return true;
	}
	if ((k->life == KEEPER_REFUSED || k->life == KEEPER_WAITING) && plain_restart) {
		k->attempt = 0;
		start(k);
		answer_give(answer, true, "the worker was started at once, from the checkpoint");
		return true;
	}
	return false;
}

void
keeper_command(struct keeper *k, enum ipc_type type, const char *payload, int64_t timeout,
    struct answer answer)
{
	if (command_without_worker(k, type, payload, &answer))
		return;
	if (pending_add(k, type, payload, type == IPC_SYNC ? timeout : COMMAND_TIMEOUT, answer) ==
	    NULL)
		return;
	if (k->life == KEEPER_UP)
		send_all_pending(k);
	else if (k->life == KEEPER_REFUSED || (k->life == KEEPER_WAITING && type != IPC_SYNC))
		start(k);
}

/* ---- time ---- */

static void
kill_hung(struct keeper *k, const char *what)
{
	snprintf(k->why, sizeof(k->why), "worker hung: %s for %d s; killed", what,
	    (int)(KEEPER_HANG / SECOND));
	log_error("task=%s %s", k->name, k->why);
	k->killed = clock_mono();
	child_kill(&k->child);
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Beats are compared with our own clock: CLOCK_MONOTONIC is the machine's. */
static void
check_hang(struct keeper *k, const struct status_task *st)
{
	int64_t now = clock_mono().v, from = later(k->child.started.v, k->awake.v);

	if (k->killed.v != 0)
		return;
	if (now - later(from, st->beat_at.v) > KEEPER_HANG)
		kill_hung(k, "no sign of life");
	else if (st->oldest_thread_beat.v != 0 &&
		 now - later(from, st->oldest_thread_beat.v) > KEEPER_HANG)
		kill_hung(k, "one of its threads gave no sign of life");
	else if (k->unheard.v != 0 && now - k->unheard.v > KEEPER_UNHEARD)
		kill_hung(k, "its socket closed");
}

static void
check_limits(struct keeper *k)
{
	int64_t now = clock_mono().v;
	size_t i = 0;

	while (i < k->npending) {
		const struct pending *p = &k->pending[i];
		int64_t grace = p->type == IPC_SYNC && p->sent ? SYNC_GRACE : 0;

		if (p->limit.v == 0 || now < p->limit.v + grace)
			i++;
		else if (p->type == IPC_SYNC)
			pending_answer(
			    k, i, false, p->sent ? "timeout" : "timeout: the worker is not up");
		else
			pending_answer(k, i, false,
			    "no answer from the worker within 30 s; the command stands, see "
			    "status");
	}
}

static void
sample_log(struct keeper *k, const struct status_task *st)
{
	uint32_t n = k->nsamples < KEEPER_SAMPLES ? k->nsamples : KEEPER_SAMPLES;
	uint32_t lastest = n > 0 ? (k->nsamples - 1) % KEEPER_SAMPLES : 0;

	if (!st->retained_bytes.known ||
	    (n > 0 && usec_since(k->samples[lastest].at) < SAMPLE_EVERY))
		return;
	k->samples[k->nsamples % KEEPER_SAMPLES].at = clock_mono();
	k->samples[k->nsamples % KEEPER_SAMPLES].bytes = st->retained_bytes.v;
	k->nsamples++;
}

void
keeper_tick(struct keeper *k)
{
	int64_t now = clock_mono().v;
	struct status_task st;

	keeper_status(k, &st);
	sample_log(k, &st);
	check_limits(k);
	if (k->life == KEEPER_UP)
		check_hang(k, &st);
	if (k->life == KEEPER_ENDING && k->killed.v == 0 && now >= k->kill_at.v) {
		log_warning("task=%s worker %d did not stop in time; killed: what it had not "
			    "committed is rolled back",
		    k->name, (int)k->child.pid);
		k->killed.v = now;
		child_kill(&k->child);
	}
	if (k->life == KEEPER_WAITING && now >= k->next.v)
		start(k);
}

void
keeper_slept(struct keeper *k)
{
	k->awake = clock_mono();
}

bool
keeper_stuck(const struct keeper *k)
{
	return k->child.pid != 0 && k->killed.v != 0 && usec_since(k->killed) > KEEPER_STUCK;
}

/* ---- status ---- */

/* Numbers that hold only while a worker works. */
static void
clear_live(struct status_task *st)
{
	st->has_error = false;
	st->reason[0] = '\0';
	st->lag_bytes = st->lag_usec = st->retained_bytes = st->limit_bytes =
	    (struct maybe_u64){ 0 };
	st->rate_transactions = st->rate_rows = st->rate_bytes = (struct maybe_u64){ 0 };
	st->load.rows_per_second = st->load.eta_seconds = (struct maybe_u64){ 0 };
	st->log_state[0] = '\0';
	st->ring_used = st->ring_waiting = st->rss_bytes = 0;
	st->beats = 0;
	st->beat_at = st->oldest_thread_beat = (struct usec){ 0 };
	st->retry.attempt = 0;
	st->retry.next = (struct wall){ 0 };
}

static void
status_refused(const struct keeper *k, struct status_task *st)
{
	st->state = TASK_ERROR;
	st->has_error = true;
	memset(&st->error, 0, sizeof(st->error));
	st->error.kind = ERR_CONFIG;
	snprintf(st->error.message, sizeof(st->error.message), "%s", k->why);
	snprintf(st->error.remedy, sizeof(st->error.remedy),
	    "see the log for what it refused; change the file and reload, or: repld ctl restart %s",
	    k->name);
}

/* What is to be said where no worker says it. */
static void
status_without(const struct keeper *k, struct status_task *st)
{
	*st = k->last;
	clear_live(st);
	st->since = k->since;
	snprintf(st->reason, sizeof(st->reason), "%s", k->why);
	switch (k->life) {
	case KEEPER_OFF:
		st->state = TASK_STOPPED;
		st->phase = PHASE_NONE;
		break;
	case KEEPER_UP:
	case KEEPER_ENDING:
		st->state = TASK_STARTING;
		snprintf(st->reason, sizeof(st->reason), "the worker starts");
		break;
	case KEEPER_WAITING:
		st->state = TASK_RETRYING;
		st->retry.attempt = k->attempt;
		st->retry.next.v = clock_wall().v + (k->next.v - clock_mono().v);
		break;
	case KEEPER_REFUSED: status_refused(k, st); break;
	}
}

bool
keeper_status(struct keeper *k, struct status_task *ret)
{
	bool up = k->life == KEEPER_UP || k->life == KEEPER_ENDING, fresh = true;

	if (up && k->child.shm != NULL) {
		fresh = shm_get_task(k->child.shm, ret);
		if (ret->since.v != 0 || ret->beats != 0) {
			k->last = *ret;
			return fresh;
		}
	}
	status_without(k, ret);
	return !up || fresh;
}

struct maybe_u64
keeper_log_left(const struct keeper *k, const struct status_task *st)
{
	uint32_t oldest = k->nsamples > KEEPER_SAMPLES ? k->nsamples - KEEPER_SAMPLES : 0;
	int64_t took;
	uint64_t from;

	if (k->nsamples == 0 || !st->retained_bytes.known || !st->limit_bytes.known)
		return (struct maybe_u64){ 0 };
	took = usec_since(k->samples[oldest % KEEPER_SAMPLES].at);
	from = k->samples[oldest % KEEPER_SAMPLES].bytes;
	if (took < 3 * SAMPLE_EVERY || st->retained_bytes.v <= from)
		return (struct maybe_u64){ 0 };	/* too short a look, or it does not grow */
	if (st->retained_bytes.v >= st->limit_bytes.v)
		return (struct maybe_u64){ .known = true };
	return (struct maybe_u64){ .known = true,
		.v = (uint64_t)((double)(st->limit_bytes.v - st->retained_bytes.v) /
				(double)(st->retained_bytes.v - from) * (double)took) };
}

pid_t
keeper_pid(const struct keeper *k)
{
	return k->child.pid;
}
