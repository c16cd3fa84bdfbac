/* suspect.c - see suspect.h. */
#include "daemon/suspect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/log.h"
#include "daemon/ranged.h"

#define NAMED_MAX 8			/* tables that a remedy names */

struct suspect {
	const struct source_ops *ops;
	const char *task, *publication;
	const struct tableset *tables;
	struct board *board;
	char **known;			/* by table index: the facts of the last look; NULL: not looked at */
	bool *renamed;			/* the board says so */
	struct arena *arena;		/* of one look */
	struct table_facts *facts;
	struct source *source;		/* of the look */
};

struct holes {				/* of one look */
	uint32_t n;
	bool all;			/* nothing of the publication is left */
	uint32_t first;
	char what[400];
	uint32_t tables[NAMED_MAX];
};

struct suspect *
suspect_new(const struct source_ops *ops, const struct source_params *p, const struct tableset *tables, struct board *b, struct err *err)
{
	struct suspect *s = mem_zalloc(sizeof(*s), err);

	if (s == NULL)
		return NULL;
	s->ops = ops;
	s->task = p->task;
	s->publication = source_is_wal2json(p) ? NULL : p->publication;
	s->tables = tables;
	s->board = b;
	if ((s->known = mem_zalloc((tables->n + 1) * sizeof(*s->known), err)) == NULL ||
	    (s->renamed = mem_zalloc((tables->n + 1) * sizeof(*s->renamed), err)) == NULL ||
	    (s->facts = mem_zalloc((tables->n + 1) * sizeof(*s->facts), err)) == NULL) {
		suspect_free(s);
		return NULL;
	}
	if ((s->arena = arena_new(64 << 10, 0)) == NULL) {
		suspect_free(s);
		err_set(err, ERR_SYSTEM, "out of memory");
		return NULL;
	}
	return s;
}

void
suspect_free(struct suspect *s)
{
	if (s == NULL)
		return;
	for (uint32_t i = 0; s->known != NULL && i < s->tables->n; i++)
		free(s->known[i]);
	free(s->known);
	free(s->renamed);
	free(s->facts);
	arena_free(s->arena);
	free(s);
}

static bool
ask_catalog(struct suspect *s, struct source *source, struct err *err)
{
	arena_reset(s->arena);
	s->source = source;
	return s->ops->facts(source, s->tables, s->arena, s->facts, err);
}

static bool
ask_rows(void *arg, const struct facts_leaf *leaf, enum facts_question q, const char *as_of, bool *ret, struct err *err)
{
	struct suspect *s = arg;

	return s->ops->leaf_has_rows(s->source, leaf, q, as_of, ret, err);
}

static bool
compare(struct suspect *s, uint32_t i, const char *known, struct facts_verdict *ret, struct err *err)
{
	struct table_facts was;

	if (known != NULL && !facts_read(known, s->arena, &was, err))
		return false;
	return facts_compare(known != NULL ? &was : NULL, &s->facts[i], s->publication, ask_rows, s, ret, err);
}

static char *
facts_text(const struct table_facts *f, struct err *err)
{
	struct buf b = { 0 };
	char *text = NULL;

	if (facts_write(f, &b, err))
		text = mem_strdup(buf_cstr(&b), err);
	buf_done(&b);
	return text;
}

/* ---- what is said ---------------------------------------------------------------------------------------------------- */

/* "why; what to do about it", for the table's error in table_state and status. */
static char *
full_reason(const struct suspect *s, uint32_t i, const char *what)
{
	const struct table *t = s->tables->tables[i];

	if (!s->facts[i].there)
		return xasprintf("%s; fix: take the table out of the rules, and drop %s.%s on the target where nobody needs it", what,
		    t->target_schema, t->target_name);
	if (s->facts[i].publication.id[0] == '\0')
		return xasprintf("%s; fix: repld ctl restart %s --reload", what, s->task);
	return xasprintf("%s; fix: repld ctl resync %s %s.%s", what, s->task, t->source_schema, t->source_name);
}

static void
add_hole(struct holes *h, const struct suspect *s, uint32_t i, const char *what)
{
	if (h->n == 0) {
		h->first = i;
		snprintf(h->what, sizeof(h->what), "%s", what);
	}
	if (h->n < NAMED_MAX)
		h->tables[h->n] = i;
	h->n++;
	h->all = h->all || s->facts[i].publication.id == NULL || s->facts[i].publication.id[0] == '\0';
}

/* ERR_HOLE for what was found; the position is the caller's to add. Always false. */
static bool
hole_error(const struct suspect *s, const struct holes *h, struct err *err)
{
	const struct table *t = s->tables->tables[h->first];
	char list[400] = "";
	size_t n = 0;

	if (h->n == 1 && strncmp(h->what, "table ", 6) == 0)
		err_set(err, ERR_HOLE, "%s", h->what);
	else if (h->n == 1)
		err_set(err, ERR_HOLE, "table %s.%s: %s", t->source_schema, t->source_name, h->what);
	else
		err_set(err, ERR_HOLE, "table %s.%s and %u more tables: %s", t->source_schema, t->source_name, h->n - 1, h->what);
	err_table(err, t->source_schema, t->source_name);
	for (uint32_t i = 0; i < h->n && i < NAMED_MAX && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, " %s.%s", s->tables->tables[h->tables[i]]->source_schema,
		    s->tables->tables[h->tables[i]]->source_name);
	if (h->all || h->n > NAMED_MAX || n >= sizeof(list))
		return err_remedy(err, "load the tables again: repld ctl restart %s --reload", s->task);
	return err_remedy(err, "load what lacks changes again: repld ctl resync %s%s", s->task, list);
}

/* Its name changes nothing in what is copied; what the rules say of the new one counts from the next start. */
static void
look_at_name(struct suspect *s, uint32_t i)
{
	const struct table *t = s->tables->tables[i];
	const struct table_facts *f = &s->facts[i];
	bool other = f->there && (strcmp(f->schema, t->source_schema) != 0 || strcmp(f->name, t->source_name) != 0);
	char text[512];

	if (other == s->renamed[i] || atomic_load(&s->board->tables[i]->phase) == TABLE_SUSPECT)
		return;
	s->renamed[i] = other;
	if (!other) {
		board_table_error(s->board, i, "");
		return;
	}
	snprintf(text, sizeof(text), "the table is named %s.%s on the source now: its changes still go to %s.%s; from the next start of the task on the "
	    "rules decide by the new name", f->schema, f->name, t->target_schema, t->target_name);
	board_table_error(s->board, i, text);
	log_warning("table %s.%s: %s", t->source_schema, t->source_name, text);
}

/* ---- mail ------------------------------------------------------------------------------------------------------------- */

/* facts: NULL, or handed over. why: NULL: no suspicion, or handed over. */
static void
post(struct board *b, uint32_t i, char *facts, char *why)
{
	struct board_table *t = b->tables[i];

	mutex_lock(&b->lock);
	if (facts != NULL) {
		free(t->new_facts);
		t->new_facts = facts;
	}
	if (why != NULL && t->suspicion == NULL)
		t->suspicion = why;
	else
		free(why);
	mutex_unlock(&b->lock);
	atomic_store(&b->news, true);
}

static void
post_halt(struct board *b, const struct err *halt)
{
	mutex_lock(&b->lock);
	if (b->halt.kind == ERR_NONE)
		b->halt = *halt;
	mutex_unlock(&b->lock);
	atomic_store(&b->news, true);
}

/* Its rows are on the target, and its changes are streamed. */
static bool
is_live(int phase)
{
	return phase == TABLE_LOADED || phase == TABLE_CATCH_UP || phase == TABLE_STREAMING || phase == TABLE_SUSPECT;
}

static bool
deliver(struct suspect *s, uint32_t i, const struct facts_verdict *v, struct holes *holes, struct err *err)
{
	const struct table *t = s->tables->tables[i];
	char *text, *copy;

	if (v->note[0] != '\0')
		log_warning("table %s.%s: %s", t->source_schema, t->source_name, v->note);
	if (v->kind == FACTS_SAME || v->kind == FACTS_AGAIN)
		return true;
	if (v->kind == FACTS_HOLE) {
		add_hole(holes, s, i, v->what);
		post(s->board, i, NULL, full_reason(s, i, v->what));
		return true;
	}
	if (!s->facts[i].there) {
		post(s->board, i, NULL, full_reason(s, i, v->what));
		free(s->known[i]);
		s->known[i] = NULL;
	} else {
		if ((text = facts_text(&s->facts[i], err)) == NULL || (copy = mem_strdup(text, err)) == NULL) {
			free(text);
			return false;
		}
		free(s->known[i]);
		s->known[i] = text;
		post(s->board, i, copy, v->kind == FACTS_SUSPECT ? full_reason(s, i, v->what) : NULL);
	}
	if (v->kind == FACTS_SUSPECT)
		log_warning("table %s.%s may differ from its source from now on: %s", t->source_schema, t->source_name, v->what);
	return true;
}

/* From the stream that has taken the table over. */
static void
hear(struct suspect *s, uint32_t i)
{
	struct board_table *t = s->board->tables[i];

	mutex_lock(&s->board->lock);
	if (t->joined_facts != NULL) {
		free(s->known[i]);
		s->known[i] = t->joined_facts;
		t->joined_facts = NULL;
	}
	mutex_unlock(&s->board->lock);
}

/* All tables that are live and known. */
static bool
look_at_all(struct suspect *s, struct source *source, struct holes *holes, struct err *again, struct err *err)
{
	if (!ask_catalog(s, source, err))
		return false;
	for (uint32_t i = 0; i < s->tables->n; i++) {
		struct facts_verdict v;

		hear(s, i);
		if (s->known[i] == NULL || !is_live(atomic_load(&s->board->tables[i]->phase)))
			continue;
		if (!compare(s, i, s->known[i], &v, err))
			return err_ctx(err, "table %s.%s", s->tables->tables[i]->source_schema, s->tables->tables[i]->source_name);
		if (v.kind == FACTS_AGAIN)
			err_set(again, ERR_RETRY, "table %s.%s: %s", s->tables->tables[i]->source_schema, s->tables->tables[i]->source_name, v.what);
		if (!deliver(s, i, &v, holes, err))
			return false;
		look_at_name(s, i);
	}
	return true;
}

bool
suspect_look(struct suspect *s, struct source *source, struct err *err)
{
	struct holes holes = { .n = 0 };
	struct err halt = ERR_INIT;

	if (!look_at_all(s, source, &holes, &halt, err))
		return false;
	if (holes.n > 0)
		hole_error(s, &holes, &halt);
	if (halt.kind != ERR_NONE)
		post_halt(s->board, &halt);
	return true;
}

/* ---- a run's start ---------------------------------------------------------------------------------------------------- */

/* What was on the board for apply goes into the states here: there is no stream that could take it. A table that still has its snapshot's changes
 * before it is left as it is, and found again. */
static void
mark_now(struct suspect *s, struct table_states *states, const struct position *checkpoint, bool *dirty)
{
	for (uint32_t i = 0; i < s->tables->n; i++) {
		const struct table *t = s->tables->tables[i];
		struct board_table *bt = s->board->tables[i];
		struct table_state *ts = table_states_find(states, t->source_schema, t->source_name);

		mutex_lock(&s->board->lock);
		if (bt->suspicion != NULL && ts != NULL && ts->phase != TABLE_SUSPECT && ts->ranges == NULL && snapshot_passed(&ts->snapshot, checkpoint)) {
			free(ts->error);
			ts->error = bt->suspicion;
			bt->suspicion = NULL;
			ts->phase = TABLE_SUSPECT;
			dirty[ts - states->rows] = true;
			atomic_store(&bt->phase, TABLE_SUSPECT);
			snprintf(bt->error, sizeof(bt->error), "%s", ts->error);
		}
		mutex_unlock(&s->board->lock);
	}
}

bool
suspect_start(struct suspect *s, struct source *source, struct table_states *states, const struct position *checkpoint, bool *dirty, struct err *err)
{
	struct holes holes = { .n = 0 };
	struct err again = ERR_INIT;

	for (uint32_t i = 0; i < s->tables->n; i++) {
		const struct table *t = s->tables->tables[i];
		const struct table_state *ts = table_states_find(states, t->source_schema, t->source_name);

		free(s->known[i]);
		s->known[i] = NULL;
		if (ts != NULL && ts->facts != NULL && ts->load_group == 0 && is_live((int)ts->phase) &&
		    (s->known[i] = mem_strdup(ts->facts, err)) == NULL)
			return false;
	}
	if (!look_at_all(s, source, &holes, &again, err))
		return false;
	if (holes.n == 0)
		return true;
	mark_now(s, states, checkpoint, dirty);
	hole_error(s, &holes, err);
	return err_position(err, "%s", position_text(checkpoint, (char[POSITION_TEXT]){ 0 }));
}

/* The facts have the leaves that the description has, no more and no less. */
static bool
same_leaves(const struct table *t, const struct table_facts *f, struct err *err)
{
	bool same = f->there && f->nleaves == t->source->nleaves && strcmp(f->schema, t->source_schema) == 0 &&
	    strcmp(f->name, t->source_name) == 0;

	for (uint32_t i = 0; same && i < f->nleaves; i++) {
		bool found = false;

		for (uint16_t j = 0; !found && j < t->source->nleaves; j++)
			found = t->source->leaves[j].oid == f->leaves[i].oid;
		same = found;
	}
	if (same)
		return true;
	err_set(err, ERR_RETRY, "table %s.%s or its partitions changed while its load was prepared: looking at it again", t->source_schema,
	    t->source_name);
	return err_table(err, t->source_schema, t->source_name);
}

static bool
note_table(struct suspect *s, uint32_t i, struct table_state *ts, struct err *err)
{
	struct facts_verdict v = { .kind = FACTS_HOLE };
	char *text;

	if (!same_leaves(s->tables->tables[i], &s->facts[i], err) ||
	    (ts->ranges != NULL && ts->facts != NULL && !compare(s, i, ts->facts, &v, err)))
		return false;
	if (v.kind > FACTS_CHANGED)
		ranged_forget(ts);	/* what was loaded at a former snapshot can't go on from there */
	if ((text = facts_text(&s->facts[i], err)) == NULL)
		return false;
	free(s->known[i]);
	s->known[i] = text;
	if ((text = mem_strdup(text, err)) == NULL)
		return false;
	if (ts->phase == TABLE_QUEUED) {
		free(ts->facts);
		ts->facts = text;
	} else {
		post(s->board, i, text, NULL);
	}
	return true;
}

bool
suspect_note(struct suspect *s, struct source *source, struct table_states *states, uint32_t group, bool all, struct err *err)
{
	bool asked = false;

	for (uint32_t i = 0; i < s->tables->n; i++) {
		const struct table *t = s->tables->tables[i];
		struct table_state *ts = table_states_find(states, t->source_schema, t->source_name);

		if (ts == NULL || ts->load_group != group ||
		    (ts->phase != TABLE_QUEUED && !(group == 0 && is_live((int)ts->phase) && (all || ts->facts == NULL))))
			continue;
		if (!asked && !ask_catalog(s, source, err))
			return false;
		asked = true;
		if (!note_table(s, i, ts, err))
			return false;
	}
	return true;
}

bool
suspect_hold(struct suspect *s, struct source *source, const struct table_states *states, uint32_t group, struct err *err)
{
	bool asked = false;

	for (uint32_t i = 0; i < s->tables->n; i++) {
		const struct table *t = s->tables->tables[i];
		const struct table_state *ts = table_states_find(states, t->source_schema, t->source_name);
		struct facts_verdict v;

		if (ts == NULL || ts->load_group != group || ts->phase != TABLE_QUEUED || s->known[i] == NULL)
			continue;
		if (!asked && !ask_catalog(s, source, err))
			return false;
		asked = true;
		if (!same_leaves(t, &s->facts[i], err) || !compare(s, i, s->known[i], &v, err))
			return false;
		if (v.kind <= FACTS_CHANGED)
			continue;
		err_set(err, ERR_RETRY, "table %s.%s changed while its load was prepared: %s", t->source_schema, t->source_name, v.what);
		return err_table(err, t->source_schema, t->source_name);
	}
	return true;
}

/* ---- apply's side ------------------------------------------------------------------------------------------------------ */

/* Under the board's mutex. True: the state is to be written. */
static bool
take_one(struct board_table *bt, struct table_state *ts)
{
	bool any = bt->new_facts != NULL;

	if (bt->new_facts != NULL) {
		free(ts->facts);
		ts->facts = bt->new_facts;
		bt->new_facts = NULL;
	}
	if (bt->suspicion == NULL)
		return any;
	if (ts->phase == TABLE_STREAMING) {
		free(ts->error);
		ts->error = bt->suspicion;
		bt->suspicion = NULL;
		ts->phase = TABLE_SUSPECT;
		atomic_store(&bt->phase, TABLE_SUSPECT);
		snprintf(bt->error, sizeof(bt->error), "%s", ts->error);
		return true;
	}
	free(bt->suspicion);	/* it is one already, or no part of the stream */
	bt->suspicion = NULL;
	return any;
}

bool
suspect_tell(struct board *b, uint32_t shown, const char *facts, struct err *err)
{
	char *copy = facts != NULL ? mem_strdup(facts, err) : NULL;

	if (facts != NULL && copy == NULL)
		return false;
	mutex_lock(&b->lock);
	free(b->tables[shown]->joined_facts);
	b->tables[shown]->joined_facts = copy;
	mutex_unlock(&b->lock);
	atomic_store(&b->look, true);
	return true;
}

bool
suspect_take(struct board *b, const struct tableset *tables, struct table_states *states, bool *dirty, struct err *ret_halt)
{
	bool any = false;

	atomic_store(&b->news, false);
	mutex_lock(&b->lock);
	*ret_halt = b->halt;
	for (uint32_t i = 0; i < tables->n; i++) {
		const struct table *t = tables->tables[i];
		struct board_table *bt = b->tables[i];
		struct table_state *ts;

		if (bt->new_facts == NULL && bt->suspicion == NULL)
			continue;
		ts = table_states_find(states, t->source_schema, t->source_name);
		if (ts == NULL || ts->load_group != 0)
			continue;
		if (ts->phase == TABLE_CATCH_UP && bt->suspicion != NULL) {
			atomic_store(&b->news, true);
		} else if (take_one(bt, ts)) {
			dirty[ts - states->rows] = true;
			any = true;
		}
	}
	mutex_unlock(&b->lock);
	return any;
}
