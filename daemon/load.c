/* load.c - see load.h. */
#include "daemon/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/fault.h"
#include "daemon/base/log.h"
#include "daemon/base/num.h"
#include "daemon/ranged.h"
#include "staging/transform.h"

#define CHUNK_MIN_BYTES FAULT_SMALL(64u << 20)	/* a smaller part of a table is not worth a chunk of its own */
#define CHUNKS_PER_THREAD 4		/* so that threads that end early find something to do */
#define ROW_ARENA (64u << 10)		/* bytes: the first room for converted values of a row */
#define RATE_LOOK 256			/* rows between looks at rate, stop flag and heartbeat */
#define RATE_STEP 500000		/* usec: how soon a rate changed by reload is noticed */

struct load_table {
	struct table *table;
	struct table_state *state;
	const struct relation *rel;
	const char *filenodes;
	struct chunk *chunks;			/* those that are to be read */
	uint32_t nchunks;
	struct ranges *ranges;			/* NULL: by ctid */
	uint32_t units, next, running, done;	/* what threads take: a chunk each, or all at once; under the lock */
	bool failed, again;			/* under the lock; again: it is queued anew */
	struct load_table **after;		/* tables that its foreign keys refer to, where those act; ends in NULL */
	bool binary, whole;			/* whole: one transaction, since rows of others are in the target's table */
	counter rows, bytes;
};

struct load {
	struct load_ctx c;
	struct arena *arena;
	struct mutex lock;
	struct cond moved;
	struct load_table *tables;
	uint32_t n, active;			/* tables with a running chunk */
	uint32_t alive;				/* load threads */
	atomic_bool over;			/* a failure that ends the load */
	struct err err;				/* the first such */
	struct mutex rate_lock;
	struct usec rate_at;			/* when the bytes sent so far are due, at `rate` */
	uint64_t rate;
};

struct loader {					/* one load thread */
	struct load *load;
	uint32_t number;
	struct thread thread;
	struct source_scan *scan;
	struct target *target;
};

/* ---- shared state ------------------------------------------------------------------------------------------------ */

static void
load_over(struct load *l, const struct err *err)
{
	mutex_lock(&l->lock);
	if (!atomic_load(&l->over) || (l->err.kind == ERR_CANCELLED && err->kind != ERR_CANCELLED)) {
		l->err = *err;
		atomic_store(&l->over, true);
	}
	cond_broadcast(&l->moved);
	mutex_unlock(&l->lock);
}

/* What only concerns this table suspends it; anything else ends the load, which is then tried again. */
static bool
concerns_table(const struct err *err)
{
	return err->kind == ERR_DATA || err->kind == ERR_LIMIT;
}

static void
set_phase(struct load *l, struct load_table *t, enum table_phase p)
{
	t->state->phase = p;
	atomic_store(&l->c.board->tables[t->table->shown]->phase, (int)p);
}

/* Foreign keys act on the target: the tables that this one refers to come first. */
static bool
waits_for_others(const struct load_table *t)
{
	for (uint32_t i = 0; t->after != NULL && t->after[i] != NULL; i++)
		if (t->after[i]->next < t->after[i]->units || t->after[i]->running > 0)
			return true;
	return false;
}

/* The next chunk: of a table under way where it may have one more, else of a table not yet begun. NULL: nothing for now. Tables that wait for each
 * other begin where nothing else can. */
static struct load_table *
next_unit(struct load *l, uint32_t *ret_unit)
{
	const struct task_conf *conf = l->c.conf;
	struct load_table *waiting = NULL;

	for (uint32_t i = 0; i < l->n; i++) {
		struct load_table *t = &l->tables[i];
		bool begun = t->running > 0;

		if (t->next >= t->units || (begun && t->running >= conf->full_load.parallel_chunks))
			continue;
		if (!begun && l->active >= conf->full_load.parallel_tables)
			continue;
		if (!begun && waits_for_others(t)) {
			waiting = waiting == NULL ? t : waiting;
			continue;
		}
		l->active += !begun;
		t->running++;
		*ret_unit = t->next++;
		return t;
	}
	if (waiting != NULL && l->active == 0) {
		l->active++;
		waiting->running++;
		*ret_unit = waiting->next++;
		return waiting;
	}
	return NULL;
}

static bool
all_done(const struct load *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (l->tables[i].next < l->tables[i].units || l->tables[i].running > 0)
			return false;
	return true;
}

/* Waits for work; NULL: there is no more. */
static struct load_table *
take_unit(struct load *l, uint32_t number, uint32_t *ret_unit)
{
	struct load_table *t = NULL;

	mutex_lock(&l->lock);
	while (!atomic_load(&l->over) && !all_done(l) && (t = next_unit(l, ret_unit)) == NULL) {
		board_beat(l->c.board, BEAT_LOAD + (int)(number % 64));
		cond_wait(&l->moved, &l->lock, 500000);
	}
	mutex_unlock(&l->lock);
	return t;
}

/* True: it was the table's last unit, and all of them are there. */
static bool
unit_ended(struct load *l, struct load_table *t, bool ok)
{
	bool last;

	mutex_lock(&l->lock);
	t->running--;
	t->done += ok;
	l->active -= t->running == 0;
	last = t->done == t->units && !t->failed;
	cond_broadcast(&l->moved);
	mutex_unlock(&l->lock);
	return last;
}

/* When the bytes that all threads have sent so far are due. A rate that was changed counts from now on. */
static struct usec
rate_due(struct load *l, uint64_t rate, uint64_t bytes)
{
	struct usec now = clock_mono(), due;

	mutex_lock(&l->rate_lock);
	if (l->rate != rate || l->rate_at.v < now.v)
		l->rate_at = now;
	l->rate = rate;
	l->rate_at.v += (int64_t)((double)bytes * 1e6 / (double)rate);
	due = l->rate_at;
	mutex_unlock(&l->rate_lock);
	return due;
}

/* full_load.max_rate, over all threads: sleeps until what was sent so far is due. False: the load is ending. */
static bool
keep_rate(struct loader *ld, uint64_t bytes)
{
	struct load *l = ld->load;
	const uint64_t rate = atomic_load_explicit(&l->c.board->max_rate, memory_order_relaxed);
	struct usec due;
	int64_t wait;

	if (rate == 0)
		return !stop_requested(l->c.stop);
	due = rate_due(l, rate, bytes);
	while ((wait = due.v - clock_mono().v) >= 1000 && !atomic_load(&l->over) &&
	    atomic_load_explicit(&l->c.board->max_rate, memory_order_relaxed) == rate) {
		if (!stop_sleep(l->c.stop, wait < RATE_STEP ? wait : RATE_STEP))
			return false;
		board_beat(l->c.board, BEAT_LOAD + (int)(ld->number % 64));
	}
	return !stop_requested(l->c.stop);
}

/* ---- one chunk --------------------------------------------------------------------------------------------------- */

/* A row as it is read, and as it is written. */
struct row_room {
	const struct plan *plan;
	struct value *vals, *converted;
	struct arena *arena;		/* of converted values, one row's */
};

static bool
put_row(struct loader *ld, struct row_room *in, struct err *err)
{
	struct load *l = ld->load;
	uint64_t changed = 0;

	if (!in->plan->converts)
		return l->c.target_ops->load_row(ld->target, in->vals, err);
	arena_reset(in->arena);
	if (!transform_row(in->plan, in->vals, in->converted, in->arena, &changed, err))
		return false;
	if (changed > 0)
		counter_add(&l->c.board->policy_values, changed);
	return l->c.target_ops->load_row(ld->target, in->converted, err);
}

static bool
copy_rows(struct loader *ld, struct load_table *t, struct row_room *in, struct load_ledger *ledger, struct err *err)
{
	struct load *l = ld->load;
	struct board *b = l->c.board;
	struct board_table *bt = b->tables[t->table->shown];
	uint64_t rows = 0, bytes = 0, told = 0;
	size_t n;
	int rc;

	while ((rc = l->c.source_ops->scan_next(ld->scan, in->vals, &n, err)) == 1) {
		if (!put_row(ld, in, err))
			return false;
		rows++;
		bytes += n;
		if (rows % RATE_LOOK != 0 && bytes - told < (1u << 20))
			continue;
		board_beat(b, BEAT_LOAD + (int)(ld->number % 64));
		counter_add(&bt->rows_loaded, rows - ledger->rows);
		counter_add(&b->load_rows, rows - ledger->rows);
		counter_add(&b->load_bytes, bytes - told);
		if (!keep_rate(ld, bytes - told) || atomic_load(&l->over))
			return err_set(err, ERR_CANCELLED, "the load is ending");
		ledger->rows = rows;
		told = bytes;
	}
	counter_add(&bt->rows_loaded, rows - ledger->rows);
	counter_add(&b->load_rows, rows - ledger->rows);
	counter_add(&b->load_bytes, bytes - told);
	ledger->rows = rows;
	ledger->bytes = bytes;
	if (rc == 0 && !keep_rate(ld, bytes - told))
		return err_set(err, ERR_CANCELLED, "the load is ending");
	return rc == 0;
}

static struct plan *
no_memory(struct err *err)
{
	err_set(err, ERR_SYSTEM, "no memory for rows");
	return NULL;
}

static bool
load_chunk_rows(struct loader *ld, struct load_table *t, uint32_t first, uint32_t end, struct err *err)
{
	struct load *l = ld->load;
	struct load_ledger ledger = { .table = t->table, .attempt = t->state->attempt, .chunk = first < t->nchunks ? t->chunks[first].number : 0,
		.snapshot = l->c.source_ops->snapshot_pos(l->c.snapshot) };
	struct row_room room = { .vals = mem_zalloc((t->rel->ncols * 2u + 1) * sizeof(*room.vals), err), .arena = arena_new(ROW_ARENA, 0) };
	struct plan *plan = room.vals == NULL ? NULL : room.arena != NULL ? plan_new(t->rel, t->table, err) : no_memory(err);
	bool ok = plan != NULL && l->c.target_ops->load_begin(ld->target, plan, l->c.epoch, ledger.attempt, t->binary, err);

	room.plan = plan;
	room.converted = room.vals != NULL ? room.vals + t->rel->ncols : NULL;
	for (uint32_t i = first; ok && i < end; i++) {
		struct load_ledger part = ledger;

		part.rows = part.bytes = 0;
		ok = FAULT("load.chunk", err) && l->c.source_ops->scan_start(ld->scan, t->table, &t->chunks[i], t->binary,
		    t->filenodes, err) && copy_rows(ld, t, &room, &part, err);
		ledger.rows += part.rows;
		ledger.bytes += part.bytes;
	}
	ok = ok && FAULT("load.before_commit", err) &&
	    l->c.target_ops->load_end(ld->target, &ledger, end == t->nchunks, err);
	if (!ok)
		l->c.target_ops->load_abort(ld->target);
	if (plan != NULL) {
		l->c.target_ops->forget(ld->target, plan);
		plan_free(plan);
	}
	free(room.vals);
	arena_free(room.arena);
	counter_add(&t->rows, ok ? ledger.rows : 0);
	counter_add(&t->bytes, ok ? ledger.bytes : 0);
	return ok && FAULT("load.committed", err);
}

/* The table is complete: indexes, then its state. */
static bool
finish_table(struct load *l, struct target *target, struct load_table *t, struct err *err)
{
	const bool mixed = t->ranges != NULL && ranges_mixed(t->ranges);
	char count[NUM_TEXT], size[NUM_TEXT];

	if (!FAULT("load.finish", err) || !l->c.target_ops->finish_table(target, t->table, !mixed, err))
		return false;
	if (t->ranges != NULL)
		t->state->snapshot = ranges_highest(t->ranges);
	if (!mixed)
		ranged_forget(t->state);
	t->state->rows_loaded = counter_get(&t->rows);
	t->state->bytes_loaded = counter_get(&t->bytes);
	set_phase(l, t, TABLE_LOADED);
	if (!l->c.target_ops->save_states(target, l->c.epoch, t->state, 1, err))
		return false;
	log_info("table %s.%s loaded: %s rows, %s%s", t->table->source_schema, t->table->source_name,
	    num_count_text(t->state->rows_loaded, count), num_size_text(t->state->bytes_loaded, size),
	    mixed ? "; its ranges are of several snapshots: its indexes are made when the stream has brought them together" : "");
	return true;
}

static bool
loader_open(struct loader *ld, struct err *err)
{
	struct load *l = ld->load;

	if (ld->scan == NULL && (ld->scan = l->c.source_ops->scan_open(&l->c.source_params, l->c.snapshot, err)) == NULL)
		return false;
	return ld->target != NULL || (ld->target = l->c.target_ops->open(&l->c.target_params, err)) != NULL;
}

/* A unit may have failed in the middle of its rows: the next one begins with a scan of its own. */
static void
loader_drop_scan(struct loader *ld)
{
	ld->load->c.source_ops->scan_close(ld->scan);
	ld->scan = NULL;
}

/* Its other chunks are not begun any more. True: it is the first failure of this table. */
static bool
table_failed(struct load *l, struct load_table *t, bool again)
{
	bool first;

	mutex_lock(&l->lock);
	first = !t->failed;
	t->failed = true;
	t->again = t->again || (first && again);
	t->next = t->units;
	mutex_unlock(&l->lock);
	return first;
}

/* Rows of two snapshots do not fit beside each other: the table is loaded once more, at one snapshot, when the others are done. */
static bool
queue_again(struct loader *ld, struct load_table *t, struct err *err)
{
	struct load *l = ld->load;
	struct err why = *err;

	err_clear(err);
	if (!table_failed(l, t, true))
		return true;
	err_table(&why, t->table->source_schema, t->table->source_name);
	log_err(LOG_LEVEL_WARNING, "rows of two snapshots can't stand beside each other, the table's load starts again", &why);
	set_phase(l, t, TABLE_QUEUED);
	return ranged_again(l->c.target_ops, ld->target, l->c.epoch, t->state, err);
}

/* The first failure of a table suspends it. */
static bool
suspend_table(struct loader *ld, struct load_table *t, struct err *err)
{
	struct load *l = ld->load;
	struct err why = *err;

	err_clear(err);
	if (!table_failed(l, t, false))
		return true;
	err_table(&why, t->table->source_schema, t->table->source_name);
	log_err(LOG_LEVEL_ERROR, "table suspended, the others go on", &why);
	board_table_error(l->c.board, t->table->shown, why.msg);
	set_phase(l, t, TABLE_SUSPENDED);
	ranged_forget(t->state);
	free(t->state->error);
	t->state->error = xstrdup(why.msg);
	return l->c.target_ops->save_states(ld->target, l->c.epoch, t->state, 1, err);
}

/* One unit: a chunk, or all of the table. */
static bool
load_unit(struct loader *ld, struct load_table *t, uint32_t unit, struct err *err)
{
	bool whole = t->units != t->nchunks || t->whole;
	bool ok = load_chunk_rows(ld, t, whole ? 0 : unit, whole ? t->nchunks : unit + 1, err);

	if (unit_ended(ld->load, t, ok))
		ok = finish_table(ld->load, ld->target, t, err);
	if (!ok && (ranged_collided(t->ranges, err) || concerns_table(err)))
		loader_drop_scan(ld);
	if (!ok && ranged_collided(t->ranges, err))
		return queue_again(ld, t, err);
	return ok || (concerns_table(err) && suspend_table(ld, t, err));
}

static void *
loader_main(void *arg)
{
	struct loader *ld = arg;
	struct load *l = ld->load;
	struct load_table *t;
	struct err err = ERR_INIT;
	uint32_t unit;
	bool ok = true;

	while (ok && (t = take_unit(l, ld->number, &unit)) != NULL) {
		board_beat(l->c.board, BEAT_LOAD + (int)(ld->number % 64));
		ok = loader_open(ld, &err) && load_unit(ld, t, unit, &err);
		if (!ok && err.kind != ERR_CANCELLED)
			err_ctx(&err, "loading %s.%s", t->table->source_schema, t->table->source_name);
	}
	if (!ok)
		load_over(l, &err);
	l->c.target_ops->close(ld->target);
	if (ld->scan != NULL)
		l->c.source_ops->scan_close(ld->scan);
	board_rest(l->c.board, BEAT_LOAD + (int)(ld->number % 64));
	mutex_lock(&l->lock);
	l->alive--;
	cond_broadcast(&l->moved);
	mutex_unlock(&l->lock);
	return NULL;
}

/* ---- preparation ------------------------------------------------------------------------------------------------- */

/* All columns may pass in binary: then the whole load does (a COPY has one format). */
static bool
plan_is_binary(const struct plan *p)
{
	for (uint16_t i = 0; i < p->ncols; i++)
		if (!plan_column_loads_binary(&p->cols[i]))
			return false;
	return true;
}

static bool
choose_form(struct load *l, struct load_table *t, struct err *err)
{
	struct plan *plan;

	t->rel = relation_from_desc(t->table->source, t->table, l->arena, err);
	if (t->rel == NULL || (plan = plan_new(t->rel, t->table, err)) == NULL)
		return false;
	t->binary = plan_is_binary(plan);
	plan_free(plan);
	return true;
}

static bool
split_table(struct load *l, struct load_table *t, struct err *err)
{
	uint32_t want = l->c.conf->full_load.parallel_chunks * CHUNKS_PER_THREAD;
	uint64_t bytes = t->table->source->bytes / want;

	return l->c.source_ops->split(l->c.source, t->table, want, bytes > CHUNK_MIN_BYTES ? bytes : CHUNK_MIN_BYTES,
	    l->arena, &t->chunks, &t->nchunks, err);
}

/* The ranges that a load cut short has left stay. t->ranges NULL: there are none, or none that can. */
static bool
resume_table(struct load *l, struct load_table *t, const struct ranged_way *way, struct err *err)
{
	const struct ranged_resume rr = { .to = l->c.target_ops, .admin = l->c.admin, .epoch = l->c.epoch, .start = l->c.start,
		.now = l->c.source_ops->snapshot_pos(l->c.snapshot), .arena = l->arena };
	struct load_ledger sum;

	if (t->state->ranges == NULL)
		return true;
	if (!l->c.target_ops->describe(l->c.admin, t->table, l->c.tables->arena, err) ||
	    !ranged_resume(&rr, t->table, way, t->state, &sum, &t->ranges, err))
		return false;
	if (t->ranges == NULL)
		return true;
	set_phase(l, t, TABLE_LOADING);
	counter_set(&l->c.board->tables[t->table->shown]->rows_loaded, sum.rows);
	counter_add(&l->c.board->load_rows, sum.rows);
	counter_add(&t->rows, sum.rows);
	counter_add(&t->bytes, sum.bytes);
	if (!choose_form(l, t, err) || !ranged_chunks(t->ranges, &rr.now, l->arena, &t->chunks, &t->nchunks, err))
		return false;
	t->units = t->nchunks;
	return t->units > 0 || finish_table(l, l->c.admin, t, err);
}

static bool
divide_table(struct load *l, struct load_table *t, const struct ranged_way *way, struct err *err)
{
	const struct snapshot_pos now = l->c.source_ops->snapshot_pos(l->c.snapshot);

	if (!t->whole && !ranged_begin(l->c.source_ops, l->c.source, t->table, way, l->c.conf->full_load.parallel_chunks, l->arena, t->state,
	    &t->ranges, err))
		return false;
	return t->ranges != NULL ? ranged_chunks(t->ranges, &now, l->arena, &t->chunks, &t->nchunks, err) : split_table(l, t, err);
}

/* Makes the target's table ready. What a load of ours has left behind is removed; nothing else, unless asked for. */
static bool
begin_table(struct load *l, struct load_table *t, const struct ranged_way *way, struct err *err)
{
	struct table_state *ts = t->state;

	ts->attempt++;
	free(ts->shape);		/* of the load before this one */
	ts->shape = NULL;
	ts->snapshot = l->c.source_ops->snapshot_pos(l->c.snapshot);
	if (!l->c.target_ops->prepare_table(l->c.admin, t->table, l->c.conf->full_load.target_tables, ts, err) ||
	    !l->c.target_ops->describe(l->c.admin, t->table, l->c.tables->arena, err))
		return false;
	t->whole = strcmp(ts->made, "appended") == 0;
	set_phase(l, t, TABLE_LOADING);
	if (!choose_form(l, t, err) || !divide_table(l, t, way, err))
		return false;
	t->units = t->whole || t->nchunks == 0 ? 1 : t->nchunks;
	return FAULT("load.prepared", err) &&
	    l->c.target_ops->save_states(l->c.admin, l->c.epoch, ts, 1, err);
}

static bool
prepare_table(struct load *l, struct load_table *t, struct err *err)
{
	struct ranged_way way;
	char text[RANGED_WAY_TEXT];

	ranged_way(l->c.conf, l->c.source_ops->splits_by_page(l->c.source), t->table->source, &way);
	if (!resume_table(l, t, &way, err))
		return false;
	if (t->ranges != NULL)
		return true;
	if (!begin_table(l, t, &way, err))
		return false;
	if (t->ranges == NULL && way.column >= 0) {
		way.column = -1;
		way.why = "its key has no ranges";
	}
	log_write(l->c.conf->full_load.chunks == CHUNKS_KEY || t->ranges != NULL ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG,
	    "table %s.%s is loaded in %u part%s, %s", t->table->source_schema, t->table->source_name, t->nchunks, t->nchunks == 1 ? "" : "s",
	    ranged_way_text(&way, text));
	return true;
}

static int
by_size(const void *x, const void *y)
{
	const struct load_table *a = x, *b = y;

	return a->table->source->bytes < b->table->source->bytes ? 1 : a->table->source->bytes > b->table->source->bytes ? -1 : 0;
}

static bool
collect_tables(struct load *l, struct err *err)
{
	if ((l->tables = mem_zalloc((l->c.tables->n + 1) * sizeof(*l->tables), err)) == NULL)
		return false;
	for (uint32_t i = 0; i < l->c.tables->n; i++) {
		struct table *t = l->c.tables->tables[i];
		struct table_state *ts = table_states_find(l->c.states, t->source_schema, t->source_name);

		if (ts != NULL && ts->load_group == l->c.group && ts->phase == TABLE_QUEUED)
			l->tables[l->n++] = (struct load_table){ .table = t, .state = ts, .filenodes = ts->filenodes };
	}
	qsort(l->tables, l->n, sizeof(*l->tables), by_size);
	return true;
}

/* The tables of this load that t's foreign keys refer to. One that refers to itself is written by one COPY, at whose end its key is checked. */
static bool
order_table(struct load *l, struct load_table *t, struct err *err)
{
	const char *const *names = t->table->target->refers_to;
	uint32_t n = 0;
	char name[160];

	if ((t->after = arena_zalloc(l->arena, (l->n + 1) * sizeof(struct load_table *))) == NULL)
		return err_set(err, ERR_SYSTEM, "out of memory");
	for (uint32_t i = 0; i < l->n; i++) {
		bool refers = false;

		snprintf(name, sizeof(name), "%s.%s", l->tables[i].table->target_schema, l->tables[i].table->target_name);
		for (size_t j = 0; names != NULL && names[j] != NULL; j++)
			refers = refers || strcmp(names[j], name) == 0;
		if (refers && &l->tables[i] != t)
			t->after[n++] = &l->tables[i];
		else if (refers)
			t->units = 1;
	}
	return true;
}

static bool
prepare_tables(struct load *l, struct err *err)
{
	for (uint32_t i = 0; i < l->n; i++) {
		struct load_table *t = &l->tables[i];

		board_beat(l->c.board, l->c.beat);
		counter_set(&l->c.board->tables[t->table->shown]->rows_loaded, 0);
		if (!prepare_table(l, t, err)) {
			err_ctx(err, "preparing %s.%s", t->table->target_schema, t->table->target_name);
			return err_table(err, t->table->source_schema, t->table->source_name);
		}
	}
	for (uint32_t i = 0; l->c.conf->apply.fire_triggers && i < l->n; i++)
		if (l->tables[i].table->target != NULL && !order_table(l, &l->tables[i], err))
			return false;
	return true;
}

/* The run thread looks after the snapshot while the load threads work. */
static bool
watch_loaders(struct load *l)
{
	struct err err = ERR_INIT;
	bool alive = true;

	while (alive) {
		mutex_lock(&l->lock);
		if (l->alive > 0)
			cond_wait(&l->moved, &l->lock, 1000000);
		alive = l->alive > 0;
		mutex_unlock(&l->lock);
		board_beat(l->c.board, l->c.beat);
		if (alive && !atomic_load(&l->over) && !l->c.source_ops->snapshot_alive(l->c.snapshot, &err)) {
			err_ctx(&err, "the session that holds the snapshot");
			load_over(l, &err);
		}
	}
	return !atomic_load(&l->over);
}

static bool
run_loaders(struct load *l, struct err *err)
{
	uint32_t want = l->c.conf->full_load.parallel_tables * l->c.conf->full_load.parallel_chunks, chunks = 0, n;
	struct loader *loaders;
	bool ok = true;

	for (uint32_t i = 0; i < l->n; i++)
		chunks += l->tables[i].units;
	n = chunks < want ? chunks : want;
	if ((loaders = mem_zalloc((n + 1) * sizeof(*loaders), err)) == NULL)
		return false;
	for (uint32_t i = 0; ok && i < n; i++) {
		loaders[i] = (struct loader){ .load = l, .number = i };
		mutex_lock(&l->lock);
		l->alive++;
		mutex_unlock(&l->lock);
		if (!thread_start(&loaders[i].thread, "load", loader_main, &loaders[i], err)) {
			mutex_lock(&l->lock);
			l->alive--;
			mutex_unlock(&l->lock);
			load_over(l, err);
			ok = false;
		}
	}
	ok = watch_loaders(l) && ok;
	for (uint32_t i = 0; i < n; i++)
		thread_join(&loaders[i].thread);
	free(loaders);
	if (!ok)
		*err = l->err;
	return ok;
}

/* Tables that were given up to be loaded once more: the next run does. */
static bool
none_again(const struct load *l, struct err *err)
{
	for (uint32_t i = 0; i < l->n; i++) {
		const struct table *t = l->tables[i].table;

		if (!l->tables[i].again)
			continue;
		err_set(err, ERR_RETRY, "the load of %s.%s starts again", t->source_schema, t->source_name);
		return err_table(err, t->source_schema, t->source_name);
	}
	return true;
}

bool
load_run(const struct load_ctx *ctx, struct err *err)
{
	struct load l = { .c = *ctx };
	bool ok = false;

	mutex_init(&l.lock);
	mutex_init(&l.rate_lock);
	cond_init(&l.moved);
	if ((l.arena = arena_new(64 << 10, 0)) == NULL) {
		err_set(err, ERR_SYSTEM, "out of memory");
	} else if (collect_tables(&l, err)) {
		atomic_store(&ctx->board->load_started, clock_mono().v);
		ok = prepare_tables(&l, err) && (l.n == 0 || run_loaders(&l, err)) && none_again(&l, err);
	}
	for (uint32_t i = 0; i < l.n; i++)
		ranges_free(l.tables[i].ranges);
	free(l.tables);
	arena_free(l.arena);
	cond_done(&l.moved);
	mutex_done(&l.rate_lock);
	mutex_done(&l.lock);
	return ok;
}
