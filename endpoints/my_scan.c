/* my_scan.c - rows of a table under a snapshot, in the same form as the binlog's decoder gives them.
 * Flow: bounds of key ranges -> SELECT over one of the snapshot's sessions, rows as they come -> values.
 * Each column is read so that its text is the stream's (cdc/type.h): a float by way of a double, since SELECT rounds floats; bits, bytes and geometry
 * as they are. Text comes in the column's own character set and becomes UTF-8 here, as in the stream: the server would put question marks where
 * a character has no place in Unicode.
 * Invariant: a value loaded and the same value streamed are equal byte by byte.
 * Threads: one a scan. Owner: values live until the next row. */
#include "endpoints/my_source.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cdc/charset.h"
#include "cdc/float_text.h"
#include "cdc/my_type.h"
#include "daemon/base/arena.h"

enum read_form {
	READ_TEXT,		/* as it is printed */
	READ_CHARS,		/* of a character set */
	READ_BYTES,		/* VALUE_BINARY */
	READ_FLOAT, READ_DOUBLE,
	READ_BITS		/* big-endian bytes -> digits */
};

struct scan_column {
	const char *name;
	enum read_form form;
	uint32_t bits;
	const struct charset *cs;
	bool stays;		/* READ_CHARS: it is UTF-8 already */
	struct buf utf8;	/* READ_CHARS: what was made of a value */
	char text[64 + FLOAT_TEXT_MAX];	/* what was made of a value */
};

struct source_scan {
	struct source_snapshot *snap;
	struct my_conn *c;
	struct my_rows rows;
	bool running;
	const struct table *table;
	struct scan_column *cols;
	uint16_t ncols;
};

/* ---- how a column is read ---- */

static enum read_form
form_of(const struct coltype *t)
{
	switch (t->logical) {
	case LOGICAL_F32: return READ_FLOAT;
	case LOGICAL_F64: return READ_DOUBLE;
	case LOGICAL_BIT: return READ_BITS;
	case LOGICAL_BYTES:
	case LOGICAL_GEOMETRY:
	case LOGICAL_VECTOR: return READ_BYTES;
	case LOGICAL_TEXT:
	case LOGICAL_ENUM:
	case LOGICAL_SET: return READ_CHARS;
	case LOGICAL_JSON: return t->code == MY_TYPE_JSON ? READ_TEXT : READ_CHARS;
	default: return READ_TEXT;
	}
}

/* A write that waits for our own lock would have the reads behind it wait, too. */
static void
put_select(struct buf *sql, const struct table *t)
{
	buf_str(sql, my_engine_has_snapshots(t->source->engine) ? "SELECT " : "SELECT HIGH_PRIORITY ");
}

static void
put_column(struct buf *sql, const struct column_desc *col, enum read_form form)
{
	if (form == READ_FLOAT || form == READ_DOUBLE)
		my_float_column(sql, col->name, &col->type);
	else
		my_ident(sql, col->name);
}

/* ---- ranges ---- */

bool
my_scan_split(struct source *s, const struct table *t, uint32_t want, uint64_t min_bytes, struct arena *arena, struct chunk **ret_chunks,
    uint32_t *ret_n, struct err *err)
{
	(void)s;
	(void)t;
	(void)want;
	(void)min_bytes;
	if ((*ret_chunks = arena_zalloc(arena, sizeof(**ret_chunks))) == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for a chunk");
	*ret_n = 1;
	return true;
}

/* Of numbers without a sign as they are, of the others the two's complement. */
static uint64_t
whole_number(const char *text, bool has_sign)
{
	return has_sign ? (uint64_t)strtoll(text, NULL, 10) : strtoull(text, NULL, 10);
}

static bool
ends_of(struct source *s, const struct table *t, const char *column, bool has_sign, bool *ret_any, uint64_t *low, uint64_t *high, struct err *err)
{
	struct buf sql = { 0 };
	struct my_rows r;
	bool ok;

	put_select(&sql, t);
	buf_str(&sql, "MIN(");
	my_ident(&sql, column);
	buf_str(&sql, "), MAX(");
	my_ident(&sql, column);
	buf_str(&sql, ") FROM ");
	my_ident2(&sql, t->source_schema, t->source_name);
	ok = my_query(s->c, &r, err, buf_cstr(&sql), 0, NULL);
	buf_done(&sql);
	if (!ok)
		return err_ctx(err, "look for the ends of table %s.%s", t->source_schema, t->source_name);
	*ret_any = my_next(&r) && !my_is_null(&r, 0);
	if (*ret_any) {
		*low = whole_number(my_text(&r, 0), has_sign);
		*high = whole_number(my_text(&r, 1), has_sign);
	}
	my_rows_done(&r);
	return true;
}

/* Equal parts of the span of a whole number; of what can't be counted so, one range. */
bool
my_scan_sample(struct source *s, const struct table *t, const char *column, uint32_t want, struct arena *arena, const char ***ret_bounds,
    size_t *ret_n, struct err *err)
{
	const struct column_desc *col = &t->source->cols[table_desc_column(t->source, column)];
	const bool has_sign = col->type.logical == LOGICAL_I16 || col->type.logical == LOGICAL_I32 || col->type.logical == LOGICAL_I64;
	uint64_t low = 0, high = 0, step, at;
	bool any = false;

	*ret_n = 0;
	if ((*ret_bounds = arena_zalloc(arena, (want + 1) * sizeof(char *))) == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for bounds");
	if (want < 2 || (!has_sign && col->type.logical != LOGICAL_U64))
		return true;
	if (!ends_of(s, t, column, has_sign, &any, &low, &high, err) || !any)
		return !any && err->kind == ERR_NONE;
	step = (high - low) / want;
	for (uint32_t i = 1; step > 0 && i < want; i++) {
		at = low + step * i;
		(*ret_bounds)[*ret_n] = has_sign ? arena_printf(arena, "%" PRId64, (int64_t)at) : arena_printf(arena, "%" PRIu64, at);
		if ((*ret_bounds)[(*ret_n)++] == NULL)
			return err_set(err, ERR_SYSTEM, "no memory for bounds");
	}
	return true;
}

/* ---- the scan ---- */

struct source_scan *
my_scan_open(const struct source_params *p, const struct source_snapshot *snap, struct err *err)
{
	struct source_scan *s = mem_zalloc(sizeof(*s), err);

	(void)p;
	if (s == NULL)
		return NULL;
	s->snap = (struct source_snapshot *)(uintptr_t)snap;
	if ((s->c = my_snapshot_take(s->snap)) == NULL)
		err_set(err, ERR_RETRY, "no session that holds the source's snapshot is left");
	else if (my_exec(s->c, err, "SET character_set_results = NULL"))
		return s;
	my_scan_close(s);
	return NULL;
}

static void
forget_columns(struct source_scan *s)
{
	for (uint16_t i = 0; i < s->ncols; i++)
		buf_done(&s->cols[i].utf8);
	free(s->cols);
	s->cols = NULL;
	s->ncols = 0;
}

static bool
make_columns(struct source_scan *s, const struct table_desc *d, struct buf *sql, struct err *err)
{
	forget_columns(s);
	if ((s->cols = mem_zalloc((d->ncols + 1u) * sizeof(*s->cols), err)) == NULL)
		return false;
	for (uint16_t i = 0; i < d->ncols; i++) {
		struct scan_column *c = &s->cols[s->ncols];

		if (d->cols[i].generated)
			continue;
		c->name = d->cols[i].name;
		c->form = form_of(&d->cols[i].type);
		c->bits = d->cols[i].type.length;
		if (c->form == READ_CHARS &&
		    (c->cs = charset_of_collation(d->cols[i].type.collation, d->cols[i].type.mariadb, err)) == NULL)
			return err_ctx(err, "column %s", c->name);
		c->stays = c->cs != NULL && (strncmp(charset_name(c->cs), "utf8mb", 6) == 0 || strcmp(charset_name(c->cs), "ascii") == 0);
		buf_str(sql, s->ncols > 0 ? ", " : "");
		put_column(sql, &d->cols[i], c->form);
		s->ncols++;
	}
	if (s->ncols == 0)
		buf_str(sql, "1");
	return true;
}

static void
put_bound(struct buf *sql, const struct chunk *c, const char *op, const char *value)
{
	my_ident(sql, c->column);
	buf_str(sql, op);
	my_literal(sql, value);
}

static void
put_where(struct buf *sql, const struct chunk *c)
{
	if (c->column == NULL || (c->low == NULL && c->high == NULL))
		return;
	buf_str(sql, " WHERE ");
	if (c->low != NULL)
		put_bound(sql, c, " >= ", c->low);
	if (c->low != NULL && c->high != NULL)
		buf_str(sql, " AND ");
	if (c->high != NULL)
		put_bound(sql, c, " < ", c->high);
}

bool
my_scan_start(struct source_scan *s, const struct table *t, const struct chunk *c, bool binary, const char *filenodes, struct err *err)
{
	struct buf sql = { 0 };
	bool ok;

	(void)binary;
	(void)filenodes;
	assert(!s->running);
	s->table = t;
	put_select(&sql, t);
	ok = make_columns(s, t->source, &sql, err);
	buf_str(&sql, " FROM ");
	my_ident2(&sql, t->source_schema, t->source_name);
	put_where(&sql, c);
	ok = ok && my_stream(s->c, &s->rows, err, buf_cstr(&sql));
	buf_done(&sql);
	if (!ok && my_errno(s->c) == 1412)
		err_set(err, ERR_RETRY, "table %s.%s was altered after the snapshot that is to be read", t->source_schema, t->source_name);
	if (!ok)
		return err_ctx(err, "read table %s.%s", t->source_schema, t->source_name);
	s->running = true;
	return true;
}

/* ---- values ---- */

static void
put_bits(struct scan_column *c, const uint8_t *p, size_t n, struct value *v)
{
	for (uint32_t i = 0; i < c->bits && i < 64; i++) {
		const uint32_t bit = c->bits - 1 - i;	/* from the highest */
		const size_t byte = bit / 8;

		c->text[i] = byte < n && (p[n - 1 - byte] >> (bit % 8) & 1) != 0 ? '1' : '0';
	}
	*v = (struct value){ .kind = VALUE_TEXT, .len = c->bits, .p = (const uint8_t *)c->text };
}

/* UTF-8 stays where it is, but is looked at. */
static bool
put_chars(struct scan_column *c, const uint8_t *p, size_t n, struct value *v, struct err *err)
{
	size_t made, bad;

	buf_reset(&c->utf8);
	if (!c->stays && !buf_reserve(&c->utf8, charset_bound(c->cs, n) + 1))
		return err_set(err, ERR_SYSTEM, "no memory for a value of %zu bytes", n);
	if (!charset_to_utf8(c->cs, p, n, c->stays ? NULL : c->utf8.p, &made, &bad)) {
		err_set(err, ERR_DATA, "the value is not text of its character set %s at byte %zu", charset_name(c->cs), bad + 1);
		return err_remedy(err, "repair the value on the source, or leave the table out");
	}
	if (made > UINT32_MAX)
		return err_set(err, ERR_LIMIT, "a value of 4 GB or more");
	*v = (struct value){ .kind = VALUE_TEXT, .len = (uint32_t)made, .p = c->stays ? p : c->utf8.p };
	return true;
}

static bool
put_value(struct source_scan *s, uint16_t i, struct value *v, struct err *err)
{
	struct scan_column *c = &s->cols[i];
	const size_t n = my_length(&s->rows, i);
	const uint8_t *p = (const uint8_t *)s->rows.row[i];

	if (p == NULL) {
		*v = (struct value){ .kind = VALUE_NULL };
		return true;
	}
	if (n > UINT32_MAX)
		return err_set(err, ERR_LIMIT, "a value of 4 GB or more");
	switch (c->form) {
	case READ_TEXT: *v = (struct value){ .kind = VALUE_TEXT, .len = (uint32_t)n, .p = p }; break;
	case READ_CHARS: return put_chars(c, p, n, v, err);
	case READ_BYTES: *v = (struct value){ .kind = VALUE_BINARY, .len = (uint32_t)n, .p = p }; break;
	case READ_BITS: put_bits(c, p, n, v); break;
	case READ_FLOAT:
		*v = (struct value){ .kind = VALUE_TEXT, .p = (const uint8_t *)c->text,
			.len = (uint32_t)float_text(strtof((const char *)p, NULL), c->text) };
		break;
	case READ_DOUBLE:
		*v = (struct value){ .kind = VALUE_TEXT, .p = (const uint8_t *)c->text,
			.len = (uint32_t)double_text(strtod((const char *)p, NULL), c->text) };
		break;
	}
	return true;
}

int
my_scan_next(struct source_scan *s, struct value *vals, size_t *ret_bytes, struct err *err)
{
	bool row;

	*ret_bytes = 0;
	if (!my_stream_next(s->c, &s->rows, &row, err)) {
		err_ctx(err, "read table %s.%s", s->table->source_schema, s->table->source_name);
		return -1;
	}
	if (!row) {
		my_rows_done(&s->rows);
		s->running = false;
		if (my_engine_has_snapshots(s->table->source->engine) || my_snapshot_stood_still(s->snap, err))
			return 0;
		err_table(err, s->table->source_schema, s->table->source_name);
		return -1;
	}
	for (uint16_t i = 0; i < s->ncols; i++) {
		if (!put_value(s, i, &vals[i], err)) {
			err_ctx(err, "column %s", s->cols[i].name);
			return -1;
		}
		*ret_bytes += my_length(&s->rows, i);
	}
	return 1;
}

void
my_scan_close(struct source_scan *s)
{
	if (s == NULL)
		return;
	if (s->running)
		my_stream_end(s->c, &s->rows);
	if (s->c != NULL)
		my_snapshot_give(s->snap, s->c);
	forget_columns(s);
	free(s);
}
