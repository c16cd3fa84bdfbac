/* pg_scan.c - the rows of a full load: a table's leaves in ranges of pages, or a table in ranges of
 * a key column, read under the exported snapshot by COPY.
 * Flow: split, or sample for ranges of a key -> scan_open (one transaction under the snapshot) -> scan_start (lock, compare the
 * file, COPY) -> scan_next per row.
 * Invariant: columns by name, in the order of relation_from_desc(); the end is believed only where
 * the server confirms it. Rows that are not read in their binary form are read as COPY's text: it
 * is made by the types' output functions, as the stream's is (a cast to text is not: it cuts
 * char(n) and spells booleans another way).
 * Threads: one at a time for each scan; the row's bytes belong to the scan until the next call. */
#include "endpoints/pg_source.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/arena.h"
#include "daemon/base/fault.h"

#define PAGE_BYTES	   8192
#define SAMPLE_PAGES	   16 /* for each range */
#define SCAN_DEADLINE_USEC 30000000
#define SCAN_SILENCE_USEC                                                                          \
	300000000 /* a COPY that gives no row for so long: dead pages, or a dead server */
#define BINARY_HEADER_BYTES  19
#define FIRST_TID_RANGE_SCAN 140000

struct source_scan {
	struct pg_conn *c;
	bool binary, running, header_seen, trailer_seen;
	uint16_t ncols;
	char *row; /* libpq's; freed at the next call */
};

/* How many chunks a leaf becomes: whole chunks only, so that the sum stays near what was wanted. */
static uint32_t
leaf_chunks(const struct leaf_desc *leaf, uint64_t chunk_pages)
{
	const uint64_t n = leaf->pages / chunk_pages;

	return n < 1 ? 1 : (uint32_t)n;
}

static uint64_t
pages_per_chunk(const struct table_desc *d, uint32_t want, uint64_t min_bytes)
{
	uint64_t total = 0, pages;

	for (uint16_t i = 0; i < d->nleaves; i++)
		total += d->leaves[i].pages;
	pages = (total + want - 1) / (want > 0 ? want : 1);
	if (pages < min_bytes / PAGE_BYTES)
		pages = min_bytes / PAGE_BYTES;
	return pages > 0 ? pages : 1;
}

/* Before PostgreSQL 14 a range of ctids reads the whole leaf. */
bool
pg_scan_splits_by_page(struct source *s)
{
	return pg_conn_version(s->c) >= FIRST_TID_RANGE_SCAN;
}

bool
pg_scan_split(struct source *s, const struct table *t, uint32_t want, uint64_t min_bytes,
    struct arena *arena, struct chunk **ret_chunks, uint32_t *ret_n, struct err *err)
{
	const struct table_desc *d = t->source;
	uint64_t per = pages_per_chunk(d, want, min_bytes);
	uint32_t n = 0, number = 0;
	struct chunk *chunks;

	if (!pg_scan_splits_by_page(s))
		per = UINT64_MAX;
	for (uint16_t i = 0; i < d->nleaves; i++)
		n += leaf_chunks(&d->leaves[i], per);
	if ((chunks = arena_zalloc(arena, (n > 0 ? n : 1u) * sizeof(*chunks))) == NULL)
		return err_set(
		    err, ERR_SYSTEM, "no memory for the chunks of %s.%s", d->schema, d->name);
	for (uint16_t i = 0; i < d->nleaves; i++) {
		const uint32_t parts = leaf_chunks(&d->leaves[i], per);

		for (uint32_t k = 0; k < parts; k++, number++)
			chunks[number] = (struct chunk){.number = number,
			    .leaf = i,
			    .first_page = k * per,
			    .end_page = k + 1 < parts ? (k + 1) * per : 0};
	}
	*ret_chunks = chunks;
	*ret_n = n;
	return true;
}

/* Every want-th part of a sample of pages, sorted by the server as the column is, not as its text. */
static void
sample_sql(struct buf *sql, const struct table *t, const char *column, uint32_t want)
{
	const struct table_desc *d = t->source;
	const double pages = d->nleaves > 0 ? (double)d->leaves[0].pages : 0,
		     wanted = (double)want * SAMPLE_PAGES;

	buf_printf(sql,
	    "SELECT q.x::text AS bound FROM (SELECT DISTINCT unnest(percentile_disc((SELECT array_agg(i::float8"
	    " / %u) FROM generate_series(1, %u) i)) WITHIN GROUP (ORDER BY ",
	    want, want - 1);
	pg_ident(sql, column);
	buf_str(sql, ")) AS x FROM ONLY ");
	pg_ident2(sql, d->schema, d->name);
	buf_printf(sql, " TABLESAMPLE SYSTEM (%.6f)) q WHERE q.x IS NOT NULL ORDER BY q.x",
	    pages > wanted ? 100 * wanted / pages : 100.0);
}

bool
pg_scan_sample(struct source *s, const struct table *t, const char *column, uint32_t want,
    struct arena *arena, const char ***ret_bounds, size_t *ret_n, struct err *err)
{
	struct buf sql = {.n = 0};
	PGresult *res;
	bool ok = true;
	int n;

	*ret_n = 0;
	*ret_bounds = NULL;
	if (want < 2)
		return true;
	sample_sql(&sql, t, column, want);
	res = pg_query(s->c, err, buf_cstr(&sql), 0, NULL);
	buf_done(&sql);
	if (res == NULL)
		return err_ctx(err, "sample %s.%s", t->source->schema, t->source->name);
	n = PQntuples(res);
	ok = (*ret_bounds = arena_zalloc(arena, (size_t)(n + 1) * sizeof(char *))) != NULL;
	for (int i = 0; ok && i < n; i++)
		ok = ((*ret_bounds)[i] = arena_strdup(arena, PQgetvalue(res, i, 0))) != NULL;
	PQclear(res);
	*ret_n = (size_t)n;
	return ok || err_set(err, ERR_SYSTEM, "no memory for the ranges of a load");
}

/* The snapshot's name is libpq's answer of the exporting session: quoted all the same. */
static bool
join_snapshot(struct source_scan *s, const char *name, struct err *err)
{
	struct buf sql = {.n = 0};
	bool ok;

	buf_str(&sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT ");
	pg_literal(&sql, name);
	ok = !sql.bad ? pg_exec(s->c, err, buf_cstr(&sql)) : err_set(err, ERR_SYSTEM, "no memory");
	buf_done(&sql);
	if (ok)
		return true;
	/* 22023, 42704: no such snapshot (any more). */
	if (strcmp(err->sqlstate, "22023") == 0 || strcmp(err->sqlstate, "42704") == 0)
		err_set(err, ERR_RETRY, "the snapshot has ended: the load starts again");
	return false;
}

struct source_scan *
pg_scan_open(const struct source_params *p, const struct source_snapshot *snap, struct err *err)
{
	struct source_scan *s = mem_zalloc(sizeof(*s), err);

	if (s == NULL)
		return NULL;
	s->c = pg_conn_open(p->endpoint, PG_CONN_SOURCE, p->task, "load", p->stop, err);
	if (s->c == NULL) {
		free(s);
		return NULL;
	}
	s->c->deadline_usec = SCAN_DEADLINE_USEC;
	if (!pg_source_is_same(s->c, p, err) || !join_snapshot(s, pg_snapshot_name(snap), err)) {
		pg_scan_close(s);
		return NULL;
	}
	return s;
}

void
pg_scan_close(struct source_scan *s)
{
	if (s == NULL)
		return;
	if (s->row != NULL)
		PQfreemem(s->row);
	pg_conn_close(s->c);
	free(s);
}

/* "oid:filenode,...": the number that stands behind oid; 0: none. */
static uint32_t
noted_filenode(const char *filenodes, uint32_t oid)
{
	for (const char *p = filenodes; *p != '\0';) {
		char *end;
		const unsigned long o = strtoul(p, &end, 10);

		if (*end != ':')
			return 0;
		if (o == oid)
			return (uint32_t)strtoul(end + 1, NULL, 10);
		p = strchr(end, ',');
		if (p == NULL)
			return 0;
		p++;
	}
	return 0;
}

/* Under the lock, so that the answer stays true until the transaction's end. */
static bool
same_file(
    struct source_scan *s, const struct leaf_desc *leaf, const char *filenodes, struct err *err)
{
	char oid[16];
	const char *params[] = {oid};
	PGresult *res;
	uint32_t now;

	snprintf(oid, sizeof(oid), "%u", leaf->oid);
	res = pg_query(s->c, err, "SELECT coalesce(pg_relation_filenode($1::oid), 0)", 1, params);
	if (res == NULL)
		return false;
	now = (uint32_t)strtoul(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);
	if (now != 0 && now == noted_filenode(filenodes, leaf->oid))
		return true;
	err_set(err, ERR_RETRY,
	    "was rewritten after the snapshot was taken (TRUNCATE, ALTER TABLE, CLUSTER or VACUUM "
	    "FULL): "
	    "its load starts again");
	return false;
}

static bool
lock_leaf(struct source_scan *s, const struct leaf_desc *leaf, struct err *err)
{
	struct buf sql = {.n = 0};
	bool ok;

	buf_str(&sql, "LOCK TABLE ONLY ");
	pg_ident2(&sql, leaf->schema, leaf->name);
	buf_str(&sql, " IN ACCESS SHARE MODE");
	ok = !sql.bad ? pg_exec(s->c, err, buf_cstr(&sql)) : err_set(err, ERR_SYSTEM, "no memory");
	buf_done(&sql);
	return ok;
}

/* The bound is a literal of unknown type: it takes the column's, and its collation. */
static void
put_bound(struct buf *sql, const char *before, const char *column, const char *op, const char *bound)
{
	buf_str(sql, before);
	pg_ident(sql, column);
	buf_str(sql, op);
	pg_literal(sql, bound);
}

static void
put_range(struct buf *sql, const struct chunk *c)
{
	if (c->low != NULL)
		put_bound(sql, " WHERE ", c->column, " >= ", c->low);
	if (c->high != NULL)
		put_bound(sql, c->low != NULL ? " AND " : " WHERE ", c->column, " < ", c->high);
}

static void
copy_sql(struct source_scan *s, const struct table_desc *d, const struct leaf_desc *leaf,
    const struct chunk *c, struct buf *sql)
{
	s->ncols = 0;
	buf_str(sql, "COPY (SELECT ");
	for (uint16_t i = 0; i < d->ncols; i++) {
		if (d->cols[i].generated)
			continue;
		buf_str(sql, s->ncols++ > 0 ? ", " : "");
		pg_ident(sql, d->cols[i].name);
	}
	buf_str(sql, " FROM ONLY ");
	pg_ident2(sql, leaf->schema, leaf->name);
	if (c->column != NULL)
		put_range(sql, c);
	else if (c->first_page > 0 || c->end_page > 0)
		buf_printf(
		    sql, " WHERE ctid >= '(%llu,0)'::tid", (unsigned long long)c->first_page);
	if (c->column == NULL && c->end_page > 0)
		buf_printf(sql, " AND ctid < '(%llu,0)'::tid", (unsigned long long)c->end_page);
	buf_printf(sql, ") TO STDOUT (FORMAT %s)", s->binary ? "binary" : "text");
}

static bool
begin_copy(struct source_scan *s, const struct table_desc *d, const struct leaf_desc *leaf,
    const struct chunk *c, struct err *err)
{
	struct buf sql = {.n = 0};
	PGresult *res = NULL;

	copy_sql(s, d, leaf, c, &sql);
	if (sql.bad)
		err_set(err, ERR_SYSTEM, "no memory for a statement");
	else
		res = pg_simple(s->c, buf_cstr(&sql), err);
	buf_done(&sql);
	if (res == NULL)
		return false;
	if (PQresultStatus(res) != PGRES_COPY_OUT || PQnfields(res) != s->ncols)
		err_set(err, ERR_PROTOCOL, "COPY was answered by %s of %d columns",
		    PQresStatus(PQresultStatus(res)), PQnfields(res));
	else
		s->running = true;
	PQclear(res);
	return s->running;
}

bool
pg_scan_start(struct source_scan *s, const struct table *t, const struct chunk *c, bool binary,
    const char *filenodes, struct err *err)
{
	const struct leaf_desc *leaf = &t->source->leaves[c->leaf];

	assert(!s->running && c->leaf < t->source->nleaves);
	s->binary = binary;
	s->header_seen = s->trailer_seen = false;
	if (lock_leaf(s, leaf, err) && same_file(s, leaf, filenodes, err) &&
	    FAULT("scan.compared", err) && begin_copy(s, t->source, leaf, c, err))
		return true;
	if (err->kind != ERR_CANCELLED) {
		err_table(err, leaf->schema, leaf->name);
		err_ctx(err, "%s.%s", leaf->schema, leaf->name);
	}
	return false;
}

/* Signature, flags and an extension, before the first row. */
static bool
skip_header(struct source_scan *s, struct rd *in, struct err *err)
{
	static const uint8_t signature[11] = {
	    'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n', 0};
	const uint8_t *p;
	uint32_t flags, extension;

	if (s->header_seen)
		return true;
	p = rd_bytes(in, sizeof(signature));
	flags = rd_u32(in);
	extension = rd_u32(in);
	rd_bytes(in, extension);
	if (in->bad || memcmp(p, signature, sizeof(signature)) != 0 || (flags & 0xffff0000u) != 0)
		return err_set(err, ERR_PROTOCOL, "COPY began with an unknown header");
	s->header_seen = true;
	return true;
}

/* 1: a row; 0: the trailer, or a header alone; -1: error. */
static int
binary_row(struct source_scan *s, struct rd in, struct value *vals, struct err *err)
{
	uint16_t n;

	if (!skip_header(s, &in, err))
		return -1;
	if (rd_left(&in) == 0)
		return 0;
	n = rd_u16(&in);
	if (n == UINT16_MAX && rd_left(&in) == 0 && !in.bad) {
		s->trailer_seen = true;
		return 0;
	}
	if (n != s->ncols || s->trailer_seen) {
		err_set(err, ERR_PROTOCOL, "COPY gave a row of %u columns where %u were asked for",
		    n, s->ncols);
		return -1;
	}
	for (uint16_t i = 0; i < n; i++) {
		const uint32_t len = rd_u32(&in);

		if (len == UINT32_MAX)
			vals[i] = (struct value){.kind = VALUE_NULL};
		else
			vals[i] = (struct value){
			    .kind = VALUE_BINARY, .len = len, .p = rd_bytes(&in, len)};
	}
	if (in.bad || rd_left(&in) != 0) {
		err_set(err, ERR_PROTOCOL, "COPY gave a row that does not end where it says");
		return -1;
	}
	return 1;
}

/* The byte behind a backslash; 0: none that COPY TO writes. */
static char
unescape(char c)
{
	switch (c) {
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	case 'v': return '\v';
	case '\\': return '\\';
	default: return 0;
	}
}

/* One value from *pos up to the next tab or to end, unescaped in place. */
static bool
text_value(char **pos, char *end, struct value *v)
{
	char *p = *pos, *out = *pos;
	char *const stop = memchr(p, '\t', (size_t)(end - p));
	char *const last = stop != NULL ? stop : end;

	*pos = stop != NULL ? stop + 1 : end;
	if (last - p == 2 && p[0] == '\\' && p[1] == 'N') {
		*v = (struct value){.kind = VALUE_NULL};
		return true;
	}
	*v = (struct value){.kind = VALUE_TEXT, .p = (const uint8_t *)p};
	if ((out = memchr(p, '\\', (size_t)(last - p))) == NULL) {
		v->len = (uint32_t)(last - p);
		return true;
	}
	for (p = out; p < last; p++) {
		if (*p != '\\') {
			*out++ = *p;
			continue;
		}
		if (++p == last || (*out++ = unescape(*p)) == 0)
			return false;
	}
	v->len = (uint32_t)((const uint8_t *)out - v->p);
	return true;
}

static int
text_row(struct source_scan *s, char *row, size_t n, struct value *vals, struct err *err)
{
	char *pos = row, *const end = row + n - 1;
	uint16_t i = 0;
	size_t tabs = 0;

	if (n == 0 || row[n - 1] != '\n') {
		err_set(err, ERR_PROTOCOL, "COPY gave a row without an end");
		return -1;
	}
	for (const char *p = row; (p = memchr(p, '\t', (size_t)(end - p))) != NULL; p++)
		tabs++;
	if (s->ncols == 0 ? n != 1 : tabs + 1 != s->ncols) {
		err_set(err, ERR_PROTOCOL, "COPY gave a row of %zu columns where %u were asked for",
		    tabs + 1, s->ncols);
		return -1;
	}
	for (; i < s->ncols; i++)
		if (!text_value(&pos, end, &vals[i])) {
			err_set(
			    err, ERR_PROTOCOL, "COPY gave an unknown escape in column %u", i + 1u);
			return -1;
		}
	return 1;
}

/* The server's last word on the COPY. */
static int
end_copy(struct source_scan *s, struct err *err)
{
	struct err wait_err = ERR_INIT;
	PGresult *res = pg_next_result(s->c, &wait_err);
	bool ok = res != NULL || pg_no_result(&wait_err, "COPY", err);

	s->running = false;
	if (ok && PQresultStatus(res) != PGRES_COMMAND_OK)
		ok = pg_err_result(s->c, res, err);
	PQclear(res);
	while (ok && (res = pg_next_result(s->c, &wait_err)) != NULL)
		PQclear(res);
	if (ok && wait_err.kind != ERR_NONE)
		ok = pg_no_result(&wait_err, "COPY", err);
	if (ok && s->binary && !s->trailer_seen)
		ok = err_set(err, ERR_PROTOCOL, "COPY ended without its trailer");
	return ok ? 0 : -1;
}

/* > 0: bytes in s->row; 0: the COPY has ended; -1: error. */
static int
next_message(struct source_scan *s, struct err *err)
{
	const struct usec start = clock_mono();

	if (s->row != NULL)
		PQfreemem(s->row);
	s->row = NULL;
	for (;;) {
		const int n = PQgetCopyData(s->c->pg, &s->row, 1);
		bool ready;

		if (n > 0)
			return n;
		if (n == -1)
			return 0;
		if (n < -1) {
			pg_err_conn(s->c, "read a table", err);
			return -1;
		}
		if (!pg_wait(s->c, false, SCAN_SILENCE_USEC, &ready, err))
			return -1;
		if (!ready && usec_since(start) >= SCAN_SILENCE_USEC) {
			err_set(err, ERR_RETRY, "the source gave no row for %d s",
			    SCAN_SILENCE_USEC / 1000000);
			return -1;
		}
	}
}

int
pg_scan_next(struct source_scan *s, struct value *vals, size_t *ret_bytes, struct err *err)
{
	assert(s->running);
	if (!FAULT("scan.row", err))
		return -1;
	for (;;) {
		const int n = next_message(s, err);
		int got;

		if (n < 0)
			return -1;
		if (n == 0)
			return end_copy(s, err);
		if (s->binary)
			got = binary_row(s, rd_init(s->row, (size_t)n), vals, err);
		else
			got = text_row(s, s->row, (size_t)n, vals, err);
		if (got != 0) {
			*ret_bytes = (size_t)n;
			return got;
		}
	}
}
