/* covers: staging/prepared.c */
/* fuzz_prepared.c - any bytes as the kept rows of a prepared transaction: nothing but a clean refusal, or rows whose values lie in their records;
 * and rows that came out, put in again, come out as they were, in the same bytes each time.
 * The first byte says in what pieces the rest comes. A table named skip... is left out. */
#include <stdlib.h>

#include "daemon/base/arena.h"
#include "staging/prepared.h"
#include "test/fake/checking_sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROWS_MAX 4096

/* What was read. */
struct rows {
	struct arena *relations, *arena;
	const struct change *row[ROWS_MAX];
	size_t n;
};

/* ---- relations ---- */

static const char *
copy_text(struct arena *a, const char *s)
{
	char *copy = arena_strdup(a, s);

	sink_assert(copy != NULL);
	return copy;
}

static const struct coltype *
copy_type(struct arena *a, const struct coltype *t)
{
	struct coltype *copy = arena_zalloc(a, sizeof(*copy));
	const char **labels = arena_zalloc(a, (t->nlabels + 1u) * sizeof(*labels));

	sink_assert(copy != NULL && labels != NULL);
	*copy = *t;
	copy->name = copy_text(a, t->name);
	for (uint16_t i = 0; i < t->nlabels; i++)
		labels[i] = copy_text(a, t->labels[i]);
	copy->labels = labels;
	return copy;
}

/* Like a task does: a copy that outlives the call. */
static bool
take_relation(void *arg, const struct relation *as_written, const struct relation **ret, struct err *err)
{
	struct arena *a = arg;
	struct relation *rel = arena_zalloc(a, sizeof(*rel));
	struct relation_column *cols = arena_zalloc(a, (as_written->ncols + 1u) * sizeof(*cols));

	if (strncmp(as_written->name, "refuse", 6) == 0)
		return err_set(err, ERR_SCHEMA, "the hook was told to refuse");
	sink_assert(rel != NULL && cols != NULL && as_written->ncols <= RELATION_MAX_COLUMNS);
	*rel = *as_written;
	rel->schema = copy_text(a, as_written->schema);
	rel->name = copy_text(a, as_written->name);
	rel->cols = cols;
	for (uint16_t i = 0; i < rel->ncols; i++) {
		cols[i] = as_written->cols[i];
		cols[i].name = copy_text(a, cols[i].name);
		cols[i].type = cols[i].type != NULL ? copy_type(a, cols[i].type) : NULL;
	}
	*ret = strncmp(as_written->name, "skip", 4) == 0 ? NULL : rel;
	return true;
}

/* ---- reading ---- */

static void
check_values_lie_inside(const struct change *c)
{
	const uint8_t *end = (const uint8_t *)c + c->size;

	sink_assert(c->size % 16 == 0 && c->rel != NULL);
	sink_assert((c->nnew == 0 || c->nnew == c->rel->ncols) && (c->nold == 0 || c->nold == c->rel->ncols));
	for (size_t i = 0; i < (size_t)c->nnew + c->nold; i++) {
		const struct value *v = &change_new_values(c)[i];

		sink_assert(v->kind <= VALUE_BINARY);
		sink_assert(v->kind <= VALUE_NULL || (v->p > (const uint8_t *)c && v->p + v->len <= end));
	}
}

static void
rows_init(struct rows *rows)
{
	rows->relations = arena_new(4096, 0);
	rows->arena = arena_new(4096, 0);
	rows->n = 0;
	sink_assert(rows->relations != NULL && rows->arena != NULL);
}

static void
rows_done(struct rows *rows)
{
	arena_free(rows->relations);
	arena_free(rows->arena);
}

/* True: to the end, in pieces; *rows: what came out before it, or before what was refused. */
static bool
read_rows(const uint8_t *p, size_t n, size_t piece, struct rows *rows)
{
	struct err err = ERR_INIT;
	struct prepared_reader *r = prepared_reader_new((struct prepared_hooks){ take_relation, rows->relations }, &err);
	enum prepared_found found = PREPARED_MORE;
	const struct change *c;
	bool ok = r != NULL;

	for (size_t at = 0; ok && at < n; at += piece) {
		ok = prepared_feed(r, p + at, n - at < piece ? n - at : piece, &err);
		do {
			ok = ok && prepared_next(r, rows->arena, &found, &c, &err);
			if (!ok || found != PREPARED_ROW)
				continue;
			check_values_lie_inside(c);
			if (rows->n < ROWS_MAX)
				rows->row[rows->n++] = c;
		} while (ok && found == PREPARED_ROW);
	}
	sink_assert(ok == (err.kind == ERR_NONE));
	sink_assert(ok || err.msg[0] != '\0');
	prepared_reader_free(r);
	return ok && found == PREPARED_END;
}

/* ---- there and back ---- */

/* What is there is taken away whenever there are so many bytes of it, but for one. */
static void
write_rows(const struct rows *rows, size_t piece, struct buf *out)
{
	struct err err = ERR_INIT;
	struct prepared_writer *w = prepared_writer_new(&err);

	sink_assert(w != NULL);
	for (size_t i = 0; i <= rows->n; i++) {
		struct slice there;

		sink_assert(i < rows->n ? prepared_add(w, rows->row[i], &err) : prepared_end(w, &err));
		there = prepared_bytes(w);
		if (there.n >= piece && i < rows->n) {
			buf_put(out, there.p, there.n - 1);
			prepared_took(w, there.n - 1);
		}
	}
	buf_put(out, prepared_bytes(w).p, prepared_bytes(w).n);
	sink_assert(!out->bad);
	prepared_writer_free(w);
}

static void
check_same(const struct change *a, const struct change *b)
{
	sink_assert(a->kind == b->kind && a->old == b->old && a->flags == b->flags && a->nnew == b->nnew && a->nold == b->nold);
	sink_assert(a->rel->version == b->rel->version && strcmp(a->rel->schema, b->rel->schema) == 0 && strcmp(a->rel->name, b->rel->name) == 0);
	for (size_t i = 0; i < (size_t)a->nnew + a->nold; i++)
		sink_assert(value_same(&change_new_values(a)[i], &change_new_values(b)[i]));
}

static void
there_and_back(const struct rows *rows, size_t piece)
{
	struct buf once = { 0 }, twice = { 0 };
	struct rows *again = malloc(sizeof(*again));

	sink_assert(again != NULL);
	rows_init(again);
	write_rows(rows, piece, &once);
	sink_assert(read_rows(once.p, once.n, piece, again) && again->n == rows->n);
	for (size_t i = 0; i < rows->n; i++)
		check_same(rows->row[i], again->row[i]);
	write_rows(again, 1 << 20, &twice);
	sink_assert(once.n == twice.n && memcmp(once.p, twice.p, once.n) == 0);
	rows_done(again);
	free(again);
	buf_done(&once);
	buf_done(&twice);
}

/* ---- the name ---- */

/* Any xid: X'..',X'..',number, each byte two digits. */
static void
check_xid(const uint8_t *data, size_t size)
{
	struct {
		struct change c;
		uint8_t bytes[128];
	} begin = { .c = { .kind = CHANGE_BEGIN } }, end = { .c = { .kind = CHANGE_XA_COMMIT } };
	char text[PREPARED_XID], same[PREPARED_XID];
	const uint8_t gtrid = size > 1 ? data[0] % 65 : 0, bqual = size > 1 ? data[1] % 65 : 0;
	size_t n = size < 128 ? size : 128;

	begin.c.u.begin.gtrid_len = end.c.u.commit.gtrid_len = gtrid;
	begin.c.u.begin.bqual_len = end.c.u.commit.bqual_len = bqual;
	begin.c.u.begin.xid_format = end.c.u.commit.xid_format = size > 2 ? data[2] : UINT32_MAX;
	if (n > 0) {
		memcpy(change_xid(&begin.c), data, n);
		memcpy(change_xid(&end.c), data, n);
	}
	sink_assert(strcmp(prepared_xid_text(&begin.c, text), prepared_xid_text(&end.c, same)) == 0);
	n = 3 + 2u * gtrid + 4 + 2u * bqual + 1;
	sink_assert(strlen(text) > n && strlen(text) <= n + 10 && strncmp(text, "X'", 2) == 0 && text[n - 1] == ',');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t piece = size > 0 ? data[0] + 1u : 1;
	struct rows *rows = malloc(sizeof(*rows));

	sink_assert(rows != NULL);
	check_xid(data, size);
	rows_init(rows);
	if (size > 1)
		read_rows(data + 1, size - 1, piece, rows);
	there_and_back(rows, piece);
	rows_done(rows);
	free(rows);
	return 0;
}
