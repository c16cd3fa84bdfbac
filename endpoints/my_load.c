/* my_load.c - chunks of a full load: one transaction each, rows by LOAD DATA LOCAL from memory or by INSERT, then the chunk's ledger row, then COMMIT.
 * Flow: load_row() keeps rows until there are enough for a piece -> a savepoint, LOAD DATA, and a look at what it says -> load_end().
 * LOCAL takes what does not fit for what fits, cuts and clips, and only warns: a piece that warned, skipped a row or stored another number of them is
 * rolled back to its savepoint and written by INSERT, which refuses such a row, and names it.
 * Invariant: the ledger row is written only where the table's attempt and the task's epoch are still the loader's own, both under share locks until
 * COMMIT: a loader that was left behind commits nothing. Order of locks: table_state, checkpoint; as apply's.
 * Threads: the loader's own target. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "daemon/base/arena.h"
#include "daemon/base/fault.h"
#include "endpoints/my_statement.h"
#include "endpoints/my_target.h"

#define PIECE_BYTES (2u << 20)
#define PIECE_ROWS  20000
#define KEEP_BYTES  (8u << 20)

static bool
load_failed(struct target *t, const struct plan *plan, struct err *err)
{
	t->load.running = false;
	if (err->kind == ERR_CANCELLED || err->kind == ERR_FENCED)
		return my_rollback(t);
	if (err->table[0] == '\0')
		err_table(err, plan->target->schema, plan->target->name);
	err_ctx(err, "load %s.%s", plan->target->schema, plan->target->name);
	return my_rollback(t);
}

bool
my_target_load_begin(struct target *t, struct plan *plan, uint64_t epoch, uint32_t attempt,
    bool binary, struct err *err)
{
	struct my_load *load = &t->load;

	(void)binary; /* values say themselves what they are */
	assert(!load->running);
	if (!my_check_triggers(t, plan, err) || !my_begin(t, err))
		return load_failed(t, plan, err);
	load->plan = plan;
	load->epoch = epoch;
	load->attempt = attempt;
	load->rows = 0;
	load->waiting = 0;
	buf_reset(&load->values);
	load->running = true;
	return true;
}

/* ---- rows that wait ---- */

static void
keep_value(struct buf *b, const struct value *v)
{
	buf_put(b, &v->kind, 1);
	if (v->kind <= VALUE_NULL)
		return;
	buf_put(b, &v->len, sizeof(v->len));
	buf_put(b, v->p, v->len);
}

/* One row's values, back from where they were kept; the others' places in vals stay as they are. */
static size_t
take_row(const struct my_load *load, size_t off, struct value *vals)
{
	const uint8_t *p = load->values.p + off;

	for (uint16_t i = 0; i < load->plan->ncols; i++) {
		struct value *v = &vals[load->plan->cols[i].src];

		*v = (struct value){ .kind = *p++ };
		if (v->kind <= VALUE_NULL)
			continue;
		memcpy(&v->len, p, sizeof(v->len));
		v->p = p + sizeof(v->len);
		p = v->p + v->len;
	}
	return (size_t)(p - load->values.p);
}

static struct value *
room(const struct plan *plan, struct err *err)
{
	return mem_zalloc(((size_t)plan->rel->ncols + 1) * sizeof(struct value), err);
}

/* ---- a piece by LOAD DATA ---- */

struct feed {
	const struct buf *text;
	size_t off;
};

static int
feed_read(void *arg, char *out, unsigned n)
{
	struct feed *f = arg;
	const size_t left = f->text->n - f->off, give = left < n ? left : n;

	memcpy(out, f->text->p + f->off, give);
	f->off += give;
	return (int)give;
}

static bool
piece_text(struct target *t, struct value *vals, struct err *err)
{
	struct my_load *load = &t->load;
	size_t off = 0;

	buf_reset(&load->text);
	for (size_t i = 0; i < load->waiting; i++) {
		off = take_row(load, off, vals);
		if (!my_put_load_row(&load->text, load->plan, vals, err))
			return false;
	}
	return !load->text.bad || err_set(err, ERR_SYSTEM, "no memory for rows of a load");
}

/* *ret_done false: the server did not take every row as it was given. */
static bool
piece_by_load(struct target *t, struct value *vals, bool *ret_done, struct err *err)
{
	struct my_load *load = &t->load;
	struct feed feed = { .text = &load->text };
	struct my_done done;
	struct err refused = ERR_INIT;
	bool ok;

	*ret_done = false;
	if (!piece_text(t, vals, err) || !my_exec(t->c, err, "SAVEPOINT repld_piece"))
		return false;
	buf_reset(&t->sql);
	my_put_load(&t->sql, load->plan);
	ok = my_exec_infile(t->c, buf_cstr(&t->sql), feed_read, &feed, &done, &refused);
	if (ok && done.warnings == 0 && done.rows == load->waiting &&
	    strstr(done.info, "Skipped: 0") != NULL) {
		*ret_done = true;
		return true;
	}
	if (!ok && (t->c->lost || refused.kind == ERR_RETRY || refused.kind == ERR_CANCELLED ||
		       refused.kind == ERR_LIMIT)) {
		*err = refused;
		return false;
	}
	return my_exec(t->c, err, "ROLLBACK TO SAVEPOINT repld_piece");
}

/* ---- a piece by INSERT ---- */

static bool
insert_some(struct target *t, size_t first, size_t n, struct err *err)
{
	const struct my_expect x = { .plan = t->load.plan,
		.what = "insert",
		.rows = n,
		.counted = true,
		.ordinal = t->load.rows - t->load.waiting + first };

	return my_write_sql(t, &t->sql, &x, err);
}

static bool
piece_by_insert(struct target *t, struct value *vals, struct err *err)
{
	const struct my_load *load = &t->load;
	const size_t most = my_part_bytes(t) / 2;
	size_t off = 0, n = 0;

	for (size_t i = 0; i < load->waiting; i++) {
		off = take_row(load, off, vals);
		if (n == 0) {
			buf_reset(&t->sql);
			my_put_insert(&t->sql, load->plan);
		}
		buf_str(&t->sql, n > 0 ? "," : "");
		if (!my_put_insert_row(&t->sql, load->plan, vals, err))
			return false;
		if (++n < 1000 && t->sql.n < most)
			continue;
		if (!insert_some(t, i + 1 - n, n, err))
			return false;
		n = 0;
	}
	return n == 0 || insert_some(t, load->waiting - n, n, err);
}

static bool
write_piece(struct target *t, struct err *err)
{
	struct my_load *load = &t->load;
	struct value *vals;
	bool done = false, ok = true;

	if (load->waiting == 0)
		return true;
	if ((vals = room(load->plan, err)) == NULL)
		return false;
	if (load->infile)
		ok = piece_by_load(t, vals, &done, err);
	ok = ok && (done || piece_by_insert(t, vals, err));
	free(vals);
	load->waiting = 0;
	buf_reset(&load->values);
	if (load->values.cap > KEEP_BYTES)
		buf_done(&load->values);
	if (load->text.cap > KEEP_BYTES)
		buf_done(&load->text);
	return ok;
}

bool
my_target_load_row(struct target *t, const struct value *vals, struct err *err)
{
	struct my_load *load = &t->load;

	assert(load->running);
	for (uint16_t i = 0; i < load->plan->ncols; i++)
		keep_value(&load->values, &vals[load->plan->cols[i].src]);
	if (load->values.bad)
		return err_set(err, ERR_SYSTEM, "no memory for rows of a load");
	load->rows++;
	load->waiting++;
	return (load->values.n < PIECE_BYTES && load->waiting < PIECE_ROWS) || write_piece(t, err);
}

/* ---- the chunk's end ---- */

static bool
chunk_twice(const struct load_ledger *l, struct err *err)
{
	if (strcmp(err->sqlstate, "23505") == 0)
		err_set(
		    err, ERR_RETRY, "chunk %" PRIu32 " of the table is loaded already", l->chunk);
	return false;
}

static bool
write_ledger(struct target *t, const struct load_ledger *l, struct err *err)
{
	char attempt[MY_NUMBER], chunk[MY_NUMBER], rows[MY_NUMBER], bytes[MY_NUMBER],
	    snapshot[POSITION_TEXT];
	const char *params[] = { t->task, l->table->source_schema, l->table->source_name,
		my_u64(l->attempt, attempt), my_u64(l->chunk, chunk), my_u64(l->rows, rows),
		my_u64(l->bytes, bytes), snapshot_text(&l->snapshot, snapshot) };
	bool ours;

	if (!my_ask(t->c, &ours, err,
		"SELECT 1 FROM repld.table_state WHERE task = $1 AND source_schema = $2 AND "
		"source_name = $3 AND attempt = #4"
		" LOCK IN SHARE MODE",
		4, params))
		return false;
	if (!ours)
		return err_set(err, ERR_FENCED, "another load of table %s.%s has begun",
		    l->table->source_schema, l->table->source_name);
	return my_do(t, NULL, err,
		   "INSERT INTO repld.load_chunk (task, source_schema, source_name, attempt, "
		   "chunk, row_count, byte_count, snapshot)"
		   " VALUES ($1, $2, $3, #4, #5, #6, #7, $8)",
		   8, params) ||
	       chunk_twice(l, err);
}

/* A table that is appended to goes in one transaction: that it is loaded must commit with it, or its rows would come twice. Tables loaded in chunks are
 * complete when the caller has seen all of them. */
static bool
mark_loaded(struct target *t, const struct load_ledger *l, struct err *err)
{
	char rows[MY_NUMBER], bytes[MY_NUMBER];
	const char *params[] = { t->task, l->table->source_schema, l->table->source_name,
		my_u64(l->rows, rows), my_u64(l->bytes, bytes), table_phase_name(TABLE_LOADED) };

	return my_do(t, NULL, err,
	    "UPDATE repld.table_state SET state = $6, rows_loaded = #4, bytes_loaded = #5, changed "
	    "= UTC_TIMESTAMP(6)"
	    " WHERE task = $1 AND source_schema = $2 AND source_name = $3 AND made = 'appended'",
	    6, params);
}

bool
my_target_load_end(
    struct target *t, const struct load_ledger *l, bool last_of_table_in_append, struct err *err)
{
	struct my_load *load = &t->load;

	assert(load->running && l->attempt == load->attempt);
	if (!write_piece(t, err) || !write_ledger(t, l, err) ||
	    (last_of_table_in_append && !mark_loaded(t, l, err)) ||
	    !my_fence(t, load->epoch, err) || !FAULT("load_before_commit", err) ||
	    !my_commit(t, err))
		return load_failed(t, load->plan, err);
	load->running = false;
	return true;
}

void
my_target_load_abort(struct target *t)
{
	t->load.running = false;
	t->load.waiting = 0;
	buf_reset(&t->load.values);
	my_rollback(t);
}

/* ---- what is loaded ---- */

static bool
read_done(const struct my_rows *r, struct load_ledger *l, struct err *err)
{
	l->chunk = (uint32_t)my_number(r, 0);
	l->rows = my_number(r, 1);
	l->bytes = my_number(r, 2);
	return snapshot_parse(my_text(r, 3), &l->snapshot, err) ||
	       err_ctx(err, "a snapshot in repld.load_chunk");
}

bool
my_target_load_done(struct target *t, const struct table *tab, uint32_t attempt,
    struct load_ledger **ret, size_t *ret_n, struct err *err)
{
	char text[MY_NUMBER];
	const char *params[] = { t->task, tab->source_schema, tab->source_name,
		my_u64(attempt, text) };
	struct load_ledger *all;
	struct my_rows rows;
	size_t n = 0;
	bool ok;

	if (!my_query(t->c, &rows, err,
		"SELECT chunk, row_count, byte_count, snapshot FROM repld.load_chunk WHERE task = "
		"$1 AND source_schema = $2"
		" AND source_name = $3 AND attempt = #4 ORDER BY chunk",
		4, params))
		return false;
	ok = (all = mem_zalloc((rows.n + 1) * sizeof(*all), err)) != NULL;
	while (ok && my_next(&rows)) {
		all[n] = (struct load_ledger){ .table = tab, .attempt = attempt };
		ok = read_done(&rows, &all[n++], err);
	}
	my_rows_done(&rows);
	if (!ok) {
		free(all);
		return false;
	}
	*ret = all;
	*ret_n = n;
	return true;
}

/* The row of table_state is locked first. A former loader that has its share lock commits before we go on, and its chunk is one of those taken over;
 * one that comes later finds another attempt. */
bool
my_target_resume_table(struct target *t, const struct table_state *ts, struct err *err)
{
	char was[MY_NUMBER], now[MY_NUMBER];
	const char *params[] = { t->task, ts->source_schema, ts->source_name,
		my_u64(ts->attempt - 1u, was), my_u64(ts->attempt, now) };

	if (my_begin(t, err) && my_lock_state(t, ts, err) &&
	    my_do(t, NULL, err,
		"UPDATE repld.load_chunk SET attempt = #5 WHERE task = $1 AND source_schema = $2 "
		"AND source_name = $3 AND attempt = #4",
		5, params) &&
	    my_write_state(t, ts, err) && (t->epoch == 0 || my_fence(t, t->epoch, err)) &&
	    my_commit(t, err))
		return true;
	if (err->kind != ERR_CANCELLED && err->kind != ERR_FENCED)
		err_ctx(err, "resume the load of %s.%s", ts->target_schema, ts->target_name);
	return my_rollback(t);
}
