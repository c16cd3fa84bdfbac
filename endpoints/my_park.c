/* my_park.c - rows that move to another key, or whose unique values may meet another row's on the way: deleted in one step, inserted in their final
 * form in a later one. What the change does not bring (columns that are absent from it, and columns of the target that the source does not have) is
 * read before the row is deleted and written back as it was read; where the change brings everything, nothing is read.
 * A temporary table would hold such rows on the server; it can't be made inside a transaction under GTIDs before MySQL 8.0.13, and needs a right.
 * Invariant: a parked row is inserted by the write() that deleted it. What is kept stands in memory for that long.
 * Threads: the target's. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "daemon/base/arena.h"
#include "daemon/base/map.h"
#include "endpoints/my_statement.h"
#include "endpoints/my_target.h"

struct rest { /* of one row: a literal per target column, NULL where the change has it */
	const char *const *sql;
};

struct my_park {
	struct arena *arena;
	struct map *rests; /* struct key -> struct rest */
};

struct key {
	const struct plan *plan;
	uint64_t number;
};

/* ---- memory ---- */

static struct my_park *
park_of(struct target *t, struct err *err)
{
	struct my_park *p = t->park;

	if (p == NULL && (p = t->park = mem_zalloc(sizeof(*p), err)) == NULL)
		return NULL;
	if (p->arena == NULL)
		p->arena = arena_new(16384, 0);
	if (p->rests == NULL)
		p->rests = map_new();
	if (p->arena != NULL && p->rests != NULL)
		return p;
	err_set(err, ERR_SYSTEM, "no memory for rows that move");
	return NULL;
}

void
my_park_reset(struct target *t)
{
	if (t->park == NULL || t->park->rests == NULL || map_count(t->park->rests) == 0)
		return;
	map_free(t->park->rests, NULL);
	t->park->rests = NULL;
	arena_reset(t->park->arena);
}

void
my_park_free(struct my_park *p)
{
	if (p == NULL)
		return;
	map_free(p->rests, NULL);
	arena_free(p->arena);
	free(p);
}

/* ---- what has to be read ---- */

static int
plan_column_of(const struct plan *plan, uint16_t target)
{
	for (uint16_t i = 0; i < plan->ncols; i++)
		if (plan->cols[i].target == target)
			return i;
	return -1;
}

static bool
is_missing(const struct plan *plan, uint16_t target, const struct value *vals)
{
	const int col = plan_column_of(plan, target);

	if (plan->target->cols[target].generated)
		return false;
	return col < 0 || !value_present(&vals[plan->cols[col].src]);
}

static uint16_t
count_missing(const struct plan *plan, const struct value *vals)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < plan->target->ncols; i++)
		n += is_missing(plan, i, vals);
	return n;
}

static bool
put_query(struct buf *b, const struct plan *plan, const struct row *row, struct err *err)
{
	const char *comma = "SELECT ";

	for (uint16_t i = 0; i < plan->target->ncols; i++) {
		if (!is_missing(plan, i, row->vals))
			continue;
		buf_str(b, comma);
		my_put_saved_column(b, plan->target->cols[i].name, &plan->target->cols[i].type);
		comma = ", ";
	}
	buf_str(b, " FROM ");
	my_put_table(b, plan);
	if (!my_put_where(b, plan, row->key, err))
		return false;
	buf_str(b, " FOR UPDATE");
	return !b->bad || err_set(err, ERR_SYSTEM, "no memory for a statement");
}

static bool
keep(struct my_park *p, const struct plan *plan, const struct row *row, const struct my_rows *r,
    struct rest *rest, struct err *err)
{
	const char **all = arena_zalloc(p->arena, plan->target->ncols * sizeof(*all));
	struct buf text = { 0 };
	unsigned at = 0;
	bool ok = all != NULL;

	for (uint16_t i = 0; ok && i < plan->target->ncols; i++) {
		if (!is_missing(plan, i, row->vals))
			continue;
		buf_reset(&text);
		my_put_saved(&text, &plan->target->cols[i].type, my_text(r, at), my_length(r, at),
		    my_is_null(r, at));
		at++;
		all[i] = arena_strndup(p->arena, (const char *)text.p, text.n);
		ok = !text.bad && all[i] != NULL;
	}
	buf_done(&text);
	rest->sql = all;
	return ok || err_set(err, ERR_SYSTEM, "no memory for rows that move");
}

static bool
not_there(struct err *err)
{
	err_set(err, ERR_DATA, "1 of 1 rows to move were not there");
	return err_remedy(err, "the target differs from the source: load the table again");
}

static bool
read_rest(struct target *t, const struct plan *plan, const struct row *row, uint32_t number,
    struct err *err)
{
	struct my_park *p = park_of(t, err);
	const struct key key = { plan, number };
	struct rest *rest;
	struct my_rows rows;
	bool ok;

	buf_reset(&t->sql);
	if (p == NULL || !put_query(&t->sql, plan, row, err) ||
	    !my_query(t->c, &rows, err, buf_cstr(&t->sql), 0, NULL))
		return false;
	ok = (rows.n == 1 && my_next(&rows)) || not_there(err);
	if (ok && ((rest = arena_zalloc(p->arena, sizeof(*rest))) == NULL))
		ok = err_set(err, ERR_SYSTEM, "no memory for rows that move");
	ok = ok && keep(p, plan, row, &rows, rest, err) &&
	     map_put(p->rests, &key, sizeof(key), rest, err);
	my_rows_done(&rows);
	return ok;
}

/* Before the rows are deleted. */
bool
my_park_rows(struct target *t, const struct step *step, uint64_t ordinal, struct err *err)
{
	for (size_t i = 0; i < step->n; i++) {
		const struct my_expect x = {
			.plan = step->plan, .what = "move", .rows = 1, .ordinal = ordinal + i
		};

		if (count_missing(step->plan, step->rows[i]->vals) > 0 &&
		    !read_rest(t, step->plan, step->rows[i], step->park[i], err))
			return my_rows_failed(&x, err);
	}
	return true;
}

/* ---- back ---- */

static void
put_head(struct buf *b, const struct plan *plan)
{
	const char *comma = " (";

	buf_str(b, "INSERT INTO ");
	my_put_table(b, plan);
	for (uint16_t i = 0; i < plan->target->ncols; i++) {
		if (plan->target->cols[i].generated)
			continue;
		buf_str(b, comma);
		my_ident(b, plan->target->cols[i].name);
		comma = ", ";
	}
	buf_str(b, ") VALUES ");
}

static bool
put_row(struct buf *b, const struct plan *plan, const struct row *row, const struct rest *rest,
    struct err *err)
{
	const char *comma = "(";

	for (uint16_t i = 0; i < plan->target->ncols; i++) {
		const int col = plan_column_of(plan, i);
		const struct value *v = col >= 0 ? &row->vals[plan->cols[col].src] : NULL;

		if (plan->target->cols[i].generated)
			continue;
		buf_str(b, comma);
		comma = ",";
		if (v == NULL || !value_present(v)) {
			assert(rest != NULL && rest->sql[i] != NULL);
			buf_str(b, rest->sql[i]);
		} else if (v->kind == VALUE_NULL && plan->cols[col].notnull) {
			return err_set(err, ERR_DATA,
			    "null in column \"%s\", which is not null on the target",
			    plan->cols[col].name);
		} else {
			my_put_value(b, plan->cols[col].target_type, v);
		}
	}
	buf_u8(b, ')');
	return true;
}

bool
my_unpark_rows(struct target *t, const struct step *step, uint64_t ordinal, struct err *err)
{
	const struct plan *plan = step->plan;
	struct buf *b = &t->sql;

	for (size_t first = 0, n; first < step->n; first += n) {
		struct my_expect x = { .plan = plan,
			.what = "move back",
			.counted = true,
			.ordinal = ordinal + first };

		buf_reset(b);
		put_head(b, plan);
		for (n = 0; first + n < step->n && (n == 0 || b->n < my_part_bytes(t) / 2); n++) {
			const struct key key = { plan, step->park[first + n] };
			const struct rest *rest = t->park != NULL && t->park->rests != NULL
						      ? map_get(t->park->rests, &key, sizeof(key))
						      : NULL;

			buf_str(b, n > 0 ? "," : "");
			if (!put_row(b, plan, step->rows[first + n], rest, err)) {
				x.rows = 1;
				return my_rows_failed(&x, err);
			}
		}
		x.rows = n;
		if (!my_write_sql(t, b, &x, err))
			return false;
	}
	return true;
}
