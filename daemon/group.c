/* group.c - see group.h. */
#include "daemon/group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/fault.h"
#include "daemon/base/log.h"
#include "daemon/base/num.h"
#include "daemon/ranged.h"
#include "daemon/tables.h"

#define BACKOFF_MIN 1000000	/* usec */
#define BACKOFF_MAX 60000000

struct group {
	struct group_ctx c;
	struct lane base;		/* what each group's lane begins with */
	char slot[NAME_MAX_BYTES];
	uint64_t epoch;
	struct stop stop;		/* ends this thread */
	struct thread thread;
	struct apply_redo redo;		/* kept over reopenings */
	bool text_only;
	atomic_bool ask;
	atomic_bool failed;
	struct err err;			/* readable once failed is set */
};

/* ---- what is left of groups ---------------------------------------------------------------------------------------------- */

static void
name_slot(struct group *g, uint32_t number)
{
	snprintf(g->slot, sizeof(g->slot), "%.*s_g%u", (int)(sizeof(g->slot) - 14), g->base.sp.slot, number);
}

static bool
has_tables(const struct table_states *states, uint32_t number)
{
	for (size_t i = 0; i < states->n; i++)
		if (states->rows[i].load_group == number)
			return true;
	return false;
}

/* Its tables are the task's own stream's, or no table's any more: the slot goes, then the row that tells of it. */
static bool
end_group(struct group *g, struct target *t, const struct checkpoint *row, struct err *err)
{
	struct source_params sp = g->base.sp;
	struct source *s;
	bool ok;

	if (row->slot_made && row->source.slot[0] != '\0') {
		name_slot(g, row->group);
		sp.slot = row->edited[0] == '\0' ? row->source.slot : g->slot;
		s = g->base.so->open(&sp, err);
		ok = s != NULL && g->base.so->drop_slot(s, err);
		g->base.so->close(s);
		if (!ok)
			return err_ctx(err, "load group %u", row->group);
	}
	if (!FAULT("group.slot_dropped", err) || !g->base.to->end_group(t, row->epoch, row->group, err))
		return false;
	log_debug("load group %u has ended", row->group);
	return true;
}

/* Rows of groups that have nothing left to do; *ret_next: the first that has, 0: none. */
static bool
end_groups(struct group *g, struct target *t, uint32_t *ret_next, struct err *err)
{
	struct table_states states = { 0 };
	struct checkpoint *rows = NULL;
	size_t n = 0;
	bool ok = g->base.to->load_states(t, &states, err) && g->base.to->load_groups(t, &rows, &n, err);

	*ret_next = 0;
	for (size_t i = 0; i < states.n; i++)
		if (states.rows[i].load_group > 0 && (*ret_next == 0 || states.rows[i].load_group < *ret_next))
			*ret_next = states.rows[i].load_group;
	for (size_t i = 0; ok && i < n; i++)
		if (rows[i].handed || !has_tables(&states, rows[i].group))
			ok = end_group(g, t, &rows[i], err);
	free(rows);
	table_states_done(&states);
	return ok;
}

/* ---- one group's way -------------------------------------------------------------------------------------------------------- */

/* Keeps the group's own. What was being loaded begins again, or goes on where it was. */
static void
keep_own_states(struct lane *l)
{
	struct table_states own = l->states;
	size_t kept = 0;

	for (size_t i = 0; i < own.n; i++) {
		struct table_state ts = own.rows[i];

		if (ts.phase == TABLE_QUEUED)
			ranged_forget(&ts);
		if (ts.load_group == l->cp.group && ts.phase == TABLE_LOADING)
			ts.phase = TABLE_QUEUED;
		if (ts.load_group == l->cp.group) {
			own.rows[i] = own.rows[kept];
			own.rows[kept++] = ts;
		}
	}
	table_states_cut(&l->states, kept);
}

static bool
survey(struct lane *l, struct err *err)
{
	struct findings ignored = { 0 };

	l->tables = tables_survey(l->conf, l->so, l->source, l->to, l->target, &ignored, err);
	findings_done(&ignored);
	if (l->tables == NULL || !l->to->load_states(l->target, &l->states, err))
		return false;
	keep_own_states(l);
	board_find_tables(l->board, l->tables);
	for (size_t i = 0; i < l->states.n; i++) {
		const struct table_state *ts = &l->states.rows[i];
		const struct table *t = tableset_by_source(l->tables, ts->source_schema, ts->source_name);

		if (t != NULL && t->shown != UINT32_MAX)
			continue;
		err_set(err, ERR_RETRY, "table %s.%s is not what it was: looking up the tables again", ts->source_schema, ts->source_name);
		return err_table(err, ts->source_schema, ts->source_name);
	}
	lane_show_states(l);
	return true;
}

/* Its log is gone, and none of its tables is the stream's yet: nothing is lost by beginning again. */
static bool
begin_again(struct lane *l, struct err *err)
{
	log_err(LOG_LEVEL_WARNING, "the load of these tables begins again", err);
	err_clear(err);
	l->cp.position = l->cp.commit_end = (struct position){ .kind = POSITION_NONE };
	l->cp.load_done = false;
	for (size_t i = 0; i < l->states.n; i++) {
		ranged_forget(&l->states.rows[i]);
		l->states.rows[i].phase = TABLE_QUEUED;
		l->states.rows[i].snapshot = (struct snapshot_pos){ .kind = POSITION_NONE };
	}
	return l->to->save_states(l->target, l->cp.epoch, l->states.rows, l->states.n, err) && l->to->save_source(l->target, &l->cp, err) &&
	    lane_check_slot(l, err);
}

/* The group's row is as repld wrote it, and is there where tables were loaded under it. */
static bool
has_whole_row(struct lane *l, struct err *err)
{
	if (!checkpoint_intact(l->conf->name, &l->cp, err))
		return false;
	for (size_t i = 0; l->cp.position.kind == POSITION_NONE && i < l->states.n; i++) {
		const struct table_state *ts = &l->states.rows[i];

		if (ts->phase < TABLE_LOADED || ts->phase > TABLE_STREAMING)
			continue;
		l->cp.slot_made = true;	/* no other makes one of this name */
		return err_set(err, ERR_HOLE, "the row of load group %u in repld.checkpoint is gone", l->cp.group);
	}
	return true;
}

static bool
go_on(struct group *g, struct lane *l, struct err *err)
{
	struct stream_ctx sc = { .redo = &g->redo, .text_only = &g->text_only, .handover = g->c.handover, .ask = &g->ask,
		.ring_size = g->c.ring_size };
	bool behind;

	if (!lane_meet_source(l, err) || !survey(l, err))
		return false;
	if ((!has_whole_row(l, err) || !lane_check_slot(l, err)) && (err->kind != ERR_HOLE || !begin_again(l, err)))
		return false;
	lane_name_source(l);
	return lane_open_log(l, err) && lane_load(l, err) && lane_begin_catch_up(l, &behind, err) && lane_stream(l, sc, err);
}

static bool
is_passing(const struct err *err)
{
	return err->kind == ERR_RETRY || err->kind == ERR_SYSTEM || err->kind == ERR_NONE;
}

/* On the board, until the next try: the tables wait for a person where the failure does not pass by itself. */
static void
show_failure(struct lane *l, const struct err *err)
{
	char text[sizeof(err->msg) + sizeof(err->remedy) + 8];

	if (err->kind == ERR_CANCELLED)
		return;
	snprintf(text, sizeof(text), "%s%s%s", err->msg, err->remedy[0] != '\0' ? "; fix: " : "", err->remedy);
	for (uint32_t i = 0; l->tables != NULL && i < l->tables->n; i++) {
		const struct table *t = l->tables->tables[i];

		if (lane_state(l, t) == NULL || t->shown == UINT32_MAX)
			continue;
		if (!is_passing(err))
			atomic_store(&l->board->tables[t->shown]->phase, TABLE_ERROR);
		board_table_error(l->board, t->shown, text);
	}
}

static bool
run_group(struct group *g, uint32_t number, struct err *err)
{
	struct lane l = g->base;
	bool ok;

	name_slot(g, number);
	l.sp.slot = g->slot;
	l.sp.server_id = endpoint_server_id(l.conf->name, number);
	l.cp = (struct checkpoint){ .group = number, .epoch = g->epoch };
	l.target = l.to->open(&l.tp, err);
	ok = l.target != NULL && l.to->learn(l.target, false, &l.cp, err) && FAULT("group.learnt", err) && go_on(g, &l, err);
	if (!ok)
		show_failure(&l, err);
	lane_close(&l);
	return ok ? FAULT("group.joined", err) : err_ctx(err, "load group %u", number);
}

/* All of them, one after the other. */
static bool
run_groups(struct group *g, struct err *err)
{
	struct target *t;
	uint32_t next = 0;
	bool ok;

	do {
		t = g->base.to->open(&g->base.tp, err);
		ok = t != NULL && end_groups(g, t, &next, err);
		g->base.to->close(t);
	} while (ok && next > 0 && run_group(g, next, err));
	return ok && next == 0;
}

/* ---- the thread --------------------------------------------------------------------------------------------------------------- */

/* Only another owner ends the run with it: whatever else keeps the group from its end, the task's own stream goes on. */
static bool
ends_run(const struct err *err)
{
	return err->kind == ERR_FENCED;
}

static void *
group_main(void *arg)
{
	struct group *g = arg;
	struct board *b = g->base.board;
	int64_t wait = BACKOFF_MIN;
	char text[NUM_TEXT], what[NUM_TEXT + 32], last[sizeof(((struct err *)NULL)->msg)] = "";
	struct err err = ERR_INIT;

	board_beat(b, BEAT_GROUP);
	while (!run_groups(g, &err) && !stop_requested(&g->stop)) {
		if (ends_run(&err)) {
			g->err = err;
			atomic_store(&g->failed, true);
			stop_request(g->c.run_stop);
			break;
		}
		if (strcmp(last, err.msg) != 0)
			wait = BACKOFF_MIN;	/* it has come further, or fails in another way */
		snprintf(last, sizeof(last), "%s", err.msg);
		snprintf(what, sizeof(what), "retry in %s", num_duration_text(wait, text));
		log_err(is_passing(&err) ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, what, &err);
		err_clear(&err);
		board_rest(b, BEAT_GROUP);
		if (!stop_sleep(&g->stop, wait))
			break;
		board_beat(b, BEAT_GROUP);
		wait = wait * 2 < BACKOFF_MAX ? wait * 2 : BACKOFF_MAX;
	}
	if (err.kind == ERR_NONE && !stop_requested(&g->stop))
		atomic_store(&b->grouped, false);
	board_rest(b, BEAT_GROUP);
	return NULL;
}

struct group *
group_start(const struct group_ctx *ctx, struct err *err)
{
	struct group *g = mem_zalloc(sizeof(*g), err);
	const struct lane *m = ctx->main;

	if (g == NULL)
		return NULL;
	g->c = *ctx;
	if (!stop_init(&g->stop, err)) {
		free(g);
		return NULL;
	}
	g->base = (struct lane){ .conf = m->conf, .so = m->so, .to = m->to, .sp = m->sp, .tp = m->tp, .board = m->board, .stop = &g->stop,
		.beat = BEAT_GROUP };
	g->base.sp.stop = g->base.tp.stop = &g->stop;
	g->base.tp.purpose = "group";
	g->epoch = m->cp.epoch;
	atomic_store(&m->board->grouped, true);
	if (!thread_start(&g->thread, "group", group_main, g, err)) {
		group_stop(g);
		return NULL;
	}
	return g;
}

bool
group_error(struct group *g, struct err *ret)
{
	if (g == NULL || !atomic_load(&g->failed))
		return false;
	*ret = g->err;
	return true;
}

void
group_stop(struct group *g)
{
	if (g == NULL)
		return;
	stop_request(&g->stop);
	handover_close(g->c.handover);
	thread_join(&g->thread);
	stop_done(&g->stop);
	free(g);
}
