/* my_cascade.c - what a foreign key of the source does by itself to rows of its child, done on a MySQL or MariaDB target.
 * Flow: one statement, in the open transaction. Threads: the target's. */
#include "daemon/base/arena.h"
#include "endpoints/my_statement.h"
#include "endpoints/my_target.h"

static const struct column_desc *
column(const struct cascade *c, uint16_t col)
{
	return &c->child->target->cols[col];
}

static void
put_where(struct buf *sql, const struct cascade *c)
{
	for (uint16_t i = 0; i < c->ncols; i++) {
		buf_str(sql, i == 0 ? " WHERE " : " AND ");
		my_ident(sql, column(c, c->cols[i])->name);
		buf_str(sql, " = ");
		my_put_sought(sql, &column(c, c->cols[i])->type, &c->old[i]);
	}
}

static bool
is_bytes(const struct coltype *t)
{
	return t->logical == LOGICAL_BYTES || t->logical == LOGICAL_GEOMETRY || t->logical == LOGICAL_VECTOR;
}

static bool
take_row(const struct my_rows *r, const struct cascade *c, struct arena *arena, struct value *vals, struct err *err)
{
	for (uint16_t i = 0; i < c->nwant; i++) {
		const size_t n = my_length(r, i);

		if (my_is_null(r, i)) {
			vals[i] = (struct value){ .kind = VALUE_NULL };
			continue;
		}
		vals[i] = (struct value){ .kind = is_bytes(&column(c, c->want[i])->type) ? VALUE_BINARY : VALUE_TEXT, .len = (uint32_t)n,
			.p = (const uint8_t *)arena_strndup(arena, my_text(r, i), n) };
		if (vals[i].p == NULL)
			return err_set(err, ERR_SYSTEM, "no memory for the rows of a foreign key");
	}
	return true;
}

bool
my_target_cascade_find(struct target *t, const struct cascade *c, struct arena *arena, struct value **ret_vals, size_t *ret_rows, struct err *err)
{
	struct buf sql = { 0 };
	struct my_rows r;
	bool ok;

	buf_str(&sql, "SELECT ");
	for (uint16_t i = 0; i < c->nwant; i++) {
		buf_str(&sql, i > 0 ? ", " : "");
		my_ident(&sql, column(c, c->want[i])->name);
	}
	buf_str(&sql, " FROM ");
	my_ident2(&sql, c->child->target_schema, c->child->target_name);
	put_where(&sql, c);
	buf_str(&sql, " FOR UPDATE");
	ok = !sql.bad ? my_begin(t, err) && my_query(t->c, &r, err, buf_cstr(&sql), 0, NULL) : err_set(err, ERR_SYSTEM, "no memory for a statement");
	buf_done(&sql);
	if (!ok)
		return false;
	*ret_rows = 0;
	*ret_vals = arena_zalloc(arena, ((size_t)r.n * c->nwant + 1) * sizeof(struct value));
	if (*ret_vals == NULL)
		ok = err_set(err, ERR_SYSTEM, "no memory for the rows of a foreign key");
	while (ok && my_next(&r)) {
		ok = take_row(&r, c, arena, *ret_vals + *ret_rows * c->nwant, err);
		(*ret_rows)++;
	}
	my_rows_done(&r);
	return ok;
}

bool
my_target_cascade(struct target *t, const struct cascade *c, uint64_t *ret_rows, struct err *err)
{
	struct my_done done = { 0 };
	struct buf sql = { 0 };
	bool ok;

	buf_str(&sql, c->set == NULL ? "DELETE FROM " : "UPDATE ");
	my_ident2(&sql, c->child->target_schema, c->child->target_name);
	for (uint16_t i = 0; c->set != NULL && i < c->ncols; i++) {
		buf_str(&sql, i == 0 ? " SET " : ", ");
		my_ident(&sql, column(c, c->cols[i])->name);
		buf_str(&sql, " = ");
		my_put_value(&sql, &column(c, c->cols[i])->type, &c->set[i]);
	}
	put_where(&sql, c);
	ok = !sql.bad ? my_begin(t, err) && my_exec_bytes(t->c, sql.p, sql.n, &done, err) && (done.warnings == 0 || my_err_warning(t->c, err)) :
	    err_set(err, ERR_SYSTEM, "no memory for a statement");
	*ret_rows = done.rows;
	buf_done(&sql);
	return ok || err_table(err, c->child->target_schema, c->child->target_name);
}
