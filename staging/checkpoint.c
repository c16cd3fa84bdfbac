/* checkpoint.c - the words of a table's phase, and the list of table states.
 * Invariant: rows[0..n) own their strings. Threads: plain values. */
#include "staging/checkpoint.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/base/arena.h"

void
totals_add(struct totals *t, const struct totals *more)
{
	t->transactions += more->transactions;
	t->read += more->read;
	t->applied += more->applied;
	t->filtered += more->filtered;
	t->excepted += more->excepted;
	t->inserts += more->inserts;
	t->updates += more->updates;
	t->deletes += more->deletes;
	t->truncates += more->truncates;
}

static const char *const PHASES[] = {
	[TABLE_QUEUED] = "queued",
	[TABLE_LOADING] = "loading",
	[TABLE_LOADED] = "loaded",
	[TABLE_CATCH_UP] = "catch_up",
	[TABLE_STREAMING] = "streaming",
	[TABLE_SUSPENDED] = "suspended",
	[TABLE_SUSPECT] = "suspect",
	[TABLE_ERROR] = "error",
};
#define NPHASES (sizeof(PHASES) / sizeof(PHASES[0]))

const char *
table_phase_name(enum table_phase p)
{
	return (size_t)p < NPHASES ? PHASES[p] : "?";
}

bool
table_phase_parse(const char *text, enum table_phase *ret)
{
	for (size_t i = 0; i < NPHASES; i++) {
		if (strcmp(text, PHASES[i]) != 0)
			continue;
		*ret = (enum table_phase)i;
		return true;
	}
	return false;
}

static void
state_done(struct table_state *s)
{
	free(s->source_schema);
	free(s->source_name);
	free(s->target_schema);
	free(s->target_name);
	free(s->shape);
	free(s->filenodes);
	free(s->made);
	free(s->error);
}

void
table_states_cut(struct table_states *ts, size_t n)
{
	while (ts->n > n)
		state_done(&ts->rows[--ts->n]);
}

void
table_states_done(struct table_states *ts)
{
	table_states_cut(ts, 0);
	free(ts->rows);
	*ts = (struct table_states){ 0 };
}

static bool
is_named(const char *is, const char *name)
{
	return is != NULL && strcmp(is, name) == 0;
}

struct table_state *
table_states_find(const struct table_states *ts, const char *source_schema, const char *source_name)
{
	for (size_t i = 0; i < ts->n; i++)
		if (is_named(ts->rows[i].source_schema, source_schema) &&
		    is_named(ts->rows[i].source_name, source_name))
			return &ts->rows[i];
	return NULL;
}

struct table_state *
table_states_add(struct table_states *ts, struct err *err)
{
	if (!mem_grow(&ts->rows, &ts->cap, ts->n + 1, sizeof(ts->rows[0]), err))
		return NULL;
	ts->rows[ts->n] = (struct table_state){ 0 };
	return &ts->rows[ts->n++];
}
