/* fake_storm.c - transactions and failures by chance; see fake.h.
 * Invariant: what is committed would have been allowed by a real server: no change meets a unique
 * value of another row, and values stem from few, so that keys and unique values move between rows.
 * Threads: under the world's lock. */
#include "fake.h"

#include <stdio.h>

#define FEW 24 /* different values of a key or unique column */

static unsigned
chance(uint64_t *seed, unsigned n)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33) % n;
}

static const char *
any_value(const struct fake_column *c, uint64_t *seed)
{
	const char *v[1];
	char text[24];

	if (!c->key && chance(seed, 5) == 0)
		return NULL;
	snprintf(text, sizeof(text), "%s%u", c->unique ? "u" : "", chance(seed, FEW));
	v[0] = text;
	return fake_row_new(1, v, NULL)->v[0];
}

static bool
fits(const struct fake_source_table *t, const struct fake_row *row, size_t skip)
{
	for (size_t i = 0; i < t->rows.n; i++)
		if (i != skip && fake_violates(t->def, t->rows.row[i], row))
			return false;
	return true;
}

static void
any_insert(int table, uint64_t *seed)
{
	const struct fake_source_table *t = &fake.s.tables[table];
	const char *v[FAKE_COLS] = { NULL };
	const struct fake_row *row;

	for (int i = 0; i < t->def->ncols; i++)
		v[i] = any_value(&t->def->cols[i], seed);
	row = fake_row_new(t->def->ncols, v, NULL);
	if (fits(t, row, SIZE_MAX))
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

	for (int i = 0; i < t->def->ncols; i++) {
		const struct fake_column *c = &t->def->cols[i];

		v[i] = t->rows.row[at]->v[i];
		if (chance(seed, c->key ? 5 : 2) == 0)
			v[i] = any_value(c, seed);
		else if (v[i] != NULL && !c->key && !c->unique && chance(seed, 3) == 0)
			unchanged |= 1u << i;
	}
	row = fake_row_new(t->def->ncols, v, NULL);
	if (fits(t, row, at))
		fake_source_replace(table, at, row, unchanged);
}

static void
any_change(uint64_t *seed)
{
	int table = (int)chance(seed, (unsigned)fake.s.ntables);
	size_t n = fake.s.tables[table].rows.n;
	unsigned what = chance(seed, 100);

	if (what == 0)
		fake_source_truncate(table, -1, fake_source_change(CHANGE_TRUNCATE, table));
	else if (what < 40 || n == 0)
		any_insert(table, seed);
	else if (what < 80)
		any_update(table, seed);
	else
		fake_source_delete(table, chance(seed, (unsigned)n));
}

void
fake_storm_transaction(uint64_t *seed)
{
	fake_source_begin();
	for (unsigned n = 1 + chance(seed, 8); n > 0; n--)
		any_change(seed);
	fake_source_commit(0);
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
		{ "load_end", "40P01" }, { "state", "08006" } };
	unsigned i = chance(seed, sizeof(troubles) / sizeof(troubles[0]) + 1);

	if (i == sizeof(troubles) / sizeof(troubles[0]))
		fake_target_kill();
	else
		fake_fail_add(troubles[i].where, troubles[i].code, 1 + (int)chance(seed, 4), 1);
}
