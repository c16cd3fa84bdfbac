/* test_table.c - the set of captured tables, and how two shapes of a table are told apart. */
#include "staging/table.c"

#include "test/unit/unit.h"
#include "test/unit/no_memory.h"

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

START_TEST(table_set_refuses_names_too_long_for_a_key)
{
	struct tableset *set = tableset_new(&err);
	char name[1100];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_fails(tableset_add(set, name, "t", "dw", "t", &err) != NULL, &err, ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.msg, "a name too long to be handled"));
	ck_fails(tableset_add(set, "s", name, "dw", "t", &err) != NULL, &err, ERR_LIMIT);
	ck_assert_ptr_null(tableset_by_source(set, "s", name));
	ck_assert_ptr_null(tableset_by_source(set, name, "t"));
	ck_assert_uint_eq(set->n, 0);
	add(set, "s", "t", name);
	ck_fails(tableset_sort(set, &err), &err, ERR_LIMIT);
	tableset_free(set);
}
END_TEST

/* Foreign keys that change a child's rows without a word in the log are known to the parent; those that refuse, and those of other tables, are not. */
START_TEST(table_set_knows_children_of_keys_that_act)
{
	static const enum fkey_action actions[][2] = { { FKEY_RESTRICT, FKEY_CASCADE }, { FKEY_RESTRICT, FKEY_SET_NULL },
		{ FKEY_CASCADE, FKEY_RESTRICT }, { FKEY_SET_NULL, FKEY_RESTRICT }, { FKEY_RESTRICT, FKEY_RESTRICT },
		{ FKEY_SET_DEFAULT, FKEY_SET_DEFAULT }, { FKEY_RESTRICT, FKEY_CASCADE } };
	struct tableset *set = tableset_new(&err);
	struct fkey_desc keys[7];
	struct table_desc d = { .nfkeys = 7, .fkeys = keys };
	struct table *parent = add(set, "s", "parent", "parent"), *child = add(set, "s", "child", "child");

	for (int i = 0; i < 7; i++)
		keys[i] = (struct fkey_desc){ .parent_schema = "s", .parent_name = i < 6 ? "parent" : "a stranger", .on_update = actions[i][0],
			.on_delete = actions[i][1] };
	child->source = &d;
	for (int again = 0; again < 2; again++) {
		ck_ok(tableset_sort(set, &err), &err);
		ck_assert_uint_eq(parent->nchildren, 4);
		ck_assert_uint_eq(child->nchildren, 0);
		for (int i = 0; i < 4; i++)
			ck_assert(parent->children[i].child == child && parent->children[i].key == &keys[i]);
	}
	tableset_free(set);
}
END_TEST

static bool
set_short_of_memory(struct err *e)
{
	struct leaf_desc leaf = { .oid = 11, .schema = "s", .name = "p1" };
	struct fkey_desc key = { .parent_schema = "s", .parent_name = "a", .on_delete = FKEY_CASCADE };
	struct table_desc d = { .nleaves = 1, .leaves = &leaf, .nfkeys = 1, .fkeys = &key };
	struct tableset *set = tableset_new(e);
	char name[16];
	bool ok = set != NULL;

	for (int i = 0; ok && i < 40; i++) {
		struct table *t;

		snprintf(name, sizeof(name), i == 0 ? "a" : "t%d", i);
		ok = (t = tableset_add(set, "s", name, "a schema with a name of some length", name, e)) != NULL;
		if (i == 1 && ok)
			t->source = &d;
	}
	ok = ok && tableset_sort(set, e);
	ck_assert(!ok || (tableset_by_leaf(set, 11, NULL) != NULL && tableset_by_source(set, "s", "a")->nchildren == 1));
	tableset_free(set);
	return ok;
}

START_TEST(table_set_survives_want_of_memory)
{
	no_memory_anywhere(set_short_of_memory);
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
	cols[1].notnull = true;
	was = shape();
	cols[1].notnull = false;
	ck_assert(diff(was));
	ck_assert_str_eq(buf_cstr(&said), "column email: became nullable");
	ck_assert_str_eq(
	    buf_cstr(&alter), "ALTER TABLE \"dw\".\"t\" ALTER COLUMN \"email\" DROP NOT NULL;");
	was = shape();
	cols[2].generated = true;
	ck_assert(diff(was));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&said), "became generated"));
	was = shape();
	cols[2].generated = false;
	ck_assert(diff(was));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&said), "is no longer generated"));
	was = shape();
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
	desc.replica_identity = 'n';
	ck_assert(diff(was));
	ck_assert_str_eq(buf_cstr(&said), "replica identity: index email became nothing");
	ck_assert(diff("column\tid\tinteger\tnot-null\t1\t-\t\ncolumn\temail\tcharacter varying(40)\tnull\t-\t-\t\n"
		       "column\twe\\tird\"\\\\n\ttext\tnull\t-\t-\t\nidentity\tlater\n"));
	ck_assert_str_eq(buf_cstr(&said), "replica identity: later became nothing");
}
END_TEST

/* What an added column's default may be for the advice to name it: what gives the same value on the target. */
START_TEST(table_shape_diff_names_a_default_that_is_a_literal)
{
	static const struct {
		const char *sql;
		bool literal;
	} list[] = { { "true", true }, { "false", true }, { "-1.5", true }, { "'it''s (x'::text", true }, { "'a'::character varying(10)", true },
		{ "truely", false }, { "now()", false }, { "'a'::text || f('b'::text)", false }, { "CURRENT_DATE", false }, { "1 + (x)", false },
		{ "1 + (:)", false }, { "", false } };
	char want[128];

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		const char *was;

		reset_desc();
		was = shape();
		desc.ncols = 4;
		cols[3].default_sql = list[i].sql;
		ck_assert(diff(was));
		snprintf(want, sizeof(want), "ALTER TABLE \"dw\".\"t\" ADD COLUMN \"last\" text%s%s;", list[i].literal ? " DEFAULT " : "",
		    list[i].literal ? list[i].sql : "");
		ck_assert_str_eq(buf_cstr(&alter), want);
	}
	reset_desc();
	desc.ncols = 4;
	cols[3].generated = cols[3].notnull = true;
	ck_assert(diff("column\tid\tinteger\tnot-null\t1\t-\t\ncolumn\temail\tcharacter varying(40)\tnull\t-\t-\t\n"
		       "column\twe\\tird\"\\\\n\ttext\tnull\t-\t-\t\nidentity\td\n"));
	ck_assert_str_eq(buf_cstr(&said), "column last: added as text not null, generated");
	ck_assert_uint_eq(alter.n, 0);	/* what it is generated from is not known */
}
END_TEST

/* Two columns of one type that have each other's name now; and a shape, damaged, that has one name twice. */
START_TEST(table_shape_diff_sees_names_exchanged)
{
	static const char a[] = "column\tx\ttext\tnull\t-\t-\t\ncolumn\ty\ttext\tnull\t-\t-\t\nidentity\tf\n";
	static const char b[] = "column\ty\ttext\tnull\t-\t-\t\ncolumn\tx\ttext\tnull\t-\t-\t\nidentity\tf\n";
	static const char twice[] = "column\tx\ttext\tnull\t-\t-\t\ncolumn\tx\ttext\tnull\t-\t-\t\nidentity\tf\n";
	static const char renamed[] = "column\tx\ttext\tnull\t-\t-\t\ncolumn\tx\\n\\\\\ttext\tnull\t-\t-\t\nidentity\tf\n";
	static const char one[] = "column\tx\ttext\tnull\t-\t-\t\nidentity\tf\n";

	buf_reset(&said);
	buf_reset(&alter);
	ck_assert(table_shape_diff(a, b, "t", &said, &alter));
	ck_assert_str_eq(buf_cstr(&said), "the columns stand in another order, or changed their names among each other: y, x");
	ck_assert_uint_eq(alter.n, 0);
	buf_reset(&said);
	ck_assert(table_shape_diff(twice, one, "t", &said, &alter));
	ck_assert_str_eq(buf_cstr(&said), "the columns stand in another order, or changed their names among each other: x");
	buf_reset(&said);
	ck_assert(table_shape_diff(a, renamed, "t", &said, &alter));
	ck_assert_str_eq(buf_cstr(&said), "column y: renamed to x\n\\");
	ck_assert_str_eq(buf_cstr(&alter), "ALTER TABLE t RENAME COLUMN \"y\" TO \"x\n\\\";");
	buf_reset(&said);
	buf_reset(&alter);
	ck_assert(table_shape_diff(a, one, NULL, &said, &alter));	/* of a target that has no name for it */
	ck_assert_str_eq(buf_cstr(&said), "column y: dropped");
	ck_assert_uint_eq(alter.n, 0);
}
END_TEST

START_TEST(table_shape_columns_come_back_as_they_were)
{
	struct shape_text *columns = NULL;
	struct buf many = { 0 };
	uint16_t n = 9;

	reset_desc();
	cols[0].name = "line\nend";
	cols[1].generated = true;
	ck_ok(table_shape_columns(shape(), arena, &columns, &n, &err), &err);
	ck_assert_uint_eq(n, 3);
	for (int i = 0; i < 3; i++) {
		ck_assert_str_eq(columns[i].name, cols[i].name);
		ck_assert_str_eq(columns[i].type, cols[i].type.name);
		ck_assert(columns[i].key == (i == 0) && columns[i].generated == (i == 1));
	}
	ck_fails(table_shape_columns("column\tx\n", arena, &columns, &n, &err), &err, ERR_PROTOCOL);
	ck_assert_str_eq(err.msg, "the shape that was kept can't be read");
	ck_assert_uint_eq(n, 0);
	for (int i = 0; i <= UINT16_MAX; i++)
		buf_str(&many, "column\tx\tt\tnull\t-\t-\t\n");
	buf_str(&many, "identity\td\n");
	ck_fails(table_shape_columns(buf_cstr(&many), arena, &columns, &n, &err), &err, ERR_PROTOCOL);
	buf_done(&many);
}
END_TEST

static bool
shape_short_of_memory(struct err *e)
{
	struct arena *own = arena_new(256, 0);
	struct shape_text *columns;
	const char *text = own != NULL ? table_shape(&desc, own) : NULL;
	bool ok = text != NULL || err_set(e, ERR_SYSTEM, "no memory");
	uint16_t n;

	if (ok && !table_shape_columns(text, own, &columns, &n, e)) {
		ok = false;
		if (e->kind == ERR_PROTOCOL)	/* of want of memory while it was read it says no more than that */
			err_set(e, ERR_SYSTEM, "no memory");
	}
	arena_free(own);
	return ok;
}

START_TEST(table_shape_survives_want_of_memory)
{
	reset_desc();
	no_memory_anywhere(shape_short_of_memory);
}
END_TEST

START_TEST(table_shape_diff_reports_a_shape_that_can_not_be_read)
{
	static const char *const bad[] = { "", "x", "column\ta\n", "column\ta\tb\tc\td\te\tf\n",
		"identity\n", "what\ta\n", "identity\td\ncut",
		"what\ta\tb\tc\td\te\tf\nidentity\td\n", "column\ta\\" };

	reset_desc();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert(diff(bad[i]));
		ck_assert_str_eq(buf_cstr(&said), "the shape that was kept can't be read");
		ck_assert_uint_eq(alter.n, 0);
		buf_reset(&said);
		ck_assert(table_shape_diff(shape(), bad[i], "t", &said, &alter));
		ck_assert_str_eq(buf_cstr(&said), "the shape that was kept can't be read");
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
    table_shape_diff_reports_a_shape_that_can_not_be_read,
    table_set_refuses_names_too_long_for_a_key, table_set_knows_children_of_keys_that_act,
    table_set_survives_want_of_memory, table_shape_diff_names_a_default_that_is_a_literal,
    table_shape_diff_sees_names_exchanged, table_shape_columns_come_back_as_they_were,
    table_shape_survives_want_of_memory)
