/* test_my_condition.c - a partition's rows told to MySQL: what means the same there passes, all else is refused. */
#include "endpoints/my_condition.c"

#include "test/unit/unit.h"

static struct table table;
static struct coltype whole = { .code = MY_TYPE_LONGLONG, .logical = LOGICAL_I64 }, date = { .code = MY_TYPE_DATE, .logical = LOGICAL_DATE },
	stamp = { .code = MY_TYPE_DATETIME2, .logical = LOGICAL_TIMESTAMP }, text = { .code = MY_TYPE_BLOB, .logical = LOGICAL_TEXT };
static struct plan_column cols[] = { { .name = "id", .source_type = &whole, .target_type = &whole },
	{ .name = "a\"`b", .source_type = &whole, .target_type = &whole }, { .name = "d", .source_type = &date, .target_type = &date },
	{ .name = "s", .source_type = &stamp, .target_type = &stamp }, { .name = "t", .source_type = &text, .target_type = &text },
	{ .name = "length", .source_type = &whole, .target_type = &whole } };
static struct plan plan = { .cols = cols, .ncols = 6, .table = &table };
static struct buf out;

static const char *
told(const char *where)
{
	buf_reset(&out);
	return my_put_condition(&out, &plan, where) ? buf_cstr(&out) : NULL;
}

START_TEST(what_means_the_same_passes)
{
	ck_assert_str_eq(told("((id IS NOT NULL) AND (id >= 0) AND (id < 10))"), " ( ( `id` IS NOT NULL) AND ( `id` >= 0) AND ( `id` < 10))");
	ck_assert_str_eq(told("((id >= '-10'::integer) OR (length <> '99'::bigint))"), " ( ( `id` >= -10) OR ( `length` <> 99))");
	ck_assert_str_eq(told("((id IS NULL) OR (id = ANY (ARRAY[1, 2])))"), " ( ( `id` IS NULL) OR ( `id` IN (1,2)))");
	ck_assert_str_eq(told("(id = ANY (ARRAY['1'::bigint, '-2'::bigint]))"), " ( `id` IN (1,-2))");
	ck_assert_str_eq(told("(NOT (\"a\"\"`b\" = 1))"), " ( NOT ( `a\"``b` = 1))");
	ck_assert_str_eq(told("(d >= '2024-01-01'::date)"), " ( `d` >= '2024-01-01')");
	ck_assert_str_eq(told("(s < '2024-01-01 00:00:00.5'::timestamp without time zone)"), " ( `s` < '2024-01-01 00:00:00.5')");
}
END_TEST

/* 15 / 10, the length of a text, and texts themselves are not what they are there. */
START_TEST(what_may_mean_something_else_is_refused)
{
	static const char *const all[] = { "((id / 10) = 1)", "((id % 10) = 1)", "(length(t) = 2)", "(length (t) = 2)", "(lower(t) = 'a'::text)",
		"(t = 'a'::text)", "(t IS NOT NULL)", "((id || 1) = 1)", "(id = 1.5)", "(id >= '1.5'::numeric)", "((id # 3) = 1)", "((id & 3) = 1)",
		"((id)::text = 'a'::text)", "(id = ANY (ARRAY[1, NULL]))", "(id = ANY (ARRAY[]))", "(other = 1)", "(id = 12ab)",
		"((- id) = 1)", "(id = '1'::bit)", "(id = '1'::integerx)", "(id = '1 2'::integer)", "(id = '-'::integer)", "(\"id = 1)",
		"(s < '2024-01-01 00:00:00+00'::timestamp with time zone)", "(d >= 'infinity'::date)", "satisfies_hash_partition('1'::oid, 2, 0, id)" };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		ck_assert_msg(told(all[i]) == NULL, "%s: %s", all[i], buf_cstr(&out));
}
END_TEST

/* Numbers out of range, infinity: the target may have them in another form, or as NULL. */
START_TEST(columns_whose_values_may_be_others_are_refused)
{
	static const struct convert *some = (const struct convert *)&table;

	cols[0].convert = some;
	ck_assert_ptr_null(told("(id = 1)"));
	cols[0].convert = NULL;
	table.values.unrepresentable = VALUES_NULL;
	ck_assert_ptr_null(told("(d >= '2024-01-01'::date)"));
	ck_assert_ptr_nonnull(told("(id = 1)"));
	table.values.unrepresentable = VALUES_CLAMP;
	ck_assert_ptr_nonnull(told("(d >= '2024-01-01'::date)"));
}
END_TEST

UNIT_MAIN("my_condition", what_means_the_same_passes, what_may_mean_something_else_is_refused, columns_whose_values_may_be_others_are_refused)
