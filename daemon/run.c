/* run.c - see run.h. */
#include "daemon/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/fault.h"
#include "daemon/base/log.h"
#include "daemon/load.h"
#include "daemon/tables.h"
#include "daemon/watch.h"

struct run {
	struct run_ctx *c;
	const struct task_conf *conf;
	const struct source_ops *so;
	const struct target_ops *to;
	struct source_params sp;
	struct target_params tp;
	struct guard *guard;
	struct watch *watch;
	struct target *target;			/* the session that the checkpoint row names: admin, then apply */
	struct source *source;
	struct source_info info;
	struct source_log log;
	struct source_snapshot *snapshot;
	struct checkpoint cp;
	struct tableset *tables;
	struct table_states states, gone;	/* gone: of tables that left the rules; forgotten when the checks have passed */
	uint32_t group;
};

static bool
streams(const struct run *r)
{
	return r->conf->mode != MODE_FULL_LOAD;
}

static bool
loads(const struct run *r)
{
	return r->conf->mode != MODE_CDC;
}

/* ---- ownership and checkpoint ------------------------------------------------------------------------------------------ */

static bool
own(struct run *r, struct err *err)
{
	r->guard = guard_start(r->to, &r->tp, r->c->board, r->c->stop, err);
	if (r->guard == NULL || (r->target = r->to->open(&r->tp, err)) == NULL)
		return false;
	if (!r->to->install(r->target, err) || !r->to->learn(r->target, true, &r->cp, err))
		return false;
	mutex_lock(&r->c->board->lock);
	r->c->board->checkpoint = r->cp.position;
	r->c->board->lifetime = r->cp.totals;
	mutex_unlock(&r->c->board->lock);
	return FAULT("run.owned", err);
}

/* The pause outlives everything: it stands in the checkpoint row. */
static bool
obey_pause(struct run *r, bool *ret_paused, struct err *err)
{
	bool want = r->c->intent == RUN_PAUSE;

	*ret_paused = want || (r->cp.paused && r->c->intent == RUN_NORMAL);
	if (r->c->intent == RUN_NORMAL || r->cp.paused == want)
		return true;
	if (!r->to->save_paused(r->target, r->cp.epoch, want, err))
		return false;
	r->cp.paused = want;
	return true;
}

/* ---- the source is the checkpoint's --------------------------------------------------------------------------------------- */

static bool
other_source(struct run *r, const char *what, const char *was, const char *is, struct err *err)
{
	err_set(err, ERR_HOLE, "the checkpoint belongs to another source: %s was %s and is %s", what, was, is);
	err_remedy(err, "point the endpoint at the former server, or load everything from this one: repld ctl restart %s --reload", r->conf->name);
	return err_position(err, "%s", position_text(&r->cp.position, (char[POSITION_TEXT]){ 0 }));
}

static bool
same_source(struct run *r, struct err *err)
{
	const struct source_identity *was = &r->cp.source, *is = &r->info.identity;
	char a[16], b[16];

	if (was->id[0] == '\0' || r->c->intent == RUN_RELOAD)
		return true;
	if (strcmp(was->kind, is->kind) != 0)
		return other_source(r, "its kind", was->kind, is->kind, err);
	if (strcmp(was->id, is->id) != 0)
		return other_source(r, "its system identifier", was->id, is->id, err);
	if (strcmp(was->dbname, is->dbname) != 0)
		return other_source(r, "its database", was->dbname, is->dbname, err);
	if (streams(r) && was->slot[0] != '\0' && strcmp(was->slot, r->conf->postgresql.slot) != 0)
		return other_source(r, "its slot", was->slot, r->conf->postgresql.slot, err);
	if (was->timeline == is->timeline)
		return true;
	snprintf(a, sizeof(a), "%u", was->timeline);
	snprintf(b, sizeof(b), "%u", is->timeline);
	return other_source(r, "its timeline", a, b, err);
}

/* slot_made speaks of the slot that the row names, on the source that it names. One of another name, or of another server, is not ours to drop. */
static void
disown_slot(struct run *r)
{
	const struct source_identity *was = &r->cp.source, *is = &r->info.identity;

	if (!r->cp.slot_made || was->slot[0] == '\0' ||
	    (strcmp(was->slot, r->conf->postgresql.slot) == 0 && strcmp(was->id, is->id) == 0))
		return;
	log_warning("slot %s of the former configuration (system identifier %s) is left; it keeps log there until it is dropped", was->slot, was->id);
	r->cp.slot_made = false;
}

static bool
meet_source(struct run *r, struct err *err)
{
	r->source = r->so->open(&r->sp, err);
	if (r->source == NULL || !r->so->identify(r->source, &r->info, err) || !same_source(r, err))
		return err_ctx(err, "source %s", r->conf->source->name);
	if (streams(r) && !r->so->log_state(r->source, &r->log, err))
		return err_ctx(err, "source %s", r->conf->source->name);
	if (streams(r))
		disown_slot(r);
	return true;
}

/* ---- tables and their states ------------------------------------------------------------------------------------------------ */

static bool
is_captured_as(const struct run *r, const struct table_state *ts)
{
	const struct table *t = tableset_by_source(r->tables, ts->source_schema, ts->source_name);

	return t != NULL && strcmp(t->target_schema, ts->target_schema) == 0 && strcmp(t->target_name, ts->target_name) == 0;
}

/* Tables that left the rules, or lead elsewhere now, are none of this run's. */
static bool
set_gone_aside(struct run *r, struct err *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->states.n; i++) {
		struct table_state *gone;

		if (is_captured_as(r, &r->states.rows[i])) {
			r->states.rows[kept++] = r->states.rows[i];
			continue;
		}
		if ((gone = table_states_add(&r->gone, err)) == NULL) {
			while (i < r->states.n)
				r->states.rows[kept++] = r->states.rows[i++];
			break;
		}
		*gone = r->states.rows[i];
	}
	r->states.n = kept;
	return err->kind == ERR_NONE;
}

/* Once the checks have passed: a slip in the rules that something else gives away forgets nothing. The tables stay on the target as they are. */
static bool
forget_gone(struct run *r, struct err *err)
{
	for (size_t i = 0; i < r->gone.n; i++) {
		const struct table_state *ts = &r->gone.rows[i];

		log_info("table %s.%s is no longer written to %s.%s; what is there stays", ts->source_schema, ts->source_name,
		    ts->target_schema, ts->target_name);
		if (!r->to->forget_state(r->target, r->cp.epoch, ts->source_schema, ts->source_name, err))
			return false;
	}
	return true;
}

static bool
add_state(struct run *r, const struct table *t, struct err *err)
{
	struct table_state *ts = table_states_add(&r->states, err);

	if (ts == NULL || (ts->source_schema = mem_strdup(t->source_schema, err)) == NULL ||
	    (ts->source_name = mem_strdup(t->source_name, err)) == NULL ||
	    (ts->target_schema = mem_strdup(t->target_schema, err)) == NULL ||
	    (ts->target_name = mem_strdup(t->target_name, err)) == NULL)
		return false;
	ts->phase = loads(r) ? TABLE_QUEUED : TABLE_STREAMING;
	return true;
}

static bool
queue_tables(struct run *r, struct err *err)
{
	for (uint32_t i = 0; i < r->tables->n; i++) {
		const struct table *t = r->tables->tables[i];
		struct table_state *ts = table_states_find(&r->states, t->source_schema, t->source_name);

		if (ts == NULL) {
			if (!add_state(r, t, err))
				return false;
			continue;
		}
		r->group = ts->load_group > r->group ? ts->load_group : r->group;
		if (ts->phase == TABLE_LOADING || (r->c->intent == RUN_RELOAD && loads(r))) {
			free(ts->error);
			ts->error = NULL;
			ts->phase = TABLE_QUEUED;
		}
	}
	return true;
}

static uint32_t
queued(const struct run *r)
{
	uint32_t n = 0;

	for (size_t i = 0; i < r->states.n; i++)
		n += r->states.rows[i].phase == TABLE_QUEUED;
	return n;
}

static void
show_states(struct run *r)
{
	for (uint32_t i = 0; i < r->tables->n; i++) {
		const struct table *t = r->tables->tables[i];
		const struct table_state *ts = table_states_find(&r->states, t->source_schema, t->source_name);
		struct board_table *bt = r->c->board->tables[i];

		if (ts == NULL)
			continue;
		atomic_store(&bt->phase, (int)ts->phase);
		counter_set(&bt->rows_loaded, ts->rows_loaded);
		if (ts->phase >= TABLE_LOADED && ts->phase <= TABLE_STREAMING)
			atomic_store(&bt->rows_estimated, (double)ts->rows_loaded);
		board_table_error(r->c->board, i, ts->error != NULL ? ts->error : "");
	}
}

static bool
survey(struct run *r, struct findings *f, struct err *err)
{
	r->tables = tables_survey(r->conf, r->so, r->source, r->to, r->target, f, err);
	if (r->tables == NULL || !r->to->load_states(r->target, &r->states, err) || !set_gone_aside(r, err) ||
	    !queue_tables(r, err) || !board_set_tables(r->c->board, r->tables, err))
		return false;
	show_states(r);
	return true;
}

/* Everything that would stop the task, before anything is written. */
static bool
preflight(struct run *r, struct err *err)
{
	bool needs_slot = streams(r) && !r->log.exists;
	struct findings f = { 0 };
	bool ok;

	board_phase(r->c->board, PHASE_CHECK);
	ok = survey(r, &f, err);
	if (ok && findings_count(&f, FINDING_BLOCKER) == 0)
		ok = tables_compare_shapes(r->tables, &r->states, &f, err) &&
		    r->so->check(r->source, r->tables, needs_slot, streams(r), &f, err) &&
		    r->to->check(r->target, r->tables, &r->states, r->conf->full_load.target_tables, loads(r), &f, err);
	ok = ok && findings_verdict(&f, err);
	if (!ok && err->kind == ERR_SCHEMA && r->cp.position.kind != POSITION_NONE)
		err_position(err, "%s", position_text(&r->cp.position, (char[POSITION_TEXT]){ 0 }));
	findings_done(&f);
	return ok;
}

/* ---- the slot --------------------------------------------------------------------------------------------------------------- */

static bool
hole(struct run *r, struct err *err, const char *what, const char *detail)
{
	err_set(err, ERR_HOLE, "slot %s %s%s", r->conf->postgresql.slot, what, detail);
	err_position(err, "%s", position_text(&r->cp.position, (char[POSITION_TEXT]){ 0 }));
	return err_remedy(err, "changes are missing: load the tables again with: repld ctl restart %s --reload", r->conf->name);
}

/* The slot that the checkpoint counts on still continues it. */
static bool
slot_continues(struct run *r, struct err *err)
{
	if (!r->log.exists)
		return hole(r, err, "is gone", "");
	if (!r->log.ours) {
		err_set(err, ERR_HOLE, "slot %s is not this task's: %s", r->conf->postgresql.slot, r->log.detail);
		return err_remedy(err, "drop that slot and load the tables again: repld ctl restart %s --reload", r->conf->name);
	}
	if (r->log.lost)
		return hole(r, err, "has lost its log: ", r->log.detail[0] != '\0' ? r->log.detail : r->log.state);
	if (!position_reached(&r->cp.position, &r->log.confirmed)) {
		char text[POSITION_TEXT];

		return hole(r, err, "was moved or made again; it is ahead of the checkpoint, at ", position_text(&r->log.confirmed, text));
	}
	return true;
}

/* A slot of our name and no position yet: ours, from a start that was cut short, is made again; a stranger's is taken as it is. */
static bool
take_slot(struct run *r, struct err *err)
{
	if (!r->log.exists)
		return true;
	if (r->cp.slot_made) {
		log_info("dropping slot %s of a start that was cut short", r->conf->postgresql.slot);
		r->log.exists = false;
		return r->so->drop_slot(r->source, err);
	}
	if (!r->log.ours || r->log.lost || r->log.confirmed.kind == POSITION_NONE) {
		err_set(err, ERR_CONFIG, "slot %s can't be used: %s", r->conf->postgresql.slot, r->log.detail);
		return err_remedy(err, "drop the slot, or name another one in postgresql.slot");
	}
	r->cp.position = r->log.confirmed;
	log_info("using slot %s, which repld did not make, from %s", r->conf->postgresql.slot,
	    position_text(&r->cp.position, (char[POSITION_TEXT]){ 0 }));
	return true;
}

static void
on_slot_wait(void *arg, const char *text)
{
	struct run *r = arg;

	board_beat(r->c->board, BEAT_RUN);
	board_reason(r->c->board, "%s", text);
}

static bool
open_snapshot(struct run *r, bool permanent, struct err *err)
{
	r->snapshot = r->so->snapshot_open(&r->sp, permanent, on_slot_wait, r, err);
	board_reason(r->c->board, "%s", "");
	return r->snapshot != NULL;
}

/* The task's own slot. That it will be made is written before, where it stands after: a start cut short between leaves no riddle. */
static bool
make_slot(struct run *r, struct err *err)
{
	struct snapshot_pos s;

	r->cp.slot_made = true;
	if (!r->to->save_source(r->target, &r->cp, err) || !FAULT("run.before_slot", err))
		return false;
	if (!open_snapshot(r, true, err)) {
		struct err second = ERR_INIT;

		r->cp.slot_made = err->kind != ERR_CONFIG;	/* refused: one of that name, made meanwhile, is another's */
		return err->kind == ERR_CONFIG ? r->to->save_source(r->target, &r->cp, &second) && false : false;
	}
	if (!FAULT("run.slot_made", err))
		return false;
	s = r->so->snapshot_pos(r->snapshot);
	r->cp.position = snapshot_start(&s);
	log_info("slot %s made at %s", r->conf->postgresql.slot, snapshot_text(&s, (char[POSITION_TEXT]){ 0 }));
	return r->to->save_source(r->target, &r->cp, err) && FAULT("run.slot_saved", err);
}

static void
fill_source(struct run *r)
{
	char slot[NAME_MAX_BYTES] = "";

	if (streams(r))
		snprintf(slot, sizeof(slot), "%s", r->conf->postgresql.slot);
	else if (r->cp.slot_made)
		memcpy(slot, r->cp.source.slot, sizeof(slot));
	r->cp.source = r->info.identity;
	memcpy(r->cp.source.slot, slot, sizeof(slot));
	snprintf(r->cp.source.publication, sizeof(r->cp.source.publication), "%s", streams(r) ? r->conf->postgresql.publication : "");
}

static bool
note_filenodes(struct run *r, struct err *err)
{
	for (uint32_t i = 0; i < r->tables->n; i++) {
		const struct table *t = r->tables->tables[i];
		struct table_state *ts = table_states_find(&r->states, t->source_schema, t->source_name);
		const char *text;

		if (ts->phase != TABLE_QUEUED)
			continue;
		if (!r->so->filenodes(r->source, t, r->tables->arena, &text, err))
			return false;
		free(ts->filenodes);
		if ((ts->filenodes = mem_strdup(text, err)) == NULL)
			return false;
	}
	return true;
}

/* Loaded in mode full_load: no slot has kept what has changed since. */
static bool
has_log_since_load(struct run *r, struct err *err)
{
	for (uint32_t i = 0; i < r->tables->n; i++) {
		const struct table *t = r->tables->tables[i];
		const struct table_state *ts = table_states_find(&r->states, t->source_schema, t->source_name);

		if (ts->phase < TABLE_LOADED || ts->phase > TABLE_STREAMING || ts->snapshot.kind == POSITION_NONE)
			continue;
		err_set(err, ERR_HOLE, "table %s.%s was loaded at %s, and no slot has kept what has changed since", t->source_schema,
		    t->source_name, snapshot_text(&ts->snapshot, (char[POSITION_TEXT]){ 0 }));
		err_table(err, t->source_schema, t->source_name);
		return err_remedy(err, "load the tables again: repld ctl restart %s --reload; or go on without those changes: "
		    "repld ctl restart %s --from now", r->conf->name, r->conf->name);
	}
	return true;
}

/* What the survey saw is what the snapshot holds: slot creation may have waited long, and a column that came meanwhile would be loaded without
 * its values. A change after the snapshot, too, only costs another look. */
static bool
shapes_hold(struct run *r, struct err *err)
{
	for (uint32_t i = 0; i < r->tables->n; i++) {
		struct table *t = r->tables->tables[i], now = *t;
		const struct table_state *ts = table_states_find(&r->states, t->source_schema, t->source_name);
		const char *was, *is;

		if (ts->phase != TABLE_QUEUED)
			continue;
		if (!r->so->describe(r->source, &now, r->tables->arena, err))
			return err->kind == ERR_SCHEMA ? (err->kind = ERR_RETRY, false) : false;
		if ((was = table_shape(t->source, r->tables->arena)) == NULL || (is = table_shape(now.source, r->tables->arena)) == NULL)
			return err_set(err, ERR_SYSTEM, "out of memory");
		if (strcmp(was, is) != 0) {
			err_set(err, ERR_RETRY, "table %s.%s was changed while its load was prepared: looking at it again", t->source_schema,
			    t->source_name);
			return err_table(err, t->source_schema, t->source_name);
		}
	}
	return true;
}

/* Publication, then slot; leaves a snapshot open where tables are to be loaded. */
static bool
prepare_log(struct run *r, struct err *err)
{
	struct source_prepared prepared = { 0 };
	bool fresh = r->cp.position.kind == POSITION_NONE;

	fill_source(r);
	if (streams(r)) {
		if (fresh ? !has_log_since_load(r, err) || !take_slot(r, err) : !slot_continues(r, err))
			return false;
		if (!r->so->prepare(r->source, r->tables, &prepared, err))
			return false;
		r->cp.publication_made = prepared.publication_made;
	}
	if (!note_filenodes(r, err))
		return false;
	if (streams(r) && r->cp.position.kind == POSITION_NONE)
		return make_slot(r, err);
	return r->to->save_source(r->target, &r->cp, err) && (queued(r) == 0 || open_snapshot(r, false, err));
}

/* ---- restart --reload and --from --------------------------------------------------------------------------------------------------- */

/* The row first: a reload cut short is then a start cut short, which drops the slot that the row calls ours. */
static bool
begin_reload(struct run *r, struct err *err)
{
	if (!loads(r))
		log_warning("mode cdc loads nothing: going on from the source's present position; what lies before it is not replicated");
	r->cp.position = (struct position){ POSITION_NONE, { 0 } };
	r->cp.load_done = false;
	fill_source(r);
	for (size_t i = 0; i < r->states.n; i++) {
		r->states.rows[i].snapshot = (struct snapshot_pos){ POSITION_NONE, { 0 } };
		if (!r->to->save_state(r->target, r->cp.epoch, &r->states.rows[i], err))
			return false;
	}
	if (!r->to->save_source(r->target, &r->cp, err))
		return false;
	if (streams(r) && r->log.exists && r->cp.slot_made) {
		if (!r->so->drop_slot(r->source, err))
			return false;
		r->log.exists = false;
	}
	return true;
}

/* Its rows are not, or not all, on the target: a position does not change that. */
static bool
is_incomplete(const struct table_state *ts)
{
	return ts->phase == TABLE_SUSPENDED || ts->phase == TABLE_ERROR || (ts->phase == TABLE_QUEUED && ts->made != NULL);
}

static bool
begin_from(struct run *r, struct err *err)
{
	struct position p = { POSITION_NONE, { 0 } };
	struct source_monitor m = { 0 };

	if (strcmp(r->c->from, "now") != 0) {
		if (!position_parse(POSITION_LSN, r->c->from, &p, err))
			return false;
		if (r->log.exists && !position_reached(&p, &r->log.confirmed))
			return err_set(err, ERR_CONFIG, "the source no longer keeps the log from %s: slot %s is at %s", r->c->from,
			    r->conf->postgresql.slot, position_text(&r->log.confirmed, (char[POSITION_TEXT]){ 0 }));
	} else if (r->log.exists) {
		if (!r->so->monitor(r->source, &m, err))
			return false;
		p = m.end;
	}
	log_warning("going on from %s instead of %s, as asked: what lies between is not replicated", r->c->from,
	    position_text(&r->cp.position, (char[POSITION_TEXT]){ 0 }));
	r->cp.position = p;
	for (size_t i = 0; i < r->states.n; i++) {
		if (is_incomplete(&r->states.rows[i]))
			continue;
		r->states.rows[i].snapshot = (struct snapshot_pos){ POSITION_NONE, { 0 } };
		r->states.rows[i].phase = TABLE_STREAMING;
		if (!r->to->save_state(r->target, r->cp.epoch, &r->states.rows[i], err))
			return false;
	}
	fill_source(r);
	return r->to->save_source(r->target, &r->cp, err);
}

static bool
obey_intent(struct run *r, struct err *err)
{
	enum run_intent intent = r->c->intent;

	if (intent == RUN_RELOAD && !begin_reload(r, err))
		return false;
	if (intent == RUN_FROM && !begin_from(r, err))
		return false;
	r->c->intent = RUN_NORMAL;	/* done: a retry goes on from the checkpoint */
	return true;
}

/* ---- load ------------------------------------------------------------------------------------------------------------------------------- */

/* The load has made tables and indexes; plans must know them all. */
static bool
describe_targets(struct run *r, struct err *err)
{
	for (uint32_t i = 0; i < r->tables->n; i++)
		if (!r->to->describe(r->target, r->tables->tables[i], r->tables->arena, err))
			return false;
	return true;
}

static bool
load_tables(struct run *r, struct err *err)
{
	struct load_ctx lc = { .conf = r->conf, .source_ops = r->so, .target_ops = r->to, .source_params = r->sp, .target_params = r->tp,
		.source = r->source, .admin = r->target, .snapshot = r->snapshot, .epoch = r->cp.epoch, .tables = r->tables,
		.states = &r->states, .group = r->cp.load_done ? r->group + 1 : 0, .board = r->c->board, .stop = r->c->stop };
	bool ok = true;

	lc.target_params.purpose = "load";
	if (queued(r) > 0) {
		board_phase(r->c->board, PHASE_FULL_LOAD);
		log_info("full load of %u table%s begins", queued(r), queued(r) == 1 ? "" : "s");
		ok = load_run(&lc, err) && describe_targets(r, err);
	}
	r->so->snapshot_close(r->snapshot);
	r->snapshot = NULL;
	return ok;
}

/* Loaded tables catch up from the checkpoint to their snapshot, those of mode cdc begin with the stream. */
static bool
begin_catch_up(struct run *r, struct err *err)
{
	bool behind = false;

	for (size_t i = 0; i < r->states.n; i++) {
		struct table_state *ts = &r->states.rows[i];
		const struct table *t = tableset_by_source(r->tables, ts->source_schema, ts->source_name);
		enum table_phase was = ts->phase;

		if (t == NULL || ts->phase == TABLE_SUSPENDED || ts->phase == TABLE_ERROR)
			continue;
		if (streams(r))
			ts->phase = snapshot_passed(&ts->snapshot, &r->cp.position) ? TABLE_STREAMING : TABLE_CATCH_UP;
		behind = behind || ts->phase == TABLE_CATCH_UP;
		if (ts->shape == NULL) {
			const char *shape = table_shape(t->source, r->tables->arena);

			if (shape == NULL || (ts->shape = mem_strdup(shape, err)) == NULL)
				return err_set(err, ERR_SYSTEM, "out of memory");
		} else if (ts->phase == was) {
			continue;
		}
		if (!r->to->save_state(r->target, r->cp.epoch, ts, err))
			return false;
	}
	show_states(r);
	if (!r->cp.load_done) {
		r->cp.load_done = true;
		if (!r->to->save_source(r->target, &r->cp, err))
			return false;
	}
	if (streams(r))
		board_phase(r->c->board, behind ? PHASE_CATCH_UP : PHASE_CDC);
	return true;
}

/* A table loaded again has the shape of its snapshot. */
static void
drop_old_shapes(struct run *r)
{
	for (size_t i = 0; i < r->states.n; i++)
		if (r->states.rows[i].phase == TABLE_QUEUED) {
			free(r->states.rows[i].shape);
			r->states.rows[i].shape = NULL;
		}
}

/* ---- a table whose shape changed under the stream -------------------------------------------------------------------------- */

/* The stream knows names and type numbers only; the catalogs name the types, and with them the ALTER that the target wants. */
static void
explain_change(struct run *r, struct err *err)
{
	struct findings f = { 0 };
	struct err second = ERR_INIT;
	struct tableset *set = NULL;
	struct source *s = r->so->open(&r->sp, &second);
	size_t i = 0;

	if (s != NULL && (set = tables_survey(r->conf, r->so, s, r->to, r->target, &f, &second)) != NULL &&
	    tables_compare_shapes(set, &r->states, &f, &second)) {
		while (i < f.n && strcmp(f.rows[i].table, err->table) != 0)
			i++;
		if (i < f.n) {
			snprintf(err->msg, sizeof(err->msg), "%s: %s", err->table, f.rows[i].what);
			snprintf(err->remedy, sizeof(err->remedy), "%s", f.rows[i].fix);
		}
	}
	findings_done(&f);
	tableset_free(set);
	r->so->close(s);
}

/* ---- the whole -------------------------------------------------------------------------------------------------------------------------- */

static bool
stream(struct run *r, struct err *err)
{
	struct stream_ctx sc = { .conf = r->conf, .source_ops = r->so, .target_ops = r->to, .source_params = r->sp, .target = r->target,
		.cp = &r->cp, .tables = r->tables, .states = &r->states, .board = r->c->board, .stop = r->c->stop,
		.in_order = r->conf->apply.fire_triggers, .redo = &r->c->redo,
		.text_only = &r->c->text_only };

	r->so->close(r->source);
	r->source = NULL;
	if (stream_run(&sc, err))
		return true;
	if (err->kind == ERR_SCHEMA)
		explain_change(r, err);
	return false;
}

static bool
prepare_and_load(struct run *r, struct err *err)
{
	if (!meet_source(r, err) || !preflight(r, err) || !forget_gone(r, err) || !obey_intent(r, err))
		return false;
	if (r->watch == NULL && (r->watch = watch_start(r->so, &r->sp, r->c->board, err)) == NULL)
		return false;
	drop_old_shapes(r);
	return prepare_log(r, err) && shapes_hold(r, err) && load_tables(r, err) && begin_catch_up(r, err);
}

static enum run_end
run_steps(struct run *r, struct err *err)
{
	bool paused = false;

	if (!own(r, err) || !obey_pause(r, &paused, err))
		return RUN_FAILED;
	if (paused)
		return RUN_IS_PAUSED;
	r->c->on_running(r->c->arg);
	if (!streams(r) && r->cp.load_done && r->c->intent != RUN_RELOAD) {
		log_info("the full load was done earlier; repld ctl restart %s --reload loads again", r->conf->name);
		return RUN_LOADED;
	}
	if (!prepare_and_load(r, err))
		return RUN_FAILED;
	if (!streams(r))
		return RUN_LOADED;
	if (!stream(r, err))
		return RUN_FAILED;
	if (!atomic_load(&r->c->pause_at_end))
		return RUN_FINISHED;
	return r->to->save_paused(r->target, r->cp.epoch, true, err) ? RUN_IS_PAUSED : RUN_FAILED;
}

static void
run_close(struct run *r)
{
	r->so->snapshot_close(r->snapshot);
	watch_stop(r->watch);
	r->so->close(r->source);
	r->to->close(r->target);
	guard_stop(r->guard);
	tableset_free(r->tables);
	table_states_done(&r->states);
	table_states_done(&r->gone);
	board_rest(r->c->board, BEAT_RUN);
}

enum run_end
run_main(struct run_ctx *ctx, struct err *err)
{
	const struct task_conf *conf = ctx->conf;
	struct run r = { .c = ctx, .conf = conf, .so = source_ops_for(conf->source->kind), .to = target_ops_for(conf->target->kind) };
	struct err lost = ERR_INIT;
	enum run_end end;

	r.sp = (struct source_params){ .endpoint = conf->source, .task = conf->name, .slot = conf->postgresql.slot,
		.publication = conf->postgresql.publication, .stop = ctx->stop };
	r.tp = (struct target_params){ .endpoint = conf->target, .task = conf->name, .purpose = "apply",
		.relaxed = conf->durability_relaxed, .fire_triggers = conf->apply.fire_triggers, .stop = ctx->stop };
	board_beat(ctx->board, BEAT_RUN);
	end = run_steps(&r, err);
	if (end == RUN_FAILED && guard_error(r.guard, &lost))
		*err = lost;
	run_close(&r);
	return end;
}
