/* task.c - see task.h. */
#include "daemon/task_intern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/fault.h"
#include "daemon/base/log.h"
#include "daemon/base/mailbox.h"
#include "daemon/base/num.h"
#include "daemon/prepare.h"
#include "daemon/resync.h"

#define BACKOFF_MIN 1000000		/* usec */
#define BACKOFF_MAX 60000000
#define CALM 60000000			/* a run that lasted this long begins a new series of retries */
#define FORCE_AFTER 2500000		/* usec that an orderly end may take */
#define SHED_AFTER	5000000		/* usec from a large row until the connections that it came through are opened again */
#define STORE_PAUSE 4000000		/* usec that writing a pause may take */

enum { MAIL_RUNNING = 1, MAIL_STORED, MAIL_ENDED, MAIL_PREPARED };

struct ended {				/* what the run thread leaves */
	enum run_end end;
	struct err err;
};

static void run_start(struct task *t, enum run_intent intent);

/* ---- states -------------------------------------------------------------------------------------------------------- */

static void
task_enter(struct task *t, enum task_state to, const char *reason)
{
	if (t->state != to) {
		t->since = clock_wall();
		log_debug("task is %s", task_state_name(to));
	}
	t->state = to;
	snprintf(t->reason, sizeof(t->reason), "%s", reason);
	if (to != TASK_RETRYING)
		t->next.v = 0;
	if (to == TASK_RUNNING || to == TASK_STOPPED)
		t->has_error = false;
}

enum task_state
task_state(const struct task *t)
{
	return t->state;
}

static void
add_asker(struct task *t, uint32_t id, const char *text)
{
	struct asker *a = xzalloc(sizeof(*a));

	*a = (struct asker){ .next = t->askers, .id = id, .text = xstrdup(text) };
	t->askers = a;
}

/* why: what is said instead of each one's own text; NULL: nothing. */
static void
answer_askers(struct task *t, bool ok, const char *why)
{
	while (t->askers != NULL) {
		struct asker *a = t->askers;

		t->askers = a->next;
		t->reply(t->reply_arg, a->id, ok, why != NULL ? why : a->text);
		free(a->text);
		free(a);
	}
}

/* What they asked for is known here, and not on the target. */
static void
answer_unstored(struct task *t, const struct err *err)
{
	char text[sizeof(err->msg) + 160];

	if (t->state == TASK_RETRYING)
		snprintf(text, sizeof(text), "not stored on the target yet: %s; the task keeps trying, but a worker that dies before that forgets it", err->msg);
	else
		snprintf(text, sizeof(text), "not done: %s; see status, and ask again", err->msg);
	answer_askers(t, false, text);
}

static void
answer(struct task *t, uint32_t *id, bool ok, const char *text)
{
	if (*id != 0)
		t->reply(t->reply_arg, *id, ok, text);
	*id = 0;
}

/* ---- the run thread --------------------------------------------------------------------------------------------------- */

static void
on_running(void *arg)
{
	struct task *t = arg;

	mailbox_post(t->mailbox, (struct mail){ .what = MAIL_RUNNING });
}

static void
on_stored(void *arg)
{
	struct task *t = arg;

	mailbox_post(t->mailbox, (struct mail){ .what = MAIL_STORED });
}

static void *
run_thread(void *arg)
{
	struct task *t = arg;
	struct ended *e = xzalloc(sizeof(*e));

	e->end = run_main(&t->run, &e->err);
	mailbox_post(t->mailbox, (struct mail){ .what = MAIL_ENDED, .take_ptr = e });
	return NULL;
}

/* Between two runs. What the last one has not stored goes on. */
static void
give_resync(struct task *t)
{
	struct buf list = { 0 };

	if (t->resync.n == 0)
		return;
	resync_add(&list, t->run.resync != NULL ? t->run.resync : "");
	resync_add(&list, buf_cstr(&t->resync));
	free(t->run.resync);
	t->run.resync = xstrdup(buf_cstr(&list));
	buf_done(&list);
	buf_done(&t->resync);
}

/* Between two runs. */
static void
take_next_conf(struct task *t)
{
	if (t->next_conf == NULL)
		return;
	conf_free(t->conf);
	t->conf = t->next_conf;
	t->next_conf = NULL;
	t->tc = t->conf->tasks[0];
	t->run.conf = t->tc;
	board_tune(&t->board, t->tc);
}

static void
run_start(struct task *t, enum run_intent intent)
{
	struct timeval store = { STORE_PAUSE / 1000000, 0 };
	struct err err = ERR_INIT;

	stop_clear(&t->stop);
	board_start(&t->board);
	give_resync(t);
	take_next_conf(t);
	t->run.intent = intent;
	t->stores = intent != RUN_NORMAL || t->run.resync != NULL;
	if (intent == RUN_FROM)
		memcpy(t->run.from, t->next_from, sizeof(t->run.from));
	atomic_store(&t->run.pause_at_end, false);
	t->after = AFTER_JUDGE;
	t->run_since.v = 0;
	t->pausing_only = intent == RUN_PAUSE;
	if (!t->pausing_only)
		task_enter(t, TASK_STARTING, "");
	t->running = thread_start(&t->thread, "run", run_thread, t, &err);
	if (!t->running) {
		t->err = err;
		t->has_error = true;
		task_enter(t, TASK_ERROR, "");
		log_err(LOG_LEVEL_ERROR, "the task can't start", &err);
	} else if (t->pausing_only) {
		evtimer_add(t->force_timer, &store);	/* a target that hangs must not keep the answer */
	}
}

/* As somebody asked for. A worker that dies before it is stored knows nothing of it. */
static void
run_start_asked(struct task *t, enum run_intent intent)
{
	run_start(t, intent);
	if (!t->running) {
		answer(t, &t->resume_id, false, t->err.msg);
		answer_askers(t, false, t->err.msg);
	} else if (!t->stores)
		answer_askers(t, true, NULL);
}

/* Asks the run to end: at a transaction boundary where it applies, else at once. */
static void
run_finish(struct task *t, enum after after)
{
	struct timeval force = { FORCE_AFTER / 1000000, FORCE_AFTER % 1000000 };

	t->after = after;
	atomic_store(&t->run.pause_at_end, after == AFTER_PAUSE);
	atomic_store(&t->board.finish, true);
	mutex_lock(&t->board.lock);
	if (t->board.ring != NULL)
		ring_wake(t->board.ring);
	mutex_unlock(&t->board.lock);
	if (!atomic_load(&t->board.applying))
		stop_request(&t->stop);
	evtimer_add(t->force_timer, &force);
}

static void
on_force(evutil_socket_t fd, short what, void *arg)
{
	struct task *t = arg;

	(void)fd;
	(void)what;
	if (t->running)
		stop_request(&t->stop);
}

/* ---- what follows a run's end -------------------------------------------------------------------------------------------- */

static int64_t
backoff(const struct task *t)
{
	int64_t wait = BACKOFF_MIN;

	for (uint32_t i = 1; i < t->attempt && wait < BACKOFF_MAX; i++)
		wait *= 2;
	return wait < BACKOFF_MAX ? wait : BACKOFF_MAX;
}

static void
retry(struct task *t, const struct err *err)
{
	const uint64_t applied = counter_get(&t->board.transactions);
	/* Where it has come further, what keeps it from going on is not what did before: connections that break now and then must not add up
	 * to a minute's wait each. */
	const bool calm = applied > t->came_to || (t->run_since.v != 0 && usec_since(t->run_since) >= CALM);
	const bool news = calm || t->attempt == 0 || strcmp(t->err.msg, err->msg) != 0;
	struct timeval tv;
	char text[NUM_TEXT], what[NUM_TEXT + 32];
	int64_t wait;

	t->came_to = applied;
	t->attempt = calm ? 1 : t->attempt + 1;
	wait = backoff(t);
	if (news || wait != BACKOFF_MAX || t->attempt % 60 == 0) {
		snprintf(what, sizeof(what), "retry in %s", num_duration_text(wait, text));
		log_err(LOG_LEVEL_WARNING, what, err);
	}
	t->err = *err;
	t->has_error = true;
	task_enter(t, TASK_RETRYING, err->msg);
	t->next.v = clock_wall().v + wait;
	tv = (struct timeval){ wait / 1000000, wait % 1000000 };
	evtimer_add(t->retry_timer, &tv);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct task *t = arg;

	(void)fd;
	(void)what;
	if (t->state == TASK_RETRYING && !t->running)
		run_start(t, t->next_intent);
}

/* A password that was right before is being changed: on the server first, or in its file. At a first start it is a mistake. */
static bool
is_rotation(const struct task *t, const struct err *err)
{
	return t->has_run && err->password && err->kind == ERR_CONFIG;
}

/* The error's kind decides: what comes back by itself is tried for ever, the rest waits for a person. */
static void
judge(struct task *t, const struct err *err)
{
	struct err again = *err;

	t->next_intent = t->run.intent;
	if (is_rotation(t, err))
		again.kind = ERR_RETRY;
	if (err->once && t->err.once && strcmp(err->msg, t->err.msg) == 0 && strcmp(err->position, t->err.position) == 0)
		again.kind = ERR_PROTOCOL;
	if (again.kind == ERR_RETRY || again.kind == ERR_SYSTEM || again.kind == ERR_CANCELLED || again.kind == ERR_NONE) {
		retry(t, &again);
		return;
	}
	t->err = again;
	t->has_error = true;
	t->next_intent = RUN_NORMAL;
	task_enter(t, TASK_ERROR, "");
	log_err(LOG_LEVEL_ERROR, "stopped", &again);
}

static void
paused(struct task *t, bool stored, const struct err *err)
{
	char text[1400], size[NUM_TEXT];

	t->pause_unstored = !stored;
	task_enter(t, TASK_PAUSED, stored ? "paused by command" : "paused by command; not stored on the target");
	if (!stored)
		snprintf(text, sizeof(text), "the task is paused, but that could not be stored on the target (%s): "
		    "it will start again with the daemon", err->msg);
	else if (t->board.monitor_known && t->board.monitor.retained.known)
		snprintf(text, sizeof(text), "paused; the source keeps its log from the checkpoint on (%s now), until the task is resumed",
		    num_size_text(t->board.monitor.retained.v, size));
	else
		snprintf(text, sizeof(text), "paused; the source keeps its log from the checkpoint on, until the task is resumed");
	log_info("%s", text);
	answer(t, &t->pause_id, stored, text);
}

/* What was asked for before and has not been done is not taken back by a plain restart. */
static enum run_intent
kept_intent(enum run_intent next, enum run_intent before)
{
	const bool plain = next == RUN_NORMAL || next == RUN_RESUME;

	if (plain && (before == RUN_RELOAD || before == RUN_FROM))
		return before;
	return next == RUN_NORMAL && before == RUN_RESUME ? before : next;
}

static void
run_ended(struct task *t, enum run_end end, const struct err *err)
{
	enum after after = t->after;

	if (after != AFTER_RESTART)		/* then the next run resumes */
		answer(t, &t->resume_id, after == AFTER_JUDGE && end == RUN_FAILED,
		    after == AFTER_JUDGE ? "resumed; that could not be stored yet, see status" : "something else was asked for meanwhile");
	if (after == AFTER_STOP) {
		answer_askers(t, false, "the daemon is stopping");
		task_enter(t, TASK_STOPPED, "the daemon is stopping");
		t->stop_done(t->stop_arg);
	} else if (after == AFTER_RESTART) {
		run_start_asked(t, kept_intent(t->next_intent, t->run.intent));
	} else if (end == RUN_IS_PAUSED) {
		paused(t, true, err);
	} else if (after == AFTER_PAUSE) {
		run_start(t, RUN_PAUSE);
	} else if (t->pausing_only) {
		paused(t, false, err);
	} else if (end == RUN_LOADED) {
		answer_askers(t, true, NULL);
		log_info("full load complete");
		task_enter(t, TASK_STOPPED, "full load complete");
	} else {
		judge(t, err);
		answer_unstored(t, err);
	}
}

static void prepared(struct task *t);

static void
on_mail(evutil_socket_t fd, short what, void *arg)
{
	struct task *t = arg;
	struct mail m;

	(void)fd;
	(void)what;
	while (mailbox_take(t->mailbox, &m)) {
		if (m.what == MAIL_RUNNING) {
			t->run_since = clock_mono();
			t->has_run = true;
			answer(t, &t->resume_id, true, "resumed");
			if (t->after == AFTER_JUDGE)
				task_enter(t, TASK_RUNNING, "");
		} else if (m.what == MAIL_STORED) {
			if (t->after == AFTER_JUDGE)
				answer_askers(t, true, NULL);
		} else if (m.what == MAIL_ENDED) {
			struct ended *e = m.take_ptr;

			thread_join(&t->thread);
			t->running = false;
			evtimer_del(t->force_timer);
			run_ended(t, e->end, &e->err);
			free(e);
		} else if (m.what == MAIL_PREPARED) {
			prepared(t);
		}
	}
}

/* ---- commands ---------------------------------------------------------------------------------------------------------------- */

void
task_start(struct task *t)
{
	run_start(t, RUN_NORMAL);
}

void
task_stop(struct task *t, void (*done)(void *arg), void *arg)
{
	t->stop_done = done;
	t->stop_arg = arg;
	if (t->prepare != NULL)
		prepare_cancel(t->prepare);
	evtimer_del(t->retry_timer);
	if (t->running)
		run_finish(t, AFTER_STOP);
	else
		done(arg);
}

void
task_pause(struct task *t, uint32_t id)
{
	if (t->state == TASK_PAUSED && !t->running && !t->pause_unstored) {
		t->reply(t->reply_arg, id, true, "already paused");
		return;
	}
	answer_askers(t, false, t->resync.n > 0 ? "a pause was asked for meanwhile; the tables are loaded again once the task is resumed" :
	    "a pause was asked for meanwhile");
	answer(t, &t->pause_id, false, "a pause was asked for again; that one waits for its end");
	t->pause_id = id;
	evtimer_del(t->retry_timer);
	log_info("pausing, as asked");
	if (!t->running)
		run_start(t, RUN_PAUSE);
	else if (!t->pausing_only || t->after != AFTER_JUDGE)
		run_finish(t, AFTER_PAUSE);
}

void
task_resume(struct task *t, uint32_t id)
{
	if (t->state != TASK_PAUSED || t->running) {
		t->reply(t->reply_arg, id, t->state == TASK_RUNNING, t->state == TASK_RUNNING ? "the task is running" : "the task is not paused");
		return;
	}
	log_info("resuming, as asked");
	t->attempt = 0;
	t->resume_id = id;	/* answered once it is stored: a worker that dies before that comes back paused */
	run_start(t, RUN_RESUME);
	if (!t->running)
		answer(t, &t->resume_id, false, t->err.msg);
}

void
task_restart(struct task *t, uint32_t id, const char *how)
{
	const bool was_paused = t->state == TASK_PAUSED || t->pause_id != 0 || (t->running && t->pausing_only);
	enum run_intent intent = was_paused ? RUN_RESUME : RUN_NORMAL;

	if (strcmp(how, "reload") == 0) {
		intent = RUN_RELOAD;
	} else if (strncmp(how, "from ", 5) == 0) {
		struct position p;
		struct err err = ERR_INIT;

		if (strcmp(how + 5, "now") != 0 && !position_parse_given(how + 5, &p, &err)) {
			t->reply(t->reply_arg, id, false, err.msg);
			return;
		}
		intent = RUN_FROM;
		snprintf(t->next_from, sizeof(t->next_from), "%s", how + 5);
	}
	evtimer_del(t->retry_timer);
	log_info("restarting%s%s, as asked", how[0] != '\0' ? ": " : "", how);
	t->attempt = 0;
	if ((t->running && t->after == AFTER_RESTART) || (!t->running && t->state == TASK_RETRYING))
		intent = kept_intent(intent, t->next_intent);
	t->next_intent = intent;
	answer(t, &t->pause_id, false, "a restart was asked for meanwhile");
	add_asker(t, id, "restarted");
	if (t->running)
		run_finish(t, AFTER_RESTART);
	else
		run_start_asked(t, intent);
}

/* What a resync needs and does not find; NULL: nothing. */
static const char *
resync_refusal(const struct task *t)
{
	if (t->tc->mode == MODE_CDC)
		return "mode is cdc: repld loads no tables here; load them by hand, or set mode = \"full_load_and_cdc\"";
	if (t->after == AFTER_STOP)
		return "the task is stopping";
	if (t->state == TASK_PAUSED || t->pause_id != 0 || (t->running && t->pausing_only))
		return "the task is paused; resume it first";
	if (t->running && t->after == AFTER_JUDGE && atomic_load(&t->board.phase) == (int)PHASE_FULL_LOAD)
		return "the full load is under way, and a resync would cut it short: ask again when it is done, or: repld ctl restart --reload";
	return NULL;
}

static void
resync_accept(struct task *t, uint32_t id, const char *list)
{
	struct buf text = { 0 };

	evtimer_del(t->retry_timer);
	resync_add(&t->resync, list);
	resync_text(list, t->tc->mode == MODE_FULL_LOAD ? "" : " beside the stream", &text);
	log_info("resync, as asked: %s", buf_cstr(&text));
	t->attempt = 0;
	add_asker(t, id, buf_cstr(&text));
	if (t->running) {
		if (t->after != AFTER_RESTART)
			t->next_intent = RUN_NORMAL;	/* a resume that is not stored yet is kept */
		run_finish(t, AFTER_RESTART);
	} else {
		run_start_asked(t, t->state == TASK_RETRYING ? t->next_intent : RUN_NORMAL);
	}
	buf_done(&text);
}

void
task_resync(struct task *t, uint32_t id, const char *tables)
{
	const char *refusal = resync_refusal(t);
	struct buf list = { 0 }, why = { 0 };

	if (refusal != NULL)
		t->reply(t->reply_arg, id, false, refusal);
	else if (!resync_pick(&t->board, tables, &list, &why))
		t->reply(t->reply_arg, id, false, buf_cstr(&why));
	else
		resync_accept(t, id, buf_cstr(&list));
	buf_done(&list);
	buf_done(&why);
}

/* ---- another configuration -------------------------------------------------------------------------------------------------- */

/* Of one that was accepted: when it takes effect. */
static const char *
switch_to(struct task *t, struct conf *take_conf)
{
	conf_free(t->next_conf);
	t->next_conf = take_conf;
	if (t->state == TASK_PAUSED || t->pause_id != 0 || (t->running && t->pausing_only)) {
		if (!t->running)
			take_next_conf(t);
		return "takes effect when the task is resumed";
	}
	(void)!FAULT("reload.switch", &(struct err)ERR_INIT);	/* it is accepted: nothing can refuse it any more */
	log_info("going on from the checkpoint with another configuration");
	evtimer_del(t->retry_timer);
	t->attempt = 0;
	if (!t->running) {
		run_start(t, t->state == TASK_RETRYING ? t->next_intent : RUN_NORMAL);
	} else if (t->after != AFTER_RESTART) {
		t->next_intent = RUN_NORMAL;	/* a resume that is not stored yet is kept */
		run_finish(t, AFTER_RESTART);
	}
	return "takes effect with the run that begins now";
}

static void
answer_prepare(struct task *t, bool ok, const char *text)
{
	uint32_t id = t->prepare_id;

	prepare_free(t->prepare);
	t->prepare = NULL;
	t->reply(t->reply_arg, id, ok, text);
}

static void
prepared(struct task *t)
{
	struct buf text = { 0 };
	struct err err = ERR_INIT;
	bool ok;

	if (t->prepare == NULL || !prepare_finished(t->prepare))
		return;		/* of one that was given up */
	ok = prepare_accepted(t->prepare) && t->after != AFTER_STOP;
	if (ok && !FAULT("reload.accept", &err)) {
		answer_prepare(t, false, err.msg);
		return;
	}
	if (ok)
		buf_printf(&text, "%s\n", switch_to(t, prepare_take_conf(t->prepare)));
	buf_str(&text, t->after == AFTER_STOP ? "the task is stopping" : prepare_text(t->prepare));
	if (!ok)
		log_warning("another configuration is refused, the task goes on as before: %.*s", (int)strcspn(buf_cstr(&text), "\n"), buf_cstr(&text));
	answer_prepare(t, ok, buf_cstr(&text));
	buf_done(&text);
}

static void
on_prepared(void *arg)
{
	struct task *t = arg;

	mailbox_post(t->mailbox, (struct mail){ .what = MAIL_PREPARED });
}

void
task_prepare(struct task *t, uint32_t id, struct conf *take_conf)
{
	struct err err = ERR_INIT;

	if (t->prepare != NULL)
		answer_prepare(t, false, "a later configuration came meanwhile");
	t->prepare_id = id;
	t->prepare = prepare_start(take_conf, on_prepared, t, &err);
	if (t->prepare == NULL)
		t->reply(t->reply_arg, id, false, err.msg);
}

/* Only what may change without a restart differs; the run reads it from the board. */
void
task_tune(struct task *t, uint32_t id, struct conf *take_conf)
{
	const struct task_conf *next = conf_task(take_conf, t->tc->name);

	if (next == NULL) {
		t->reply(t->reply_arg, id, false, "the configuration does not name this task");
	} else {
		board_tune(&t->board, next);
		t->reply(t->reply_arg, id, true, "");
		if (t->next_conf != NULL) {	/* of which it is a later form */
			conf_free(t->next_conf);
			t->next_conf = take_conf;
			return;
		}
	}
	conf_free(take_conf);
}

/* ---- memory that connections keep ------------------------------------------------------------------------------------------------ */

/* Not while anything is under way: what is read in part would be read again from its beginning. */
static bool
is_quiet(struct task *t, const struct status_task *now)
{
	return t->state == TASK_RUNNING && t->running && t->after == AFTER_JUDGE && t->prepare == NULL && now->phase == PHASE_CDC &&
	    !atomic_load(&t->board.grouped) && atomic_load(&t->board.oldest_pending) == 0 && now->ring_waiting == 0;
}

void
task_tick(struct task *t, const struct status_task *now)
{
	const uint64_t bulk = atomic_load(&t->board.bulk);
	char size[NUM_TEXT];

	if (bulk == 0 || usec_since((struct usec){ atomic_load(&t->board.bulk_at) }) < SHED_AFTER || !is_quiet(t, now))
		return;
	log_info("opening the connections again: they hold memory of a row of %s", num_size_text(bulk, size));
	t->next_intent = RUN_NORMAL;
	run_finish(t, AFTER_RESTART);
}

/* ---- life ---------------------------------------------------------------------------------------------------------------------------- */

struct task *
task_new(struct event_base *base, struct conf *take_conf, task_reply_fn *reply, void *arg, struct err *err)
{
	struct task *t = xzalloc(sizeof(*t));

	t->base = base;
	t->conf = take_conf;
	t->tc = take_conf->tasks[0];
	t->reply = reply;
	t->reply_arg = arg;
	t->state = TASK_STARTING;
	t->since = clock_wall();
	board_init(&t->board, t->tc);
	if ((t->mailbox = mailbox_new(err)) == NULL || !stop_init(&t->stop, err)) {
		task_free(t);
		return NULL;
	}
	t->mail_event = event_new(base, mailbox_fd(t->mailbox), EV_READ | EV_PERSIST, on_mail, t);
	t->retry_timer = evtimer_new(base, on_retry, t);
	t->force_timer = evtimer_new(base, on_force, t);
	t->sync_timer = evtimer_new(base, task_look_at_syncs, t);
	event_add(t->mail_event, NULL);
	t->run.conf = t->tc;
	t->run.board = &t->board;
	t->run.stop = &t->stop;
	t->run.on_running = on_running;
	t->run.on_stored = on_stored;
	t->run.arg = t;
	return t;
}

static void
free_event(struct event *e)
{
	if (e != NULL)
		event_free(e);
}

void
task_free(struct task *t)
{
	if (t == NULL)
		return;
	prepare_free(t->prepare);
	conf_free(t->next_conf);
	for (struct sync *s = t->syncs, *next; s != NULL; s = next) {
		next = s->next;
		free(s);
	}
	free_event(t->mail_event);
	free_event(t->retry_timer);
	free_event(t->force_timer);
	free_event(t->sync_timer);
	if (t->mailbox != NULL) {
		mailbox_free(t->mailbox, NULL);
		stop_done(&t->stop);
	}
	board_done(&t->board);
	buf_done(&t->resync);
	free(t->run.resync);
	while (t->askers != NULL) {
		struct asker *a = t->askers;

		t->askers = a->next;
		free(a->text);
		free(a);
	}
	conf_free(t->conf);
	free(t);
}
