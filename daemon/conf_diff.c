/* conf_diff.c - two configurations -> what a reload has to do, per task, and why.
 * Flow: each option of the table, as text, in the old and the new one; a difference raises the
 * action to what the table says of it.
 * Invariant: a task whose options, rules and endpoints are equal is CONF_KEEP; its worker is not
 * touched.
 * Threads: any; both configurations are only read. Owner: the caller; names are borrowed from the
 * configurations. */
#include "daemon/conf_intern.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/arena.h"

static void
raise_action(struct conf_change *ch, enum conf_action action)
{
	if (action > ch->action)
		ch->action = action;
}

static void
note(struct conf_change *ch, const struct opt *o, const char *prefix, struct buf *was,
    struct buf *is)
{
	struct buf *lines = o->on_change == ON_DAEMON ? &ch->waits : &ch->why;

	buf_printf(lines, "%s%s %s -> %s\n", prefix, o->name, was->n > 0 ? buf_cstr(was) : "none",
	    is->n > 0 ? buf_cstr(is) : "none");
	if (o->on_change == ON_TUNE)
		raise_action(ch, CONF_TUNE);
	else if (o->on_change == ON_RESTART)
		raise_action(ch, CONF_RESTART);
}

/* Every option of one section in two objects, but for those that need nothing done. */
static void
compare_section(struct conf_change *ch, enum opt_section section, const char *prefix, const void *a,
    const void *b)
{
	struct buf was = { 0 }, is = { 0 };

	for (size_t i = 0; i < OPT_N; i++) {
		const struct opt *o = &conf_opts[i];

		if (o->section != section || o->type == OPT_RULES || o->on_change == ON_KEEP)
			continue;
		buf_reset(&was);
		buf_reset(&is);
		conf_opt_text(o, a, &was);
		conf_opt_text(o, b, &is);
		if (was.n != is.n || (was.n > 0 && memcmp(was.p, is.p, was.n) != 0))
			note(ch, o, prefix, &was, &is);
	}
	ch->why.bad |= was.bad | is.bad;
	buf_done(&was);
	buf_done(&is);
}

static void
rule_line(const struct rules *rules, uint32_t i, struct buf *out)
{
	if (i < rules->n)
		conf_rule_text(&rules->rules[i], out);
	else
		buf_str(out, "none");
	buf_u8(out, 0);
}

/* The first rule that differs says enough. */
static void
compare_rules(struct conf_change *ch, const struct rules *a, const struct rules *b)
{
	uint32_t n = a->n > b->n ? a->n : b->n;
	struct buf was = { 0 }, is = { 0 };
	bool same = true;

	for (uint32_t i = 0; same && i < n; i++) {
		buf_reset(&was);
		buf_reset(&is);
		rule_line(a, i, &was);
		rule_line(b, i, &is);
		same = was.n == is.n && !was.bad && !is.bad && memcmp(was.p, is.p, was.n) == 0;
		if (!same && !was.bad && !is.bad)
			buf_printf(&ch->why, "tables: rule %u %s -> %s\n", i + 1,
			    (const char *)was.p, (const char *)is.p);
	}
	if (!same)
		raise_action(ch, CONF_RESTART);
	ch->why.bad |= was.bad | is.bad;
	buf_done(&was);
	buf_done(&is);
}

/* The same name: has the endpoint behind it changed? Another name was said already. */
static void
compare_endpoint(struct conf_change *ch, const struct endpoint *a, const struct endpoint *b)
{
	char prefix[CONF_NAME_MAX + 16];

	if (strcmp(a->name, b->name) != 0)
		return;
	snprintf(prefix, sizeof(prefix), "endpoints.%s.", b->name);
	compare_section(ch, SEC_endpoints, prefix, a, b);
}

static void
compare_task(struct conf_change *ch, const struct task_conf *a, const struct task_conf *b)
{
	compare_section(ch, SEC_tasks, "", a, b);
	compare_rules(ch, &a->rules, &b->rules);
	compare_section(ch, SEC_postgresql, "postgresql.", a, b);
	compare_section(ch, SEC_mysql, "mysql.", a, b);
	compare_section(ch, SEC_values, "values.", a, b);
	compare_section(ch, SEC_full_load, "full_load.", a, b);
	compare_section(ch, SEC_staging, "staging.", a, b);
	compare_section(ch, SEC_apply, "apply.", a, b);
	compare_endpoint(ch, a->source, b->source);
	if (strcmp(b->source->name, b->target->name) != 0)
		compare_endpoint(ch, a->target, b->target);
}

static void
diff_tasks(const struct conf *a, const struct conf *b, struct conf_diff *d)
{
	for (uint32_t i = 0; i < b->ntasks; i++) {
		const struct task_conf *was = conf_task(a, b->tasks[i]->name);
		struct conf_change *ch = &d->changes[d->n++];

		ch->task = b->tasks[i]->name;
		if (was == NULL)
			ch->action = CONF_ADD;
		else
			compare_task(ch, was, b->tasks[i]);
	}
	for (uint32_t i = 0; i < a->ntasks; i++)
		if (conf_task(b, a->tasks[i]->name) == NULL) {
			struct conf_change *ch = &d->changes[d->n++];

			ch->task = a->tasks[i]->name;
			ch->action = CONF_DROP;
		}
}

bool
conf_diff_new(const struct conf *old_conf, const struct conf *new_conf, struct conf_diff *ret,
    struct err *err)
{
	struct conf_diff d = { 0 };
	bool bad = false;

	d.changes =
	    mem_zalloc((1 + (size_t)old_conf->ntasks + new_conf->ntasks) * sizeof(*d.changes), err);
	if (d.changes == NULL)
		return false;
	compare_section(&d.changes[d.n++], SEC_daemon, "daemon.", old_conf, new_conf);
	diff_tasks(old_conf, new_conf, &d);
	for (uint32_t i = 0; i < d.n; i++)
		bad |= d.changes[i].why.bad || d.changes[i].waits.bad;
	if (bad) {
		conf_diff_done(&d);
		return err_set(err, ERR_SYSTEM, "out of memory");
	}
	*ret = d;
	return true;
}

void
conf_diff_done(struct conf_diff *d)
{
	for (uint32_t i = 0; i < d->n; i++) {
		buf_done(&d->changes[i].why);
		buf_done(&d->changes[i].waits);
	}
	free(d->changes);
	*d = (struct conf_diff){ 0 };
}
