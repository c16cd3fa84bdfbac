/* stream.c - see stream.h. */
#include "daemon/stream.h"

#include <stdlib.h>
#include <string.h>
#include "daemon/base/log.h"
#include "daemon/capture.h"
#include "daemon/tables.h"

/* By table index, as it was when the stream began: apply goes on in the rows of table_state, capture reads here. */
struct known {
	char *shape;			/* as last applied */
	struct snapshot_pos snapshot;
	bool there, mine, suspended;	/* there: has a row; mine: of this stream's load group */
};

/* Relations (their versions) of shapes that are neither the catalog's nor the one applied last, of tables whose snapshot the log has not come to: their
 * rows are in the snapshot, and whoever would apply one finds the relation here. */
struct strangers {
	struct mutex lock;
	uint64_t *version;
	size_t n, cap;
};

struct stream {
	struct stream_ctx c;
	struct strangers strangers;
	uint32_t group;			/* 0: the task's own stream */
	struct known *known;
	bool binary;
	struct ring *ring;
	struct progress *progress;
	struct capture *capture;
};

/* The catalog knows it as a leaf of a captured table. */
static bool
is_leaf_now(struct stream *s, struct source *look, uint32_t oid, bool *ret, struct err *err)
{
	struct arena *arena = arena_new(64 << 10, 0);
	bool ok = arena != NULL || err_set(err, ERR_SYSTEM, "out of memory");

	*ret = false;
	for (uint32_t i = 0; ok && i < s->c.tables->n; i++) {
		struct table now = *s->c.tables->tables[i];

		if (now.source->kind != 'p')
			continue;
		ok = s->c.source_ops->describe(look, &now, arena, err);
		for (uint16_t j = 0; ok && j < now.source->nleaves; j++)
			*ret = *ret || now.source->leaves[j].oid == oid;
	}
	arena_free(arena);
	return ok;
}

/* Another table has the name of a captured one: that one was dropped or renamed. */
static bool
replaced_table(const struct stream *s, const struct relation *rel, struct err *err)
{
	struct progress_view view;

	progress_view(s->progress, &view);
	err_set(err, ERR_HOLE, "table %s.%s is another one now: the one that was copied was dropped or renamed on the source", rel->schema, rel->name);
	err_table(err, rel->schema, rel->name);
	err_position(err, "%s", position_text(&view.applied, (char[POSITION_TEXT]){ 0 }));
	return err_remedy(err, "load it again: repld ctl resync %s %s.%s", s->c.conf->name, rel->schema, rel->name);
}

/* A relation that the survey did not find: a partition made since, for which the run starts again and looks, or a table that the rules
 * do not take (a publication of others may hold more than ours). */
static bool
unknown_relation(struct stream *s, const struct relation *rel, const void **ret_table, struct err *err)
{
	struct source *look = s->c.source_ops->open(&s->c.source_params, err);
	const struct table *same_name;
	bool leaf = false, ok = look != NULL && is_leaf_now(s, look, rel->id, &leaf, err);

	s->c.source_ops->close(look);
	*ret_table = NULL;
	if (!ok)
		return err_ctx(err, "looking for table %s.%s, which is new in the stream", rel->schema, rel->name);
	same_name = tableset_by_source(s->c.tables, rel->schema, rel->name);
	if (!leaf && same_name != NULL && s->known[same_name->index].mine)
		return replaced_table(s, rel, err);
	if (leaf)
		return err_set(err, ERR_RETRY, "partition %s.%s is new: looking up the source's tables again", rel->schema, rel->name);
	log_info("table %s.%s is published but not one of the task's: its changes are left out", rel->schema, rel->name);
	return true;
}

/* A former shape whose types are not those of today: their binary forms fit nothing. */
static bool
ask_for_text(struct stream *s, const struct relation *rel, struct err *err)
{
	*s->c.text_only = true;
	return err_set(err, ERR_RETRY, "the log holds changes of a former shape of table %s.%s: reading it again, values in text form", rel->schema,
	    rel->name);
}

/* A MySQL server's numbers of tables are of the moment: there a table is known by its name. */
static struct table *
table_of(const struct stream *s, const struct relation *rel)
{
	if (s->c.conf->source->kind == ENDPOINT_MYSQL)
		return tableset_by_source(s->c.tables, rel->schema, rel->name);
	return tableset_by_leaf(s->c.tables, rel->id, NULL);
}

/* A statement of the log altered a captured table. What the catalog said is of use only from there on where it was read later; a table that is
 * loaded from a snapshot behind that place has it already. */
static bool
altered(void *arg, const struct table *t, const struct position *at, const char *what, struct err *err)
{
	struct stream *s = arg;
	const struct known *known = &s->known[t->index];
	const struct txn_mark mark = { .kind = at->kind, .lsn = { at->lsn.v }, .log = at->log };
	const struct snapshot_pos read = snapshot_at(&t->source->as_of);

	if (!known->mine || known->suspended || snapshot_has(&known->snapshot, &mark))
		return true;
	if (strcmp(what, "ALTER") != 0) {
		err_set(err, ERR_SCHEMA, "the source's table %s.%s was dropped, renamed or made again (%s)", t->source_schema, t->source_name, what);
		err_remedy(err, "load it again: repld ctl resync %s %s.%s; or take it out of the rules", s->c.conf->name, t->source_schema,
		    t->source_name);
	} else if (snapshot_has(&read, &mark)) {
		return true;		/* the catalog was read after it */
	} else {
		err_set(err, ERR_RETRY, "the source's table %s.%s was altered: looking at it again", t->source_schema, t->source_name);
	}
	err_position(err, "%s", position_text(at, (char[POSITION_TEXT]){ 0 }));
	return err_table(err, t->source_schema, t->source_name);
}

/* A load group's table changes with its parent. */
static bool
has_child_of_mine(const struct stream *s, const struct table *t)
{
	for (uint32_t i = 0; i < t->nchildren; i++)
		if (s->known[t->children[i].child->index].mine)
			return true;
	return false;
}

static const char *
former_shape(void *arg, const struct table *t)
{
	const struct stream *s = arg;

	return s->known[t->index].shape;
}

/* What its snapshot has of a table is left out, whatever its shape was then. */
static bool
snapshot_is_ahead(const struct stream *s, const struct known *known)
{
	struct progress_view view;

	progress_view(s->progress, &view);
	return known->snapshot.kind != POSITION_NONE && !snapshot_passed(&known->snapshot, &view.received);
}

static bool
note_stranger(struct stream *s, const struct relation *rel, struct err *err)
{
	struct strangers *all = &s->strangers;
	bool ok;

	mutex_lock(&all->lock);
	ok = mem_grow(&all->version, &all->cap, all->n + 1, sizeof(*all->version), err);
	if (ok)
		all->version[all->n++] = rel->version;
	mutex_unlock(&all->lock);
	return ok;
}

/* Asked by apply. */
static bool
fits(void *arg, const struct relation *rel, struct err *err)
{
	struct stream *s = arg;
	bool strange = false;

	mutex_lock(&s->strangers.lock);
	for (size_t i = 0; i < s->strangers.n; i++)
		strange = strange || s->strangers.version[i] == rel->version;
	mutex_unlock(&s->strangers.lock);
	return !strange || tables_relation_differs(rel, rel->table, err);
}

/* What others write is not needed in a load group's stream. A load group writes the table up to where it is taken over, which lies behind its snapshot;
 * one that has no snapshot yet will have it behind the end of the log as it was when the catalog was read. (What is before the snapshot of a table of
 * ours can be needed: rows that were prepared there, and committed behind it.) */
static struct position
needed_from(void *arg, const struct table *t)
{
	const struct stream *s = arg;
	const struct known *known = &s->known[t->index];

	if (known->mine || has_child_of_mine(s, t))
		return (struct position){ .kind = POSITION_NONE };
	if (s->group != 0)
		return (struct position){ .kind = POSITION_BINLOG, .lsn = { UINT64_MAX } };	/* never */
	if (!known->there)
		return (struct position){ .kind = POSITION_NONE };
	return known->snapshot.kind != POSITION_NONE ? snapshot_start(&known->snapshot) : t->source->as_of;
}

/* Called by capture at each new relation version. */
static bool
resolve(void *arg, const struct relation *rel, const void **ret_table, struct err *err)
{
	struct stream *s = arg;
	struct table *t = table_of(s, rel);
	struct known *known;

	atomic_store(&s->c.board->look, true);
	*ret_table = NULL;
	if (t == NULL)
		return s->c.conf->source->kind == ENDPOINT_MYSQL || unknown_relation(s, rel, ret_table, err);
	known = &s->known[t->index];
	*ret_table = known->mine || s->group == 0 || has_child_of_mine(s, t) ? t : NULL;
	if (!known->mine || known->suspended)
		return true;		/* whatever its shape: apply leaves its rows out */
	if (tables_relation_is_current(rel, t)) {
		/* The log has come to the catalog's shape: a former one does not come again. (wal2json announces no shapes, and what looks like the
		 * catalog's may still be a row of before.) */
		if (!source_is_wal2json(&s->c.source_params)) {
			free(known->shape);
			known->shape = NULL;
		}
		return true;
	}
	if (tables_relation_is_shape(rel, t, known->shape))
		return !s->binary || tables_relation_has_types(rel, t) || ask_for_text(s, rel, err);
	if (snapshot_is_ahead(s, known))
		return note_stranger(s, rel, err);
	return tables_relation_differs(rel, t, err);
}

static bool
copy_states(struct stream *s, struct err *err)
{
	if ((s->known = mem_zalloc((s->c.tables->n + 1) * sizeof(*s->known), err)) == NULL)
		return false;
	for (uint32_t i = 0; i < s->c.tables->n; i++) {
		const struct table *t = s->c.tables->tables[i];
		const struct table_state *ts = table_states_find(s->c.states, t->source_schema, t->source_name);
		struct known *known = &s->known[i];

		*known = (struct known){ .there = ts != NULL, .suspended = ts == NULL, .snapshot = { .kind = POSITION_NONE } };
		if (ts == NULL)
			continue;
		known->mine = ts->load_group == s->group;
		known->suspended = ts->phase == TABLE_SUSPENDED || ts->phase == TABLE_ERROR;
		known->snapshot = ts->snapshot;
		if (ts->shape != NULL && (known->shape = mem_strdup(ts->shape, err)) == NULL)
			return false;
	}
	return true;
}

/* Every column of every table may travel in binary, and the target takes it so. Building the plans also names what does not fit. */
static bool
stream_is_binary(const struct stream *s, bool *ret, struct err *err)
{
	struct arena *arena = arena_new(16 << 10, 0);

	*ret = source_stream_binary(s->c.tables) && !source_is_wal2json(&s->c.source_params);
	for (uint32_t i = 0; i < s->c.tables->n; i++) {
		const struct table *t = s->c.tables->tables[i];
		const struct relation *rel;
		struct plan *p;

		if (s->known[i].suspended || !s->known[i].mine)
			continue;	/* where a load group's turns out to need text, it is asked for then */
		if (arena == NULL || (rel = relation_from_desc(t->source, t, arena, err)) == NULL ||
		    (p = plan_new(rel, t, err)) == NULL) {
			arena_free(arena);
			return false;
		}
		for (uint16_t j = 0; j < p->ncols; j++)
			*ret = *ret && (p->cols[j].binary_ok || p->cols[j].source_type->wire == WIRE_LABEL);
		plan_free(p);
	}
	arena_free(arena);
	return true;
}

static bool
stream_open(struct stream *s, struct err *err)
{
	struct capture_ctx cc = { .ops = s->c.source_ops, .params = s->c.source_params, .from = s->c.cp->position,
		.board = s->c.board, .stop = s->c.stop, .beat = s->group == 0 ? BEAT_CAPTURE : BEAT_GROUP_CAPTURE,
		.ask = s->c.ask, .hooks = { .tables = s->c.tables, .resolve = resolve, .altered = altered, .shape = former_shape,
			.needed_from = needed_from, .arg = s } };

	cc.params.last_end = s->c.cp->commit_end;
	cc.params.last_time = s->c.cp->commit_time;
	if (!copy_states(s, err) || !stream_is_binary(s, &cc.binary, err) ||
	    (s->ring = ring_new(s->c.ring_size, err)) == NULL ||
	    (s->progress = progress_new(&s->c.cp->position, err)) == NULL)
		return false;
	if (s->c.conf->durability_relaxed)
		progress_hold_start(s->progress);
	cc.binary = s->binary = cc.binary && !*s->c.text_only;
	cc.ring = s->ring;
	cc.progress = s->progress;
	if (s->group == 0)
		board_flow(s->c.board, s->ring, s->progress);
	if ((s->capture = capture_start(&cc, err)) == NULL)
		return false;
	log_info("%sstreaming from %s, values in %s form%s", s->group == 0 ? "" : "load group: ", position_text(&cc.from, (char[POSITION_TEXT]){ 0 }),
	    cc.binary ? "binary" : "text", source_is_wal2json(&s->c.source_params) ? ", through wal2json" : "");
	return true;
}

static void
leave_board(struct stream *s)
{
	board_flow(s->c.board, NULL, NULL);
	mutex_lock(&s->c.board->lock);
	s->c.board->checkpoint = s->c.cp->position;
	mutex_unlock(&s->c.board->lock);
}

/* The stream's relations live in the capture, the ring points to them: the ring goes first. */
static void
stream_close(struct stream *s)
{
	if (s->capture != NULL)
		capture_stop(s->capture);
	if (s->group == 0)
		leave_board(s);
	ring_free(s->ring);
	capture_free(s->capture);
	progress_free(s->progress);
	for (uint32_t i = 0; s->known != NULL && i < s->c.tables->n; i++)
		free(s->known[i].shape);
	free(s->known);
	free(s->strangers.version);
	mutex_done(&s->strangers.lock);
}

bool
stream_run(const struct stream_ctx *ctx, struct err *err)
{
	struct stream s = { .c = *ctx, .group = ctx->cp->group };
	bool ok;

	mutex_init(&s.strangers.lock);
	if ((ok = stream_open(&s, err))) {
		struct apply_ctx ac = { .ops = ctx->target_ops, .target = ctx->target, .cp = ctx->cp, .tables = ctx->tables,
			.states = ctx->states, .ring = s.ring, .progress = s.progress, .board = ctx->board, .stop = ctx->stop,
			.mode = ctx->conf->apply.mode, .in_order = ctx->in_order, .relaxed = ctx->conf->durability_relaxed,
			.redo = ctx->redo, .handover = ctx->handover, .binary = s.binary, .text_only = ctx->text_only, .beat = ctx->beat,
			.ask = ctx->ask, .reopen_after_join = ctx->reopen_after_join, .fits = fits, .fits_arg = &s };

		ok = apply_run(&ac, err);
	}
	stream_close(&s);
	return ok;
}
