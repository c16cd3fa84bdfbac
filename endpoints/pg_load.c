/* pg_load.c - chunks of a full load: one transaction each, COPY, then the chunk's ledger row, then
 * COMMIT.
 * Invariant: the ledger row is written only where the table's attempt and the task's epoch are
 * still the loader's own, both under share locks until COMMIT: a loader that was left behind
 * commits nothing. Order of locks: table_state, checkpoint; as apply's. A load session
 * commits with synchronous_commit on: who counts a chunk as loaded may forget the rows.
 * Threads: the loader's own target. */
#include "endpoints/pg_target.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "daemon/base/arena.h"
#include "daemon/base/fault.h"

/* Rows come in one form throughout: said before the first is read. */
static bool
check_forms(const struct plan *plan, bool binary, struct err *err)
{
	for (uint16_t i = 0; binary && i < plan->ncols; i++) {
		const struct plan_column *pc = &plan->cols[i];

		if (plan_column_loads_binary(pc))
			continue;
		err_set(err, ERR_SCHEMA,
		    "column \"%s\" can't be loaded in binary: %s here, %s on the source", pc->name,
		    pc->target_type->name, pc->source_type->name);
		return err_table(err, plan->target->schema, plan->target->name);
	}
	return true;
}

static bool
start_copy(struct target *t, const struct plan *plan, bool binary, struct err *err)
{
	struct buf sql = { 0 };
	bool ok;

	buf_str(&sql, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ");
	pg_copy_sql(&sql, plan, binary);
	ok = target_copy_begin(t, buf_cstr(&sql), err);
	buf_done(&sql);
	return ok;
}

static bool
load_failed(struct target *t, const struct plan *plan, struct err *err)
{
	if (err->kind == ERR_CANCELLED || err->kind == ERR_FENCED)
		return target_rollback_plain(t);
	if (err->table[0] == '\0')
		err_table(err, plan->target->schema, plan->target->name);
	err_ctx(err, "load %s.%s", plan->target->schema, plan->target->name);
	return target_rollback_plain(t);
}

bool
pg_target_load_begin(struct target *t, struct plan *plan, uint64_t epoch, uint32_t attempt,
    bool binary, struct err *err)
{
	struct pg_load *load = &t->load;

	assert(!load->running);
	if (!target_plain(t, err))
		return false;
	if (!check_forms(plan, binary, err) || !target_check_role(t, plan, err) ||
	    !start_copy(t, plan, binary, err))
		return load_failed(t, plan, err);
	load->plan = plan;
	load->epoch = epoch;
	load->attempt = attempt;
	load->binary = binary;
	load->rows = 0;
	load->running = true;
	pg_copy_start(&load->copy, plan, binary);
	return true;
}

bool
pg_target_load_row(struct target *t, const struct value *vals, struct err *err)
{
	assert(t->load.running);
	t->load.rows++;
	return pg_copy_row(&t->load.copy, vals, err);
}

static bool
write_ledger(struct target *t, const struct load_ledger *l, struct err *err)
{
	char attempt[NUMBER_TEXT], chunk[NUMBER_TEXT], rows[NUMBER_TEXT], bytes[NUMBER_TEXT];
	char snapshot[POSITION_TEXT];
	const char *params[] = { t->task, l->table->source_schema, l->table->source_name,
		number_text(l->attempt, attempt), number_text(l->chunk, chunk),
		number_text(l->rows, rows), number_text(l->bytes, bytes),
		snapshot_text(&l->snapshot, snapshot) };
	PGresult *res = pg_query(t->c, err,
	    "WITH s AS (SELECT 1 FROM repld.table_state WHERE task = $1 AND source_schema = $2 AND "
	    "source_name = $3"
	    " AND attempt = $4::int8 FOR SHARE)"
	    " INSERT INTO repld.load_chunk (task, source_schema, source_name, attempt, chunk, "
	    "row_count, byte_count, snapshot)"
	    " SELECT $1, $2, $3, $4::int8, $5::int8, $6::int8, $7::int8, $8 FROM s",
	    8, params);
	uint64_t n = 0;

	if (res == NULL) {
		if (strcmp(err->sqlstate, "23505") == 0)
			err_set(err, ERR_RETRY, "chunk %" PRIu32 " of the table is loaded already",
			    l->chunk);
		return false;
	}
	target_count(res, &n);
	PQclear(res);
	if (n != 1)
		return err_set(err, ERR_FENCED, "another load of table %s.%s has begun",
		    l->table->source_schema, l->table->source_name);
	return true;
}

/* A table that is appended to goes in one transaction: that it is loaded must commit with it, or
 * its rows would come twice. Tables loaded in chunks are complete when the caller has seen all of
 * them. */
static bool
mark_loaded(struct target *t, const struct load_ledger *l, struct err *err)
{
	char rows[NUMBER_TEXT], bytes[NUMBER_TEXT];
	const char *params[] = { t->task, l->table->source_schema, l->table->source_name,
		number_text(l->rows, rows), number_text(l->bytes, bytes),
		table_phase_name(TABLE_LOADED) };
	PGresult *res = pg_query(t->c, err,
	    "UPDATE repld.table_state SET state = $6, rows_loaded = $4::int8,"
	    " bytes_loaded = $5::int8, changed = clock_timestamp() WHERE task = $1"
	    " AND source_schema = $2 AND source_name = $3 AND made = 'appended'",
	    6, params);

	PQclear(res);
	return res != NULL;
}

bool
pg_target_load_end(
    struct target *t, const struct load_ledger *l, bool last_of_table_in_append, struct err *err)
{
	struct pg_load *load = &t->load;

	assert(load->running && l->attempt == load->attempt);
	if (!pg_copy_finish(&load->copy, err)) {
		pg_target_load_abort(t);
		return load_failed(t, load->plan, err);
	}
	load->running = false;
	if (target_copy_end(t, load->rows, NULL, err) && write_ledger(t, l, err) &&
	    (!last_of_table_in_append || mark_loaded(t, l, err)) &&
	    target_fence(t, load->epoch, err) && FAULT("load_before_commit", err) &&
	    pg_exec(t->c, err, "COMMIT"))
		return true;
	return load_failed(t, load->plan, err);
}

void
pg_target_load_abort(struct target *t)
{
	struct err ignored = ERR_INIT;

	if (t->load.running && PQstatus(t->c->pg) == CONNECTION_OK)
		(void)!target_copy_end(t, 0, "the load was given up", &ignored);
	t->load.running = false;
	target_rollback_plain(t);
}

static bool
read_done(const PGresult *res, int row, struct load_ledger *l, struct err *err)
{
	l->chunk = (uint32_t)strtoul(PQgetvalue(res, row, 0), NULL, 10);
	l->rows = strtoull(PQgetvalue(res, row, 1), NULL, 10);
	l->bytes = strtoull(PQgetvalue(res, row, 2), NULL, 10);
	return snapshot_parse(PQgetvalue(res, row, 3), &l->snapshot, err) ||
	       err_ctx(err, "a snapshot in repld.load_chunk");
}

bool
pg_target_load_done(struct target *t, const struct table *tab, uint32_t attempt,
    struct load_ledger **ret, size_t *ret_n, struct err *err)
{
	char text[NUMBER_TEXT];
	const char *params[] = { t->task, tab->source_schema, tab->source_name,
		number_text(attempt, text) };
	struct load_ledger *rows;
	PGresult *res;
	bool ok;
	int n;

	if (!target_plain(t, err))
		return false;
	res = pg_query(t->c, err,
	    "SELECT chunk, row_count, byte_count, snapshot FROM repld.load_chunk WHERE task = $1"
	    " AND source_schema = $2 AND source_name = $3 AND attempt = $4::int8 ORDER BY chunk",
	    4, params);
	if (res == NULL)
		return false;
	n = PQntuples(res);
	ok = (rows = mem_zalloc((size_t)(n + 1) * sizeof(*rows), err)) != NULL;
	for (int i = 0; ok && i < n; i++) {
		rows[i] = (struct load_ledger){ .table = tab, .attempt = attempt };
		ok = read_done(res, i, &rows[i], err);
	}
	PQclear(res);
	if (!ok) {
		free(rows);
		return false;
	}
	*ret = rows;
	*ret_n = (size_t)n;
	return true;
}

/* The row of table_state is locked first. A former loader that has its share lock commits before we
 * go on, and its chunk is one of those taken over; one that comes later finds another attempt. */
bool
pg_target_resume_table(struct target *t, const struct table_state *ts, struct err *err)
{
	char was[NUMBER_TEXT], now[NUMBER_TEXT];
	const char *params[] = { t->task, ts->source_schema, ts->source_name,
		number_text(ts->attempt - 1u, was), number_text(ts->attempt, now) };
	bool ok = target_begin_plain(t, err) && pg_lock_state(t, ts, err);
	PGresult *res = NULL;

	if (ok) {
		res = pg_query(t->c, err,
		    "UPDATE repld.load_chunk SET attempt = $5::int8 WHERE task = $1 AND "
		    "source_schema = $2"
		    " AND source_name = $3 AND attempt = $4::int8",
		    5, params);
		ok = res != NULL;
		PQclear(res);
	}
	if (ok && pg_write_state(t, ts, err) && (t->epoch == 0 || target_fence(t, t->epoch, err)) &&
	    pg_exec(t->c, err, "COMMIT"))
		return true;
	if (err->kind != ERR_CANCELLED && err->kind != ERR_FENCED)
		err_ctx(err, "resume the load of %s.%s", ts->target_schema, ts->target_name);
	return target_rollback_plain(t);
}
