/* test_batch.c - net changes and order: small cases by name, then random changes against a
 * model. The model is a source (tables in memory, one change at a time) and a target to which
 * the steps are written set by set, where every key must be free when a row comes in, at each
 * moment. In the end both are equal. */
#include "staging/batch.c"

#include "test/unit/unit.h"

static struct err err;

/* Tables: a (text), k1, b (text), k2, u (text, unique on the second table). The key is (k2, k1). */
enum { A, K1, B, K2, U, NCOLS };

static struct relation rels[6];
static struct table tables[3];
static struct plan plans[6];
static struct plan_column cols[6][NCOLS];
static uint16_t key[2] = { K2, K1 };

/* What the plans stand for: two leaves of one root; a table with another unique index, in two
 * versions; one without key; inserts only. */
enum { LEAF1, LEAF2, UNIQUE1, UNIQUE2, KEYLESS, INSERTS };

static void
setup(void)
{
	static const uint8_t table_of[6] = { 0, 0, 1, 1, 2, 2 };
	static const char *const names[NCOLS] = { "a", "k1", "b", "k2", "u" };

	for (int i = 0; i < 6; i++) {
		rels[i] =
		    (struct relation){ .id = i == UNIQUE2 ? UNIQUE1 : (uint32_t)i, .ncols = NCOLS };
		plans[i] = (struct plan){ .rel = &rels[i],
			.table = &tables[table_of[i]],
			.ncols = NCOLS,
			.cols = cols[i] };
		for (uint16_t j = 0; j < NCOLS; j++)
			cols[i][j] = (struct plan_column){
				.src = j, .target = j, .name = names[j], .key = j == K1 || j == K2
			};
		plans[i].key = key;
		plans[i].nkey = i < KEYLESS ? 2 : 0;
		plans[i].keyless = i == KEYLESS;
		plans[i].secondary_unique = i == UNIQUE1 || i == UNIQUE2;
	}
	for (int i = 0; i < 3; i++)
		tables[i] = (struct table){ .source_schema = "s",
			.source_name = i == 0	? "root"
				       : i == 1 ? "uniq"
						: "bag" };
}

/* Values: "" is NULL here, NULL is absent. */
struct tuple {
	const char *v[NCOLS];
};
#define T(a, k1, b, k2, u) (&(struct tuple){ { a, k1, b, k2, u } })

/* Records live until drop_changes(); every one has bytes of its own. */
static void *changes[1 << 16];
static size_t nchanges;

static uint8_t *
put_tuple(struct value *vals, const struct tuple *t, uint8_t *p)
{
	for (int i = 0; i < NCOLS; i++) {
		vals[i] = (struct value){ .kind = t->v[i] == NULL    ? VALUE_ABSENT
						  : *t->v[i] == '\0' ? VALUE_NULL
								     : VALUE_TEXT };
		if (vals[i].kind != VALUE_TEXT)
			continue;
		vals[i].len = (uint32_t)strlen(t->v[i]);
		vals[i].p = p;
		memcpy(p, t->v[i], vals[i].len);
		p += vals[i].len;
	}
	return p;
}

static const struct change *
make(enum change_kind kind, int plan, const struct tuple *new, enum old_image image,
    const struct tuple *old)
{
	struct change *c = xzalloc(sizeof(*c) + 2 * NCOLS * sizeof(struct value) + 2 * NCOLS * 16);
	uint8_t *p = (uint8_t *)(change_new_values(c) + 2 * NCOLS);

	changes[nchanges++] = c;
	c->kind = (uint8_t)kind;
	c->old = (uint8_t)image;
	c->rel = &rels[plan];
	c->size = 160;
	if (new != NULL) {
		c->nnew = NCOLS;
		p = put_tuple(change_new_values(c), new, p);
	}
	if (image != OLD_NONE) {
		c->nold = NCOLS;
		put_tuple(change_old_values(c), old, p);
	}
	return c;
}

static void
drop_changes(void)
{
	while (nchanges > 0)
		free(changes[--nchanges]);
}

static bool
ins(struct batch *b, int plan, const struct tuple *new)
{
	return batch_add(b, &plans[plan], make(CHANGE_INSERT, plan, new, OLD_NONE, NULL), &err);
}

static bool
upd(struct batch *b, int plan, const struct tuple *old, const struct tuple *new)
{
	return batch_add(b, &plans[plan],
	    make(CHANGE_UPDATE, plan, new, old != NULL ? OLD_KEY : OLD_NONE, old), &err);
}

static bool
del(struct batch *b, int plan, const struct tuple *old)
{
	return batch_add(b, &plans[plan], make(CHANGE_DELETE, plan, NULL, OLD_KEY, old), &err);
}

static struct batch *
new_batch(enum batch_mode mode)
{
	struct batch *b = batch_new(4u << 20, &err);

	ck_ok(b != NULL, &err);
	setup();
	batch_reset(b, mode);
	return b;
}

/* Steps as text: "D 1/1; U[ab] 1/1=x,y; ...", keys as k1/k2 */
static void
print_values(struct buf *out, const struct value *vals, const uint64_t *colset)
{
	for (int i = 0; i < NCOLS; i++) {
		if (colset != NULL && (colset[0] >> i & 1) == 0)
			continue;
		if (vals[i].kind == VALUE_TEXT)
			buf_printf(out, "%.*s,", (int)vals[i].len, (const char *)vals[i].p);
		else
			buf_str(out, vals[i].kind == VALUE_NULL ? "null," : "-,");
	}
}

static void
print_row(struct buf *out, const struct step *s, size_t i)
{
	const struct row *r = s->rows[i];

	buf_str(out, " ");
	if (s->kind == STEP_ORDERED)
		buf_str(out, r->op == CHANGE_INSERT ? "i:" : r->op == CHANGE_UPDATE ? "u:" : "d:");
	if (r->key != NULL)
		buf_printf(out, "%.*s/%.*s", (int)r->key[K1].len, (const char *)r->key[K1].p,
		    (int)r->key[K2].len, (const char *)r->key[K2].p);
	if (s->park != NULL)
		buf_printf(out, "#%u", s->park[i]);
	if (r->vals != NULL && s->kind != STEP_PARK) {
		buf_str(out, "=");
		print_values(out, r->vals, s->colset);
	}
}

static const char *
finish(struct batch *b)
{
	static const char *const kinds[] = { "D", "PARK", "U", "I", "UNPARK", "ORD", "TRUNC" };
	static struct buf out;
	const struct step *steps;
	size_t n;

	ck_ok(batch_finish(b, &steps, &n, &err), &err);
	buf_reset(&out);
	for (size_t i = 0; i < n; i++) {
		buf_printf(&out, "%s%s", i > 0 ? "; " : "", kinds[steps[i].kind]);
		for (size_t j = 0; j < steps[i].n; j++)
			print_row(&out, &steps[i], j);
	}
	return buf_cstr(&out);
}

static void
end(struct batch *b)
{
	batch_free(b);
	drop_changes();
}

START_TEST(batch_insert_and_update_is_an_insert_of_the_last_values)
{
	struct batch *b = new_batch(BATCH_NET);

	ck_ok(ins(b, LEAF1, T("x", "1", "y", "1", "")), &err);
	ck_ok(upd(b, LEAF1, NULL, T("z", "1", NULL, "1", "")), &err);
	ck_ok(upd(b, LEAF1, NULL, T(NULL, "1", "w", "1", NULL)), &err);
	ck_assert_str_eq(finish(b), "I =z,1,w,1,null,");
	end(b);
}
END_TEST

START_TEST(batch_insert_and_delete_is_nothing)
{
	struct batch *b = new_batch(BATCH_NET);

	ck_ok(ins(b, LEAF1, T("x", "1", "y", "1", "")), &err);
	ck_ok(del(b, LEAF1, T(NULL, "1", NULL, "1", NULL)), &err);
	ck_assert_uint_eq(batch_rows(b), 2);
	ck_assert_uint_eq(batch_bytes(b), 320);
	ck_assert_str_eq(finish(b), "");
	end(b);
}
END_TEST

START_TEST(batch_updates_merge_and_absent_keeps_the_earlier_value)
{
	struct batch *b = new_batch(BATCH_NET);

	ck_ok(upd(b, LEAF1, NULL, T("x", "1", NULL, "1", "p")), &err);
	ck_ok(upd(b, LEAF1, NULL, T(NULL, "1", NULL, "1", "q")), &err);
	ck_assert_str_eq(finish(b), "U 1/1=x,q,");
	end(b);
}
END_TEST

START_TEST(batch_update_and_delete_deletes_the_origin)
{
	struct batch *b = new_batch(BATCH_NET);

	ck_ok(upd(b, LEAF1, T(NULL, "1", NULL, "1", NULL), T("x", "1", "y", "2", "")), &err);
	ck_ok(del(b, LEAF1, T(NULL, "1", NULL, "2", NULL)), &err);
	ck_assert_str_eq(finish(b), "D 1/1");
	end(b);
}
END_TEST

START_TEST(batch_delete_and_insert_is_a_delete_and_a_new_row)
{
	struct batch *b = new_batch(BATCH_NET);

	ck_ok(del(b, LEAF1, T(NULL, "1", NULL, "1", NULL)), &err);
	ck_ok(ins(b, LEAF1, T("x", "1", "y", "1", "")), &err);
	ck_assert_str_eq(finish(b), "D 1/1; I =x,1,y,1,null,");
	end(b);
}
END_TEST

START_TEST(batch_key_swap_parks_both_rows)
{
	struct batch *b = new_batch(BATCH_NET);

	ck_ok(upd(b, LEAF1, T(NULL, "1", NULL, "1", NULL), T("x", "9", NULL, "9", "")), &err);
	ck_ok(upd(b, LEAF1, T(NULL, "2", NULL, "2", NULL), T("y", "1", "b", "1", "")), &err);
	ck_ok(upd(b, LEAF1, T(NULL, "9", NULL, "9", NULL), T("x", "2", NULL, "2", "")), &err);
	ck_assert_str_eq(
	    finish(b), "PARK 1/1#0 2/2#1; UNPARK 1/1#0=x,2,2,null,; UNPARK 2/2#1=y,1,b,1,null,");
	end(b);
}
END_TEST

START_TEST(batch_row_that_comes_back_to_its_key_is_an_update)
{
	struct batch *b = new_batch(BATCH_NET);

	ck_ok(upd(b, LEAF1, T(NULL, "1", NULL, "1", NULL), T("x", "2", NULL, "1", "")), &err);
	ck_ok(upd(b, LEAF1, T(NULL, "2", NULL, "1", NULL), T("x", "1", NULL, "1", "")), &err);
	ck_assert_str_eq(finish(b), "U 1/1=x,null,");
	end(b);
}
END_TEST

START_TEST(batch_inserted_row_that_moves_stays_an_insert)
{
	struct batch *b = new_batch(BATCH_NET);

	ck_ok(ins(b, LEAF1, T("x", "1", "y", "1", "")), &err);
	ck_ok(upd(b, LEAF1, T(NULL, "1", NULL, "1", NULL), T("x", "2", NULL, "1", "")), &err);
	ck_ok(ins(b, LEAF1, T("n", "1", "n", "1", "")), &err);
	ck_assert_str_eq(finish(b), "I =x,2,y,1,null, =n,1,n,1,null,");
	end(b);
}
END_TEST

START_TEST(batch_absent_key_column_of_an_update_is_taken_from_the_old_key)
{
	struct batch *b = new_batch(BATCH_NET);

	ck_ok(upd(b, LEAF1, T(NULL, "1", NULL, "1", NULL), T("x", "2", "y", NULL, "")), &err);
	ck_ok(upd(b, LEAF1, NULL, T("z", "2", NULL, "1", "")), &err);
	ck_assert_str_eq(finish(b), "PARK 1/1#0; UNPARK 1/1#0=z,2,y,1,null,");
	end(b);
}
END_TEST

START_TEST(batch_update_with_nothing_to_set_is_counted_and_not_written)
{
	struct batch *b = new_batch(BATCH_NET);
	struct batch_stats st;

	ck_ok(upd(b, LEAF1, NULL, T(NULL, "1", NULL, "1", NULL)), &err);
	ck_assert_str_eq(finish(b), "");
	batch_stats(b, &st);
	ck_assert_uint_eq(st.updates, 1);
	end(b);
}
END_TEST

START_TEST(batch_groups_updates_by_the_columns_present_and_orders_the_kinds)
{
	struct batch *b = new_batch(BATCH_NET);

	ck_ok(ins(b, UNIQUE1, T("n", "5", "n", "5", "n")), &err);
	ck_ok(upd(b, LEAF1, NULL, T("x", "1", "y", "1", "")), &err);
	ck_ok(upd(b, LEAF1, NULL, T("x", "2", NULL, "1", "")), &err);
	ck_ok(upd(b, LEAF1, NULL, T("z", "3", "z", "1", "")), &err);
	ck_ok(upd(b, UNIQUE1, NULL, T("x", "1", "y", "1", "")), &err);
	ck_ok(del(b, UNIQUE1, T(NULL, "7", NULL, "7", NULL)), &err);
	ck_assert_str_eq(finish(b),
	    "D 7/7; U 1/1=x,y,null,; U 1/1=x,y,null, 3/1=z,z,null,; U 2/1=x,null,; I =n,5,n,5,n,");
	end(b);
}
END_TEST

START_TEST(batch_careful_parks_updates_of_tables_with_other_unique_indexes)
{
	struct batch *b = new_batch(BATCH_CAREFUL);

	ck_ok(upd(b, UNIQUE1, NULL, T("x", "1", NULL, "1", "u")), &err);
	ck_ok(upd(b, LEAF1, NULL, T("x", "1", NULL, "1", "u")), &err);
	ck_assert_str_eq(finish(b), "PARK 1/1#0; U 1/1=x,u,; UNPARK 1/1#0=x,1,1,u,");
	end(b);
}
END_TEST

START_TEST(batch_null_key_values_are_keys_of_their_own)
{
	struct batch *b = new_batch(BATCH_NET);

	ck_ok(ins(b, LEAF1, T("x", "", "y", "1", "")), &err);
	ck_ok(ins(b, LEAF1, T("x", "1", "y", "", "")), &err);
	ck_fails(ins(b, LEAF1, T("x", "", "y", "1", "")), &err, ERR_DATA);
	ck_ok(del(b, LEAF1, T(NULL, "", NULL, "1", NULL)), &err);
	ck_assert_str_eq(finish(b), "I =x,1,y,null,null,");
	end(b);
}
END_TEST

static bool
change_bag(struct batch *b, enum change_kind kind, const struct tuple *new, const struct tuple *old)
{
	return batch_add(b, &plans[KEYLESS],
	    make(kind, KEYLESS, new, old != NULL ? OLD_FULL : OLD_NONE, old), &err);
}

START_TEST(batch_keyless_rows_of_one_content_stand_for_each_other)
{
	struct batch *b = new_batch(BATCH_NET);
	const struct tuple *x = T("x", "1", "x", "1", "x"), *y = T("y", "1", "y", "1", "y"),
			   *z = T("z", "1", "", "1", "z");

	ck_ok(change_bag(b, CHANGE_INSERT, x, NULL), &err);
	ck_ok(change_bag(b, CHANGE_INSERT, x, NULL), &err);
	ck_ok(change_bag(b, CHANGE_UPDATE, y, x), &err);
	ck_ok(ins(b, LEAF1, x), &err);
	ck_ok(change_bag(b, CHANGE_DELETE, NULL, x), &err); /* both were made here: the target has none */
	ck_ok(change_bag(b, CHANGE_DELETE, NULL, x), &err); /* one of the target's */
	ck_ok(change_bag(b, CHANGE_UPDATE, z, x), &err);	 /* and another */
	ck_ok(change_bag(b, CHANGE_UPDATE, x, z), &err);	 /* which becomes what it was */
	ck_ok(change_bag(b, CHANGE_UPDATE, z, y), &err);
	ck_ok(change_bag(b, CHANGE_UPDATE, y, z), &err);
	ck_ok(change_bag(b, CHANGE_UPDATE, z, y), &err);
	ck_ok(change_bag(b, CHANGE_UPDATE, y, T("n", "", "n", "1", "n")), &err);
	ck_assert_str_eq(finish(b),
	    "I =x,1,x,1,x,; ORD d:1/1 u:/1=y,1,y,1,y,; I =z,1,null,1,z,");
	end(b);
}
END_TEST

START_TEST(batch_careful_parks_keyless_rows_where_unique_values_may_meet)
{
	struct batch *b;
	const struct tuple *x = T("x", "1", "x", "1", "x"), *y = T("y", "1", "y", "1", "y"),
			   *z = T("z", "1", "", "1", "z");

	b = new_batch(BATCH_CAREFUL);
	plans[KEYLESS].secondary_unique = true;
	ck_ok(change_bag(b, CHANGE_UPDATE, y, x), &err);
	ck_ok(change_bag(b, CHANGE_UPDATE, x, T("n", "", "n", "1", "n")), &err);
	ck_ok(change_bag(b, CHANGE_INSERT, z, NULL), &err);
	ck_ok(change_bag(b, CHANGE_DELETE, NULL, T("d", "2", "d", "1", "d")), &err);
	ck_assert_str_eq(finish(b),
	    "D 2/1; PARK 1/1#0 /1#1; I =z,1,null,1,z,; "
	    "UNPARK 1/1#0=y,1,y,1,y, /1#1=x,1,x,1,x,");
	end(b);
	plans[KEYLESS].secondary_unique = false;
}
END_TEST

static void
mixed_changes(struct batch *b)
{
	ck_ok(ins(b, LEAF1, T("x", "1", "y", "1", "")), &err);
	ck_ok(ins(b, LEAF1, T("x", "2", "y", "2", "")), &err);
	ck_ok(upd(b, LEAF1, NULL, T("z", "1", NULL, "1", "")), &err);
	ck_ok(del(b, LEAF1, T(NULL, "1", NULL, "1", NULL)), &err);
	ck_ok(ins(b, UNIQUE1, T("x", "1", "y", "1", "")), &err);
	ck_ok(ins(b, LEAF1, T("x", "1", "y", "1", "")), &err);
}

START_TEST(batch_ordered_keeps_each_change_in_runs_of_a_plan)
{
	struct batch *b = new_batch(BATCH_ORDERED);

	mixed_changes(b);
	ck_assert_str_eq(finish(b),
	    "I =x,1,y,1,null, =x,2,y,2,null,; ORD u:1/1=z,1,-,1,null, d:1/1; I =x,1,y,1,null,; "
	    "I =x,1,y,1,null,");
	end(b);
}
END_TEST

START_TEST(batch_single_keeps_each_change_apart)
{
	struct batch *b = new_batch(BATCH_SINGLE);

	mixed_changes(b);
	ck_assert_str_eq(finish(b), "ORD i:=x,1,y,1,null, i:=x,2,y,2,null, u:1/1=z,1,-,1,null, "
				    "d:1/1; ORD i:=x,1,y,1,null,; "
				    "ORD i:=x,1,y,1,null,");
	end(b);
}
END_TEST

START_TEST(batch_truncate_is_a_barrier_for_all_tables)
{
	struct batch *b = new_batch(BATCH_NET);
	char where[] = "(k1 < 5)";
	const struct truncation two[2] = { { &plans[LEAF1], where }, { &plans[KEYLESS], NULL } };
	const struct step *steps;
	size_t n;

	ck_ok(ins(b, LEAF1, T("x", "1", "y", "1", "")), &err);
	ck_ok(ins(b, UNIQUE1, T("x", "1", "y", "1", "")), &err);
	ck_ok(batch_truncate(b, two, 2, true, &err), &err);
	memset(where, 'x', sizeof(where));
	ck_ok(ins(b, LEAF1, T("x", "1", "y", "1", "")), &err);
	ck_ok(del(b, UNIQUE1, T(NULL, "1", NULL, "1", NULL)), &err);
	ck_assert_uint_eq(batch_rows(b), 5);
	ck_ok(batch_finish(b, &steps, &n, &err), &err);
	ck_assert_uint_eq(n, 5);
	ck_assert_int_eq(steps[2].kind, STEP_TRUNCATE);
	ck_assert_uint_eq(steps[2].ntruncate, 2);
	ck_assert_ptr_eq(steps[2].truncate[1].plan, &plans[KEYLESS]);
	ck_assert_ptr_null(steps[2].truncate[1].where);
	ck_assert_str_eq(steps[2].truncate[0].where, "(k1 < 5)");
	ck_assert(steps[2].restart_identity);
	ck_assert_int_eq(steps[3].kind, STEP_DELETE);
	ck_assert_int_eq(steps[4].kind, STEP_INSERT);
	end(b);
}
END_TEST

START_TEST(batch_a_new_version_of_a_relation_starts_a_section)
{
	struct batch *b = new_batch(BATCH_NET);

	ck_ok(ins(b, UNIQUE1, T("x", "1", "y", "1", "")), &err);
	ck_ok(upd(b, UNIQUE2, NULL, T("z", "1", "z", "1", "")), &err);
	ck_assert_str_eq(finish(b), "I =x,1,y,1,null,; U 1/1=z,z,null,");
	end(b);
}
END_TEST

/* The stream's own, and one that rows of a prepared transaction brought back. */
START_TEST(batch_two_relations_of_a_mysql_table_start_a_section)
{
	struct batch *b = new_batch(BATCH_NET);

	tables[0].source_family = FAMILY_MYSQL;
	ck_ok(ins(b, LEAF1, T("x", "1", "y", "1", "")), &err);
	ck_ok(upd(b, LEAF2, NULL, T("z", "1", "z", "1", "")), &err);
	ck_assert_str_eq(finish(b), "I =x,1,y,1,null,; U 1/1=z,z,null,");
	end(b);
}
END_TEST

START_TEST(batch_refuses_what_contradicts_itself)
{
	struct batch *b = new_batch(BATCH_NET);
	const struct tuple *k1 = T(NULL, "1", NULL, "1", NULL), *k2 = T(NULL, "2", NULL, "2", NULL);

	ck_ok(ins(b, LEAF1, T("x", "1", "y", "1", "")), &err);
	ck_fails(ins(b, LEAF1, T("x", "1", "y", "1", "")), &err, ERR_DATA);
	ck_assert_str_eq(err.table, "s.root");
	ck_ok(del(b, LEAF1, k1), &err);
	ck_fails(del(b, LEAF1, k1), &err, ERR_DATA);
	ck_fails(upd(b, LEAF1, NULL, T("x", "1", "y", "1", "")), &err, ERR_DATA);
	ck_ok(upd(b, LEAF1, NULL, T("x", "3", "y", "3", "")), &err);
	ck_fails(upd(b, LEAF1, k2, T("x", "3", "y", "3", "")), &err, ERR_DATA);
	ck_ok(upd(b, LEAF1, k2, T("x", "4", "y", "4", "")), &err);
	ck_assert_uint_eq(batch_rows(b), 4);
	end(b);
}
END_TEST

START_TEST(batch_refuses_images_that_lack_what_is_needed)
{
	struct batch *b = new_batch(BATCH_NET);

	for (int mode = BATCH_NET; mode <= BATCH_SINGLE; mode++) {
		batch_reset(b, (enum batch_mode)mode);
		ck_fails(ins(b, LEAF1, T("x", "1", NULL, "1", "")), &err, ERR_DATA);
		ck_fails(upd(b, LEAF1, NULL, T("x", NULL, "x", "1", "")), &err, ERR_DATA);
		ck_fails(del(b, LEAF1, T("x", "1", "x", NULL, "")), &err, ERR_DATA);
		ck_fails(del(b, KEYLESS, T("x", "1", "x", "1", "")), &err, ERR_DATA);
		ck_fails(upd(b, KEYLESS, NULL, T("x", "1", "x", "1", "")), &err, ERR_DATA);
		ck_fails(del(b, INSERTS, T("x", "1", "x", "1", "")), &err, ERR_DATA);
		ck_fails(upd(b, INSERTS, NULL, T("x", "1", "x", "1", "")), &err, ERR_DATA);
		ck_fails(batch_add(b, &plans[LEAF1],
			     make(CHANGE_DELETE, LEAF1, NULL, OLD_NONE, NULL), &err),
		    &err, ERR_DATA);
		ck_assert_uint_eq(batch_rows(b), 0);
		ck_ok(ins(b, INSERTS, T("x", "1", "x", "1", "")), &err);
		ck_ok(ins(b, INSERTS, T("x", "1", "x", "1", "")), &err);
		ck_assert_ptr_nonnull(strstr(finish(b), "=x,1,x,1,null, "));
	}
	end(b);
}
END_TEST

/* A deferrable key lets two rows share a key for a while: the old image tells that the second is
 * not the row that just moved there. */
START_TEST(batch_refuses_a_change_of_another_row_that_shares_the_key)
{
	struct batch *b = new_batch(BATCH_NET);
	const struct tuple *one = T("x", "1", "x", "1", ""),
			   *one_at_two = T("x", "2", "x", "2", "");
	const struct tuple *two = T("y", "2", "y", "2", ""),
			   *two_at_one = T("y", "1", "y", "1", "");

	ck_ok(batch_add(
		  b, &plans[LEAF1], make(CHANGE_UPDATE, LEAF1, one_at_two, OLD_FULL, one), &err),
	    &err);
	ck_fails(batch_add(
		     b, &plans[LEAF1], make(CHANGE_UPDATE, LEAF1, two_at_one, OLD_FULL, two), &err),
	    &err, ERR_DATA);
	ck_ok(batch_add(
		  b, &plans[LEAF1], make(CHANGE_DELETE, LEAF1, NULL, OLD_FULL, one_at_two), &err),
	    &err);
	ck_assert_str_eq(finish(b), "D 1/1");
	end(b);
}
END_TEST

START_TEST(batch_absent_value_does_not_contradict_a_whole_old_image)
{
	struct batch *b = new_batch(BATCH_NET);
	const struct tuple *was = T("x", "1", "x", "1", ""), *is = T("y", "1", "x", "1", "");

	ck_ok(upd(b, LEAF1, NULL, T("y", "1", NULL, "1", "")), &err);
	ck_fails(batch_add(b, &plans[LEAF1], make(CHANGE_DELETE, LEAF1, NULL, OLD_FULL, was), &err),
	    &err, ERR_DATA);
	ck_ok(batch_add(b, &plans[LEAF1], make(CHANGE_DELETE, LEAF1, NULL, OLD_FULL, is), &err),
	    &err);
	ck_assert_str_eq(finish(b), "D 1/1");
	end(b);
}
END_TEST

START_TEST(batch_full_arena_is_a_limit_and_what_was_added_still_counts)
{
	struct batch *b = batch_new(0, &err);
	const struct step *steps;
	char k[16];
	size_t n, i = 0;
	bool ok;

	setup();
	for (int round = 0; round < 3; round++) {
		batch_reset(b, BATCH_NET);
		for (i = 0, ok = true; ok && nchanges < 50000; i += ok) {
			snprintf(k, sizeof(k), "%zu", i);
			ok = ins(b, LEAF1, T("x", k, "y", "1", ""));
		}
		ck_assert(!ok);
		ck_assert_int_eq(err.kind, ERR_LIMIT);
		ck_assert_uint_eq(batch_rows(b), i);
		ck_ok(batch_finish(b, &steps, &n, &err), &err);
		ck_assert_uint_eq(n, 1);
		ck_assert_uint_eq(steps[0].n, i);
		drop_changes();
	}
	ck_assert_uint_gt(i, 1000);
	end(b);
}
END_TEST

START_TEST(batch_many_plans_are_told_apart)
{
	static struct plan many[300];
	static struct relation many_rels[300];
	struct batch *b = new_batch(BATCH_NET);
	const struct change *c =
	    make(CHANGE_INSERT, LEAF1, T("x", "1", "y", "1", ""), OLD_NONE, NULL);
	const struct step *steps;
	size_t n;

	for (uint32_t i = 0; i < 300; i++) {
		many_rels[i] = rels[LEAF1];
		many_rels[i].id = 100 + i;
		many[i] = plans[LEAF1];
		many[i].rel = &many_rels[i];
		ck_ok(batch_add(b, &many[i], c, &err), &err);
	}
	for (int i = 0; i < 300; i += 2)
		ck_fails(batch_add(b, &many[i], c, &err), &err, ERR_DATA);
	ck_ok(batch_finish(b, &steps, &n, &err), &err);
	ck_assert_uint_eq(n, 300);
	end(b);
}
END_TEST

/* The model */

#define VMAX 16
#define ROWS 64

struct mrow {
	bool used;
	int leaf; /* of the root's rows: the plan; source only */
	char v[NCOLS][VMAX]; /* "" is NULL */
};

struct db {
	struct mrow t[3][ROWS]; /* root, uniq, bag */
};

static struct mrow *
find(struct db *db, int t, const char *k1, const char *k2)
{
	for (int i = 0; i < ROWS; i++)
		if (db->t[t][i].used && strcmp(db->t[t][i].v[K1], k1) == 0 &&
		    strcmp(db->t[t][i].v[K2], k2) == 0)
			return &db->t[t][i];
	return NULL;
}

/* A place for a row; NULL: a unique value is taken. */
static struct mrow *
place(struct db *db, int t, const struct mrow *row)
{
	struct mrow *free_row = NULL;

	for (int i = 0; i < ROWS; i++) {
		struct mrow *r = &db->t[t][i];

		if (!r->used)
			free_row = r;
		else if (t == 1 && row->v[U][0] != '\0' && strcmp(r->v[U], row->v[U]) == 0)
			return NULL;
		else if (t < 2 && strcmp(r->v[K1], row->v[K1]) == 0 &&
			 strcmp(r->v[K2], row->v[K2]) == 0)
			return NULL;
	}
	ck_assert_ptr_nonnull(free_row);
	return free_row;
}

static bool
put_row(struct db *db, int t, const struct mrow *row)
{
	struct mrow *r = place(db, t, row);

	if (r == NULL)
		return false;
	*r = *row;
	r->used = true;
	return true;
}

static void
get_text(const struct value *v, char out[VMAX])
{
	ck_assert_int_ne(v->kind, VALUE_ABSENT);
	snprintf(out, VMAX, "%.*s", v->kind == VALUE_NULL ? 0 : (int)v->len, (const char *)v->p);
}

static void
overlay(struct mrow *row, const struct value *vals, const uint64_t *colset)
{
	for (int i = 0; i < NCOLS; i++)
		if (colset != NULL ? (colset[0] >> i & 1) != 0 : vals[i].kind != VALUE_ABSENT)
			get_text(&vals[i], row->v[i]);
}

struct writer {
	struct db *db;
	struct mrow parked[64];
	bool unique_failed; /* a unique value met another: the batch must be written with care */
};

static bool
same_values(const struct mrow *a, const struct mrow *b)
{
	for (int i = 0; i < NCOLS; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return true;
}

static struct mrow *
find_by(struct writer *w, const struct step *s, const struct row *r)
{
	int t = (int)(s->plan->table - tables);
	struct mrow want = { 0 }, *found = NULL;

	if (!s->plan->keyless) {
		get_text(&r->key[K1], want.v[K1]);
		get_text(&r->key[K2], want.v[K2]);
		found = find(w->db, t, want.v[K1], want.v[K2]);
	} else {
		overlay(&want, r->key, NULL);
		for (int i = 0; i < ROWS && found == NULL; i++)
			if (w->db->t[t][i].used && same_values(&w->db->t[t][i], &want))
				found = &w->db->t[t][i];
	}
	if (!w->unique_failed)
		ck_assert_msg(found != NULL, "a row to change is not there");
	return found;
}

/* An insert fails on a key that is taken: always wrong; on the other unique value: only without
 * care. */
static void
come_in(struct writer *w, const struct step *s, const struct mrow *row, enum batch_mode mode)
{
	int t = (int)(s->plan->table - tables);

	if (put_row(w->db, t, row))
		return;
	ck_assert_msg(t == 1 && find(w->db, t, row->v[K1], row->v[K2]) == NULL && mode == BATCH_NET,
	    "a key is taken");
	w->unique_failed = true;
}

static void
write_row(struct writer *w, const struct step *s, size_t i, enum batch_mode mode)
{
	const struct row *r = s->rows[i];
	uint8_t op = r->op;
	struct mrow row = { 0 }, *at = NULL;

	ck_assert(s->kind != STEP_DELETE || (op == CHANGE_DELETE && r->vals == NULL));
	ck_assert(
	    s->kind != STEP_INSERT || (op == CHANGE_INSERT && r->key == NULL && s->colset == NULL));
	ck_assert(s->kind != STEP_UPDATE || (s->colset[0] & (1u << K1 | 1u << K2)) == 0);
	ck_assert(mode != BATCH_CAREFUL || s->kind != STEP_UPDATE || !s->plan->secondary_unique);
	if (s->kind == STEP_UNPARK)
		row = w->parked[s->park[i]];
	else if (op != CHANGE_INSERT) {
		if ((at = find_by(w, s, r)) == NULL)
			return;
		row = *at;
		at->used = false;
	}
	if (s->kind == STEP_PARK) {
		ck_assert(!w->parked[s->park[i]].used);
		w->parked[s->park[i]] = row;
		return;
	}
	if (s->kind == STEP_UNPARK) {
		ck_assert(row.used);
		w->parked[s->park[i]].used = false;
	}
	if (op == CHANGE_DELETE)
		return;
	if (op == CHANGE_INSERT)
		ck_assert(columns_present(s->plan, r->vals));
	overlay(&row, r->vals, s->colset);
	come_in(w, s, &row, mode);
}

static void
write_steps(struct writer *w, const struct step *steps, size_t n, enum batch_mode mode)
{
	for (size_t i = 0; i < n && !w->unique_failed; i++) {
		for (size_t j = 0; j < steps[i].ntruncate; j++)
			memset(w->db->t[steps[i].truncate[j].plan->table - tables], 0,
			    sizeof(w->db->t[0]));
		for (size_t j = 0; j < steps[i].n && !w->unique_failed; j++)
			write_row(w, &steps[i], j, mode);
	}
	for (size_t i = 0; i < 64 && !w->unique_failed; i++)
		ck_assert(!w->parked[i].used);
}

/* The source: one random change at a time, as its log tells it. */
struct source {
	struct db db;
	unsigned seed;
	int version; /* of the table with the unique value */
	bool full; /* whole old images */
};

static unsigned
rnd(struct source *s, unsigned n)
{
	return (unsigned)rand_r(&s->seed) % n;
}

static void
random_text(struct source *s, char out[VMAX], const char *prefix, unsigned n)
{
	unsigned k = rnd(s, n + 1);

	snprintf(out, VMAX, "%s%u", prefix, k);
	if (k == n)
		out[0] = '\0';
}

static void
random_key(struct source *s, struct mrow *r)
{
	snprintf(r->v[K1], VMAX, "%u", rnd(s, 3));
	snprintf(r->v[K2], VMAX, "%u", rnd(s, 3));
}

static struct mrow *
random_row(struct source *s, int t)
{
	for (int i = 0; i < ROWS; i++) {
		struct mrow *r = &s->db.t[t][rnd(s, ROWS)];

		if (r->used)
			return r;
	}
	return NULL;
}

static struct tuple
tuple_of(const struct mrow *r)
{
	struct tuple t;

	for (int i = 0; i < NCOLS; i++)
		t.v[i] = r->v[i];
	return t;
}

static int
plan_of(const struct source *s, int t, const struct mrow *r)
{
	return t == 0 ? r->leaf : t == 1 ? s->version : KEYLESS;
}

static struct tuple
old_of(const struct source *s, int t, const struct mrow *r, enum old_image *ret_image)
{
	struct tuple old = tuple_of(r);

	*ret_image = s->full || t == 2 ? OLD_FULL : OLD_KEY;
	for (int i = 0; i < NCOLS && *ret_image == OLD_KEY; i++)
		if (i != K1 && i != K2)
			old.v[i] = NULL;
	return old;
}

static const struct change *
random_insert(struct source *s, int t)
{
	struct mrow r = { .leaf = (int)rnd(s, 2) };
	struct tuple new;

	random_key(s, &r);
	random_text(s, r.v[A], "a", 4);
	random_text(s, r.v[B], "b", 4);
	random_text(s, r.v[U], "u", 8);
	if ((t == 2 && rnd(s, 3) > 0) || !put_row(&s->db, t, &r))
		return NULL;
	new = tuple_of(&r);
	return make(CHANGE_INSERT, plan_of(s, t, &r), &new, OLD_NONE, NULL);
}

static const struct change *
random_delete(struct source *s, int t)
{
	struct mrow *r = random_row(s, t);
	enum old_image image;
	struct tuple old;

	if (r == NULL)
		return NULL;
	r->used = false;
	old = old_of(s, t, r, &image);
	return make(CHANGE_DELETE, plan_of(s, t, r), NULL, image, &old);
}

/* Values that did not change may be absent where there is no whole old image. */
static const struct change *
random_update(struct source *s, int t)
{
	struct mrow *r = random_row(s, t), was, is;
	struct tuple old, new;
	enum old_image image;
	bool moved;

	if (r == NULL)
		return NULL;
	was = is = *r;
	if (rnd(s, 2) == 0)
		random_key(s, &is);
	if (rnd(s, 2) == 0)
		random_text(s, is.v[A], "a", 4);
	if (rnd(s, 3) == 0)
		random_text(s, is.v[B], "b", 4);
	if (rnd(s, 2) == 0)
		random_text(s, is.v[U], "u", 8);
	r->used = false;
	if (!put_row(&s->db, t, &is)) {
		r->used = true;
		return NULL;
	}
	moved = strcmp(was.v[K1], is.v[K1]) != 0 || strcmp(was.v[K2], is.v[K2]) != 0;
	old = old_of(s, t, &was, &image);
	if (image == OLD_KEY && !moved && rnd(s, 4) > 0)
		image = OLD_NONE;
	new = tuple_of(&is);
	for (int i = 0; i < NCOLS; i++)
		if (image != OLD_FULL && strcmp(was.v[i], is.v[i]) == 0 && rnd(s, 2) == 0 &&
		    (image == OLD_KEY || (i != K1 && i != K2)))
			new.v[i] = NULL;
	return make(CHANGE_UPDATE, plan_of(s, t, &was), &new, image, &old);
}

static const struct change *
random_change(struct source *s)
{
	int t = (int)rnd(s, 3);

	if (t == 1 && rnd(s, 20) == 0)
		s->version = s->version == UNIQUE1 ? UNIQUE2 : UNIQUE1;
	switch (rnd(s, 5)) {
	case 0:
	case 1: return random_insert(s, t);
	case 2: return random_delete(s, t);
	default: return random_update(s, t);
	}
}

static const struct plan *
plan_of_change(const struct change *c)
{
	return &plans[c->rel - rels];
}

static int
compare_rows(const void *a, const void *b)
{
	return memcmp(((const struct mrow *)a)->v, ((const struct mrow *)b)->v,
	    sizeof(((const struct mrow *)a)->v));
}

static void
check_equal(const struct db *a, const struct db *b)
{
	for (int t = 0; t < 3; t++) {
		struct mrow x[2][ROWS] = { 0 };

		for (int i = 0; i < ROWS; i++)
			for (int j = 0; j < NCOLS; j++) {
				if (a->t[t][i].used)
					strncpy(x[0][i].v[j], a->t[t][i].v[j], VMAX);
				if (b->t[t][i].used)
					strncpy(x[1][i].v[j], b->t[t][i].v[j], VMAX);
			}
		qsort(x[0], ROWS, sizeof(x[0][0]), compare_rows);
		qsort(x[1], ROWS, sizeof(x[1][0]), compare_rows);
		ck_assert_msg(memcmp(x[0], x[1], sizeof(x[0])) == 0, "table %d differs", t);
	}
}

/* Writes the changes; NULL in `what` stands for a TRUNCATE of the table that `truncated` names. */
static bool
write_batch(struct batch *b, struct db *target, const struct change **what, const int *truncated,
    size_t n, enum batch_mode mode)
{
	static struct writer w;
	struct db before = *target;
	const struct step *steps;
	size_t nsteps;

	batch_reset(b, mode);
	for (size_t i = 0; i < n; i++) {
		const struct truncation t = { .plan = &plans[truncated[i]] };

		if (what[i] == NULL)
			ck_ok(batch_truncate(b, &t, 1, false, &err), &err);
		else
			ck_ok(batch_add(b, plan_of_change(what[i]), what[i], &err), &err);
	}
	ck_assert_uint_eq(batch_rows(b), n);
	ck_ok(batch_finish(b, &steps, &nsteps, &err), &err);
	memset(&w, 0, sizeof(w));
	w.db = target;
	write_steps(&w, steps, nsteps, mode);
	if (w.unique_failed)
		*target = before;
	return !w.unique_failed;
}

static size_t
random_changes(struct source *s, const struct change **what, int *truncated, size_t max)
{
	static const int some_plan[3] = { LEAF1, UNIQUE1, KEYLESS };
	size_t n = 0;

	for (size_t tries = 0; tries < max; tries++) {
		if (rnd(s, 150) == 0) {
			int t = (int)rnd(s, 3);

			memset(s->db.t[t], 0, sizeof(s->db.t[t]));
			truncated[n] = some_plan[t];
			what[n++] = NULL;
		} else if ((what[n] = random_change(s)) != NULL)
			n++;
	}
	return n;
}

static void
run_seed(struct batch *b, unsigned seed, enum batch_mode mode, unsigned *fallbacks)
{
	static struct source s;
	static struct db target;
	const struct change *what[60];
	int truncated[60] = { 0 };

	memset(&s, 0, sizeof(s));
	memset(&target, 0, sizeof(target));
	s.seed = seed * 7919 + 1;
	s.version = UNIQUE1;
	s.full = seed % 3 == 0;
	for (int round = 0; round < 8; round++) {
		size_t n = random_changes(&s, what, truncated, 1 + rnd(&s, 59));

		if (!write_batch(b, &target, what, truncated, n, mode)) {
			++*fallbacks;
			ck_assert(write_batch(b, &target, what, truncated, n, BATCH_CAREFUL));
		}
		check_equal(&s.db, &target);
		drop_changes();
	}
}

static void
run_seeds(enum batch_mode mode, unsigned n, unsigned *fallbacks)
{
	struct batch *b = new_batch(mode);

	for (unsigned seed = 0; seed < n; seed++)
		run_seed(b, seed, mode, fallbacks);
	end(b);
}

START_TEST(batch_net_leads_to_the_sources_state_for_random_changes)
{
	unsigned fallbacks = 0;

	run_seeds(BATCH_NET, 500, &fallbacks);
	ck_assert_uint_gt(fallbacks, 0); /* unique values that meet did come up */
}
END_TEST

START_TEST(batch_careful_needs_no_second_try_for_random_changes)
{
	unsigned fallbacks = 0;

	run_seeds(BATCH_CAREFUL, 500, &fallbacks);
	ck_assert_uint_eq(fallbacks, 0);
}
END_TEST

START_TEST(batch_in_order_leads_to_the_sources_state_for_random_changes)
{
	unsigned fallbacks = 0;

	run_seeds(BATCH_ORDERED, 100, &fallbacks);
	run_seeds(BATCH_SINGLE, 100, &fallbacks);
	ck_assert_uint_eq(fallbacks, 0);
}
END_TEST

UNIT_MAIN("batch", batch_insert_and_update_is_an_insert_of_the_last_values,
    batch_insert_and_delete_is_nothing, batch_updates_merge_and_absent_keeps_the_earlier_value,
    batch_update_and_delete_deletes_the_origin, batch_delete_and_insert_is_a_delete_and_a_new_row,
    batch_key_swap_parks_both_rows, batch_row_that_comes_back_to_its_key_is_an_update,
    batch_inserted_row_that_moves_stays_an_insert,
    batch_absent_key_column_of_an_update_is_taken_from_the_old_key,
    batch_update_with_nothing_to_set_is_counted_and_not_written,
    batch_groups_updates_by_the_columns_present_and_orders_the_kinds,
    batch_careful_parks_updates_of_tables_with_other_unique_indexes,
    batch_null_key_values_are_keys_of_their_own, batch_keyless_rows_of_one_content_stand_for_each_other,
    batch_careful_parks_keyless_rows_where_unique_values_may_meet,
    batch_ordered_keeps_each_change_in_runs_of_a_plan, batch_single_keeps_each_change_apart,
    batch_truncate_is_a_barrier_for_all_tables, batch_a_new_version_of_a_relation_starts_a_section,
    batch_two_relations_of_a_mysql_table_start_a_section,
    batch_refuses_what_contradicts_itself, batch_refuses_images_that_lack_what_is_needed,
    batch_refuses_a_change_of_another_row_that_shares_the_key,
    batch_absent_value_does_not_contradict_a_whole_old_image,
    batch_full_arena_is_a_limit_and_what_was_added_still_counts, batch_many_plans_are_told_apart,
    batch_net_leads_to_the_sources_state_for_random_changes,
    batch_careful_needs_no_second_try_for_random_changes,
    batch_in_order_leads_to_the_sources_state_for_random_changes)
