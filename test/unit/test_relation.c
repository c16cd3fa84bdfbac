/* test_relation.c - relation versions: what changes the version, look-up of a column. */
#include "cdc/relation.c"

#include "cdc/type.h"
#include "test/unit/unit.h"

static const struct relation_column two[] = {
	{ .name = "id", .oid = 23, .typmod = -1, .identity = true },
	{ .name = "name", .oid = 1043, .typmod = 44, .identity = false },
};

static struct relation
plain(void)
{
	return (struct relation){ .id = 5,
		.schema = "public",
		.name = "t",
		.replica_identity = 'd',
		.ncols = 2,
		.cols = two };
}

static uint64_t
version(struct relation rel)
{
	relation_seal(&rel);
	return rel.version;
}

static uint64_t
version_with(struct relation_column first)
{
	struct relation_column cols[] = { first, two[1] };
	struct relation rel = plain();

	rel.cols = cols;
	return version(rel);
}

START_TEST(relation_version_is_equal_for_equal_contents)
{
	struct relation other = plain();
	char name[] = "t", schema[] = "public";

	other.name = name;
	other.schema = schema;
	other.id = 6;		/* the source's id and our table are no part of the shape */
	other.table = &other;
	ck_assert(version(plain()) == version(other));
	ck_assert(version(plain()) == version_with(two[0]));
	ck_assert(version(plain()) != 0);
}
END_TEST

START_TEST(relation_version_differs_by_each_member)
{
	const uint64_t v = version(plain());
	struct relation rel = plain();

	rel.schema = "publi";
	rel.name = "ct";
	ck_assert(version(rel) != v);
	rel = plain();
	rel.name = "u";
	ck_assert(version(rel) != v);
	rel = plain();
	rel.replica_identity = 'f';
	ck_assert(version(rel) != v);
	rel = plain();
	rel.ncols = 1;
	ck_assert(version(rel) != v);
	rel.ncols = 0;
	ck_assert(version(rel) != v);
}
END_TEST

START_TEST(relation_version_differs_by_each_member_of_a_column)
{
	const uint64_t v = version(plain());
	struct relation_column col = two[0];

	col.name = "Id";
	ck_assert(version_with(col) != v);
	col = two[0];
	col.oid = 20;
	ck_assert(version_with(col) != v);
	col = two[0];
	col.typmod = 5;
	ck_assert(version_with(col) != v);
	col = two[0];
	col.identity = false;
	ck_assert(version_with(col) != v);
}
END_TEST

START_TEST(relation_version_minds_where_one_name_ends)
{
	struct relation a = plain(), b = plain();

	a.schema = "ab";
	a.name = "c";
	b.schema = "a";
	b.name = "bc";
	ck_assert(version(a) != version(b));
}
END_TEST

START_TEST(relation_column_index_minds_case_and_tells_none)
{
	struct relation rel = plain();

	ck_assert_int_eq(relation_column_index(&rel, "id"), 0);
	ck_assert_int_eq(relation_column_index(&rel, "name"), 1);
	ck_assert_int_eq(relation_column_index(&rel, "Name"), -1);
	ck_assert_int_eq(relation_column_index(&rel, "nam"), -1);
	ck_assert_int_eq(relation_column_index(&rel, ""), -1);
	rel.ncols = 0;
	ck_assert_int_eq(relation_column_index(&rel, "id"), -1);
}
END_TEST

START_TEST(relation_free_takes_null)
{
	struct arena *arena = arena_new(256, 0);
	struct relation *rel = arena_zalloc(arena, sizeof(*rel));

	rel->arena = arena;
	relation_free(rel);
	relation_free(NULL);
}
END_TEST

START_TEST(logical_types_have_names)
{
	ck_assert_str_eq(logical_type_name(LOGICAL_OTHER), "other");
	ck_assert_str_eq(logical_type_name(LOGICAL_DECIMAL), "decimal");
	ck_assert_str_eq(logical_type_name(LOGICAL_ARRAY), "array");
}
END_TEST

UNIT_MAIN("relation", relation_version_is_equal_for_equal_contents,
    relation_version_differs_by_each_member, relation_version_differs_by_each_member_of_a_column,
    relation_version_minds_where_one_name_ends, relation_column_index_minds_case_and_tells_none,
    relation_free_takes_null, logical_types_have_names)
