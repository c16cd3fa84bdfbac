/* ranged.c - see ranged.h. */
#include "daemon/ranged.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/fault.h"
#include "daemon/base/log.h"
#include "daemon/base/num.h"

#define RANGES_MAX 64			/* of a table, or CHUNKS_PER_THREAD for each connection: what is lost by a kill is small */
#define CHUNKS_PER_THREAD 4
#define RANGE_MIN_BYTES FAULT_SMALL(4u << 20)

/* ---- which tables ------------------------------------------------------------------------------------------------ */

void
ranged_way(const struct task_conf *conf, bool by_page, const struct table_desc *d, struct ranged_way *ret)
{
	*ret = (struct ranged_way){ .column = -1, .by_page = by_page };
	if (by_page && conf->full_load.chunks == CHUNKS_CTID)
		return;
	if (conf->full_load.target_tables == PREP_APPEND)
		ret->why = "what is appended goes in one transaction";
	else if (by_page && conf->mode == MODE_FULL_LOAD)
		ret->why = "in mode full_load no stream would bring ranges of two snapshots together";
	else
		ret->column = ranges_column(d, &ret->why);
	if (ret->column < 0)
		return;
	ret->resumes = conf->mode != MODE_FULL_LOAD;
	ret->why = conf->full_load.chunks == CHUNKS_KEY ? NULL : "the source can't read ranges of pages";
}

const char *
ranged_way_text(const struct ranged_way *w, char out[RANGED_WAY_TEXT])
{
	const char *how = w->column >= 0 ? (w->resumes ? "by key (resumes)" : "by key (restarts)") :
	    w->by_page ? "by ctid (fast, restarts)" : "as one chunk (restarts)";

	snprintf(out, RANGED_WAY_TEXT, "%s%s%s", how, w->why != NULL ? ": " : "", w->why != NULL ? w->why : "");
	return out;
}

void
ranged_forget(struct table_state *ts)
{
	free(ts->ranges);
	ts->ranges = NULL;
}

/* ---- a load that begins -------------------------------------------------------------------------------------------- */

static uint32_t
ranges_wanted(const struct table *t, uint32_t parallel)
{
	const uint32_t most = parallel * CHUNKS_PER_THREAD > RANGES_MAX ? parallel * CHUNKS_PER_THREAD : RANGES_MAX;
	const uint64_t n = t->source->bytes / RANGE_MIN_BYTES;

	return n < 1 ? 1 : n < most ? (uint32_t)n : most;
}

/* Columns as they are now: what the ranges read later must still have. */
static bool
note_ranges(const struct table *t, const struct ranges *r, struct arena *arena, struct table_state *ts, struct err *err)
{
	const char *shape = table_shape(t->source, arena);
	char *copy;

	if (shape == NULL)
		return err_set(err, ERR_SYSTEM, "out of memory");
	if ((copy = mem_strdup(shape, err)) == NULL)
		return false;
	free(ts->shape);
	ts->shape = copy;
	ranged_forget(ts);
	return (ts->ranges = ranges_text(r, err)) != NULL;
}

bool
ranged_begin(const struct source_ops *so, struct source *s, const struct table *t, const struct ranged_way *w, uint32_t parallel,
    struct arena *arena, struct table_state *ts, struct ranges **ret, struct err *err)
{
	const char **bounds;
	size_t n;

	*ret = NULL;
	if (w->column < 0)
		return true;
	if (!so->sample(s, t, t->source->cols[w->column].name, ranges_wanted(t, parallel), arena, &bounds, &n, err))
		return false;
	if ((*ret = ranges_new(t->source, w->column, bounds, n, err)) == NULL) {
		if (err->kind != ERR_CONFIG)
			return false;
		log_warning("table %s.%s is not loaded by key: %s", t->source_schema, t->source_name, err->msg);
		err_clear(err);
		return true;
	}
	if (note_ranges(t, *ret, arena, ts, err))
		return true;
	ranges_free(*ret);
	*ret = NULL;
	return false;
}

bool
ranged_chunks(struct ranges *r, const struct snapshot_pos *now, struct arena *arena, struct chunk **ret, uint32_t *ret_n, struct err *err)
{
	const size_t n = ranges_count(r);
	struct chunk *chunks = arena_zalloc(arena, (n + 1) * sizeof(*chunks));

	if (chunks == NULL)
		return err_set(err, ERR_SYSTEM, "out of memory");
	*ret = chunks;
	*ret_n = 0;
	for (size_t i = 0; i < n; i++) {
		if (ranges_snapshot(r, i)->kind != POSITION_NONE)
			continue;
		ranges_read_at(r, i, now);
		chunks[(*ret_n)++] = (struct chunk){ .number = (uint32_t)i, .column = ranges_column_name(r), .low = ranges_low(r, i),
			.high = ranges_high(r, i) };
	}
	return true;
}

/* ---- a load that was cut short --------------------------------------------------------------------------------------- */

static void
say_again(const struct table_state *ts, const char *why)
{
	log_warning("load of %s.%s starts again: %s", ts->source_schema, ts->source_name, why);
}

void
ranged_check_files(struct table_state *ts, const char *text)
{
	if (ts->ranges == NULL || (ts->filenodes != NULL && strcmp(ts->filenodes, text) == 0))
		return;
	say_again(ts, "the table was rewritten or emptied since (TRUNCATE, ALTER TABLE, CLUSTER or VACUUM FULL)");
	ranged_forget(ts);
}

/* Why the ranges that ts holds are of no use; NULL: they are. */
static const char *
refusal(const struct ranged_resume *c, const struct table *t, const struct ranged_way *w, const struct table_state *ts, const struct ranges *r)
{
	const char *shape = table_shape(t->source, c->arena);

	if (c->start == NULL || w->column < 0 || !w->resumes)
		return "it is no longer loaded by key";
	if (t->target == NULL || ts->made == NULL)
		return "its table is gone from the target";
	if (ts->shape == NULL || shape == NULL || strcmp(ts->shape, shape) != 0 || !ranges_fit(r, t->source))
		return "the table's columns or key have changed";
	return NULL;
}

/* A stream that begins later than a range was read would leave changes of that range out. */
static bool
note_done(struct ranges *r, const struct position *start, const struct load_ledger *rows, size_t n, struct load_ledger *sum)
{
	for (size_t i = 0; i < n; i++) {
		const struct position at = snapshot_start(&rows[i].snapshot);

		if (rows[i].chunk >= ranges_count(r) || at.kind == POSITION_NONE || !position_reached(&at, start))
			return false;
		ranges_read_at(r, rows[i].chunk, &rows[i].snapshot);
		sum->chunk++;
		sum->rows += rows[i].rows;
		sum->bytes += rows[i].bytes;
	}
	return true;
}

static void
say_resumed(const struct ranged_resume *c, const struct table *t, const struct ranges *r, const struct load_ledger *sum)
{
	const double all = t->source->tuples, left = all > (double)sum->rows ? all - (double)sum->rows : 0;
	const size_t n = ranges_count(r);
	char there[NUM_TEXT], again[NUM_TEXT], at[POSITION_TEXT];

	log_info("load of %s.%s resumes: %u of %zu ranges are there with %s rows, %s%s rows are read again, at %s", t->source_schema, t->source_name,
	    sum->chunk, n, num_count_text(sum->rows, there), all >= 0 && sum->chunk < n ? "about " : "",
	    sum->chunk == n ? "0" : all >= 0 ? num_count_text((uint64_t)left, again) : "the other", snapshot_text(&c->now, at));
}

/* True with *ret NULL: not these ranges. */
static bool
take_over(const struct ranged_resume *c, const struct table *t, struct ranges *r, struct table_state *ts, struct load_ledger *sum, bool *ret_ok,
    struct err *err)
{
	struct load_ledger *rows;
	size_t n;

	ts->attempt++;
	ts->phase = TABLE_LOADING;
	if (!c->to->resume_table(c->admin, ts, err) || !FAULT("load.resumed", err) || !c->to->load_done(c->admin, t, ts->attempt, &rows, &n, err))
		return false;
	*ret_ok = note_done(r, c->start, rows, n, sum);
	free(rows);
	return true;
}

bool
ranged_resume(const struct ranged_resume *c, const struct table *t, const struct ranged_way *w, struct table_state *ts,
    struct load_ledger *ret_ledger, struct ranges **ret, struct err *err)
{
	struct ranges *r = ranges_parse(ts->ranges, err);
	const char *why;
	bool ok = false;

	*ret = NULL;
	*ret_ledger = (struct load_ledger){ .table = t };
	if (r == NULL && err->kind != ERR_CONFIG)
		return false;
	why = r == NULL ? "its ranges are not understood" : refusal(c, t, w, ts, r);
	err_clear(err);
	if (why == NULL && !take_over(c, t, r, ts, ret_ledger, &ok, err)) {
		ranges_free(r);
		return false;
	}
	if (ok) {
		say_resumed(c, t, r, ret_ledger);
		*ret = r;
		return true;
	}
	say_again(ts, why != NULL ? why : "the stream has gone on since its ranges were read");
	ranges_free(r);
	ranged_forget(ts);
	return true;
}

bool
ranged_collided(const struct ranges *r, const struct err *err)
{
	return r != NULL && err->kind == ERR_DATA && strncmp(err->sqlstate, "23", 2) == 0 && ranges_mixed(r);
}

/* ---- while the stream catches up ---------------------------------------------------------------------------------------- */

static bool
open_table(const struct target_ops *to, struct target *t, const struct table *table, const struct table_state *ts, struct ranges **ret,
    struct err *err)
{
	struct load_ledger *rows = NULL;
	struct ranges *r = ranges_parse(ts->ranges, err);
	size_t n = 0;

	if (r == NULL || !to->load_done(t, table, ts->attempt, &rows, &n, err)) {
		ranges_free(r);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		if (rows[i].chunk < ranges_count(r))
			ranges_read_at(r, rows[i].chunk, &rows[i].snapshot);
	free(rows);
	*ret = r;
	for (size_t i = 0; i < ranges_count(r); i++)
		if (ranges_snapshot(r, i)->kind == POSITION_NONE)
			return err_set(err, ERR_HOLE, "repld.load_chunk has no row of range %zu of %s.%s", i, ts->source_schema, ts->source_name);
	return true;
}

bool
ranged_open(const struct target_ops *to, struct target *t, const struct tableset *tables, const struct table_states *states, uint32_t group,
    struct ranges ***ret, struct err *err)
{
	struct ranges **all = mem_zalloc((tables->n + 1) * sizeof(struct ranges *), err);

	for (uint32_t i = 0; all != NULL && i < tables->n; i++) {
		const struct table *table = tables->tables[i];
		const struct table_state *ts = table_states_find(states, table->source_schema, table->source_name);

		if (ts == NULL || ts->load_group != group || ts->phase != TABLE_CATCH_UP || ts->ranges == NULL || open_table(to, t, table, ts, &all[i], err))
			continue;
		ranged_close(all, tables);
		return err_ctx(err, "the ranges of %s.%s", ts->source_schema, ts->source_name) ||
		    err_remedy(err, "load the table again: repld ctl restart --reload");
	}
	*ret = all;
	return all != NULL;
}

void
ranged_close(struct ranges **by_table, const struct tableset *tables)
{
	for (uint32_t i = 0; by_table != NULL && i < tables->n; i++)
		ranges_free(by_table[i]);
	free(by_table);
}

/* In memory only what stands in the row. */
static bool
save(const struct target_ops *to, struct target *t, uint64_t epoch, struct table_state *ts, enum table_phase phase, struct err *err)
{
	struct table_state row = *ts;

	row.phase = phase;
	row.ranges = NULL;
	if (!to->save_states(t, epoch, &row, 1, err))
		return false;
	ts->phase = phase;
	ranged_forget(ts);
	return true;
}

bool
ranged_finish(const struct target_ops *to, struct target *t, uint64_t epoch, struct arena *arena, struct table *table, struct table_state *ts,
    struct err *err)
{
	if (!FAULT("ranged.finish", err))
		return false;
	if (!to->finish_table(t, table, true, err)) {
		if (err->kind == ERR_DATA) {
			err->kind = ERR_SCHEMA;
			err_remedy(err, "correct what the index does not allow, or make it on the target yourself; then: repld ctl restart");
		}
		return false;
	}
	if (!save(to, t, epoch, ts, TABLE_STREAMING, err) || !to->describe(t, table, arena, err))
		return false;
	log_info("table %s.%s: the ranges of its load have met; its indexes are made", ts->source_schema, ts->source_name);
	return true;
}

bool
ranged_again(const struct target_ops *to, struct target *t, uint64_t epoch, struct table_state *ts, struct err *err)
{
	return save(to, t, epoch, ts, TABLE_QUEUED, err);
}

bool
ranged_refuse(const struct table *t, const char *why, struct err *err)
{
	err_set(err, ERR_RETRY, "the load of %s.%s starts again: %s", t->source_schema, t->source_name, why);
	return err_table(err, t->source_schema, t->source_name);
}

static bool
is_named(const char *schema, const char *name, const struct err *err)
{
	char full[sizeof(err->table)];

	snprintf(full, sizeof(full), "%s.%s", schema, name);
	return strcmp(full, err->table) == 0;
}

/* The error speaks of the table on the target, or of a partition of it. */
static bool
speaks_of(const struct err *err, const struct table *t)
{
	bool is = is_named(t->target_schema, t->target_name, err);

	for (uint16_t i = 0; !is && t->target != NULL && i < t->target->nleaves; i++)
		is = is_named(t->target->leaves[i].schema, t->target->leaves[i].name, err);
	return is;
}

/* Unique values of ranges of several snapshots may meet on the way, where a unique index is there that repld did not make. */
static struct table_state *
collided(const struct tableset *tables, struct table_state **states, struct ranges **ranges, const struct err *err)
{
	for (uint32_t i = 0; i < tables->n; i++)
		if (ranged_collided(ranges[i], err) && speaks_of(err, tables->tables[i]))
			return states[i];
	return NULL;
}

void
ranged_failed(const struct target_ops *to, struct target *t, uint64_t epoch, const struct tableset *tables, struct table_state **states,
    struct ranges **ranges, struct table_state *again, struct err *err)
{
	struct err second = ERR_INIT;

	if (again == NULL && (again = collided(tables, states, ranges, err)) != NULL) {
		err->kind = ERR_RETRY;
		err_ctx(err, "the load of %s.%s starts again: rows of two snapshots can't stand beside each other", again->source_schema,
		    again->source_name);
	}
	if (again != NULL && !ranged_again(to, t, epoch, again, &second))
		*err = second;
}
