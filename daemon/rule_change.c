/* rule_change.c - see rule_change.h. */
#include "daemon/rule_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/resync.h"

#define SHOWN 20			/* lines of a kind in an answer; the others are counted */

/* Every table is a mirror of its source, whole and as it is. */
const char *
rule_fingerprint(const struct table *t)
{
	(void)t;
	return "mirror";
}

bool
rule_fingerprint_differs(const struct table *t, const struct table_state *ts)
{
	return ts->fingerprint != NULL && strcmp(ts->fingerprint, rule_fingerprint(t)) != 0;
}

bool
rule_fingerprint_note(const struct table *t, struct table_state *ts, struct err *err)
{
	char *copy = mem_strdup(rule_fingerprint(t), err);

	if (copy == NULL)
		return false;
	free(ts->fingerprint);
	ts->fingerprint = copy;
	return true;
}

static bool
has_moved(const struct table *t, const struct table_state *ts)
{
	return strcmp(t->target_schema, ts->target_schema) != 0 || strcmp(t->target_name, ts->target_name) != 0;
}

static bool
is_agreed(const struct task_conf *conf, const struct table *t)
{
	const char *what;
	struct mapping m;

	rules_map(&conf->rules, t->source_schema, t->source_name, &m);
	what = m.on_change != NULL ? m.on_change : conf->full_load.on_change;
	return strcmp(what, "reload") == 0;
}

static void
refuse(const struct task_conf *conf, const struct table *t, const struct table_state *ts, struct findings *f)
{
	char name[200], fix[400];

	snprintf(name, sizeof(name), "%s.%s", t->source_schema, t->source_name);
	if (has_moved(t, ts)) {
		finding_add(f, FINDING_BLOCKER, ERR_CONFIG, name,
		    "set on_change = \"reload\" in its rule or in full_load and it is loaded again there; or give it its former place",
		    "its rows are in %s.%s, and the rules now name %s.%s", ts->target_schema, ts->target_name, t->target_schema, t->target_name);
		return;
	}
	snprintf(fix, sizeof(fix), "load it again: repld ctl resync %s %s; or set on_change = \"reload\" in its rule or in full_load", conf->name, name);
	finding_add(f, FINDING_BLOCKER, ERR_CONFIG, name, fix, "its rows on the target were made by other rules (%.100s; now %s)", ts->fingerprint,
	    rule_fingerprint(t));
}

void
rule_change_check(const struct task_conf *conf, const struct tableset *set, const struct table_states *states, const char *resync,
    struct findings *f)
{
	if (conf->mode == MODE_CDC)
		return;
	for (uint32_t i = 0; i < set->n; i++) {
		const struct table *t = set->tables[i];
		const struct table_state *ts = table_states_find(states, t->source_schema, t->source_name);

		if (ts == NULL || ts->phase == TABLE_QUEUED || ts->phase == TABLE_LOADING || (!has_moved(t, ts) && !rule_fingerprint_differs(t, ts)))
			continue;
		if (!resync_names(resync, t->source_schema, t->source_name) && !is_agreed(conf, t))
			refuse(conf, t, ts, f);
	}
}

/* ---- what an answer says ---------------------------------------------------------------------------------------------- */

/* Lines of one kind; the last one counts what is not shown. */
struct lines {
	struct buf *out;
	uint32_t n;
};

static bool
room(struct lines *l)
{
	return l->n++ < SHOWN;
}

static void
count_rest(const struct lines *l, const char *what)
{
	if (l->n > SHOWN)
		buf_printf(l->out, "and %u more tables %s\n", l->n - SHOWN, what);
}

/* How a table that is new to the target gets its rows. */
static const char *
how_loaded(const struct task_conf *conf, bool load_done)
{
	if (conf->mode == MODE_CDC)
		return "it is streamed from now on; mode cdc loads nothing, so its rows of before are for you to copy";
	if (conf->mode == MODE_FULL_LOAD && load_done)
		return "it is loaded by: repld ctl restart --reload, as the full load is done";
	return conf->mode == MODE_FULL_LOAD ? "it is loaded" : "it is loaded beside the stream";
}

static void
tell_added(const struct table *t, const char *how, struct buf *out)
{
	buf_printf(out, "table %s.%s is added, as %s.%s: %s\n", t->source_schema, t->source_name, t->target_schema, t->target_name, how);
}

static void
tell_again(const struct table *t, const struct table_state *ts, const char *how, struct buf *out)
{
	if (has_moved(t, ts))
		buf_printf(out, "table %s.%s goes to %s.%s: %s; %s.%s stays as it is\n", t->source_schema, t->source_name, t->target_schema,
		    t->target_name, how, ts->target_schema, ts->target_name);
	else
		buf_printf(out, "table %s.%s is emptied and loaded again in %s.%s\n", t->source_schema, t->source_name, t->target_schema,
		    t->target_name);
}

static void
tell_left(const struct task_conf *conf, const struct tableset *set, const struct table_states *states, struct buf *out)
{
	struct lines l = { .out = out };

	for (size_t i = 0; i < states->n; i++) {
		const struct table_state *ts = &states->rows[i];

		if (tableset_by_source(set, ts->source_schema, ts->source_name) == NULL && room(&l))
			buf_printf(out, "table %s.%s has left: %s.%s is no longer written, what is there stays; should it return it is loaded anew%s\n",
			    ts->source_schema, ts->source_name, ts->target_schema, ts->target_name,
			    conf->full_load.target_tables == PREP_CREATE ? ", for which it must be empty then" : "");
	}
	count_rest(&l, "have left");
}

void
rule_change_tell(const struct task_conf *conf, const struct tableset *set, const struct table_states *states, bool load_done, struct buf *out)
{
	struct lines added = { .out = out }, again = { .out = out };
	const char *how = how_loaded(conf, load_done);

	for (uint32_t i = 0; i < set->n; i++) {
		const struct table *t = set->tables[i];
		const struct table_state *ts = table_states_find(states, t->source_schema, t->source_name);

		if (ts == NULL && room(&added))
			tell_added(t, how, out);
		else if (ts != NULL && (has_moved(t, ts) || (conf->mode != MODE_CDC && rule_fingerprint_differs(t, ts))) && room(&again))
			tell_again(t, ts, how, out);
	}
	count_rest(&added, "are added");
	count_rest(&again, "are loaded again");
	tell_left(conf, set, states, out);
}
