/* lane.c - see lane.h. */
#include "daemon/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/fault.h"
#include "daemon/base/log.h"
#include "daemon/load.h"
#include "daemon/ranged.h"
#include "daemon/tables.h"

bool
lane_streams(const struct lane *l)
{
	return l->conf->mode != MODE_FULL_LOAD;
}

bool
lane_loads(const struct lane *l)
{
	return l->conf->mode != MODE_CDC;
}

struct table_state *
lane_state(const struct lane *l, const struct table *t)
{
	struct table_state *ts = table_states_find(&l->states, t->source_schema, t->source_name);

	return ts != NULL && ts->load_group == l->cp.group ? ts : NULL;
}

uint32_t
lane_queued(const struct lane *l)
{
	uint32_t n = 0;

	for (size_t i = 0; i < l->states.n; i++)
		n += l->states.rows[i].load_group == l->cp.group && l->states.rows[i].phase == TABLE_QUEUED;
	return n;
}

void
lane_show_states(struct lane *l)
{
	for (uint32_t i = 0; i < l->tables->n; i++) {
		const struct table *t = l->tables->tables[i];
		const struct table_state *ts = table_states_find(&l->states, t->source_schema, t->source_name);
		struct board_table *bt;

		if (ts == NULL)
			continue;
		bt = l->board->tables[t->shown];
		atomic_store(&bt->phase, (int)ts->phase);
		counter_set(&bt->rows_loaded, ts->rows_loaded);
		atomic_store(&bt->appended, ts->made != NULL && strcmp(ts->made, "appended") == 0 && ts->rows_loaded > 0);
		if (ts->phase >= TABLE_LOADED && ts->phase <= TABLE_STREAMING)
			atomic_store(&bt->rows_estimated, (double)ts->rows_loaded);
		board_table_error(l->board, t->shown, ts->error != NULL ? ts->error : "");
	}
}

/* ---- the slot --------------------------------------------------------------------------------------------------------------- */

bool
lane_meet_source(struct lane *l, struct err *err)
{
	l->source = l->so->open(&l->sp, err);
	if (l->source == NULL || !l->so->identify(l->source, &l->info, err) ||
	    (lane_streams(l) && !l->so->log_state(l->source, &l->log, err)))
		return err_ctx(err, "source %s", l->conf->source->name);
	return true;
}

void
lane_name_source(struct lane *l)
{
	char slot[NAME_MAX_BYTES] = "";

	if (lane_streams(l) && !l->log.slotless)
		snprintf(slot, sizeof(slot), "%s", l->sp.slot);
	else if (l->cp.slot_made)
		memcpy(slot, l->cp.source.slot, sizeof(slot));
	l->cp.source = l->info.identity;
	memcpy(l->cp.source.slot, slot, sizeof(slot));
	snprintf(l->cp.source.publication, sizeof(l->cp.source.publication), "%s",
	    lane_streams(l) && !l->log.slotless ? l->conf->postgresql.publication : "");
}

static bool
hole(struct lane *l, struct err *err, const char *what, const char *detail)
{
	err_set(err, ERR_HOLE, "slot %s %s%s", l->sp.slot, what, detail);
	err_position(err, "%s", position_text(&l->cp.position, (char[POSITION_TEXT]){ 0 }));
	return err_remedy(err, "changes are missing: load the tables again with: repld ctl restart %s --reload", l->conf->name);
}

/* Another server's log has the same transactions at places of its own. Rows loaded at a place of the former one must all have been passed. */
static bool
follow_elsewhere(struct lane *l, struct err *err)
{
	char was[POSITION_TEXT], is[POSITION_TEXT];

	for (size_t i = 0; i < l->states.n; i++)
		if (l->states.rows[i].phase != TABLE_STREAMING && l->states.rows[i].phase != TABLE_SUSPENDED) {
			err_set(err, ERR_HOLE, "the source is another server, and table %s.%s was not streaming yet", l->states.rows[i].source_schema,
			    l->states.rows[i].source_name);
			return false;
		}
	position_text(&l->cp.position, was);
	if (!l->so->locate(l->source, &l->cp.position, err))
		return false;
	l->cp.commit_end = (struct position){ .kind = POSITION_NONE };
	log_info("the source is another server, which has all that was applied: %s is %s there", was,
	    position_text(&l->cp.position, is));
	return true;
}

/* A server that was promoted continues the checkpoint where its history proves it. */
bool
lane_continues(struct lane *l, struct err *err)
{
	const struct source_identity *was = &l->cp.source, *is = &l->info.identity;
	char at[POSITION_TEXT];

	if (l->so->continues(l->source, was, is, &l->cp.position, err)) {
		if (l->so->locate != NULL && strcmp(was->id, is->id) != 0 && l->cp.position.kind != POSITION_NONE &&
		    !follow_elsewhere(l, err))
			return false;
		if (was->timeline != is->timeline && l->cp.position.kind != POSITION_NONE)
			log_info("the source is on timeline %u, which continues timeline %u of the checkpoint at %s", is->timeline,
			    was->timeline, position_text(&l->cp.position, at));
		return true;
	}
	if (err->kind != ERR_HOLE)
		return false;
	err_position(err, "%s", position_text(&l->cp.position, at));
	return err_remedy(err, "point the endpoint at the server that has the log; or load the tables again: repld ctl restart %s --reload",
	    l->conf->name);
}

/* The slot that the checkpoint counts on still continues it. */
static bool
slot_continues(struct lane *l, struct err *err)
{
	if (!l->log.exists)
		return hole(l, err, "is gone", l->info.standby ? "; the source is a standby" : "");
	if (l->log.is_copy) {
		err_set(err, ERR_RETRY, "the source is a standby, and slot %s is there as the copy of its primary's", l->sp.slot);
		return err_remedy(err, "promote this server, or name the primary's host for endpoint %s", l->conf->source->name);
	}
	if (!l->log.ours) {
		err_set(err, ERR_HOLE, "slot %s is not this task's: it is a %s", l->sp.slot, l->log.detail);
		err_position(err, "%s", position_text(&l->cp.position, (char[POSITION_TEXT]){ 0 }));
		if (strstr(l->log.detail, "plugin pgoutput") != NULL || strstr(l->log.detail, "plugin wal2json") != NULL)
			return err_remedy(err, "set plugin = \"%s\" again; or drop that slot and load the tables again: repld ctl restart %s --reload",
			    source_is_wal2json(&l->sp) ? "pgoutput" : "wal2json", l->conf->name);
		return err_remedy(err, "drop that slot and load the tables again: repld ctl restart %s --reload", l->conf->name);
	}
	if (l->log.lost)
		return hole(l, err, "has lost its log: ", l->log.detail[0] != '\0' ? l->log.detail : l->log.state);
	if (!position_reached(&l->cp.position, &l->log.confirmed)) {
		char text[POSITION_TEXT];

		return hole(l, err, "is ahead of the checkpoint: it was moved or made again, or the target is from an older backup; it is at ", position_text(&l->log.confirmed, text));
	}
	return true;
}

/* A slot of our name and no position yet: ours, from a start that was cut short, is made again; a stranger's is taken as it is. */
static bool
take_slot(struct lane *l, struct err *err)
{
	if (!l->log.exists)
		return true;
	if (l->cp.slot_made && l->log.ours) {
		log_info("dropping slot %s of a start that was cut short", l->sp.slot);
		l->log.exists = false;
		return l->so->drop_slot(l->source, err);
	}
	if (l->cp.group > 0) {
		err_set(err, ERR_CONFIG, "slot %s is there, and the load group did not make it", l->sp.slot);
		return err_remedy(err, "drop it on the source where nobody needs it: SELECT pg_drop_replication_slot('%s')", l->sp.slot);
	}
	if (!l->log.ours || l->log.lost || l->log.confirmed.kind == POSITION_NONE) {
		err_set(err, ERR_CONFIG, "slot %s can't be used: %s", l->sp.slot, l->log.detail);
		return err_remedy(err, "drop the slot, or name another one in postgresql.slot");
	}
	l->cp.position = l->log.confirmed;
	log_info("using slot %s, which repld did not make, from %s", l->sp.slot,
	    position_text(&l->cp.position, (char[POSITION_TEXT]){ 0 }));
	return true;
}

bool
lane_check_slot(struct lane *l, struct err *err)
{
	if (!lane_streams(l))
		return true;
	if (l->log.slotless)
		return l->cp.position.kind == POSITION_NONE || l->cp.group == 0 || lane_continues(l, err);
	if (l->cp.position.kind == POSITION_NONE)
		return take_slot(l, err);
	return (l->cp.group == 0 || lane_continues(l, err)) && slot_continues(l, err);	/* the task's own history was looked at before */
}

static void
on_slot_wait(void *arg, const char *text)
{
	struct lane *l = arg;

	board_beat(l->board, l->beat);
	board_reason(l->board, "%s", text);
}

static bool
open_snapshot(struct lane *l, bool permanent, struct err *err)
{
	const struct table **loads = mem_zalloc((l->tables->n + 1) * sizeof(*loads), err);

	if (loads == NULL)
		return false;
	l->sp.nloads = 0;
	for (uint32_t i = 0; i < l->tables->n; i++) {
		const struct table_state *ts = lane_state(l, l->tables->tables[i]);

		if (ts != NULL && ts->phase == TABLE_QUEUED)
			loads[l->sp.nloads++] = l->tables->tables[i];
	}
	l->sp.loads = loads;
	l->snapshot = l->so->snapshot_open(&l->sp, permanent, on_slot_wait, l, err);
	l->sp.loads = NULL;
	l->sp.nloads = 0;
	free(loads);
	board_reason(l->board, "%s", "");
	return l->snapshot != NULL;
}

/* That the slot will be made is written before, where it stands after: a start cut short between leaves no riddle. */
static bool
make_slot(struct lane *l, struct err *err)
{
	struct snapshot_pos s;

	l->cp.slot_made = !l->log.slotless;
	if (!l->to->save_source(l->target, &l->cp, err) || !FAULT("run.before_slot", err))
		return false;
	if (!open_snapshot(l, true, err)) {
		struct err second = ERR_INIT;

		l->cp.slot_made = err->kind != ERR_CONFIG;	/* refused: one of that name, made meanwhile, is another's */
		return err->kind == ERR_CONFIG ? l->to->save_source(l->target, &l->cp, &second) && false : false;
	}
	if (!FAULT("run.slot_made", err))
		return false;
	s = l->so->snapshot_pos(l->snapshot);
	l->cp.position = snapshot_start(&s);
	if (l->log.slotless)
		log_info("the stream will begin at %s", snapshot_text(&s, (char[POSITION_TEXT]){ 0 }));
	else
		log_info("slot %s made at %s", l->sp.slot, snapshot_text(&s, (char[POSITION_TEXT]){ 0 }));
	return l->to->save_source(l->target, &l->cp, err) && FAULT("run.slot_saved", err);
}

static bool
note_filenodes(struct lane *l, struct err *err)
{
	for (uint32_t i = 0; i < l->tables->n; i++) {
		const struct table *t = l->tables->tables[i];
		struct table_state *ts = lane_state(l, t);
		const char *text;

		if (ts == NULL || ts->phase != TABLE_QUEUED)
			continue;
		if (!l->so->filenodes(l->source, t, l->tables->arena, &text, err))
			return false;
		ranged_check_files(ts, text);
		free(ts->filenodes);
		if ((ts->filenodes = mem_strdup(text, err)) == NULL)
			return false;
	}
	return true;
}

/* What later looks at the catalog compare with: of tables to load, and of those that nothing is known of yet. */
static bool
note_facts(struct lane *l, struct err *err)
{
	if (!lane_streams(l))
		return true;
	if (l->suspect == NULL && (l->suspect = suspect_new(l->so, &l->sp, l->tables, l->board, err)) == NULL)
		return false;
	return suspect_note(l->suspect, l->source, &l->states, l->cp.group, l->cp.position.kind == POSITION_NONE, err);
}

bool
lane_open_log(struct lane *l, struct err *err)
{
	if (!note_filenodes(l, err) || !note_facts(l, err))
		return false;
	if (lane_streams(l) && l->cp.position.kind == POSITION_NONE)
		return make_slot(l, err);
	return l->to->save_source(l->target, &l->cp, err) && (lane_queued(l) == 0 || open_snapshot(l, false, err));
}

/* ---- load ------------------------------------------------------------------------------------------------------------------- */

/* What the survey saw is what the snapshot holds: slot creation may have waited long, and a column that came meanwhile would be loaded without
 * its values. A change after the snapshot, too, only costs another look. */
static bool
shapes_hold(struct lane *l, struct err *err)
{
	for (uint32_t i = 0; i < l->tables->n; i++) {
		struct table *t = l->tables->tables[i], now = *t;
		const struct table_state *ts = lane_state(l, t);
		const char *was, *is;

		if (ts == NULL || ts->phase != TABLE_QUEUED)
			continue;
		if (!l->so->describe(l->source, &now, l->tables->arena, err))
			return err->kind == ERR_SCHEMA ? (err->kind = ERR_RETRY, false) : false;
		if ((was = table_shape(t->source, l->tables->arena)) == NULL || (is = table_shape(now.source, l->tables->arena)) == NULL)
			return err_set(err, ERR_SYSTEM, "out of memory");
		if (strcmp(was, is) != 0) {
			err_set(err, ERR_RETRY, "table %s.%s was changed while its load was prepared: looking at it again", t->source_schema,
			    t->source_name);
			return err_table(err, t->source_schema, t->source_name);
		}
	}
	return true;
}

/* The load has made tables and indexes; plans must know them all. */
static bool
describe_targets(struct lane *l, struct err *err)
{
	for (uint32_t i = 0; i < l->tables->n; i++)
		if (!l->to->describe(l->target, l->tables->tables[i], l->tables->arena, err))
			return false;
	return true;
}

/* A table loaded again has the shape of its snapshot. */
static void
drop_old_shapes(struct lane *l)
{
	for (size_t i = 0; i < l->states.n; i++) {
		struct table_state *ts = &l->states.rows[i];

		if (ts->load_group != l->cp.group || ts->phase != TABLE_QUEUED || ts->ranges != NULL)
			continue;
		free(ts->shape);
		ts->shape = NULL;
	}
}

bool
lane_load(struct lane *l, struct err *err)
{
	struct load_ctx lc = { .conf = l->conf, .source_ops = l->so, .target_ops = l->to, .source_params = l->sp, .target_params = l->tp,
		.source = l->source, .admin = l->target, .snapshot = l->snapshot, .start = lane_streams(l) ? &l->cp.position : NULL,
		.epoch = l->cp.epoch, .tables = l->tables,
		.states = &l->states, .group = l->cp.group, .board = l->board, .stop = l->stop, .beat = l->beat };
	const uint32_t n = lane_queued(l);
	bool ok = true;

	lc.target_params.purpose = "load";
	drop_old_shapes(l);
	if (n > 0)
		log_info("full load of %u table%s begins%s", n, n == 1 ? "" : "s", l->cp.group > 0 ? ", beside the task's stream" : "");
	if (n > 0)
		ok = shapes_hold(l, err) && (l->suspect == NULL || suspect_hold(l->suspect, l->source, &l->states, l->cp.group, err)) && load_run(&lc, err) && describe_targets(l, err);
	l->so->snapshot_close(l->snapshot);
	l->snapshot = NULL;
	return ok;
}

/* ---- catch-up and stream ------------------------------------------------------------------------------------------------------ */

static bool
has_shape(struct lane *l, struct table_state *ts, const struct table *t, bool *ret_new, struct err *err)
{
	const char *shape;

	*ret_new = ts->shape == NULL;
	if (ts->shape != NULL)
		return true;
	shape = table_shape(t->source, l->tables->arena);
	return (shape != NULL && (ts->shape = mem_strdup(shape, err)) != NULL) || err_set(err, ERR_SYSTEM, "out of memory");
}

/* Loaded tables catch up from the checkpoint to their snapshot, those of mode cdc begin with the stream. Where ranges of several snapshots have
 * met, the stream still has something to make. */
bool
lane_begin_catch_up(struct lane *l, bool *ret_behind, struct err *err)
{
	*ret_behind = false;
	for (uint32_t i = 0; i < l->tables->n; i++) {
		const struct table *t = l->tables->tables[i];
		struct table_state *ts = lane_state(l, t);
		enum table_phase was;
		bool new_shape;

		if (ts == NULL || ts->phase == TABLE_SUSPENDED || ts->phase == TABLE_ERROR)
			continue;
		was = ts->phase;
		if (lane_streams(l) && was != TABLE_SUSPECT)
			ts->phase = ts->ranges == NULL && snapshot_passed(&ts->snapshot, &l->cp.position) ? TABLE_STREAMING : TABLE_CATCH_UP;
		*ret_behind = *ret_behind || ts->phase == TABLE_CATCH_UP;
		if (!has_shape(l, ts, t, &new_shape, err))
			return false;
		if ((new_shape || ts->phase != was) && !l->to->save_states(l->target, l->cp.epoch, ts, 1, err))
			return false;
	}
	lane_show_states(l);
	if (l->cp.load_done)
		return true;
	l->cp.load_done = true;
	return l->to->save_source(l->target, &l->cp, err);
}

bool
lane_stream(struct lane *l, struct stream_ctx ctx, struct err *err)
{
	l->so->close(l->source);
	l->source = NULL;
	ctx.conf = l->conf;
	ctx.source_ops = l->so;
	ctx.target_ops = l->to;
	ctx.source_params = l->sp;
	ctx.target = l->target;
	ctx.cp = &l->cp;
	ctx.tables = l->tables;
	ctx.states = &l->states;
	ctx.board = l->board;
	ctx.stop = l->stop;
	ctx.in_order = l->conf->apply.fire_triggers;
	ctx.reopen_after_join = l->info.forgets_added_tables;
	ctx.beat = l->beat;
	return stream_run(&ctx, err);
}

void
lane_close(struct lane *l)
{
	l->so->snapshot_close(l->snapshot);
	suspect_free(l->suspect);
	l->so->close(l->source);
	l->to->close(l->target);
	tableset_free(l->tables);
	table_states_done(&l->states);
}
