/* test_transform.c - what policy makes of values is counted where it is written: once a value, in load and stream alike. */
#include "staging/transform.c"

#include "cdc/my_type.h"
#include "daemon/base/arena.h"

#include "test/unit/unit.h"

static struct coltype number = { .family = FAMILY_POSTGRESQL, .oid = 20, .base_oid = 20, .logical = LOGICAL_I64, .name = "bigint" },
	narrow = { .family = FAMILY_MYSQL, .code = MY_TYPE_SHORT, .logical = LOGICAL_I16, .name = "smallint" };
static struct relation_column names[] = { { .name = "n" } };
static const struct relation rel = { .ncols = 1, .cols = names };
static struct plan_column col = { .name = "n", .source_type = &number, .target_type = &narrow };
static const struct table table = { .source_schema = "s", .source_name = "t" };
static struct plan plan = { .rel = &rel, .table = &table, .cols = &col, .ncols = 1, .converts = true };
static struct err err;

static const struct change *
change(enum change_kind kind, const char *new, const char *old)
{
	static union {
		struct change c;
		uint8_t room[sizeof(struct change) + 2 * sizeof(struct value)];
	} u;

	memset(&u, 0, sizeof(u));
	u.c.kind = (uint8_t)kind;
	u.c.old = old != NULL ? OLD_FULL : OLD_NONE;
	u.c.nnew = new != NULL;
	u.c.nold = old != NULL;
	if (new != NULL)
		*change_new_values(&u.c) = (struct value){ .kind = VALUE_TEXT, .len = (uint32_t)strlen(new), .p = (const uint8_t *)new };
	if (old != NULL)
		*change_old_values(&u.c) = (struct value){ .kind = VALUE_TEXT, .len = (uint32_t)strlen(old), .p = (const uint8_t *)old };
	return &u.c;
}

START_TEST(transform_counts_the_values_that_are_written)
{
	const struct convert_options clamp = { .unrepresentable = VALUES_CLAMP };
	struct arena *arena = arena_new(4096, 0);
	const struct change *out;
	uint64_t n = 0;

	ck_ok(convert_choose(&number, &narrow, false, &clamp, arena, &col.convert, &err), &err);
	ck_assert_ptr_nonnull(transform_change(&plan, change(CHANGE_INSERT, "99999", NULL), arena, &n, &err));
	ck_assert_uint_eq(n, 1);
	ck_assert_ptr_nonnull(out = transform_change(&plan, change(CHANGE_UPDATE, "88888", "99999"), arena, &n, &err));
	ck_assert_uint_eq(n, 2);
	/* and are what they are looked for as */
	ck_assert_mem_eq(change_old_values(out)->p, "32767", 5);
	ck_assert_mem_eq(change_new_values(out)->p, "32767", 5);
	ck_assert_ptr_nonnull(out = transform_change(&plan, change(CHANGE_UPDATE, "5", "88888"), arena, &n, &err));
	ck_assert_ptr_nonnull(out = transform_change(&plan, change(CHANGE_DELETE, NULL, "88888"), arena, &n, &err));
	ck_assert_mem_eq(change_old_values(out)->p, "32767", 5);
	ck_assert_uint_eq(n, 2);
	arena_free(arena);
}
END_TEST

UNIT_MAIN("transform", transform_counts_the_values_that_are_written)
