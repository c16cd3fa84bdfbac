/* board.c - see board.h. Lag is computed here, from what watch, capture and apply said. */
#include "daemon/board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "daemon/base/log.h"

#define MONITOR_STALE 5000000	/* usec: an older look at the source counts as none */

void
board_init(struct board *b, const struct task_conf *t)
{
	memset(b, 0, sizeof(*b));
	mutex_init(&b->lock);
	board_tune(b, t);
}

static void
free_tables(struct board *b)
{
	for (uint32_t i = 0; i < b->ntables; i++) {
		free(b->tables[i]->new_facts);
		free(b->tables[i]->suspicion);
		free(b->tables[i]->joined_facts);
		free(b->tables[i]);
	}
	free(b->tables);
	b->tables = NULL;
	b->ntables = 0;
}

void
board_done(struct board *b)
{
	free_tables(b);
	mutex_done(&b->lock);
}

void
board_tune(struct board *b, const struct task_conf *t)
{
	atomic_store(&b->max_rows, t->apply.max_rows);
	atomic_store(&b->max_bytes, t->apply.max_bytes);
	atomic_store(&b->max_delay, t->apply.max_delay);
	atomic_store(&b->max_rate, t->full_load.max_rate);
}

void
board_start(struct board *b)
{
	atomic_store(&b->finish, false);
	atomic_store(&b->applying, false);
	atomic_store(&b->grouped, false);
	atomic_store(&b->phase, (int)PHASE_NONE);
	atomic_store(&b->reached, 0);
	atomic_store(&b->oldest_pending, 0);
	atomic_store(&b->bulk, 0);
	atomic_store(&b->load_started, 0);
	atomic_store(&b->look, false);
	atomic_store(&b->news, false);
	counter_set(&b->load_rows, 0);
	counter_set(&b->load_bytes, 0);
	mutex_lock(&b->lock);
	b->reason[0] = '\0';
	err_clear(&b->halt);
	b->monitor_known = false;
	b->monitor.ahead_since.v = 0;
	b->lifetime_group = (struct totals){ 0 };
	mutex_unlock(&b->lock);
}

static const struct board_table *
former_table(const struct board *b, uint32_t index, const char *source)
{
	if (index < b->ntables && strcmp(b->tables[index]->source, source) == 0)
		return b->tables[index];
	for (uint32_t i = 0; i < b->ntables; i++)
		if (strcmp(b->tables[i]->source, source) == 0)
			return b->tables[i];
	return NULL;
}

/* A table's counts go on over the end of a run. Under the mutex. */
static void
keep_counts(const struct board *b, uint32_t index, struct board_table *t)
{
	const struct board_table *was = former_table(b, index, t->source);

	if (was == NULL)
		return;
	counter_set(&t->inserts, counter_get(&was->inserts));
	counter_set(&t->updates, counter_get(&was->updates));
	counter_set(&t->deletes, counter_get(&was->deletes));
	counter_set(&t->truncates, counter_get(&was->truncates));
	counter_set(&t->excepted, counter_get(&was->excepted));
}

bool
board_set_tables(struct board *b, struct tableset *set, struct err *err)
{
	struct board_table **tables = mem_zalloc((set->n + 1) * sizeof(*tables), err);

	if (tables == NULL)
		return false;
	for (uint32_t i = 0; i < set->n; i++) {
		struct table *t = set->tables[i];

		t->shown = i;
		if ((tables[i] = mem_zalloc(sizeof(**tables), err)) == NULL) {
			while (i-- > 0)
				free(tables[i]);
			free(tables);
			return false;
		}
		snprintf(tables[i]->source, sizeof(tables[i]->source), "%s.%s", t->source_schema, t->source_name);
		snprintf(tables[i]->target, sizeof(tables[i]->target), "%s.%s", t->target_schema, t->target_name);
		atomic_store(&tables[i]->rows_estimated, t->source != NULL ? t->source->tuples : -1.0);
	}
	mutex_lock(&b->lock);
	for (uint32_t i = 0; i < set->n; i++)
		keep_counts(b, i, tables[i]);
	free_tables(b);
	b->tables = tables;
	b->ntables = set->n;
	mutex_unlock(&b->lock);
	return true;
}

void
board_find_tables(struct board *b, struct tableset *set)
{
	char name[sizeof(b->tables[0]->source)];

	mutex_lock(&b->lock);
	for (uint32_t i = 0; i < set->n; i++) {
		struct table *t = set->tables[i];

		snprintf(name, sizeof(name), "%s.%s", t->source_schema, t->source_name);
		t->shown = UINT32_MAX;
		for (uint32_t j = 0; j < b->ntables && t->shown == UINT32_MAX; j++)
			if (strcmp(b->tables[j]->source, name) == 0)
				t->shown = j;
	}
	mutex_unlock(&b->lock);
}

void
board_reason(struct board *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	mutex_lock(&b->lock);
	vsnprintf(b->reason, sizeof(b->reason), fmt, ap);
	mutex_unlock(&b->lock);
	va_end(ap);
}

void
board_table_load(struct board *b, uint32_t index, const char *text)
{
	mutex_lock(&b->lock);
	snprintf(b->tables[index]->load, sizeof(b->tables[index]->load), "%s", text);
	mutex_unlock(&b->lock);
}

void
board_table_error(struct board *b, uint32_t index, const char *text)
{
	mutex_lock(&b->lock);
	snprintf(b->tables[index]->error, sizeof(b->tables[index]->error), "%s", text);
	mutex_unlock(&b->lock);
}

void
board_flow(struct board *b, struct ring *ring, struct progress *progress)
{
	mutex_lock(&b->lock);
	b->ring = ring;
	b->progress = progress;
	mutex_unlock(&b->lock);
}

static void
put_position(char out[POSITION_TEXT], const struct position *p)
{
	out[0] = '\0';
	if (p->kind != POSITION_NONE)
		position_text(p, out);
}

/* Lag: null while the source can't be asked; 0 where nothing is missing. */
static void
fill_lag(struct board *b, const struct position *applied, struct status_task *ret)
{
	struct position reached = *applied;
	uint64_t memory = atomic_load(&b->reached);
	int64_t pending = atomic_load(&b->oldest_pending), now;
	struct usec mono = clock_mono();

	if (!b->monitor_known || mono.v - b->monitor.at.v > MONITOR_STALE)
		return;
	put_position(ret->source_end, &b->monitor.end);
	if (reached.kind == POSITION_NONE)
		return;
	if (memory > reached.lsn.v)
		reached.lsn.v = memory;
	ret->lag_bytes.known = position_distance(&reached, &b->monitor.end, &ret->lag_bytes.v);
	if (!ret->lag_bytes.known)
		ret->lag_bytes = b->monitor.behind;
	ret->lag_usec.known = true;
	now = b->monitor.server_time.v + (mono.v - b->monitor.at.v);
	if (pending != 0)		/* taken: it may be younger than the end that the source told last */
		ret->lag_usec.v = now > pending ? (uint64_t)(now - pending) : 0;
	else if (position_reached(&reached, &b->monitor.end))
		ret->lag_usec.v = 0;
	else if (b->monitor.ahead_since.v != 0)
		ret->lag_usec.v = (uint64_t)(mono.v - b->monitor.ahead_since.v);
	else
		ret->lag_usec.v = 0;
}

static void
fill_process(struct status_task *ret)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[128];
	unsigned long long kb;

	ret->log_lost = log_lost();
	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "VmRSS: %llu kB", &kb) == 1)
			ret->rss_bytes = kb * 1024;
		else if (sscanf(line, "VmHWM: %llu kB", &kb) == 1)
			ret->peak_rss_bytes = kb * 1024;
	}
	fclose(f);
}

static void
fill_load(struct board *b, struct status_task *ret)
{
	int64_t started = atomic_load(&b->load_started), spent;
	double estimated = 0;
	bool all_known = true;

	ret->load.tables_total = b->ntables;
	for (uint32_t i = 0; i < b->ntables; i++) {
		int phase = atomic_load(&b->tables[i]->phase);
		double e = atomic_load(&b->tables[i]->rows_estimated);

		ret->load.tables_loaded += (phase >= TABLE_LOADED && phase <= TABLE_STREAMING) || phase == TABLE_SUSPECT;
		ret->tables_suspect += phase == TABLE_SUSPECT;
		ret->tables_suspended += phase == TABLE_SUSPENDED || phase == TABLE_ERROR;
		ret->load.rows += counter_get(&b->tables[i]->rows_loaded);
		all_known = all_known && e >= 0;
		estimated += e >= 0 ? e : 0;
	}
	ret->load.bytes = counter_get(&b->load_bytes);
	ret->load.rows_estimated = (struct maybe_u64){ all_known, (uint64_t)estimated };
	if (started == 0 || (spent = clock_mono().v - started) < 100000)
		return;
	ret->load.rows_per_second.known = true;
	ret->load.rows_per_second.v = (uint64_t)((double)counter_get(&b->load_rows) * 1e6 / (double)spent);
	if (all_known && ret->load.rows_per_second.v > 0) {
		ret->load.eta_seconds.known = true;
		ret->load.eta_seconds.v = estimated > (double)ret->load.rows ?
		    (uint64_t)((estimated - (double)ret->load.rows) / (double)ret->load.rows_per_second.v) : 0;
	}
}

static void
fill_totals(struct board *b, struct status_task *ret)
{
	struct totals *t = &ret->totals;

	t->transactions = counter_get(&b->transactions);
	t->read = counter_get(&b->read);
	t->applied = counter_get(&b->applied);
	t->filtered = counter_get(&b->filtered);
	t->excepted = counter_get(&b->excepted);
	t->inserts = counter_get(&b->inserts);
	t->updates = counter_get(&b->updates);
	t->deletes = counter_get(&b->deletes);
	t->truncates = counter_get(&b->truncates);
	ret->batches = counter_get(&b->batches);
	ret->fallbacks = counter_get(&b->fallbacks);
	ret->cascaded = counter_get(&b->cascaded);
	ret->prepared = counter_get(&b->prepared);
	ret->prepared_bytes = counter_get(&b->prepared_bytes);
	ret->policy_values = counter_get(&b->policy_values);
	ret->rewinds = counter_get(&b->rewinds);
	ret->keepalives = counter_get(&b->keepalives);
}

static void
fill_beats(struct board *b, struct status_task *ret)
{
	ret->beat_at = clock_mono();
	ret->oldest_thread_beat = ret->beat_at;
	for (int i = 0; i < BEAT_COUNT; i++) {
		int64_t at = atomic_load_explicit(&b->beats[i], memory_order_relaxed);

		if (at != 0 && at < ret->oldest_thread_beat.v)
			ret->oldest_thread_beat.v = at;
	}
}

void
board_status(struct board *b, const struct task_conf *t, struct status_task *ret)
{
	struct progress_view view = { 0 };
	struct ring_stats rs = { .size = t->staging.ring_size };

	ret->phase = (uint8_t)atomic_load(&b->phase);
	ret->apply_mode = (uint8_t)t->apply.mode;
	fill_totals(b, ret);
	fill_process(ret);
	fill_beats(b, ret);
	mutex_lock(&b->lock);
	memcpy(ret->reason, b->reason, sizeof(ret->reason));
	view.applied = view.confirmable = b->checkpoint;
	if (b->progress != NULL)
		progress_view(b->progress, &view);
	if (b->ring != NULL)
		ring_stats(b->ring, &rs);
	put_position(ret->read, &view.received);
	put_position(ret->applied, &view.applied);
	put_position(ret->confirmed, &view.confirmable);
	fill_lag(b, &view.applied, ret);
	if (b->monitor_known) {
		ret->retained_bytes = b->monitor.retained;
		ret->limit_bytes = b->monitor.limit;
		memcpy(ret->log_state, b->monitor.state, sizeof(ret->log_state));
	}
	ret->nslots = b->nslots;
	memcpy(ret->slots, b->slots, sizeof(ret->slots));
	ret->lifetime = b->lifetime;
	totals_add(&ret->lifetime, &b->lifetime_group);
	fill_load(b, ret);
	ret->ntables = b->ntables;
	mutex_unlock(&b->lock);
	ret->ring_size = rs.size;
	ret->ring_used = rs.used;
	ret->ring_waiting = rs.waiting_records;
}

void
board_table_status(struct board *b, uint32_t index, struct status_table *ret)
{
	struct board_table *t;
	double e;

	memset(ret, 0, sizeof(*ret));
	mutex_lock(&b->lock);
	if (index < b->ntables) {
		t = b->tables[index];
		memcpy(ret->source, t->source, sizeof(ret->source));
		memcpy(ret->target, t->target, sizeof(ret->target));
		memcpy(ret->load, t->load, sizeof(ret->load));
		memcpy(ret->error, t->error, sizeof(ret->error));
		ret->state = (uint8_t)atomic_load(&t->phase);
		ret->rows_loaded = counter_get(&t->rows_loaded);
		e = atomic_load(&t->rows_estimated);
		ret->rows_estimated = (struct maybe_u64){ e >= 0, e >= 0 ? (uint64_t)e : 0 };
		ret->inserts = counter_get(&t->inserts);
		ret->updates = counter_get(&t->updates);
		ret->deletes = counter_get(&t->deletes);
		ret->truncates = counter_get(&t->truncates);
		ret->excepted = counter_get(&t->excepted);
	}
	mutex_unlock(&b->lock);
}
