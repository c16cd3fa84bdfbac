/* test_relmap.c - which version is current, and that no version goes while the map lives. */
#include "cdc/relmap.c"

#include "test/unit/unit.h"

static struct err err = ERR_INIT;

static struct relation *
make(uint32_t id, const char *name, uint16_t ncols)
{
	struct arena *arena = arena_new(512, 0);
	struct relation *rel = arena_zalloc(arena, sizeof(*rel));
	struct relation_column *cols = arena_zalloc(arena, ncols * sizeof(*cols) + 1);

	for (uint16_t i = 0; i < ncols; i++) {
		cols[i].name = arena_printf(arena, "c%d", i);
		cols[i].oid = 23;
		cols[i].typmod = -1;
	}
	rel->arena = arena;
	rel->id = id;
	rel->schema = "public";
	rel->name = arena_strdup(arena, name);
	rel->replica_identity = 'd';
	rel->ncols = ncols;
	rel->cols = cols;
	relation_seal(rel);
	return rel;
}

static const struct relation *
put(struct relmap *map, struct relation *rel, bool want_new)
{
	const struct relation *now = NULL;
	bool is_new = !want_new;

	ck_ok(relmap_put(map, rel, &now, &is_new, &err), &err);
	ck_assert(is_new == want_new);
	return now;
}

START_TEST(relmap_gives_the_current_version)
{
	struct relmap *map = relmap_new(&err);
	struct relation *first = make(1, "t", 1), *second = make(1, "t", 2);

	ck_assert_ptr_null(relmap_get(map, 1));
	ck_assert_ptr_eq(put(map, first, true), first);
	ck_assert_ptr_eq(relmap_get(map, 1), first);
	ck_assert_ptr_eq(put(map, second, true), second);
	ck_assert_ptr_eq(relmap_get(map, 1), second);
	ck_assert_ptr_null(relmap_get(map, 2));
	relmap_free(map);
}
END_TEST

START_TEST(relmap_keeps_the_versions_before)
{
	struct relmap *map = relmap_new(&err);
	const struct relation *first = put(map, make(1, "before", 1), true);

	for (uint16_t n = 2; n < 100; n++)
		put(map, make(1, "after", n), true);
	ck_assert_str_eq(first->name, "before");
	ck_assert_str_eq(first->cols[0].name, "c0");
	ck_assert_uint_eq(relmap_versions(map), 99);
	relmap_free(map);
}
END_TEST

START_TEST(relmap_makes_no_version_of_an_equal_relation)
{
	struct relmap *map = relmap_new(&err);
	const struct relation *first = put(map, make(1, "t", 3), true);

	ck_assert_ptr_eq(put(map, make(1, "t", 3), false), first);
	ck_assert_ptr_eq(relmap_get(map, 1), first);
	ck_assert_uint_eq(relmap_versions(map), 1);
	relmap_free(map);
}
END_TEST

/* Equal to the version before the current one: that is a change all the same. */
START_TEST(relmap_compares_with_the_current_version_only)
{
	struct relmap *map = relmap_new(&err);
	const struct relation *first = put(map, make(1, "t", 1), true);

	put(map, make(1, "t", 2), true);
	ck_assert_ptr_ne(put(map, make(1, "t", 1), true), first);
	ck_assert_uint_eq(relmap_versions(map), 3);
	relmap_free(map);
}
END_TEST

START_TEST(relmap_keeps_equal_tables_of_two_ids_apart)
{
	struct relmap *map = relmap_new(&err);
	const struct relation *one = put(map, make(1, "t", 1), true);
	const struct relation *two = put(map, make(UINT32_MAX, "t", 1), true);

	ck_assert_ptr_ne(one, two);
	ck_assert(one->version == two->version);
	ck_assert_ptr_eq(relmap_get(map, 1), one);
	ck_assert_ptr_eq(relmap_get(map, UINT32_MAX), two);
	relmap_free(map);
}
END_TEST

/* Two shapes whose hashes meet are still two versions. */
START_TEST(relmap_looks_behind_the_hash)
{
	struct relmap *map = relmap_new(&err);
	struct relation *rel;

	for (int change = 0; change < 8; change++) {
		const struct relation *now = put(map, make((uint32_t)change + 1, "t", 2), true);
		struct relation_column *cols;

		rel = make((uint32_t)change + 1, "t", 2);
		cols = arena_zalloc(rel->arena, 2 * sizeof(*cols));
		memcpy(cols, rel->cols, 2 * sizeof(*cols));
		rel->cols = cols;
		switch (change) {
		case 0: rel->schema = "other"; break;
		case 1: rel->name = "other"; break;
		case 2: rel->replica_identity = 'f'; break;
		case 3: rel->ncols = 1; break;
		case 4: cols[1].name = "other"; break;
		case 5: cols[1].oid = 20; break;
		case 6: cols[1].typmod = 4; break;
		case 7: cols[1].identity = true; break;
		}
		rel->version = now->version;
		put(map, rel, true);
	}
	relmap_free(map);
}
END_TEST

START_TEST(relmap_free_takes_null)
{
	relmap_free(NULL);
}
END_TEST

UNIT_MAIN("relmap", relmap_gives_the_current_version, relmap_keeps_the_versions_before,
    relmap_makes_no_version_of_an_equal_relation, relmap_compares_with_the_current_version_only,
    relmap_keeps_equal_tables_of_two_ids_apart, relmap_looks_behind_the_hash,
    relmap_free_takes_null)
