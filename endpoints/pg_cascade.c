/* pg_cascade.c - what a foreign key of the source does by itself to rows of its child, done on the target.
 * Flow: all that was sent before is in -> one plain statement, in the open transaction.
 * Threads: the target's. */
#include "endpoints/pg_target.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/base/arena.h"

struct texts {
	const char *params[2 * 64];
	int n;
	struct arena *arena;
};

/* A parameter's type is that of the column it meets. */
static bool
add_text(struct texts *x, const struct value *v, struct err *err)
{
	static const char digits[] = "0123456789abcdef";
	char *text;

	if (v->kind == VALUE_NULL) {
		x->params[x->n++] = NULL;
		return true;
	}
	if (v->kind == VALUE_TEXT) {
		text = arena_strndup(x->arena, (const char *)v->p, v->len);
	} else if ((text = arena_alloc(x->arena, 2 * (size_t)v->len + 3)) != NULL) {
		text[0] = '\\';
		text[1] = 'x';
		for (uint32_t i = 0; i < v->len; i++) {
			text[2 + 2 * i] = digits[v->p[i] >> 4];
			text[3 + 2 * i] = digits[v->p[i] & 15];
		}
		text[2 + 2 * (size_t)v->len] = '\0';
	}
	if (text == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for a key");
	x->params[x->n++] = text;
	return true;
}

static const char *
column_name(const struct cascade *c, uint16_t col)
{
	return c->child->target->cols[col].name;
}

static bool
add_where(struct buf *sql, struct texts *x, const struct cascade *c, struct err *err)
{
	for (uint16_t i = 0; i < c->ncols; i++) {
		buf_str(sql, i == 0 ? " WHERE " : " AND ");
		pg_ident(sql, column_name(c, c->cols[i]));
		buf_printf(sql, " = $%d", x->n + 1);
		if (!add_text(x, &c->old[i], err))
			return false;
	}
	return true;
}

static PGresult *
run(struct target *t, struct buf *sql, const struct texts *x, struct err *err)
{
	if (sql->bad) {
		err_set(err, ERR_SYSTEM, "no memory for a statement");
		return NULL;
	}
	if (!pg_pipe_begin(t, err) || !pg_pipe_drain(t, err) || !target_plain(t, err))
		return NULL;
	return pg_query(t->c, err, buf_cstr(sql), x->n, x->params);
}

static bool
take_rows(const PGresult *res, const struct cascade *c, struct arena *arena, struct value **ret_vals,
    size_t *ret_rows, struct err *err)
{
	const size_t n = (size_t)PQntuples(res);
	struct value *vals = arena_zalloc(arena, (n * c->nwant + 1) * sizeof(*vals));

	if (vals == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for the rows of a foreign key");
	for (size_t i = 0; i < n * c->nwant; i++) {
		const int row = (int)(i / c->nwant), col = (int)(i % c->nwant);

		if (PQgetisnull(res, row, col)) {
			vals[i] = (struct value){ .kind = VALUE_NULL };
			continue;
		}
		vals[i] = (struct value){ .kind = VALUE_TEXT,
			.len = (uint32_t)PQgetlength(res, row, col),
			.p = (const uint8_t *)arena_strndup(arena, PQgetvalue(res, row, col),
			    (size_t)PQgetlength(res, row, col)) };
		if (vals[i].p == NULL)
			return err_set(err, ERR_SYSTEM, "no memory for the rows of a foreign key");
	}
	*ret_vals = vals;
	*ret_rows = n;
	return true;
}

bool
pg_target_cascade_find(struct target *t, const struct cascade *c, struct arena *arena,
    struct value **ret_vals, size_t *ret_rows, struct err *err)
{
	struct texts x = { .arena = arena };
	struct buf sql = { 0 };
	PGresult *res = NULL;
	bool ok;

	buf_str(&sql, "SELECT ");
	for (uint16_t i = 0; i < c->nwant; i++) {
		buf_str(&sql, i > 0 ? ", " : "");
		pg_ident(&sql, column_name(c, c->want[i]));
	}
	buf_str(&sql, " FROM ONLY ");
	pg_ident2(&sql, c->child->target_schema, c->child->target_name);
	ok = add_where(&sql, &x, c, err) && (res = run(t, &sql, &x, err)) != NULL &&
	     take_rows(res, c, arena, ret_vals, ret_rows, err);
	PQclear(res);
	buf_done(&sql);
	return ok;
}

bool
pg_target_cascade(struct target *t, const struct cascade *c, uint64_t *ret_rows, struct err *err)
{
	struct texts x = { .arena = arena_new(1024, 0) };
	struct buf sql = { 0 };
	PGresult *res = NULL;
	bool ok = x.arena != NULL || err_set(err, ERR_SYSTEM, "no memory");

	buf_str(&sql, c->set == NULL ? "DELETE FROM ONLY " : "UPDATE ONLY ");
	pg_ident2(&sql, c->child->target_schema, c->child->target_name);
	for (uint16_t i = 0; ok && c->set != NULL && i < c->ncols; i++) {
		buf_str(&sql, i == 0 ? " SET " : ", ");
		pg_ident(&sql, column_name(c, c->cols[i]));
		buf_printf(&sql, " = $%d", x.n + 1);
		ok = add_text(&x, &c->set[i], err);
	}
	ok = ok && add_where(&sql, &x, c, err) && (res = run(t, &sql, &x, err)) != NULL;
	if (ok)
		*ret_rows = strtoull(PQcmdTuples(res), NULL, 10);
	PQclear(res);
	buf_done(&sql);
	arena_free(x.arena);
	return ok || err_table(err, c->child->target_schema, c->child->target_name);
}
