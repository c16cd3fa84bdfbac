/* prepare.c - see prepare.h. */
#include "daemon/prepare.h"

#include <stdlib.h>
#include <string.h>
#include "daemon/check.h"

struct prepare {
	struct conf *conf;
	struct stop stop;
	struct thread thread;
	atomic_bool finished;
	bool accepted;
	struct buf text;
	void (*done)(void *arg);
	void *arg;
};

/* ---- the answer ------------------------------------------------------------------------------------------------------ */

static void
put_finding(struct buf *out, const struct finding *f)
{
	const bool named = f->table[0] == '\0' || strncmp(f->what, f->table, strlen(f->table)) == 0;

	buf_printf(out, "%s%s%s%s%s\n", named ? "" : f->table, named ? "" : ": ", f->what, f->fix[0] != '\0' ? "; fix: " : "", f->fix);
}

static void
refuse(struct prepare *p, const struct check_report *r)
{
	if (!r->reached_source || !r->reached_target)
		buf_printf(&p->text, "the %s can't be asked; reload again when it answers\n", r->reached_target ? "source" :
		    r->reached_source ? "target" : "source and the target");
	for (size_t i = 0; i < r->findings.n; i++)
		if (r->findings.rows[i].severity == FINDING_BLOCKER)
			put_finding(&p->text, &r->findings.rows[i]);
}

static void
accept(struct prepare *p, struct check_report *r)
{
	size_t risks = findings_count(&r->findings, FINDING_RISK);

	p->accepted = true;
	buf_str(&p->text, buf_cstr(&r->changes));
	if (risks > 0)
		buf_printf(&p->text, "%zu risk%s, told by: repld check %s\n", risks, risks == 1 ? "" : "s", r->conf->name);
}

/* ---- the thread ------------------------------------------------------------------------------------------------------ */

static void *
prepare_thread(void *arg)
{
	struct prepare *p = arg;
	struct check_report r = { .conf = p->conf->tasks[0], .running = true };

	check_look(&r, &p->stop);
	if (stop_requested(&p->stop))
		buf_str(&p->text, "it was cut short\n");
	else if (findings_count(&r.findings, FINDING_BLOCKER) > 0)
		refuse(p, &r);
	else
		accept(p, &r);
	check_done(&r);
	atomic_store(&p->finished, true);
	p->done(p->arg);
	return NULL;
}

struct prepare *
prepare_start(struct conf *take_conf, void (*done)(void *arg), void *arg, struct err *err)
{
	struct prepare *p = xzalloc(sizeof(*p));

	p->conf = take_conf;
	p->done = done;
	p->arg = arg;
	if (!stop_init(&p->stop, err)) {
		conf_free(take_conf);
		free(p);
		return NULL;
	}
	if (!thread_start(&p->thread, "prepare", prepare_thread, p, err)) {
		prepare_free(p);
		return NULL;
	}
	return p;
}

void
prepare_cancel(struct prepare *p)
{
	stop_request(&p->stop);
}

void
prepare_free(struct prepare *p)
{
	if (p == NULL)
		return;
	stop_request(&p->stop);
	thread_join(&p->thread);
	stop_done(&p->stop);
	buf_done(&p->text);
	conf_free(p->conf);
	free(p);
}

bool
prepare_finished(const struct prepare *p)
{
	return atomic_load(&p->finished);
}

bool
prepare_accepted(const struct prepare *p)
{
	return p->accepted;
}

const char *
prepare_text(struct prepare *p)
{
	return buf_cstr(&p->text);
}

struct conf *
prepare_take_conf(struct prepare *p)
{
	struct conf *c = p->conf;

	p->conf = NULL;
	return c;
}
