/* fake_storm.c - transactions and failures by chance; see fake.h.
 * Invariant: what is committed would have been allowed by a real server: no change meets a unique
 * value of another row, and values stem from few, so that keys and unique values move between rows.
 * Threads: under the world's lock. */
#include "fake_intern.h"

#include <stdio.h>
#include <string.h>

#define FEW 24 /* different values of a key or unique column */

static unsigned
chance(uint64_t *seed, unsigned n)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33) % n;
}

static const char *
any_value(const struct fake_def *def, int col, uint64_t *seed)
{
	const struct fake_column *c = &def->cols[col];
	const bool places = col == 0 && def->nleaves > 0;
	const char *v[1];
	char text[24];

	if (!c->key && !places && chance(seed, 5) == 0)
		return NULL;
	snprintf(text, sizeof(text), "%s%u", places ? def->leaves[chance(seed, (unsigned)def->nleaves)].prefix : c->unique ? "u" : "",
	    chance(seed, FEW));
	v[0] = text;
	return fake_row_new(1, v, NULL)->v[0];
}

static bool
fits(int table, const struct fake_row *row, size_t skip)
{
	const struct fake_source_table *t = &fake.s.tables[table];

	for (size_t i = 0; i < t->rows.n; i++)
		if (i != skip && fake_violates(t->def, t->rows.row[i], row))
			return false;
	return fake_xa_fits(table, row);
}

static void
any_insert(int table, uint64_t *seed)
{
	const struct fake_source_table *t = &fake.s.tables[table];
	const char *v[FAKE_COLS] = { NULL };
	const struct fake_row *row;

	for (int i = 0; i < t->def->ncols; i++)
		v[i] = any_value(t->def, i, seed);
	row = fake_row_new(t->def->ncols, v, NULL);
	if (fits(table, row, SIZE_MAX))
		fake_source_insert(table, row);
}

/* Keys change now and then; a plain value that does not change may not be sent. */
static void
any_update(int table, uint64_t *seed)
{
	const struct fake_source_table *t = &fake.s.tables[table];
	size_t at = chance(seed, (unsigned)t->rows.n);
	const char *v[FAKE_COLS] = { NULL };
	const struct fake_row *row;
	unsigned unchanged = 0;

	if (fake_xa_locks(t->rows.row[at]))
		return;
	for (int i = 0; i < t->def->ncols; i++) {
		const struct fake_column *c = &t->def->cols[i];

		v[i] = t->rows.row[at]->v[i];
		if (chance(seed, c->key ? 5 : 2) == 0)
			v[i] = any_value(t->def, i, seed);
		else if (v[i] != NULL && !c->key && !c->unique && chance(seed, 3) == 0)
			unchanged |= 1u << i;
	}
	row = fake_row_new(t->def->ncols, v, NULL);
	if (!fits(table, row, at))
		return;
	if (fake_leaf_of(t->def, row) == fake_leaf_of(t->def, t->rows.row[at])) {
		fake_source_replace(table, at, row, unchanged);
		return;
	}
	fake_source_delete(table, at);		/* as its server has it: a row moves to another leaf */
	fake_source_insert(table, row);
}

static void
any_delete(int table, uint64_t *seed)
{
	size_t at = chance(seed, (unsigned)fake.s.tables[table].rows.n);

	if (!fake_xa_locks(fake.s.tables[table].rows.row[at]))
		fake_source_delete(table, at);
}

/* The table, or a leaf of it. */
static void
any_truncate(int table, uint64_t *seed)
{
	const int nleaves = fake.s.tables[table].def->nleaves;
	const int leaf = nleaves > 0 && chance(seed, 2) == 0 ? (int)chance(seed, (unsigned)nleaves) : -1;

	fake_source_truncate(table, leaf, fake_source_change(CHANGE_TRUNCATE, table));
}

static void
any_change(uint64_t *seed, bool xa)
{
	int table = (int)chance(seed, (unsigned)fake.s.ntables);
	size_t n = fake.s.tables[table].rows.n;
	unsigned what = chance(seed, 100);

	if (what == 0 && !xa && fake.s.kind == FAKE_POSTGRESQL)
		any_truncate(table, seed);
	else if (what < 40 || n == 0)
		any_insert(table, seed);
	else if (what < 80)
		any_update(table, seed);
	else
		any_delete(table, seed);
}

/* A name comes again soon. */
static void
prepare(uint64_t *seed)
{
	char name[16];
	unsigned n = chance(seed, 4 * FAKE_PREPARED);

	for (int i = 0; i < fake.s.nprepared; i++) {
		snprintf(name, sizeof(name), "x%u", n);
		if (strcmp(fake.s.prepared[i]->xid, name) == 0) {
			n++;
			i = -1;
		}
	}
	snprintf(name, sizeof(name), "x%u", n);
	fake_xa_prepare(name);
}

/* A statement that is a transaction by itself there. */
static void
truncate_alone(int table)
{
	fake_source_truncate(table, -1, fake_source_change(CHANGE_TRUNCATE, table));
	fake_source_commit(0);
}

void
fake_storm_transaction(uint64_t *seed, bool xa)
{
	if (fake.s.frozen > 0)
		return;
	if (xa && fake.s.nprepared > 0 && chance(seed, 3) == 0)
		fake_xa_end_nth((int)chance(seed, (unsigned)fake.s.nprepared), chance(seed, 4) != 0);
	fake_source_begin();
	if (fake.s.kind != FAKE_POSTGRESQL && fake.s.nprepared == 0 && chance(seed, 40) == 0) {
		truncate_alone((int)chance(seed, (unsigned)fake.s.ntables));
		return;
	}
	for (unsigned n = 1 + chance(seed, 8); n > 0; n--)
		any_change(seed, xa);
	if (xa && fake.s.nprepared < FAKE_PREPARED && chance(seed, 2) == 0)
		prepare(seed);
	else
		fake_source_commit(0);
}

/* Many rows, of which each has a large value in its second column; those of a former one go first. */
void
fake_storm_large(uint64_t *seed, size_t bytes)
{
	enum { VALUE = 16000 };
	const int table = (int)chance(seed, (unsigned)fake.s.ntables);
	const struct fake_source_table *t = &fake.s.tables[table];
	char *value = fake_alloc(VALUE + 1), key[24];
	const char *v[FAKE_COLS] = { key, value };
	const struct fake_row *row;

	if (fake.s.frozen > 0)
		return;
	fake_source_begin();
	for (size_t i = t->rows.n; i-- > 0;)
		if (t->rows.row[i]->v[1] != NULL && strlen(t->rows.row[i]->v[1]) == VALUE && !fake_xa_locks(t->rows.row[i]))
			fake_source_delete(table, i);
	for (size_t i = 0; i < bytes / VALUE; i++) {
		snprintf(key, sizeof(key), "%sk%zu", t->def->nleaves > 0 ? t->def->leaves[i % (size_t)t->def->nleaves].prefix : "", i);
		memset(value, 'a' + (int)(i % 20), VALUE);
		snprintf(value, VALUE, "%zu", i);
		value[strlen(value)] = '-';
		row = fake_row_new(t->def->ncols, v, NULL);
		if (fits(table, row, SIZE_MAX))
			fake_source_insert(table, row);
	}
	fake_source_commit(0);
}

static bool
is_streamed(int table)
{
	const struct table_state *ts = table_states_find(&fake.t.states, "public", fake.s.tables[table].def->name);

	return ts != NULL && ts->phase == TABLE_STREAMING && ts->load_group == 0 && fake.t.tables[table].finished == NULL && ts->shape != NULL;
}

/* What was applied last had the columns that there are now: of several shapes between that and the catalog's the daemon knows none, and stops. */
static bool
is_of_last_shape(int table)
{
	const struct fake_source_table *t = &fake.s.tables[table];
	const struct table_state *ts = table_states_find(&fake.t.states, "public", t->def->name);

	return t->added == 0 || (strstr(ts->shape, t->def->cols[t->def->ncols - 1].name) != NULL && fake.t.cp.position.lsn.v >= t->altered_at);
}

/* Not while it is loaded: loads hold a lock on it. Nor where the log does not name columns: a reader that is far behind may then not know them, which is
 * a hole. */
bool
fake_storm_alter(uint64_t *seed)
{
	const int table = (int)chance(seed, (unsigned)fake.s.ntables);
	struct fake_source_table *t = &fake.s.tables[table];
	struct fake_def *def;

	if (fake.s.frozen > 0 || fake.s.nprepared > 0 || t->def->ncols == FAKE_COLS || !is_streamed(table) || !is_of_last_shape(table) ||
	    (fake.s.kind != FAKE_POSTGRESQL && !fake_log_names()))
		return false;
	def = fake_alloc(sizeof(*def));
	*def = *t->def;
	snprintf(def->cols[def->ncols].name, sizeof(def->cols[def->ncols].name), "n%d", def->ncols);
	def->ncols++;
	t->def = def;
	t->added++;
	if (fake.s.kind != FAKE_POSTGRESQL)
		fake_log_alter(def);
	t->altered_at = fake.s.end + 1;
	cond_broadcast(&fake.moved);
	return true;
}

bool
fake_storm_follow(void)
{
	bool any = false;

	for (int i = 0; i < fake.s.ntables; i++) {
		struct fake_target_table *t = &fake.t.tables[i];

		if (t->def == NULL || t->finished != NULL || t->def->ncols == fake.s.tables[i].def->ncols)
			continue;
		t->def = fake.s.tables[i].def;
		any = true;
	}
	return any;
}

void
fake_storm_end(uint64_t *seed)
{
	while (fake.s.nprepared > 0)
		fake_xa_end_nth(0, chance(seed, 4) != 0);
}

void
fake_storm_trouble(uint64_t *seed)
{
	static const struct {
		const char *where, *code;
	} troubles[] = { { "write", "40P01" }, { "write", "08006" }, { "commit", "40P01" },
		{ "commit", "40001" }, { "commit", "08006" }, { "reply", "lost" },
		{ "reply", "happened" }, { "reply", "late" }, { "step", "08006" },
		{ "begin", "08006" }, { "rollback", "08006" }, { "flushed", "08006" },
		{ "learn", "08006" }, { "scan", "08006" }, { "write", "23505" },
		{ "load_end", "40P01" }, { "state", "08006" }, { "sql", "08006" },
		{ "stream", "08006" } };
	unsigned i = chance(seed, sizeof(troubles) / sizeof(troubles[0]) + 1);

	if (i == sizeof(troubles) / sizeof(troubles[0]))
		fake_target_kill();
	else
		fake_fail_add(troubles[i].where, troubles[i].code, 1 + (int)chance(seed, 4), 1);
}
