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

/* A column that needs no conversion passes; so do NULL and what is not there, of which there is nothing to convert. */
START_TEST(transform_leaves_alone_what_needs_no_conversion)
{
	const struct convert_options clamp = { .unrepresentable = VALUES_CLAMP };
	struct relation_column two_names[] = { { .name = "n" }, { .name = "m" }, { .name = "o" }, { .name = "p" } };
	const struct relation wide = { .ncols = 4, .cols = two_names };
	struct arena *arena = arena_new(4096, 0);
	struct plan_column cols[4] = { { .name = "p", .src = 3 }, { .name = "n", .src = 0 }, { .name = "m", .src = 1 }, { .name = "o", .src = 2 } };
	struct plan other = { .rel = &wide, .table = &table, .cols = cols, .ncols = 4, .converts = true };
	const struct value in[] = { { .kind = VALUE_TEXT, .len = 5, .p = (const uint8_t *)"99999" }, { .kind = VALUE_NULL }, { .kind = VALUE_ABSENT },
		{ .kind = VALUE_TEXT, .len = 5, .p = (const uint8_t *)"88888" } };
	struct value out[4];
	uint64_t n = 0;

	for (int i = 1; i < 4; i++)
		ck_ok(convert_choose(&number, &narrow, false, &clamp, arena, &cols[i].convert, &err), &err);
	ck_ok(transform_row(&other, in, out, arena, &n, &err), &err);
	ck_assert(n == 1 && value_same(&out[3], &in[3]) && out[1].kind == VALUE_NULL && out[2].kind == VALUE_ABSENT);
	ck_assert_mem_eq(out[0].p, "32767", 5);
	arena_free(arena);
}
END_TEST

/* In the new image as in the old one: column and table are named, the value is not. */
START_TEST(transform_names_the_column_of_a_value_without_a_form)
{
	const struct convert_options options = { .unrepresentable = VALUES_ERROR };
	static const char *const images[][2] = { { "99999", "5" }, { "5", "99999" }, { "99999", NULL }, { NULL, "99999" } };
	struct arena *arena = arena_new(4096, 0), *small = arena_new(256, 16);
	uint64_t n = 0;

	ck_ok(convert_choose(&number, &narrow, false, &options, arena, &col.convert, &err), &err);
	for (size_t i = 0; i < 4; i++) {
		const enum change_kind kind = images[i][0] == NULL ? CHANGE_DELETE : images[i][1] == NULL ? CHANGE_INSERT : CHANGE_UPDATE;

		ck_fails(transform_change(&plan, change(kind, images[i][0], images[i][1]), arena, &n, &err) != NULL, &err, ERR_DATA);
		ck_assert_ptr_nonnull(strstr(err.msg, "column n"));
		ck_assert_ptr_null(strstr(err.msg, "99999"));
		ck_assert_str_eq(err.table, "s.t");
	}
	ck_fails(transform_change(&plan, change(CHANGE_INSERT, "5", NULL), small, &n, &err) != NULL, &err, ERR_LIMIT);
	ck_assert_uint_eq(n, 0);
	arena_free(arena);
	arena_free(small);
}
END_TEST

UNIT_MAIN("transform", transform_counts_the_values_that_are_written, transform_leaves_alone_what_needs_no_conversion,
    transform_names_the_column_of_a_value_without_a_form)
