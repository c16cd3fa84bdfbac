/* run.c - see run.h. */
#include "daemon/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/fault.h"
#include "daemon/base/log.h"
#include "daemon/claim.h"
#include "daemon/group.h"
#include "daemon/ranged.h"
#include "daemon/resync.h"
#include "daemon/rule_change.h"
#include "daemon/tables.h"
#include "daemon/watch.h"

struct run {
	struct run_ctx *c;
	struct lane l;				/* the task's own; its states are those of all groups */
	struct guard *guard;
	struct watch *watch;
	struct group *group;
	struct handover handover;
	struct table_states gone;		/* of tables that left the rules; forgotten when the checks have passed */
};

/* What the target remembers is not gone on from: it is loaded anew, or a position is given. */
static bool
starts_anew(const struct run *r)
{
	return r->c->intent == RUN_RELOAD || r->c->intent == RUN_FROM;
}

/* ---- ownership and checkpoint ------------------------------------------------------------------------------------------ */

static bool
own(struct run *r, struct err *err)
{
	r->guard = guard_start(r->l.to, &r->l.tp, r->c->board, r->c->stop, err);
	if (r->guard == NULL || (r->l.target = r->l.to->open(&r->l.tp, err)) == NULL)
		return false;
	if (!r->l.to->install(r->l.target, err) || !claim_former_name(r->l.conf, r->l.to, r->l.target, err) ||
	    !r->l.to->learn(r->l.target, true, &r->l.cp, err))
		return false;
	mutex_lock(&r->c->board->lock);
	r->c->board->checkpoint = r->l.cp.position;
	r->c->board->lifetime = r->l.cp.totals;
	mutex_unlock(&r->c->board->lock);
	return FAULT("run.owned", err);
}

/* The pause outlives everything: it stands in the checkpoint row. */
static bool
obey_pause(struct run *r, bool *ret_paused, struct err *err)
{
	bool want = r->c->intent == RUN_PAUSE;

	*ret_paused = want || (r->l.cp.paused && r->c->intent == RUN_NORMAL);
	if (r->c->intent == RUN_NORMAL || r->l.cp.paused == want)
		return true;
	if (!FAULT("pause.save", err) || !r->l.to->save_paused(r->l.target, r->l.cp.epoch, want, err) || !FAULT("pause.saved", err))
		return false;
	r->l.cp.paused = want;
	return true;
}

/* ---- the source is the checkpoint's --------------------------------------------------------------------------------------- */

static bool
other_source(struct run *r, const char *what, const char *was, const char *is, struct err *err)
{
	err_set(err, ERR_HOLE, "the checkpoint belongs to another source: %s was %s and is %s", what, was, is);
	err_remedy(err, "point the endpoint at the former server, or load everything from this one: repld ctl restart %s --reload", r->l.conf->name);
	return err_position(err, "%s", position_text(&r->l.cp.position, (char[POSITION_TEXT]){ 0 }));
}

static bool
same_source(struct run *r, struct err *err)
{
	const struct source_identity *was = &r->l.cp.source, *is = &r->l.info.identity;

	if (was->id[0] == '\0' || starts_anew(r))
		return true;
	if (strcmp(was->kind, is->kind) != 0)
		return other_source(r, "its kind", was->kind, is->kind, err);
	if (strcmp(was->id, is->id) != 0 && r->l.so->locate == NULL)
		return other_source(r, "its system identifier", was->id, is->id, err);
	if (strcmp(was->dbname, is->dbname) != 0)
		return other_source(r, "its database", was->dbname, is->dbname, err);
	if (!r->l.log.slotless && lane_streams(&r->l) && was->slot[0] != '\0' && strcmp(was->slot, r->l.conf->postgresql.slot) != 0)
		return other_source(r, "its slot", was->slot, r->l.conf->postgresql.slot, err);
	return !lane_streams(&r->l) || lane_continues(&r->l, err);
}

/* slot_made speaks of the slot that the row names, on the source that it names. One of another name, or of another server, is not ours to drop. */
static void
disown_slot(struct run *r)
{
	const struct source_identity *was = &r->l.cp.source, *is = &r->l.info.identity;

	if (!r->l.cp.slot_made || was->slot[0] == '\0' ||
	    (strcmp(was->slot, r->l.conf->postgresql.slot) == 0 && strcmp(was->id, is->id) == 0))
		return;
	log_warning("slot %s of the former configuration (system identifier %s) is left; it keeps log there until it is dropped", was->slot, was->id);
	r->l.cp.slot_made = false;
}

static bool
meet_source(struct run *r, struct err *err)
{
	if (!lane_meet_source(&r->l, err)) {
		if (r->l.cp.source.id[0] == '\0')
			err->password = false;	/* it was never right: nobody is changing it */
		return false;
	}
	if (!same_source(r, err))
		return err_ctx(err, "source %s", r->l.conf->source->name);
	r->l.sp.identity = &r->l.info.identity;
	if (!lane_streams(&r->l))
		return true;
	disown_slot(r);
	return r->l.cp.position.kind == POSITION_NONE || starts_anew(r) || lane_check_slot(&r->l, err);
}

/* A task that begins finds no other's slot under the name that it was given. */
static bool
own_slot(struct run *r, struct err *err)
{
	struct task_rows rows = { 0 };
	bool ok = r->l.cp.exists || (r->l.to->list_tasks(r->l.target, &rows, err) &&
	    claim_slot_free(r->l.conf, &rows, &r->l.cp, &r->l.info.identity, err));

	task_rows_done(&rows);
	return ok;
}

/* ---- tables and their states ------------------------------------------------------------------------------------------------ */

static bool
is_captured_as(const struct run *r, const struct table_state *ts)
{
	const struct table *t = tableset_by_source(r->l.tables, ts->source_schema, ts->source_name);

	return t != NULL && strcmp(t->target_schema, ts->target_schema) == 0 && strcmp(t->target_name, ts->target_name) == 0;
}

/* Tables that left the rules, or lead elsewhere now, are none of this run's. */
static bool
set_gone_aside(struct run *r, struct err *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->l.states.n; i++) {
		struct table_state *gone;

		if (is_captured_as(r, &r->l.states.rows[i])) {
			r->l.states.rows[kept++] = r->l.states.rows[i];
			continue;
		}
		if ((gone = table_states_add(&r->gone, err)) == NULL) {
			while (i < r->l.states.n)
				r->l.states.rows[kept++] = r->l.states.rows[i++];
			break;
		}
		*gone = r->l.states.rows[i];
	}
	r->l.states.n = kept;
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
		if (!r->l.to->forget_state(r->l.target, r->l.cp.epoch, ts->source_schema, ts->source_name, err))
			return false;
	}
	return true;
}

static bool
add_state(struct run *r, const struct table *t, struct err *err)
{
	struct table_state *ts = table_states_add(&r->l.states, err);

	if (ts == NULL || (ts->source_schema = mem_strdup(t->source_schema, err)) == NULL ||
	    (ts->source_name = mem_strdup(t->source_name, err)) == NULL ||
	    (ts->target_schema = mem_strdup(t->target_schema, err)) == NULL ||
	    (ts->target_name = mem_strdup(t->target_name, err)) == NULL)
		return false;
	ts->phase = lane_loads(&r->l) ? TABLE_QUEUED : TABLE_STREAMING;
	return rule_fingerprint_note(t, ts, err);
}

static bool
is_resynced(const struct run *r, const struct table_state *ts)
{
	return lane_loads(&r->l) && resync_names(r->c->resync, ts->source_schema, ts->source_name);
}

/* Asked for by name, whoever filled it. */
static bool
may_be_emptied(struct table_state *ts, struct err *err)
{
	return ts->made != NULL || (ts->made = mem_strdup("truncated", err)) != NULL;
}

static bool
queue_tables(struct run *r, struct err *err)
{
	for (uint32_t i = 0; i < r->l.tables->n; i++) {
		const struct table *t = r->l.tables->tables[i];
		struct table_state *ts = table_states_find(&r->l.states, t->source_schema, t->source_name);
		bool anew;

		if (ts == NULL) {
			if (!add_state(r, t, err))
				return false;
			continue;
		}
		if (r->c->intent == RUN_RELOAD)
			ts->load_group = 0;
		anew = is_resynced(r, ts) || (lane_loads(&r->l) && (r->c->intent == RUN_RELOAD || rule_fingerprint_differs(t, ts)));
		if (ts->phase == TABLE_QUEUED || anew)
			ranged_forget(ts);	/* only a load that was cut short goes on */
		if ((ts->phase == TABLE_LOADING && ts->load_group == 0) || anew) {
			free(ts->error);
			ts->error = NULL;
			ts->phase = TABLE_QUEUED;
		}
		if (!rule_fingerprint_note(t, ts, err) || (is_resynced(r, ts) && !may_be_emptied(ts, err)))
			return false;
	}
	return true;
}

/* How each table is loaded, or would be. */
static void
show_ways(struct run *r)
{
	const bool by_page = r->l.so->splits_by_page(r->l.source);
	char text[RANGED_WAY_TEXT];
	struct ranged_way way;

	for (uint32_t i = 0; lane_loads(&r->l) && i < r->l.tables->n; i++) {
		const struct table *t = r->l.tables->tables[i];

		ranged_way(r->l.conf, by_page, t->source, &way);
		board_table_load(r->c->board, t->shown, ranged_way_text(&way, text));
	}
}

static bool
survey(struct run *r, struct findings *f, struct err *err)
{
	r->l.tables = tables_survey(r->l.conf, r->l.so, r->l.source, r->l.to, r->l.target, f, err);
	if (r->l.tables == NULL || !r->l.to->load_states(r->l.target, &r->l.states, err) ||
	    (!starts_anew(r) && !claim_rows_whole(r->l.conf, &r->l.cp, &r->l.states, err)))
		return false;
	if (r->c->intent != RUN_RELOAD)
		rule_change_check(r->l.conf, r->l.tables, &r->l.states, r->c->resync, f);
	if (!set_gone_aside(r, err) || !queue_tables(r, err) || !board_set_tables(r->c->board, r->l.tables, err))
		return false;
	lane_show_states(&r->l);
	show_ways(r);
	return true;
}

/* What the source's catalog says of tables whose changes are counted on. Marks of tables with a hole stay, whatever is mended by hand. */
static bool
changed_unseen(struct run *r, struct err *err)
{
	struct lane *l = &r->l;
	struct err second = ERR_INIT;
	bool *dirty, ok;

	if (!lane_streams(l))
		return true;
	if (l->suspect == NULL && (l->suspect = suspect_new(l->so, &l->sp, l->tables, l->board, err)) == NULL)
		return false;
	if (r->c->intent == RUN_RELOAD || r->c->intent == RUN_FROM || l->cp.position.kind == POSITION_NONE)
		return true;
	if ((dirty = mem_zalloc((l->states.n + 1) * sizeof(*dirty), err)) == NULL)
		return false;
	ok = suspect_start(l->suspect, l->source, &l->states, &l->cp.position, dirty, err);
	for (size_t i = 0; i < l->states.n; i++)
		if (dirty[i] && !l->to->save_states(l->target, l->cp.epoch, &l->states.rows[i], 1, &second)) {
			*err = second;
			break;
		}
	free(dirty);
	return ok;
}

/* Everything that would stop the task, before anything is written. */
static bool
preflight(struct run *r, struct err *err)
{
	bool needs_slot = lane_streams(&r->l) && !r->l.log.exists;	/* or, where there are none, a snapshot */
	struct findings f = { 0 };
	bool ok;

	board_phase(r->c->board, PHASE_CHECK);
	ok = survey(r, &f, err);
	needs_slot = r->l.conf->source->kind == ENDPOINT_MYSQL ? lane_queued(&r->l) > 0 : needs_slot;
	if (ok && findings_count(&f, FINDING_BLOCKER) == 0)
		ok = changed_unseen(r, err) && tables_compare_shapes(r->l.tables, &r->l.states, &f, err) &&
		    r->l.so->check(r->l.source, r->l.tables, needs_slot, lane_streams(&r->l), &f, err) &&
		    r->l.to->check(r->l.target, r->l.tables, &r->l.states, r->l.conf->full_load.target_tables, lane_loads(&r->l), &f, err);
	ok = ok && findings_verdict(&f, err);
	if (!ok && err->kind == ERR_SCHEMA && r->l.cp.position.kind != POSITION_NONE)
		err_position(err, "%s", position_text(&r->l.cp.position, (char[POSITION_TEXT]){ 0 }));
	findings_done(&f);
	return ok;
}

/* Loaded in mode full_load: no slot has kept what has changed since. */
static bool
has_log_since_load(struct run *r, struct err *err)
{
	for (uint32_t i = 0; i < r->l.tables->n; i++) {
		const struct table *t = r->l.tables->tables[i];
		const struct table_state *ts = table_states_find(&r->l.states, t->source_schema, t->source_name);

		if (ts->phase < TABLE_LOADED || ts->phase > TABLE_STREAMING || ts->snapshot.kind == POSITION_NONE)
			continue;
		err_set(err, ERR_HOLE, "table %s.%s was loaded at %s, and no slot has kept what has changed since", t->source_schema,
		    t->source_name, snapshot_text(&ts->snapshot, (char[POSITION_TEXT]){ 0 }));
		err_table(err, t->source_schema, t->source_name);
		return err_remedy(err, "load the tables again: repld ctl restart %s --reload; or go on without those changes: "
		    "repld ctl restart %s --from now", r->l.conf->name, r->l.conf->name);
	}
	return true;
}

/* Publication, then slot; leaves a snapshot open where tables are to be loaded. */
static bool
prepare_log(struct run *r, struct err *err)
{
	struct source_prepared prepared = { 0 };

	lane_name_source(&r->l);
	if (!lane_streams(&r->l))
		return lane_open_log(&r->l, err);
	if ((r->l.cp.position.kind == POSITION_NONE && !has_log_since_load(r, err)) || !lane_check_slot(&r->l, err) ||
	    !r->l.so->prepare(r->l.source, r->l.tables, &prepared, err))
		return false;
	r->l.cp.publication_made = prepared.publication_made;
	return lane_open_log(&r->l, err);
}

/* ---- the load group ------------------------------------------------------------------------------------------------------------ */

/* Some table of the task's own stream can go on while others are loaded. */
static bool
can_stream(const struct run *r)
{
	for (size_t i = 0; i < r->l.states.n; i++) {
		const struct table_state *ts = &r->l.states.rows[i];

		if (ts->load_group == 0 && ((ts->phase >= TABLE_LOADED && ts->phase <= TABLE_STREAMING) || ts->phase == TABLE_SUSPECT))
			return true;
	}
	return false;
}

/* The one that has tables, else a new one. */
static bool
group_number(struct run *r, uint32_t *ret, struct err *err)
{
	struct checkpoint *rows = NULL;
	size_t n = 0;
	uint32_t last = 0;

	*ret = 0;
	if (!r->l.to->load_groups(r->l.target, &rows, &n, err))
		return false;
	for (size_t i = 0; i < n; i++)
		last = rows[i].group > last ? rows[i].group : last;
	for (size_t i = 0; i < r->l.states.n; i++)
		*ret = r->l.states.rows[i].load_group > *ret ? r->l.states.rows[i].load_group : *ret;
	if (*ret == 0)
		*ret = last + 1;
	free(rows);
	return true;
}

/* Tables that are to be loaded while others stream: they become the load group's, in one transaction. A first load that nothing can
 * stream beside goes on in the task's own lane; and so do ranges of it that are there: a stream of later must not begin behind them. */
static bool
leave_to_group(struct run *r, struct err *err)
{
	struct table_state *moved;
	uint32_t number;
	size_t n = 0;
	bool ok;

	if (!lane_streams(&r->l) || r->l.cp.position.kind == POSITION_NONE || lane_queued(&r->l) == 0 ||
	    (!r->l.cp.load_done && !can_stream(r)))
		return true;
	if (!group_number(r, &number, err) || (moved = mem_zalloc(r->l.states.n * sizeof(*moved), err)) == NULL)
		return false;
	for (size_t i = 0; i < r->l.states.n; i++) {
		struct table_state *ts = &r->l.states.rows[i];

		if (ts->load_group != 0 || ts->phase != TABLE_QUEUED || (!r->l.cp.load_done && ts->ranges != NULL))
			continue;
		ts->load_group = number;
		ranged_forget(ts);
		moved[n++] = *ts;
	}
	ok = r->l.to->save_states(r->l.target, r->l.cp.epoch, moved, n, err) && FAULT("run.grouped", err);
	free(moved);
	return ok;
}

static bool
needs_group(struct run *r, bool *ret, struct err *err)
{
	struct checkpoint *rows = NULL;
	size_t n = 0;

	*ret = false;
	if (!r->l.to->load_groups(r->l.target, &rows, &n, err))
		return false;
	*ret = n > 0;
	for (size_t i = 0; i < r->l.states.n; i++)
		*ret = *ret || r->l.states.rows[i].load_group > 0;
	free(rows);
	return true;
}

/* ---- restart --reload and --from --------------------------------------------------------------------------------------------------- */

/* The row first: a reload cut short is then a start cut short, which drops the slot that the row calls ours. */
static bool
begin_reload(struct run *r, struct err *err)
{
	if (!lane_loads(&r->l))
		log_warning("mode cdc loads nothing: going on from the source's present position; what lies before it is not replicated");
	r->l.cp.position = r->l.cp.commit_end = (struct position){ .kind = POSITION_NONE };
	r->l.cp.load_done = false;
	lane_name_source(&r->l);
	for (size_t i = 0; i < r->l.states.n; i++)
		r->l.states.rows[i].snapshot = (struct snapshot_pos){ .kind = POSITION_NONE };
	if (!r->l.to->save_states(r->l.target, r->l.cp.epoch, r->l.states.rows, r->l.states.n, err) || !r->l.to->save_source(r->l.target, &r->l.cp, err))
		return false;
	if (lane_streams(&r->l) && r->l.log.exists && r->l.cp.slot_made) {
		if (!r->l.so->drop_slot(r->l.source, err))
			return false;
		r->l.log.exists = false;
	}
	return true;
}

/* Its rows are not, or not all, on the target, or a load group sees to them: a position does not change that. */
static bool
is_incomplete(const struct table_state *ts)
{
	return ts->load_group > 0 || ts->phase == TABLE_SUSPENDED || ts->phase == TABLE_SUSPECT || ts->phase == TABLE_ERROR ||
	    (ts->phase == TABLE_QUEUED && ts->made != NULL);
}

/* The slot can't serve: one of ours is given up for a new one, from where the source is then. */
static bool
from_new_slot(struct run *r, struct err *err)
{
	if (!r->l.log.exists)
		return true;
	if (!r->l.cp.slot_made) {
		err_set(err, ERR_CONFIG, "slot %s can't be used: %s", r->l.conf->postgresql.slot, r->l.log.detail);
		return err_remedy(err, "drop the slot, which repld did not make, or name another one in postgresql.slot");
	}
	r->l.log.exists = false;
	return r->l.so->drop_slot(r->l.source, err);
}

static bool
not_kept(struct run *r, const char *why, const struct position *at, struct err *err)
{
	char text[POSITION_TEXT] = "";

	err_set(err, ERR_CONFIG, "can't go on from %s: %s%s", r->c->from, why, at != NULL ? position_text(at, text) : "");
	return err_remedy(err, "the checkpoint is as it was; from the present position: repld ctl restart %s --from now; or all tables again: "
	    "repld ctl restart %s --reload", r->l.conf->name, r->l.conf->name);
}

static bool
not_readable(struct run *r, struct err *err)
{
	char why[sizeof(err->msg)];

	if (err->kind == ERR_RETRY || err->kind == ERR_CANCELLED)
		return false;
	memcpy(why, err->msg, sizeof(why));
	return not_kept(r, why, NULL, err);
}

/* Where to go on, as asked for. Nothing is written where the source can't serve it. */
static bool
from_where(struct run *r, struct position *ret, struct err *err)
{
	const bool usable = r->l.log.exists && !r->l.log.lost, now = strcmp(r->c->from, "now") == 0;
	struct source_monitor m = { 0 };

	*ret = (struct position){ .kind = POSITION_NONE };
	if (now && !usable)
		return from_new_slot(r, err);
	if (!now && !position_parse_given(r->c->from, ret, err))
		return false;
	if (ret->kind == POSITION_BINLOG && r->l.so->locate == NULL)
		return err_set(err, ERR_CONFIG, "the source has no binlog");
	if (ret->kind == POSITION_BINLOG && !r->l.so->locate(r->l.source, ret, err))
		return not_readable(r, err);
	if (!usable)
		return not_kept(r, r->l.log.exists ? "the slot has lost its log" : "no slot has kept the log from there", NULL, err);
	if (!r->l.so->monitor(r->l.source, &r->l.cp.position, &r->l.cp.position, &m, err))
		return false;
	if (now && r->l.log.slotless)
		return r->l.so->locate(r->l.source, ret, err);
	if (!now && ret->kind != m.end.kind)
		return err_set(err, ERR_CONFIG, "\"%.100s\" is no position of a source of type %s", r->c->from, r->l.so->kind);
	if (now)
		*ret = m.end;
	else if (!position_reached(ret, &r->l.log.confirmed))
		return not_kept(r, "the source no longer keeps the log from there; the slot is at ", &r->l.log.confirmed, err);
	else if (!position_reached(&m.end, ret))
		return not_kept(r, "the source's log ends before it, at ", &m.end, err);
	return true;
}

static bool
begin_from(struct run *r, struct err *err)
{
	struct position p;

	if (!from_where(r, &p, err))
		return false;
	if (strcmp(r->l.cp.source.id, r->l.info.identity.id) != 0 && r->l.cp.source.id[0] != '\0')
		log_warning("the checkpoint was of another source (system identifier %s); it is one of %s from now on", r->l.cp.source.id,
		    r->l.info.identity.id);
	log_warning("going on from %s instead of %s, as asked: what lies between is not replicated", r->c->from,
	    position_text(&r->l.cp.position, (char[POSITION_TEXT]){ 0 }));
	r->l.cp.position = p;
	r->l.cp.commit_end = (struct position){ .kind = POSITION_NONE };
	for (size_t i = 0; i < r->l.states.n; i++) {
		if (is_incomplete(&r->l.states.rows[i]))
			continue;
		free(r->l.states.rows[i].facts);
		r->l.states.rows[i].facts = NULL;	/* what was changed up to there is accepted */
		r->l.states.rows[i].snapshot = (struct snapshot_pos){ .kind = POSITION_NONE };
		r->l.states.rows[i].phase = TABLE_STREAMING;
		if (!r->l.to->save_states(r->l.target, r->l.cp.epoch, &r->l.states.rows[i], 1, err))
			return false;
	}
	lane_name_source(&r->l);
	return r->l.to->save_source(r->l.target, &r->l.cp, err);
}

/* The tables stand as queued on the target before the list is forgotten. */
static bool
begin_resync(struct run *r, struct err *err)
{
	for (size_t i = 0; i < r->l.states.n; i++) {
		struct table_state *ts = &r->l.states.rows[i];

		if (ts->phase != TABLE_QUEUED || !is_resynced(r, ts))
			continue;
		ts->snapshot = (struct snapshot_pos){ .kind = POSITION_NONE };
	}
	if (!r->l.to->save_states(r->l.target, r->l.cp.epoch, r->l.states.rows, r->l.states.n, err))
		return false;
	if (!lane_streams(&r->l)) {
		r->l.cp.load_done = false;
		if (!r->l.to->save_source(r->l.target, &r->l.cp, err))
			return false;
	}
	free(r->c->resync);
	r->c->resync = NULL;
	return true;
}

static bool
obey_intent(struct run *r, struct err *err)
{
	enum run_intent intent = r->c->intent;

	if (intent == RUN_RELOAD && !begin_reload(r, err))
		return false;
	if (intent == RUN_FROM && !begin_from(r, err))
		return false;
	if (r->c->resync != NULL && !begin_resync(r, err))
		return false;
	r->c->intent = RUN_NORMAL;	/* done: a retry goes on from the checkpoint */
	r->c->on_stored(r->c->arg);
	return true;
}

/* ---- a table whose shape changed under the stream -------------------------------------------------------------------------- */

/* The stream knows names and type numbers only; the catalogs name the types, and with them the ALTER that the target wants. */
static void
explain_change(struct run *r, struct err *err)
{
	struct findings f = { 0 };
	struct err second = ERR_INIT;
	struct tableset *set = NULL;
	struct source *s = r->l.so->open(&r->l.sp, &second);
	size_t i = 0;

	if (s != NULL && (set = tables_survey(r->l.conf, r->l.so, s, r->l.to, r->l.target, &f, &second)) != NULL &&
	    tables_compare_shapes(set, &r->l.states, &f, &second)) {
		while (i < f.n && strcmp(f.rows[i].table, err->table) != 0)
			i++;
		if (i < f.n) {
			snprintf(err->msg, sizeof(err->msg), "%s: %s", err->table, f.rows[i].what);
			snprintf(err->remedy, sizeof(err->remedy), "%s", f.rows[i].fix);
		}
	}
	findings_done(&f);
	tableset_free(set);
	r->l.so->close(s);
}

/* The stream failed: changes that are missing may be why (a column list cut columns off, a delete never came). */
static void
explain_hole(struct run *r, struct err *err)
{
	struct err second = ERR_INIT;

	watch_stop(r->watch);		/* it looks at the same */
	r->watch = NULL;
	r->l.source = r->l.so->open(&r->l.sp, &second);
	if (r->l.source != NULL && !changed_unseen(r, &second) && second.kind == ERR_HOLE)
		*err = second;
}

/* ---- the whole -------------------------------------------------------------------------------------------------------------------------- */

/* A load group has a quarter of the ring's memory, for as long as this run lasts. */
static bool
stream(struct run *r, struct err *err)
{
	struct stream_ctx sc = { .redo = &r->c->redo, .text_only = &r->c->text_only, .ask = &r->c->board->ask_source,
		.ring_size = r->l.conf->staging.ring_size };
	struct group_ctx gc = { .main = &r->l, .run_stop = r->c->stop, .handover = &r->handover };
	bool grouped;

	if (!needs_group(r, &grouped, err))
		return false;
	if (grouped) {
		gc.ring_size = sc.ring_size / 4 > RING_MIN_SIZE ? sc.ring_size / 4 : RING_MIN_SIZE;
		sc.ring_size = sc.ring_size - gc.ring_size > RING_MIN_SIZE ? sc.ring_size - gc.ring_size : RING_MIN_SIZE;
		sc.handover = &r->handover;
		if ((r->group = group_start(&gc, err)) == NULL)
			return false;
	}
	watch_tables(r->watch, r->l.suspect);
	if (lane_stream(&r->l, sc, err))
		return true;
	if (err->kind == ERR_SCHEMA)
		explain_change(r, err);
	if (err->kind == ERR_SCHEMA && err->remedy[0] == '\0' && err->table[0] != '\0')
		err_remedy(err, "load the table again: repld ctl resync %s %s", r->l.conf->name, err->table);
	if (err->kind != ERR_CANCELLED && err->kind != ERR_FENCED && err->kind != ERR_RETRY && err->kind != ERR_HOLE)
		explain_hole(r, err);
	return false;
}

static bool
prepare_and_load(struct run *r, struct err *err)
{
	struct board *b = r->c->board;
	bool behind;

	if (!meet_source(r, err) || !own_slot(r, err) || !preflight(r, err) || !forget_gone(r, err) || !obey_intent(r, err))
		return false;
	if (r->watch == NULL && (r->watch = watch_start(r->l.so, &r->l.sp, b, err)) == NULL)
		return false;
	if (!leave_to_group(r, err) || !prepare_log(r, err))
		return false;
	if (lane_queued(&r->l) > 0)
		board_phase(b, PHASE_FULL_LOAD);
	if (!lane_load(&r->l, err) || !lane_begin_catch_up(&r->l, &behind, err))
		return false;
	if (lane_streams(&r->l))
		board_phase(b, behind ? PHASE_CATCH_UP : PHASE_CDC);
	return true;
}

static enum run_end
run_steps(struct run *r, struct err *err)
{
	bool paused = false;

	if (!own(r, err) || !obey_pause(r, &paused, err))
		return RUN_FAILED;
	if (paused)
		return RUN_IS_PAUSED;
	if (!starts_anew(r) && !checkpoint_intact(r->l.conf->name, &r->l.cp, err))
		return RUN_FAILED;
	r->c->on_running(r->c->arg);
	if (!lane_streams(&r->l) && r->l.cp.load_done && r->c->intent != RUN_RELOAD && r->c->resync == NULL) {
		log_info("the full load was done earlier; repld ctl restart %s --reload loads again", r->l.conf->name);
		return RUN_LOADED;
	}
	if (!prepare_and_load(r, err))
		return RUN_FAILED;
	if (!lane_streams(&r->l))
		return RUN_LOADED;
	if (!stream(r, err))
		return RUN_FAILED;
	if (!atomic_load(&r->c->pause_at_end))
		return RUN_FINISHED;
	return FAULT("pause.save", err) && r->l.to->save_paused(r->l.target, r->l.cp.epoch, true, err) && FAULT("pause.saved", err) ? RUN_IS_PAUSED :
	    RUN_FAILED;
}

static void
run_close(struct run *r)
{
	group_stop(r->group);
	watch_stop(r->watch);
	lane_close(&r->l);
	guard_stop(r->guard);
	table_states_done(&r->gone);
	handover_done(&r->handover);
	board_rest(r->c->board, BEAT_RUN);
}

enum run_end
run_main(struct run_ctx *ctx, struct err *err)
{
	const struct task_conf *conf = ctx->conf;
	struct run r = { .c = ctx };
	struct err lost = ERR_INIT;
	enum run_end end;

	r.l = (struct lane){ .conf = conf, .so = source_ops_for(conf->source->kind), .to = target_ops_for(conf->target->kind),
		.board = ctx->board, .stop = ctx->stop, .beat = BEAT_RUN };
	r.l.sp = (struct source_params){ .endpoint = conf->source, .task = conf->name, .slot = conf->postgresql.slot,
		.publication = conf->postgresql.publication, .plugin = conf->postgresql.plugin, .server_id = conf->mysql.server_id,
		.scans = conf->full_load.parallel_tables * conf->full_load.parallel_chunks, .stop = ctx->stop };
	r.l.tp = (struct target_params){ .endpoint = conf->target, .task = conf->name, .purpose = "apply",
		.relaxed = conf->durability_relaxed, .fire_triggers = conf->apply.fire_triggers, .stop = ctx->stop };
	handover_init(&r.handover);
	board_beat(ctx->board, BEAT_RUN);
	end = run_steps(&r, err);
	if (end == RUN_FAILED && (guard_error(r.guard, &lost) || group_error(r.group, &lost)))
		*err = lost;
	run_close(&r);
	return end;
}
