/* fake_steps.c - the steps of a batch, carried out on the fake target's tables.
 * Rows are written one by one, in the steps' order, and every unique value is looked at with each
 * row, as a server does. A row that a step wants to change must be there.
 * Threads: under the world's lock. */
#include "fake_intern.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- rows ---- */

static const char *
text_of(const struct value *v, size_t *ret_len)
{
	*ret_len = v->len;
	return v->kind <= VALUE_NULL ? NULL : v->len > 0 ? (const char *)v->p : "";
}

static bool
in_set(const uint64_t *set, uint16_t i)
{
	return set == NULL || (set[i / 64] >> (i % 64) & 1) != 0;
}

/* The plan's values over those of a former row. */
const struct fake_row *
fake_make_row(
    const struct plan *p, const struct value *vals, const uint64_t *set, const struct fake_row *was)
{
	const char *v[FAKE_COLS] = { NULL };
	size_t len[FAKE_COLS] = { 0 };

	for (int i = 0; was != NULL && i < was->n; i++) {
		v[i] = was->v[i];
		len[i] = v[i] != NULL ? strlen(v[i]) : 0;
	}
	for (uint16_t i = 0; i < p->ncols; i++) {
		const struct value *val = &vals[p->cols[i].src];

		if (!in_set(set, i) || (set == NULL && was != NULL && !value_present(val)))
			continue;
		if (!value_present(val))
			fake_broken("an absent value would be written to %s.%s",
			    p->table->source_name, p->cols[i].name);
		v[p->cols[i].target] = text_of(val, &len[p->cols[i].target]);
	}
	return fake_row_new((int)p->target->ncols, v, len);
}

static bool
same_value(const char *have, const struct value *v)
{
	size_t n;
	const char *want = text_of(v, &n);

	return have == NULL || want == NULL ? have == want
					    : strlen(have) == n && memcmp(have, want, n) == 0;
}

/* The key finds this row; without one, all that it holds must be equal. */
static bool
is_row(const struct plan *p, const struct fake_row *row, const struct value *key)
{
	for (uint16_t i = 0; i < p->ncols; i++)
		if ((p->nkey == 0 || p->cols[i].key) &&
		    !same_value(row->v[p->cols[i].target], &key[p->cols[i].src]))
			return false;
	return true;
}

/* From the end: the rows that changed last are there. */
static bool
find_row(const struct plan *p, const struct fake_rows *rows, const struct value *key, size_t *ret,
    struct err *err)
{
	for (size_t i = rows->n; i-- > 0;)
		if (is_row(p, rows->row[i], key)) {
			*ret = i;
			return true;
		}
	err_set(err, ERR_DATA, "1 of 1 rows to change were not there");
	return err_table(err, "public", p->table->source_name);
}

bool
fake_refused(const struct fake_def *def, const struct fake_row *row, struct err *err)
{
	if (strcmp(fake.t.refused_table, def->name) != 0 ||
	    !fake_same(row->v[0], fake.t.refused_key))
		return false;
	fake_error(err, fake.t.refused_code, "a row");
	err_table(err, "public", def->name);
	return true;
}

/* Whether the row may stand there; skip: the place that it takes. */
bool
fake_may_stand(const struct fake_def *def, const struct fake_rows *rows, const struct fake_row *row,
    size_t skip, struct err *err)
{
	if (fake_refused(def, row, err))
		return false;
	for (size_t i = 0; i < rows->n; i++) {
		if (i == skip || !fake_violates(def, rows->row[i], row))
			continue;
		fake_error(err, "23505", "a unique value");
		return err_table(err, "public", def->name);
	}
	return true;
}

/* ---- steps ---- */

struct work { /* one step's table */
	struct target *t;
	const struct step *st;
	const struct fake_def *def;
	struct fake_rows *rows;
};

static struct fake_rows *
touch(struct target *t, int n)
{
	if (!t->work.touched[n])
		fake_rows_copy(&t->work.rows[n], &fake.t.tables[n].rows);
	t->work.touched[n] = true;
	return &t->work.rows[n];
}

static bool
insert_row(struct work *w, const struct fake_row *row, struct err *err)
{
	if (!fake_may_stand(w->def, w->rows, row, SIZE_MAX, err))
		return false;
	fake_rows_add(w->rows, row);
	return true;
}

static bool
delete_row(struct work *w, const struct row *r, struct err *err)
{
	size_t at;

	if (!find_row(w->st->plan, w->rows, r->key, &at, err))
		return false;
	fake_rows_remove(w->rows, at);
	return true;
}

static bool
update_row(struct work *w, const struct row *r, const uint64_t *set, struct err *err)
{
	const struct fake_row *row;
	size_t at;

	if (!find_row(w->st->plan, w->rows, r->key, &at, err))
		return false;
	row = fake_make_row(w->st->plan, r->vals, set, w->rows->row[at]);
	if (!fake_may_stand(w->def, w->rows, row, at, err))
		return false;
	w->rows->row[at] = row;
	return true;
}

static bool
park_row(struct work *w, const struct row *r, uint32_t number, struct err *err)
{
	struct target *t = w->t;
	size_t at;

	if (!find_row(w->st->plan, w->rows, r->key, &at, err) ||
	    !mem_grow(&t->parked, &t->parked_cap, t->nparked + 1, sizeof(*t->parked), err))
		return false;
	t->parked[t->nparked++] = (struct parked){ w->st->plan, number, w->rows->row[at] };
	fake_rows_remove(w->rows, at);
	return true;
}

static bool
unpark_row(struct work *w, const struct row *r, uint32_t number, struct err *err)
{
	struct target *t = w->t;
	size_t i = 0;

	while (
	    i < t->nparked && (t->parked[i].plan != w->st->plan || t->parked[i].number != number))
		i++;
	assert(i < t->nparked);
	return insert_row(
	    w, fake_make_row(w->st->plan, r->vals, w->st->colset, t->parked[i].row), err);
}

static bool
ordered_row(struct work *w, const struct row *r, struct err *err)
{
	switch (r->op) {
	case CHANGE_INSERT:
		return insert_row(w, fake_make_row(w->st->plan, r->vals, NULL, NULL), err);
	case CHANGE_DELETE: return delete_row(w, r, err);
	default: return update_row(w, r, NULL, err);
	}
}

static bool
do_row(struct work *w, size_t i, struct err *err)
{
	const struct step *st = w->st;
	const struct row *r = st->rows[i];

	switch (st->kind) {
	case STEP_DELETE: return delete_row(w, r, err);
	case STEP_PARK: return park_row(w, r, st->park[i], err);
	case STEP_UPDATE: return update_row(w, r, st->colset, err);
	case STEP_INSERT: return insert_row(w, fake_make_row(st->plan, r->vals, NULL, NULL), err);
	case STEP_UNPARK: return unpark_row(w, r, st->park[i], err);
	case STEP_ORDERED: return ordered_row(w, r, err);
	case STEP_TRUNCATE: break;
	}
	return true;
}

/* where: "(id LIKE 'a%') OR (...)", or NULL. */
static bool
is_meant(const struct fake_row *row, const char *where)
{
	for (const char *p = where; p != NULL && (p = strstr(p, "LIKE '")) != NULL;) {
		p += 6;
		if (strncmp(row->v[0], p, strcspn(p, "%")) == 0)
			return true;
	}
	return where == NULL;
}

static void
do_truncate(struct target *t, const struct step *st)
{
	for (size_t i = 0; i < st->ntruncate; i++) {
		struct fake_rows *rows =
		    touch(t, fake_table(st->truncate[i].plan->table->source_name));

		for (size_t k = rows->n; k-- > 0;)
			if (is_meant(rows->row[k], st->truncate[i].where))
				fake_rows_remove(rows, k);
	}
}

bool
fake_do_step(struct target *t, const struct step *st, struct err *err)
{
	struct work w = { .t = t, .st = st };
	int n;

	if (st->kind == STEP_TRUNCATE) {
		do_truncate(t, st);
		return true;
	}
	n = fake_table(st->plan->table->source_name);
	w.def = fake.t.tables[n].def;
	w.rows = touch(t, n);
	for (size_t i = 0; i < st->n; i++)
		if (!do_row(&w, i, err))
			return false;
	return true;
}
