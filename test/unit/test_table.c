/* test_table.c - the set of captured tables, and how two shapes of a table are told apart. */
#include "staging/table.c"

#include "test/unit/unit.h"

static struct err err;

static struct table *
add(struct tableset *set, const char *schema, const char *name, const char *target)
{
	struct table *t = tableset_add(set, schema, name, "dw", target, &err);

	ck_ok(t != NULL, &err);
	return t;
}

START_TEST(table_set_finds_tables_by_source_and_leaf_in_sorted_order)
{
	struct tableset *set = tableset_new(&err);
	struct leaf_desc leaves[2] = { { .oid = 11, .name = "p1" }, { .oid = 12, .name = "p2" } };
	struct leaf_desc self = { .oid = 10, .name = "b" };
	struct table_desc parted = { .nleaves = 2, .leaves = leaves },
			  plain = { .nleaves = 1, .leaves = &self };
	struct table *b = add(set, "s", "b", "b"), *a = add(set, "s", "a", "a"),
		     *r = add(set, "r", "z", "z");
	const struct leaf_desc *leaf = NULL;

	a->source = &parted;
	b->source = &plain;
	ck_ok(tableset_sort(set, &err), &err);
	ck_assert_uint_eq(set->n, 3);
	ck_assert_ptr_eq(set->tables[0], r);
	ck_assert_ptr_eq(set->tables[1], a);
	ck_assert_ptr_eq(set->tables[2], b);
	ck_assert_uint_eq(b->index, 2);
	ck_assert_ptr_eq(tableset_by_source(set, "s", "a"), a);
	ck_assert_ptr_null(tableset_by_source(set, "s", "c"));
	ck_assert_ptr_null(tableset_by_source(set, "sa", ""));
	ck_assert_ptr_eq(tableset_by_leaf(set, 12, &leaf), a);
	ck_assert_ptr_eq(leaf, &leaves[1]);
	ck_assert_ptr_eq(tableset_by_leaf(set, 10, NULL), b);
	ck_assert_ptr_null(tableset_by_leaf(set, 13, &leaf));
	/* a partition that joined later */
	plain.nleaves = 0;
	ck_ok(tableset_sort(set, &err), &err);
	ck_assert_ptr_null(tableset_by_leaf(set, 10, NULL));
	tableset_free(set);
}
END_TEST

START_TEST(table_set_refuses_two_tables_with_one_target)
{
	struct tableset *set = tableset_new(&err);

	add(set, "s", "a", "t");
	add(set, "s", "b", "u");
	add(set, "s", "c", "t");
	ck_fails(tableset_sort(set, &err), &err, ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, "s.a and s.c both go to dw.t"));
	tableset_free(set);
}
END_TEST

START_TEST(table_set_refuses_a_table_twice_and_a_leaf_of_two)
{
	struct tableset *set = tableset_new(&err);
	struct leaf_desc leaf = { .oid = 11, .schema = "s", .name = "p1" };
	struct table_desc d = { .nleaves = 1, .leaves = &leaf };

	add(set, "s", "a", "t")->source = &d;
	ck_fails(tableset_add(set, "s", "a", "dw", "u", &err) != NULL, &err, ERR_CONFIG);
	add(set, "s", "p1", "p1")->source = &d;
	ck_fails(tableset_sort(set, &err), &err, ERR_CONFIG);
	tableset_free(set);
}
END_TEST

START_TEST(table_set_works_empty_and_grows)
{
	struct tableset *set = tableset_new(&err);
	char name[16];

	ck_ok(tableset_sort(set, &err), &err);
	ck_assert_ptr_null(tableset_by_leaf(set, 1, NULL));
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		add(set, "s", name, name);
	}
	ck_ok(tableset_sort(set, &err), &err);
	ck_assert_str_eq(tableset_by_source(set, "s", "t999")->target_name, "t999");
	tableset_free(set);
	tableset_free(NULL);
}
END_TEST

/* Shapes */

static struct column_desc cols[4];
static uint16_t pk_cols[2] = { 0, 1 };
static struct index_desc pk = { .primary = true, .unique = true, .ncols = 1, .cols = pk_cols };
static struct table_desc desc;
static struct arena *arena;
static struct buf said, alter;

static void
reset_desc(void)
{
	cols[0] = (struct column_desc){ .name = "id", .type.name = "integer", .notnull = true };
	cols[1] = (struct column_desc){ .name = "email", .type.name = "character varying(40)" };
	cols[2] = (struct column_desc){ .name = "we\tird\"\\n", .type.name = "text" };
	cols[3] = (struct column_desc){ .name = "last", .type.name = "text" };
	pk.ncols = 1;
	desc = (struct table_desc){
		.ncols = 3, .cols = cols, .nindexes = 1, .indexes = &pk, .replica_identity = 'd'
	};
	if (arena == NULL)
		arena = arena_new(4096, 0);
}

static const char *
shape(void)
{
	return table_shape(&desc, arena);
}

/* What is said about the way from was to the present desc. */
static bool
diff(const char *was)
{
	buf_reset(&said);
	buf_reset(&alter);
	return table_shape_diff(was, shape(), "\"dw\".\"t\"", &said, &alter);
}

START_TEST(table_shape_is_one_line_a_column)
{
	reset_desc();
	cols[1].default_sql = "'x'::text";
	ck_assert_str_eq(shape(), "column\tid\tinteger\tnot-null\t1\t-\t\n"
				  "column\temail\tcharacter varying(40)\tnull\t-\t-\t'x'::text\n"
				  "column\twe\\tird\"\\\\n\ttext\tnull\t-\t-\t\nidentity\td\n");
}
END_TEST

START_TEST(table_shape_diff_is_false_for_equal_shapes_and_for_defaults)
{
	const char *was;

	reset_desc();
	was = shape();
	ck_assert(!diff(was));
	cols[1].default_sql = "'x'::text";
	ck_assert(!diff(was));
	ck_assert_uint_eq(said.n, 0);
	ck_assert_uint_eq(alter.n, 0);
}
END_TEST

START_TEST(table_shape_diff_names_a_type_and_its_alter)
{
	const char *was;

	reset_desc();
	was = shape();
	cols[1].type.name = "character varying(80)";
	ck_assert(diff(was));
	ck_assert_str_eq(
	    buf_cstr(&said), "column email: character varying(40) became character varying(80)");
	ck_assert_str_eq(buf_cstr(&alter),
	    "ALTER TABLE \"dw\".\"t\" ALTER COLUMN \"email\" TYPE character varying(80);");
}
END_TEST

START_TEST(table_shape_diff_names_added_and_dropped_columns)
{
	const char *was;

	reset_desc();
	was = shape();
	desc.ncols = 4;
	cols[3].default_sql = "now()";
	ck_assert(diff(was));
	ck_assert_str_eq(buf_cstr(&said), "column last: added as text");
	ck_assert_str_eq(buf_cstr(&alter), "ALTER TABLE \"dw\".\"t\" ADD COLUMN \"last\" text;");
	cols[3].default_sql = "'a(b'::character varying(10)";
	cols[3].notnull = true;
	ck_assert(diff(was));
	ck_assert_str_eq(buf_cstr(&alter), "ALTER TABLE \"dw\".\"t\" ADD COLUMN \"last\" text "
					   "DEFAULT 'a(b'::character varying(10) NOT NULL;");
	was = shape();
	desc.ncols = 2;
	ck_assert(diff(was));
	ck_assert_str_eq(buf_cstr(&said), "column we\tird\"\\n: dropped; column last: dropped");
	ck_assert_str_eq(buf_cstr(&alter),
	    "ALTER TABLE \"dw\".\"t\" DROP COLUMN \"we\tird\"\"\\n\", DROP COLUMN \"last\";");
}
END_TEST

START_TEST(table_shape_diff_calls_it_a_rename_only_where_all_else_is_equal)
{
	const char *was;

	reset_desc();
	was = shape();
	cols[1].name = "mail";
	ck_assert(diff(was));
	ck_assert_str_eq(buf_cstr(&said), "column email: renamed to mail");
	ck_assert_str_eq(
	    buf_cstr(&alter), "ALTER TABLE \"dw\".\"t\" RENAME COLUMN \"email\" TO \"mail\";");
	cols[1].type.name = "text";
	ck_assert(diff(was));
	ck_assert_str_eq(buf_cstr(&said), "column email: dropped; column mail: added as text");
	reset_desc();
	cols[1].name = "mail";
	cols[1].notnull = true;
	ck_assert(diff(was));
	ck_assert_ptr_null(strstr(buf_cstr(&said), "renamed"));
	reset_desc();
	cols[1].name = "mail";
	cols[2].name = "other";
	ck_assert(diff(was));
	ck_assert_ptr_null(strstr(buf_cstr(&said), "renamed"));
}
END_TEST

START_TEST(table_shape_diff_names_null_key_generated_identity_and_order)
{
	const char *was;
	struct column_desc c;

	reset_desc();
	was = shape();
	cols[1].notnull = true;
	ck_assert(diff(was));
	ck_assert_str_eq(buf_cstr(&said), "column email: became not null");
	ck_assert_str_eq(
	    buf_cstr(&alter), "ALTER TABLE \"dw\".\"t\" ALTER COLUMN \"email\" SET NOT NULL;");
	reset_desc();
	pk.ncols = 2;
	ck_assert(diff(was));
	ck_assert_str_eq(buf_cstr(&said), "primary key: id became id, email");
	reset_desc();
	desc.nindexes = 0;
	ck_assert(diff(was));
	ck_assert_str_eq(buf_cstr(&said), "primary key: id became none");
	ck_assert_uint_eq(alter.n, 0);
	reset_desc();
	cols[2].generated = true;
	ck_assert(diff(was));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&said), "became generated"));
	reset_desc();
	desc.replica_identity = 'f';
	ck_assert(diff(was));
	ck_assert_str_eq(buf_cstr(&said), "replica identity: default became full");
	reset_desc();
	c = cols[1];
	cols[1] = cols[2];
	cols[2] = c;
	ck_assert(diff(was));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&said), "another order"));
}
END_TEST

START_TEST(table_shape_diff_sees_another_identity_index)
{
	const char *was;
	struct index_desc two[2];

	reset_desc();
	two[0] = pk;
	two[1] = (struct index_desc){
		.unique = true, .replica_identity = true, .ncols = 1, .cols = &pk_cols[1]
	};
	desc.indexes = two;
	desc.nindexes = 2;
	desc.replica_identity = 'i';
	was = shape();
	two[1].cols = &pk_cols[0];
	ck_assert(diff(was));
	ck_assert_str_eq(buf_cstr(&said), "replica identity: index email became index id");
}
END_TEST

START_TEST(table_shape_diff_reports_a_shape_that_can_not_be_read)
{
	static const char *const bad[] = { "", "x", "column\ta\n", "column\ta\tb\tc\td\te\tf\n",
		"identity\n", "what\ta\n", "identity\td\ncut" };

	reset_desc();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert(diff(bad[i]));
		ck_assert_str_eq(buf_cstr(&said), "the shape that was kept can't be read");
		ck_assert_uint_eq(alter.n, 0);
	}
}
END_TEST

UNIT_MAIN("table", table_set_finds_tables_by_source_and_leaf_in_sorted_order,
    table_set_refuses_two_tables_with_one_target, table_set_refuses_a_table_twice_and_a_leaf_of_two,
    table_set_works_empty_and_grows, table_shape_is_one_line_a_column,
    table_shape_diff_is_false_for_equal_shapes_and_for_defaults,
    table_shape_diff_names_a_type_and_its_alter, table_shape_diff_names_added_and_dropped_columns,
    table_shape_diff_calls_it_a_rename_only_where_all_else_is_equal,
    table_shape_diff_names_null_key_generated_identity_and_order,
    table_shape_diff_sees_another_identity_index,
    table_shape_diff_reports_a_shape_that_can_not_be_read)
