/* reload.c - the configuration again, while everything runs: load, check, compare, apply. A bad
 * file changes nothing.
 * Flow: conf_load() -> conf_diff_new() -> per task: keep, tune, prepare, add, drop -> wait for the
 * workers concerned, at most 60 s -> one answer.
 * Two phases: the file, all or nothing; then each worker asks its servers whether the task would run
 * with its new options, and takes them with its next run or refuses them for its task.
 * Invariant: at most one reload is under way; the loop never waits for it; systemd hears
 * RELOADING and then READY either way. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/arena.h"
#include "daemon/base/fault.h"
#include "daemon/base/log.h"
#include "daemon/notify.h"
#include "daemon/supervisor_int.h"

#ifndef RELOAD_WAIT
#define RELOAD_WAIT ((int64_t)60000000)
#endif
#define STOP_GRACE  ((int64_t)5000000)

/* What became of one task; the reload's text is theirs in turn. */
struct item {
	struct reload *reload;
	char *task;
	struct keeper *keeper;	/* while it is waited for; else NULL */
	struct buf why;		/* lines: what changed */
	struct buf behind;	/* lines: what is left on the servers */
	struct buf text;	/* lines: the outcome */
	const char *good;	/* what a good end is called; NULL: the worker prepares and says it */
	bool refused;
};

struct reload {
	struct supervisor *s;
	struct reload_answer answer;
	struct buf head;	/* of the daemon's section */
	struct item *items;
	size_t nitems;
	uint32_t waiting, kept;
	struct usec limit;
};

/* "task orders: in effect: apply.max_rows 5000 -> 1000" for each line; without any, what stands
 * before it. */
static void
lines_with(struct buf *out, const char *who, const char *what, struct buf *lines)
{
	const char *p = buf_cstr(lines);

	if (*p == '\0')
		buf_printf(out, "%s: %s\n", who, what);
	while (*p != '\0') {
		size_t n = strcspn(p, "\n");

		buf_printf(out, "%s: %s: %.*s\n", who, what, (int)n, p);
		p += n + (p[n] == '\n');
	}
}

/* "task orders: line" for each line. */
static void
lines_of(struct buf *out, const char *who, const char *lines)
{
	while (*lines != '\0') {
		size_t n = strcspn(lines, "\n");

		if (n > 0)
			buf_printf(out, "%s: %.*s\n", who, (int)n, lines);
		lines += n + (lines[n] == '\n');
	}
}

/* ---- the end ---- */

static void
log_lines(enum log_level level, const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		if (n > 0)
			log_write(level, "reload: %.*s", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static void
reload_free(struct reload *r)
{
	for (size_t i = 0; i < r->nitems; i++) {
		if (r->items[i].keeper != NULL)
			keeper_forget(r->items[i].keeper, &r->items[i]);
		free(r->items[i].task);
		buf_done(&r->items[i].why);
		buf_done(&r->items[i].behind);
		buf_done(&r->items[i].text);
	}
	free(r->items);
	buf_done(&r->head);
	free(r);
}

static void
item_pending(struct item *it)
{
	if (it->good != NULL)
		buf_printf(&it->text, "task %s: its worker has not answered yet; see status\n",
		    it->task);
	else
		buf_printf(&it->text,
		    "task %s: pending: its servers have not answered within %d s; once they have, the "
		    "new options are taken or refused: see the log\n",
		    it->task, (int)(RELOAD_WAIT / 1000000));
}

static void
reload_finish(struct reload *r)
{
	struct supervisor *s = r->s;
	struct reload_answer answer = r->answer;
	struct buf text = { 0 };
	int code = 0;

	buf_put(&text, r->head.p, r->head.n);
	for (size_t i = 0; i < r->nitems; i++) {
		struct item *it = &r->items[i];

		if (it->keeper != NULL)
			item_pending(it);
		if (it->keeper != NULL || it->refused)
			code = 1;
		buf_put(&text, it->text.p, it->text.n);
	}
	if (r->kept > 0)
		buf_printf(&text, "%u task%s unchanged\n", r->kept, r->kept == 1 ? "" : "s");
	s->reload = NULL;
	reload_free(r);
	notify_ready();
	(void)!FAULT("reload.done", &(struct err)ERR_INIT);	/* it is done */
	log_lines(LOG_LEVEL_INFO, buf_cstr(&text));
	if (answer.done != NULL)
		answer.done(answer.arg, code, buf_cstr(&text));
	buf_done(&text);
}

/* The worker's first line says when it takes effect, the others what becomes of tables. Of a
 * refusal all lines say what is in the way. */
static void
prepared(struct item *it, bool ok, const char *said)
{
	int n = (int)strcspn(said, "\n");
	char *when = xasprintf("%.*s", n, said), who[80];

	snprintf(who, sizeof(who), "task %s", it->task);
	lines_with(&it->text, who, ok ? when : "refused, it goes on as before", &it->why);
	lines_of(&it->text, who, ok ? said + n : said);
	if (!ok)
		buf_printf(&it->text,
		    "%s: the file still says so, and a restart of the daemon takes it: correct it, or "
		    "what is in the way, and reload\n",
		    who);
	free(when);
}

static void
ended(struct item *it, bool ok, const char *said)
{
	char who[80];
	char *what = ok ? xasprintf("%s%s%s", it->good, said[0] != '\0' ? ", " : "", said) :
			  xasprintf("refused (%s), it goes on as before", said);

	snprintf(who, sizeof(who), "task %s", it->task);
	lines_with(&it->text, who, what, &it->why);
	buf_put(&it->text, it->behind.p, it->behind.n);
	free(what);
}

static void
item_done(void *arg, bool ok, const char *said)
{
	struct item *it = arg;

	if (it->good == NULL)
		prepared(it, ok, said);
	else
		ended(it, ok, said);
	it->keeper = NULL;
	it->refused = !ok;
	it->reload->waiting--;	/* the last one is noticed by reload_tick() */
}

void
reload_tick(struct supervisor *s)
{
	struct reload *r = s->reload;

	if (r != NULL && (r->waiting == 0 || usec_since(r->limit) >= 0))
		reload_finish(r);
	if (s->reload == NULL && s->reload_again && !s->stopping) {
		s->reload_again = false;
		reload_start(s, (struct reload_answer){ 0 });
	}
}

void
reload_abort(struct supervisor *s)
{
	struct reload *r = s->reload;
	struct reload_answer answer;

	if (r == NULL)
		return;
	answer = r->answer;
	s->reload = NULL;
	reload_free(r);
	if (answer.done != NULL)
		answer.done(answer.arg, 1, "the daemon ends\n");
}

/* ---- one task ---- */

static struct answer
wait_for(struct item *it, struct keeper *k, const char *good)
{
	it->keeper = k;
	it->good = good;
	it->reload->waiting++;
	return (struct answer){ item_done, it };
}

static void
left_behind(struct item *it, const struct keeper *k)
{
	const bool published = k->conf.plugin == NULL || strcmp(k->conf.plugin, "wal2json") != 0;

	buf_printf(&it->behind, "task %s: nothing is dropped: slot %s, which goes on keeping log,%s%s %s on %s, the checkpoint on %s\n",
	    k->name, k->conf.slot, published ? " and publication " : "", published ? k->conf.publication : "", published ? "stay" : "stays",
	    k->conf.source, k->conf.target);
	buf_printf(&it->behind,
	    "task %s: to give them up, with the task in the file: repld cleanup %s\n", k->name,
	    k->name);
}

static void
apply_drop(struct item *it, struct keeper *k)
{
	k->leave = true;
	left_behind(it, k);
	keeper_end(k, "the task has left the configuration", STOP_GRACE, false,
	    wait_for(it, k, "ended, it has left the file"));
}

static void
apply_changed(struct item *it, struct keeper *k, const struct conf *next, const struct task_conf *t,
    enum conf_action action)
{
	bool was_enabled = k->conf.enabled;

	if (!t->enabled) {
		keeper_set_conf(k, next, t);
		if (was_enabled)
			left_behind(it, k);
		keeper_end(k, "disabled in the configuration", STOP_GRACE, false,
		    wait_for(it, k,
			was_enabled ? "stopped, it is disabled" : "holds when it is enabled"));
	} else if (was_enabled && action <= CONF_TUNE && !keeper_differs(k)) {
		keeper_tune(k, next, t, wait_for(it, k, "in effect"));
	} else if (keeper_can_prepare(k, t)) {
		keeper_prepare(k, next, t, wait_for(it, k, NULL));
	} else {
		keeper_set_conf(k, next, t);
		keeper_end(k, "restart with another configuration", STOP_GRACE, true,
		    wait_for(it, k,
			was_enabled ? "started anew from its checkpoint" : "started, it is enabled"));
	}
}

static void
apply_add(struct reload *r, struct item *it, const struct conf *next, const struct task_conf *t)
{
	struct keeper *k = supervisor_keeper(r->s, t->name);

	if (k != NULL) {	/* it had left the file, and its worker has not ended yet */
		k->leave = false;
		keeper_set_conf(k, next, t);
		keeper_end(k, "restart with another configuration", STOP_GRACE, t->enabled,
		    wait_for(it, k, "added again"));
		return;
	}
	k = supervisor_add(r->s, next, t);
	keeper_start(k);
	buf_printf(&it->text, "task %s: added%s\n", t->name,
	    t->enabled ? " and started" : ", it is disabled");
}

static void
apply_task(struct reload *r, struct item *it, const struct conf *next, struct conf_change *ch)
{
	const struct task_conf *t = conf_task(next, ch->task);
	struct keeper *k = supervisor_keeper(r->s, ch->task);

	buf_put(&it->why, ch->why.p, ch->why.n);
	if (ch->action == CONF_ADD || k == NULL)
		apply_add(r, it, next, t);
	else if (ch->action == CONF_DROP)
		apply_drop(it, k);
	else
		apply_changed(it, k, next, t, ch->action);
}

/* ---- the whole ---- */

static void
apply_daemon(struct reload *r, const struct conf *next, struct conf_change *ch)
{
	if (ch->why.n > 0)
		lines_with(&r->head, "daemon", "in effect", &ch->why);
	if (ch->waits.n > 0)
		lines_with(&r->head, "daemon", "waits for a restart of the daemon", &ch->waits);
	if (next->log_level != r->s->conf->log_level)
		supervisor_log_level(r->s, next->log_level);
}

/* A task whose worker refused its last change is asked again. */
static bool
kept(const struct supervisor *s, const struct conf_change *ch)
{
	const struct keeper *k = supervisor_keeper(s, ch->task);

	return ch->action == CONF_KEEP && k != NULL && !keeper_differs(k) && !k->leave;
}

static void
apply_diff(struct reload *r, const struct conf *next, struct conf_diff *diff)
{
	r->items = xzalloc((diff->n + 1) * sizeof(*r->items));
	for (uint32_t i = 0; i < diff->n; i++) {
		struct conf_change *ch = &diff->changes[i];
		struct item *it = &r->items[r->nitems];

		if (ch->task == NULL) {
			apply_daemon(r, next, ch);
		} else if (kept(r->s, ch)) {
			r->kept++;
		} else {
			r->nitems++;
			it->reload = r;
			it->task = xstrdup(ch->task);
			apply_task(r, it, next, ch);
		}
	}
}

static void
refuse(struct supervisor *s, struct reload_answer answer, const char *lines)
{
	notify_ready();
	log_error(
	    "reload: the configuration is not accepted and nothing was changed: %s", s->conf_path);
	log_lines(LOG_LEVEL_ERROR, lines);
	if (answer.done != NULL)
		answer.done(answer.arg, 2, lines);
}

static void
begin(struct supervisor *s, struct conf *take_next, struct conf_diff *diff,
    struct reload_answer answer)
{
	struct reload *r = xzalloc(sizeof(*r));

	r->s = s;
	r->answer = answer;
	r->limit.v = clock_mono().v + RELOAD_WAIT;
	s->reload = r;
	apply_diff(r, take_next, diff);
	conf_diff_done(diff);
	conf_free(s->conf);
	s->conf = take_next;
	if (r->waiting == 0)
		reload_finish(r);
}

void
reload_start(struct supervisor *s, struct reload_answer answer)
{
	struct conf_errors errors = { 0 };
	struct conf_diff diff = { 0 };
	struct err err = ERR_INIT;
	struct conf *next;

	assert(s->reload == NULL && !s->stopping);
	notify_reloading();
	if ((next = conf_load(s->conf_path, &errors)) == NULL) {
		refuse(s, answer, buf_cstr(&errors.text));
	} else if (!FAULT("reload.read", &err) || !conf_diff_new(s->conf, next, &diff, &err)) {
		conf_free(next);
		refuse(s, answer, err.msg);
	} else {
		begin(s, next, &diff, answer);
	}
	conf_errors_done(&errors);
}
