/* my_apply.c - a batch's steps as statements, each of many rows.
 * Flow: begin() -> write(): each step is cut into statements of at most 1000 rows or 1 MB -> commit() (my_commit.c), or rollback().
 * Invariant: a statement that warned, or touched another number of rows than it was given, ends the transaction; nothing is written after a
 * failure until rollback().
 * Updates of many rows join the table with a derived one; where the key's type or a row's width does not allow that, each row is a statement.
 * Threads: the target's. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/arena.h"
#include "endpoints/my_statement.h"
#include "endpoints/my_target.h"

#define MANY_ROWS  1000 /* of one statement */
#define JOIN_ROWS  500
#define PART_BYTES (1u << 20)
#define KEEP_BYTES (4u << 20) /* of the text's buffer, from one write() to the next */

struct my_plan { /* plan->statements */
	uint64_t serial; /* of the target that looked at the table */
};

/* ---- plans ---- */

void
my_target_forget(struct target *t, struct plan *plan)
{
	(void)t;
	free(plan->statements);
	plan->statements = NULL;
}

/* Each connection looks at a table's triggers once. */
static bool
look_once(struct target *t, const struct plan *const_plan, struct err *err)
{
	struct plan *plan = (struct plan *)(uintptr_t)const_plan;
	struct my_plan *mp = plan->statements;

	if (mp != NULL && mp->serial == t->serial)
		return true;
	if (mp == NULL && (plan->statements = mp = mem_zalloc(sizeof(*mp), err)) == NULL)
		return false;
	if (!my_check_triggers(t, plan, err))
		return false;
	mp->serial = t->serial;
	return true;
}

/* ---- one statement ---- */

size_t
my_part_bytes(const struct target *t)
{
	return t->c->max_packet / 2 < PART_BYTES ? (size_t)(t->c->max_packet / 2) : PART_BYTES;
}

bool
my_rows_failed(const struct my_expect *x, struct err *err)
{
	const struct table_desc *d = x->plan->target;

	if (err->kind == ERR_CANCELLED)
		return false;
	if (err->table[0] == '\0')
		err_table(err, d->schema, d->name);
	if (x->rows == 1)
		return err_ctx(err, "%s.%s, %s (change %" PRIu64 " of the batch)", d->schema,
		    d->name, x->what, x->ordinal + 1);
	if (x->rows > 1)
		return err_ctx(err, "%s.%s, %s of %zu rows", d->schema, d->name, x->what, x->rows);
	return err_ctx(err, "%s.%s, %s", d->schema, d->name, x->what);
}

static bool
check_count(const struct my_expect *x, uint64_t n, struct err *err)
{
	if (!x->counted || n == x->rows)
		return true;
	if (n < x->rows)
		err_set(err, ERR_DATA, "%" PRIu64 " of %zu rows to %s were not there", x->rows - n,
		    x->rows, x->what);
	else
		err_set(err, ERR_DATA, "%" PRIu64 " rows met %zu keys to %s", n, x->rows, x->what);
	return err_remedy(err, "the target differs from the source: load the table again");
}

static bool
row_too_large(struct target *t, size_t bytes, struct err *err)
{
	err_set(err, ERR_LIMIT,
	    "a statement of %zu bytes for one row: the target takes at most %" PRIu64
	    " (max_allowed_packet)",
	    bytes, t->c->max_packet);
	return err_remedy(err, "raise max_allowed_packet on the target (at most 1 GB)");
}

bool
my_write_sql(struct target *t, const struct buf *sql, const struct my_expect *x, struct err *err)
{
	struct my_done done;

	if (sql->bad) {
		err_set(err, ERR_SYSTEM, "no memory for a statement");
		return my_rows_failed(x, err);
	}
	if (sql->n + 64 > t->c->max_packet && x->rows <= 1)
		row_too_large(t, sql->n, err);
	else if (my_exec_bytes(t->c, sql->p, sql->n, &done, err) &&
		 (done.warnings == 0 || my_err_warning(t->c, err)) &&
		 check_count(x, done.rows, err))
		return true;
	return my_rows_failed(x, err);
}

/* ---- rows of a step ---- */

struct writing {
	struct target *t;
	const struct plan *plan;
	const struct step *step;
	struct row *const *rows;
	size_t n;
	uint64_t ordinal; /* of the first row */
};

static struct my_expect
expect(const struct writing *w, const char *what, size_t first, size_t n)
{
	return (struct my_expect){ .plan = w->plan,
		.what = what,
		.rows = n,
		.counted = true,
		.ordinal = w->ordinal + first };
}

static bool
text_failed(const struct writing *w, const char *what, size_t at, struct err *err)
{
	const struct my_expect x = expect(w, what, at, 1);

	return my_rows_failed(&x, err);
}

static bool
insert_rows(struct writing *w, struct err *err)
{
	struct target *t = w->t;
	const size_t most = my_part_bytes(t);

	for (size_t first = 0, n; first < w->n; first += n) {
		struct my_expect x;

		buf_reset(&t->sql);
		my_put_insert(&t->sql, w->plan);
		for (n = 0; first + n < w->n && n < MANY_ROWS; n++) {
			const size_t before = t->sql.n;

			buf_str(&t->sql, n > 0 ? "," : "");
			if (!my_put_insert_row(&t->sql, w->plan, w->rows[first + n]->vals, err))
				return text_failed(w, "insert", first + n, err);
			if (n > 0 && t->sql.n > most) {
				t->sql.n = before;
				break;
			}
		}
		x = expect(w, "insert", first, n);
		if (!my_write_sql(t, &t->sql, &x, err))
			return false;
	}
	return true;
}

static bool
delete_one(struct writing *w, size_t at, struct err *err)
{
	struct my_expect x = expect(w, "delete", at, 1);
	struct buf *b = &w->t->sql;

	buf_reset(b);
	if (!my_put_delete(b, w->plan, w->rows[at]->key, err))
		return my_rows_failed(&x, err);
	return my_write_sql(w->t, b, &x, err);
}

static bool
delete_rows(struct writing *w, struct err *err)
{
	struct target *t = w->t;
	const bool tuples = my_conn_at_least(t->c, 50703, 100100);
	const size_t most = my_part_bytes(t);

	for (size_t first = 0, n; first < w->n; first += n) {
		struct my_expect x;

		n = 1;
		if (w->plan->nkey == 0 || w->n == 1) {
			if (!delete_one(w, first, err))
				return false;
			continue;
		}
		buf_reset(&t->sql);
		my_put_delete_many(&t->sql, w->plan, tuples);
		for (n = 0; first + n < w->n && n < MANY_ROWS && t->sql.n < most; n++)
			if (!my_put_delete_key(
				&t->sql, w->plan, tuples, n == 0, w->rows[first + n]->key, err))
				return text_failed(w, "delete", first + n, err);
		my_put_delete_end(&t->sql, w->plan, tuples);
		x = expect(w, "delete", first, n);
		if (!my_write_sql(t, &t->sql, &x, err))
			return false;
	}
	return true;
}

/* ---- updates ---- */

/* It sets nothing: the row must be there all the same. */
static bool
touch_one(struct writing *w, const struct my_expect *x, struct err *err)
{
	struct my_rows rows;
	uint64_t n;

	if (!my_query(w->t->c, &rows, err, buf_cstr(&w->t->sql), 0, NULL))
		return my_rows_failed(x, err);
	n = rows.n;
	my_rows_done(&rows);
	return check_count(x, n, err) || my_rows_failed(x, err);
}

static bool
update_one(struct writing *w, size_t at, struct err *err)
{
	struct my_expect x = expect(w, "update", at, 1);
	struct buf *b = &w->t->sql;
	bool sets;

	buf_reset(b);
	if (!my_put_update(b, w->plan, w->step->colset, w->rows[at], &sets, err))
		return my_rows_failed(&x, err);
	return sets ? my_write_sql(w->t, b, &x, err) : touch_one(w, &x, err);
}

/* Rows from `first` on that go into one statement; *ret_n 0: the first of them has to go alone. */
static bool
join_some(struct writing *w, size_t first, size_t *ret_n, struct err *err)
{
	struct buf *b = &w->t->sql;
	const size_t most = my_part_bytes(w->t);
	bool wide = false;
	struct my_expect x;
	size_t n = 0;

	buf_reset(b);
	my_put_join(b);
	while (first + n < w->n && n < JOIN_ROWS) {
		const size_t before = b->n;

		if (!my_put_join_row(
			b, w->plan, w->step->colset, w->rows[first + n], n == 0, &wide, err))
			return text_failed(w, "update", first + n, err);
		if (wide)
			break;
		if (b->n > most) {
			b->n = before;
			break;
		}
		n++;
	}
	*ret_n = n;
	if (n == 0)
		return true;
	my_put_join_end(b, w->plan, w->step->colset);
	x = expect(w, "update", first, n);
	return my_write_sql(w->t, b, &x, err);
}

static bool
update_rows(struct writing *w, struct err *err)
{
	const bool joins =
	    w->step->colset != NULL && w->n > 1 && my_can_join(w->plan, w->step->colset);

	for (size_t first = 0, n; first < w->n; first += n) {
		n = 0;
		if (joins && !join_some(w, first, &n, err))
			return false;
		if (n > 0)
			continue;
		if (!update_one(w, first, err))
			return false;
		n = 1;
	}
	return true;
}

/* ---- other steps ---- */

static bool
truncate_one(struct target *t, const struct truncation *tr, struct err *err)
{
	const struct my_expect x = { .plan = tr->plan, .what = "truncate" };

	buf_reset(&t->sql);
	buf_str(&t->sql, "DELETE FROM ");
	my_put_table(&t->sql, tr->plan);
	if (tr->where != NULL) {
		buf_str(&t->sql, " WHERE ");
		if (!my_put_condition(&t->sql, tr->plan, tr->where)) {
			err_set(err, ERR_SCHEMA,
			    "a partition was truncated on the source, and its rows can't be named "
			    "here by its bounds");
			err_remedy(err, "load the table again: repld ctl resync");
			return my_rows_failed(&x, err);
		}
	}
	return my_write_sql(t, &t->sql, &x, err);
}

/* TRUNCATE would commit. */
static bool
write_truncate(struct target *t, const struct step *step, struct err *err)
{
	for (size_t i = 0; i < step->ntruncate; i++)
		if (!look_once(t, step->truncate[i].plan, err) ||
		    !truncate_one(t, &step->truncate[i], err))
			return false;
	return true;
}

/* Each change in its order; runs of inserts as one statement. */
static bool
write_ordered(struct writing *w, bool runs, struct err *err)
{
	struct row *const *rows = w->rows;
	const size_t n = w->n;
	const uint64_t ordinal = w->ordinal;
	bool ok = true;

	for (size_t i = 0; ok && i < n; i += w->n) {
		w->rows = rows + i;
		w->n = 1;
		w->ordinal = ordinal + i;
		switch ((enum change_kind)rows[i]->op) {
		case CHANGE_INSERT:
			while (runs && i + w->n < n && rows[i + w->n]->op == CHANGE_INSERT)
				w->n++;
			ok = insert_rows(w, err);
			break;
		case CHANGE_UPDATE: ok = update_one(w, 0, err); break;
		default: ok = delete_one(w, 0, err); break;
		}
	}
	return ok;
}

static bool
no_identity(const struct plan *plan, struct err *err)
{
	err_set(err, ERR_SCHEMA, "%s.%s, update or delete: the table has no replica identity",
	    plan->target->schema, plan->target->name);
	return err_table(err, plan->target->schema, plan->target->name);
}

static bool
finds_rows(const struct step *step)
{
	if (step->kind != STEP_ORDERED)
		return step->kind != STEP_INSERT;
	for (size_t i = 0; i < step->n; i++)
		if (step->rows[i]->op != CHANGE_INSERT)
			return true;
	return false;
}

static bool
write_step(struct target *t, const struct step *step, enum batch_mode mode, uint64_t ordinal,
    struct err *err)
{
	struct writing w = { .t = t,
		.plan = step->plan,
		.step = step,
		.rows = step->rows,
		.n = step->n,
		.ordinal = ordinal };

	if (step->kind == STEP_TRUNCATE)
		return write_truncate(t, step, err);
	if (step->plan->nkey == 0 && !step->plan->keyless && finds_rows(step))
		return no_identity(step->plan, err);
	if (!look_once(t, step->plan, err))
		return false;
	switch (step->kind) {
	case STEP_DELETE: return delete_rows(&w, err);
	case STEP_UPDATE: return update_rows(&w, err);
	case STEP_INSERT: return insert_rows(&w, err);
	case STEP_PARK: return my_park_rows(t, step, ordinal, err) && delete_rows(&w, err);
	case STEP_UNPARK: return my_unpark_rows(t, step, ordinal, err);
	case STEP_ORDERED: return write_ordered(&w, mode != BATCH_SINGLE, err);
	case STEP_TRUNCATE: break;
	}
	return true;
}

bool
my_target_begin(struct target *t, struct err *err)
{
	assert(!t->open && !t->failed);
	return !t->c->lost ||
	       err_set(err, ERR_RETRY, "endpoint %s: the connection is lost", t->c->endpoint);
}

bool
my_target_write(
    struct target *t, const struct step *steps, size_t n, enum batch_mode mode, struct err *err)
{
	uint64_t ordinal = 0;
	bool ok = true;

	if (t->failed) {
		*err = t->failure;
		return false;
	}
	ok = my_begin(t, err);
	for (size_t i = 0; ok && i < n; i++) {
		ok = write_step(t, &steps[i], mode, ordinal, err);
		ordinal += steps[i].n;
	}
	my_park_reset(t);
	if (t->sql.cap > KEEP_BYTES)
		buf_done(&t->sql);
	if (!ok) {
		t->failed = true;
		t->failure = *err;
	}
	return ok;
}

bool
my_target_rollback(struct target *t, struct err *err)
{
	t->failed = false;
	if (t->c->lost) {
		t->open = false;
		return err_set(
		    err, ERR_RETRY, "endpoint %s: the connection is lost", t->c->endpoint);
	}
	if (t->open && !my_exec(t->c, err, "ROLLBACK"))
		return false;
	t->open = false;
	return true;
}
