/* fake.c - rows, tables and errors of the fake world; see fake.h. */
#include "fake_intern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cdc/pg_type.h"

#define TEXT_OID 25

struct fake_world fake;

void
fake_init(void)
{
	mutex_init(&fake.lock);
	cond_init(&fake.moved);
	if ((fake.arena = arena_new(256 << 10, 0)) == NULL)
		abort();
	fake.s.end = 0x1000000;
	fake.s.id = 7;
	fake.s.timeline = 1;
	fake.s.hold[0] = fake.s.hold[1] = -1;
	fake.s.chunks = 1;
}

void
fake_done(void)
{
	table_states_done(&fake.t.states);
	table_states_done(&fake.t.inflight.states);
	fake_log_done();
	arena_free(fake.arena);
	cond_done(&fake.moved);
	mutex_done(&fake.lock);
}

size_t
fake_held(void)
{
	return (fake.arena != NULL ? arena_held(fake.arena) : 0) + fake_log_held();
}

void
fake_broken(const char *fmt, ...)
{
	va_list ap;

	if (fake.broken[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(fake.broken, sizeof(fake.broken), fmt, ap);
	va_end(ap);
}

void *
fake_alloc(size_t n)
{
	void *p = arena_zalloc(fake.arena, n);

	if (p == NULL)
		abort();
	return p;
}

/* ---- rows ---- */

/* len NULL: the values are C strings. */
const struct fake_row *
fake_row_new(int n, const char *const v[], const size_t len[])
{
	struct fake_row *row = fake_alloc(sizeof(*row));

	row->n = n;
	for (int i = 0; i < n; i++)
		if (v[i] != NULL)
			row->v[i] =
			    arena_strndup(fake.arena, v[i], len != NULL ? len[i] : strlen(v[i]));
	return row;
}

void
fake_rows_add(struct fake_rows *rows, const struct fake_row *row)
{
	if (rows->n == rows->cap) {
		size_t cap = rows->cap == 0 ? 16 : rows->cap * 2;
		const struct fake_row **grown = fake_alloc(cap * sizeof(struct fake_row *));

		if (rows->n > 0)
			memcpy(grown, rows->row, rows->n * sizeof(struct fake_row *));
		rows->row = grown;
		rows->cap = cap;
	}
	rows->row[rows->n++] = row;
}

void
fake_rows_remove(struct fake_rows *rows, size_t i)
{
	rows->row[i] = rows->row[--rows->n];
}

void
fake_rows_copy(struct fake_rows *to, const struct fake_rows *from)
{
	*to = (struct fake_rows){ .n = from->n, .cap = from->n };
	if (from->n == 0)
		return;
	to->row = fake_alloc(from->n * sizeof(struct fake_row *));
	memcpy(to->row, from->row, from->n * sizeof(struct fake_row *));
}

struct checkpoint *
fake_row_of(uint32_t group)
{
	if (group >= FAKE_GROUPS)
		abort();
	return group == 0 ? &fake.t.cp : &fake.t.groups[group];
}

bool
fake_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Two rows that can't stand beside each other. */
bool
fake_violates(const struct fake_def *def, const struct fake_row *a, const struct fake_row *b)
{
	bool keyed = false, same_key = true;

	for (int i = 0; i < def->ncols; i++) {
		if (def->cols[i].unique && a->v[i] != NULL && fake_same(a->v[i], b->v[i]))
			return true;
		keyed = keyed || def->cols[i].key;
		same_key = same_key && (!def->cols[i].key || fake_same(a->v[i], b->v[i]));
	}
	return keyed && same_key;
}

static int
compare_rows(const void *x, const void *y)
{
	const struct fake_row *a = *(const struct fake_row *const *)x,
			      *b = *(const struct fake_row *const *)y;

	for (int i = 0; i < FAKE_COLS; i++) {
		int d = a->v[i] == NULL || b->v[i] == NULL ? (a->v[i] != NULL) - (b->v[i] != NULL)
							   : strcmp(a->v[i], b->v[i]);

		if (d != 0)
			return d;
	}
	return 0;
}

bool
fake_rows_equal(const struct fake_rows *a, const struct fake_rows *b)
{
	size_t size = a->n * sizeof(struct fake_row *);
	const struct fake_row **x, **y;
	bool equal = true;

	if (a->n != b->n || a->n == 0)
		return a->n == b->n;
	x = xzalloc(size);
	y = xzalloc(size);
	memcpy(x, a->row, size);
	memcpy(y, b->row, size);
	qsort(x, a->n, sizeof(x[0]), compare_rows);
	qsort(y, a->n, sizeof(y[0]), compare_rows);
	for (size_t i = 0; equal && i < a->n; i++)
		equal = compare_rows(&x[i], &y[i]) == 0;
	free(x);
	free(y);
	return equal;
}

/* ---- tables ---- */

int
fake_leaf_of(const struct fake_def *def, const struct fake_row *row)
{
	for (int i = 0; i < def->nleaves; i++)
		if (strncmp(row->v[0], def->leaves[i].prefix, strlen(def->leaves[i].prefix)) == 0)
			return i;
	return -1;
}

int
fake_table(const char *name)
{
	for (int i = 0; i < fake.s.ntables; i++)
		if (strcmp(fake.s.tables[i].def->name, name) == 0)
			return i;
	return -1;
}

static void
describe_column(const struct fake_column *c, struct column_desc *d, int i, struct arena *arena)
{
	d->name = arena_strdup(arena, c->name);
	pg_type_fill(&d->type, 'b', TEXT_OID, TEXT_OID, -1, "text");
	d->attnum = (int16_t)(i + 1);
	d->notnull = c->key;
	d->byte_order = true;
}

static void
describe_index(const char *name, const struct fake_def *def, bool primary, int col,
    struct index_desc *ix, struct arena *arena)
{
	uint16_t *cols = arena_zalloc(arena, FAKE_COLS * sizeof(*cols));

	*ix = (struct index_desc){ .name = arena_strdup(arena, name),
		.sql = "",
		.unique = true,
		.primary = primary,
		.immediate = true,
		.cols = cols };
	for (int i = 0; i < def->ncols; i++)
		if (primary ? def->cols[i].key : i == col)
			cols[ix->ncols++] = (uint16_t)i;
}

static void
describe_indexes(const struct fake_def *def, struct table_desc *d, struct arena *arena)
{
	bool primary = false;

	d->indexes = arena_zalloc(arena, (FAKE_COLS + 1) * sizeof(*d->indexes));
	for (int i = 0; i < def->ncols; i++)
		primary = primary || def->cols[i].key;
	if (primary)
		describe_index("pkey", def, true, -1, &d->indexes[d->nindexes++], arena);
	for (int i = 0; i < def->ncols; i++)
		if (def->cols[i].unique)
			describe_index(
			    def->cols[i].name, def, false, i, &d->indexes[d->nindexes++], arena);
}

static void
describe_leaves(const struct fake_def *def, struct table_desc *d, struct arena *arena)
{
	d->nleaves = (uint16_t)(def->nleaves > 0 ? def->nleaves : 1);
	d->leaves = arena_zalloc(arena, d->nleaves * sizeof(*d->leaves));
	for (int i = 0; i < d->nleaves; i++) {
		struct leaf_desc *l = &d->leaves[i];

		l->oid = def->oid;
		l->schema = "public";
		l->name = d->name;
		l->filenode = def->oid;
		l->replica_identity = def->identity;
		if (def->nleaves == 0)
			continue;
		l->oid = def->oid + 1 + (uint32_t)i;
		l->name = arena_strdup(arena, def->leaves[i].name);
		l->bound_sql =
		    arena_printf(arena, "%s LIKE '%s%%'", def->cols[0].name, def->leaves[i].prefix);
	}
}

void
fake_describe(const struct fake_def *def, struct table_desc *d, struct arena *arena)
{
	*d = (struct table_desc){ .oid = def->oid,
		.schema = "public",
		.name = arena_strdup(arena, def->name),
		.kind = def->nleaves > 0 ? 'p' : 'r',
		.persistence = 'p',
		.replica_identity = def->identity,
		.ncols = (uint16_t)def->ncols,
		.tuples = -1 };
	d->cols = arena_zalloc(arena, (FAKE_COLS + 1) * sizeof(*d->cols));
	for (int i = 0; i < def->ncols; i++)
		describe_column(&def->cols[i], &d->cols[i], i, arena);
	describe_indexes(def, d, arena);
	describe_leaves(def, d, arena);
}

/* ---- errors ---- */

void
fake_fail_add(const char *where, const char *code, int nth, int times)
{
	struct fake_fail *f = &fake.fails[fake.nfails++ % FAKE_FAILS];

	*f = (struct fake_fail){ .skip = nth - 1, .times = times };
	snprintf(f->where, sizeof(f->where), "%s", where);
	snprintf(f->code, sizeof(f->code), "%s", code);
}

const char *
fake_fail_take(const char *where)
{
	for (int i = 0; i < fake.nfails && i < FAKE_FAILS; i++) {
		struct fake_fail *f = &fake.fails[i];

		if (strcmp(f->where, where) != 0 || f->times == 0)
			continue;
		if (f->skip > 0) {
			f->skip--;
			continue;
		}
		f->times--;
		return f->code;
	}
	return NULL;
}

bool
fake_error(struct err *err, const char *code, const char *what)
{
	static const struct {
		const char *prefix;
		enum err_kind kind;
	} kinds[] = { { "22", ERR_DATA }, { "23", ERR_DATA }, { "P0", ERR_DATA },
		{ "54", ERR_LIMIT }, { "42", ERR_CONFIG }, { "", ERR_RETRY } };
	size_t i = 0;

	while (strncmp(code, kinds[i].prefix, strlen(kinds[i].prefix)) != 0)
		i++;
	err_set(err, kinds[i].kind, "%s failed as told (%s)", what, code);
	snprintf(err->sqlstate, sizeof(err->sqlstate), "%.5s", code);
	err->once = strcmp(code, "XX001") == 0; /* data corrupted */
	return false;
}

bool
fake_lost(struct err *err)
{
	return fake_error(err, "08006", "the connection");
}

void
fake_moment(const char *where)
{
	for (int i = 0; !fake.dead && i < fake.nmoments; i++) {
		struct fake_moment *m = &fake.moments[i];
		char line[sizeof(m->line)];

		if (strcmp(m->where, where) != 0 || m->skip < 0 || m->skip-- > 0)
			continue;
		memcpy(line, m->line, sizeof(line));
		fake.on_moment(line);
		cond_broadcast(&fake.moved);
	}
}

bool
fake_fails(const char *where, struct err *err)
{
	const char *code;

	fake_moment(where);
	code = fake.dead ? "08006" : fake_fail_take(where);
	return code != NULL && !fake_error(err, code, where);
}
