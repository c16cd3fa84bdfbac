/* checkpoint.c - the seal of a checkpoint row, the words of a table's phase, and the list of table
 * states.
 * Invariant: rows[0..n) own their strings. Threads: plain values. */
#include "staging/checkpoint.h"

#include <stdio.h>
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

/* ---- the seal ---- */

/* FNV-1a of 64 bits, the end of a text included. */
static uint64_t
mix(uint64_t h, const char *text)
{
	do
		h = (h ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	while (*text++ != '\0');
	return h;
}

uint64_t
checkpoint_seal(const char *task, const struct checkpoint *cp)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	char number[16], position[POSITION_TEXT];

	snprintf(number, sizeof(number), "%u", (unsigned)cp->group);
	h = mix(h, task);
	h = mix(h, number);
	h = mix(h, cp->source.id);
	h = mix(h, cp->source.slot);
	h = mix(h, position_stored(&cp->position, position));
	if (cp->position.gtids != NULL)
		h = mix(h, cp->position.gtids);
	h = (h ^ (h >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	return h + (h == 0);
}

/* Made by its first owner, and no source is known yet. */
static bool
is_fresh(const struct checkpoint *cp)
{
	return cp->source.id[0] == '\0' && cp->source.slot[0] == '\0' &&
	       cp->position.kind == POSITION_NONE;
}

void
checkpoint_verify(const char *task, struct checkpoint *cp, const char *position, const char *gtids,
    uint64_t seal)
{
	struct err err = ERR_INIT;
	bool read = position_parse(position, &cp->position, &err);

	cp->edited[0] = '\0';
	if (!read)
		cp->position = (struct position){ .kind = POSITION_NONE };
	if (gtids != NULL)
		cp->position.gtids = name_intern(gtids, strlen(gtids));
	if (read && (seal == 0 ? is_fresh(cp) : seal == checkpoint_seal(task, cp)))
		return;
	snprintf(cp->edited, sizeof(cp->edited), "position %.40s, slot %s, source %s", position,
	    cp->source.slot[0] != '\0' ? cp->source.slot : "none",
	    cp->source.id[0] != '\0' ? cp->source.id : "none");
}

bool
checkpoint_intact(const char *task, const struct checkpoint *cp, struct err *err)
{
	char group[40] = "";

	if (cp->edited[0] == '\0')
		return true;
	if (cp->group > 0)
		snprintf(group, sizeof(group), ", load group %u,", (unsigned)cp->group);
	err_set(err, ERR_HOLE,
	    "the row of task %s%s in repld.checkpoint was changed by somebody else than repld: its "
	    "seal does not fit what it says (%s)",
	    task, group, cp->edited);
	return err_remedy(err,
	    "put back the values that were there; or load the tables again: repld ctl restart %s "
	    "--reload; or go on from a position that is known to be right: repld ctl restart %s "
	    "--from POSITION",
	    task, task);
}

/* ---- phases and table states ---- */

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
	free(s->ranges);
	free(s->facts);
	free(s->made);
	free(s->error);
	free(s->fingerprint);
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
