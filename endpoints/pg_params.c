/* pg_params.c - rows as the parameters of a statement: one value each, or one array a column.
 * Invariant: all parameters are in binary format; in one mode their bytes are the row's own.
 * Threads: the target's. Owner: the target's struct pg_params. */
#include "endpoints/pg_statement.h"

#include <assert.h>
#include <stdlib.h>

#include "daemon/base/arena.h"

#define OID_INT8 20

static bool
params_reserve(struct pg_params *ps, size_t n, struct err *err)
{
	size_t cap[4] = { ps->cap, ps->cap, ps->cap, ps->cap };

	if (n <= ps->cap)
		return true;
	if (!mem_grow(&ps->bufs, &cap[0], n, sizeof(*ps->bufs), err) ||
	    !mem_grow(&ps->values, &cap[1], n, sizeof(*ps->values), err) ||
	    !mem_grow(&ps->lengths, &cap[2], n, sizeof(*ps->lengths), err) ||
	    !mem_grow(&ps->formats, &cap[3], n, sizeof(*ps->formats), err))
		return false;
	memset(ps->bufs + ps->cap, 0, (n - ps->cap) * sizeof(*ps->bufs));
	ps->cap = n;
	for (size_t i = 0; i < n; i++)
		ps->formats[i] = 1;
	return true;
}

static const struct value *
param_value(const struct pg_param *p, const struct plan *plan, const struct row *row)
{
	const uint16_t src = plan->cols[p->col].src;

	return p->from == PG_PARAM_KEY ? &row->key[src] : &row->vals[src];
}

static void
put_number_bytes(uint8_t out[8], uint32_t n)
{
	for (int i = 0; i < 8; i++)
		out[i] = i < 4 ? 0 : (uint8_t)(n >> (8 * (7 - i)));
}

static void
set_one(struct pg_params *ps, const struct pg_statement *st, const struct plan *plan,
    const struct row *row, const uint32_t *number)
{
	for (size_t i = 0; i < st->nparams; i++) {
		const struct pg_param *p = &st->params[i];
		const struct value *v;

		if (p->from == PG_PARAM_NUMBER) {
			put_number_bytes(ps->number, *number);
			ps->values[i] = (const char *)ps->number;
			ps->lengths[i] = 8;
			continue;
		}
		v = param_value(p, plan, row);
		ps->values[i] = v->kind == VALUE_NULL ? NULL : v->len > 0 ? (const char *)v->p : "";
		ps->lengths[i] = v->kind == VALUE_NULL ? 0 : (int)v->len;
		ps->bytes += v->kind == VALUE_NULL ? 4 : v->len + 4;
	}
}

/* PostgreSQL's array_send: dimensions, whether there are NULLs, element type, length, lower bound,
 * elements. */
static void
put_array_head(struct buf *b, uint32_t element, bool nulls, size_t n)
{
	buf_reset(b);
	buf_u32(b, 1);
	buf_u32(b, nulls);
	buf_u32(b, element);
	buf_u32(b, (uint32_t)n);
	buf_u32(b, 1);
}

static void
put_array(struct buf *b, const struct pg_param *p, const struct plan *plan, struct row *const *rows,
    size_t n)
{
	bool nulls = false;

	put_array_head(b, p->element, false, n);
	for (size_t r = 0; r < n; r++) {
		const struct value *v = param_value(p, plan, rows[r]);

		if (v->kind == VALUE_NULL) {
			buf_u32(b, UINT32_MAX);
			nulls = true;
		} else {
			buf_u32(b, v->len);
			buf_put(b, v->p, v->len);
		}
	}
	if (nulls)
		buf_set_u32(b, 4, 1);
}

static void
put_number_array(struct buf *b, const uint32_t *numbers, size_t n)
{
	put_array_head(b, OID_INT8, false, n);
	for (size_t r = 0; r < n; r++) {
		buf_u32(b, 8);
		buf_u64(b, numbers[r]);
	}
}

static bool
set_many(struct pg_params *ps, const struct pg_statement *st, const struct plan *plan,
    struct row *const *rows, const uint32_t *numbers, size_t n, struct err *err)
{
	for (size_t i = 0; i < st->nparams; i++) {
		struct buf *b = &ps->bufs[i];

		if (st->params[i].from == PG_PARAM_NUMBER)
			put_number_array(b, numbers, n);
		else
			put_array(b, &st->params[i], plan, rows, n);
		if (b->bad)
			return err_set(err, ERR_SYSTEM, "no memory for a statement's parameters");
		ps->values[i] = (const char *)b->p;
		ps->lengths[i] = (int)b->n;
		ps->bytes += b->n;
	}
	return true;
}

bool
pg_params_set(struct pg_params *ps, const struct pg_statement *st, const struct plan *plan,
    struct row *const *rows, const uint32_t *numbers, size_t n, struct err *err)
{
	if (!params_reserve(ps, st->nparams, err))
		return false;
	ps->bytes = 48 + 2 * (size_t)st->nparams;
	if (st->many)
		return set_many(ps, st, plan, rows, numbers, n, err);
	assert(n == 1);
	set_one(ps, st, plan, rows[0], numbers);
	return true;
}

void
pg_params_trim(struct pg_params *ps, size_t keep)
{
	for (size_t i = 0; i < ps->cap; i++)
		if (ps->bufs[i].cap > keep)
			buf_done(&ps->bufs[i]);
}

void
pg_params_done(struct pg_params *ps)
{
	for (size_t i = 0; i < ps->cap; i++)
		buf_done(&ps->bufs[i]);
	free(ps->bufs);
	free(ps->values);
	free(ps->lengths);
	free(ps->formats);
	*ps = (struct pg_params){ 0 };
}
