/* pg_copy.c - COPY's two formats. Text: tab between columns, newline after a row, \N for NULL, and
 * a backslash before what would be read as one of these (backslash, tab, newline, carriage return;
 * backspace, form feed and vertical tab need none). Binary: lengths and the bytes as they came.
 * Threads: the target's. */
#include "endpoints/pg_copy.h"

#define BIG_VALUE (32u * 1024)

/* A value of an enum is its label in both formats. */
static unsigned
value_kinds(const struct plan_column *pc, const struct value *v)
{
	const unsigned text = 1u << PG_COPY_TEXT, binary = 1u << PG_COPY_BINARY;

	switch ((enum value_kind)v->kind) {
	case VALUE_NULL: return text | binary;
	case VALUE_TEXT: return pc->target_type->wire == WIRE_LABEL ? text | binary : text;
	case VALUE_BINARY:
		if (pc->source_type->wire == WIRE_LABEL)
			return pc->target_type->wire == WIRE_LABEL ? text | binary : text;
		return pc->binary_ok ? binary : 0;
	case VALUE_ABSENT: break;
	}
	return 0;
}

void
pg_copy_can(const struct plan *plan, const struct value *vals, unsigned *kinds)
{
	for (uint16_t i = 0; i < plan->ncols; i++)
		*kinds &= value_kinds(&plan->cols[i], &vals[plan->cols[i].src]);
}

static bool
push(struct pg_copy *c, size_t least, struct err *err)
{
	if (c->buf.bad)
		return err_set(err, ERR_SYSTEM, "no memory for COPY");
	if (c->buf.n < least || c->buf.n == 0)
		return true;
	if (!c->put(c->arg, c->buf.p, c->buf.n, err))
		return false;
	buf_reset(&c->buf);
	return true;
}

void
pg_copy_start(struct pg_copy *c, const struct plan *plan, bool binary)
{
	c->plan = plan;
	c->binary = binary;
	buf_reset(&c->buf);
	if (!binary)
		return;
	buf_put(&c->buf, "PGCOPY\n\377\r\n", 11);
	buf_u32(&c->buf, 0);
	buf_u32(&c->buf, 0);
}

/* Bytes that go as they are: a big value does not pass through the buffer. */
static bool
put_plain(struct pg_copy *c, const uint8_t *p, size_t n, struct err *err)
{
	if (n < BIG_VALUE) {
		buf_put(&c->buf, p, n);
		return true;
	}
	if (!push(c, 0, err))
		return false;
	for (size_t off = 0; off < n; off += PG_COPY_PIECE)
		if (!c->put(
			c->arg, p + off, n - off < PG_COPY_PIECE ? n - off : PG_COPY_PIECE, err))
			return false;
	return true;
}

static const uint8_t escapes[256] = {
	['\\'] = '\\',
	['\t'] = 't',
	['\n'] = 'n',
	['\r'] = 'r',
};

static bool
put_escaped(struct pg_copy *c, const uint8_t *p, size_t n, struct err *err)
{
	for (size_t off = 0, clean; off < n; off += clean) {
		for (clean = 0;
		     off + clean < n && clean < BIG_VALUE && escapes[p[off + clean]] == 0; clean++)
			;
		buf_put(&c->buf, p + off, clean);
		if (off + clean < n && escapes[p[off + clean]] != 0) {
			buf_u8(&c->buf, '\\');
			buf_u8(&c->buf, escapes[p[off + clean]]);
			clean++;
		}
		if (!push(c, PG_COPY_PIECE, err))
			return false;
	}
	return true;
}

static bool
refuse(
    const struct pg_copy *c, const struct plan_column *pc, const struct value *v, struct err *err)
{
	if (v->kind == VALUE_ABSENT)
		err_set(err, ERR_DATA, "column \"%s\" is missing from a row that is inserted",
		    pc->name);
	else
		err_set(err, ERR_SCHEMA, "column \"%s\" came in the %s form where %s is needed",
		    pc->name, v->kind == VALUE_TEXT ? "text" : "binary",
		    c->binary ? "binary" : "text");
	return err_table(err, c->plan->target->schema, c->plan->target->name);
}

static bool
put_value(struct pg_copy *c, const struct plan_column *pc, const struct value *v, struct err *err)
{
	if ((value_kinds(pc, v) & (1u << (c->binary ? PG_COPY_BINARY : PG_COPY_TEXT))) == 0)
		return refuse(c, pc, v, err);
	if (v->kind == VALUE_NULL) {
		if (c->binary)
			buf_u32(&c->buf, UINT32_MAX);
		else
			buf_str(&c->buf, "\\N");
		return true;
	}
	if (!c->binary)
		return put_escaped(c, v->p, v->len, err);
	buf_u32(&c->buf, v->len);
	return put_plain(c, v->p, v->len, err);
}

bool
pg_copy_row(struct pg_copy *c, const struct value *vals, struct err *err)
{
	const struct plan *plan = c->plan;

	if (c->binary)
		buf_u16(&c->buf, plan->ncols);
	for (uint16_t i = 0; i < plan->ncols; i++) {
		if (!c->binary && i > 0)
			buf_u8(&c->buf, '\t');
		if (!put_value(c, &plan->cols[i], &vals[plan->cols[i].src], err))
			return false;
	}
	if (!c->binary)
		buf_u8(&c->buf, '\n');
	return push(c, PG_COPY_PIECE, err);
}

bool
pg_copy_finish(struct pg_copy *c, struct err *err)
{
	if (c->binary)
		buf_u16(&c->buf, UINT16_MAX);
	return push(c, 0, err);
}

void
pg_copy_done(struct pg_copy *c)
{
	buf_done(&c->buf);
}
