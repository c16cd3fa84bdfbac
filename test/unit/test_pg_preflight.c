/* test_pg_preflight.c - which source type's values fit into which target type's column. */
#include "endpoints/pg_preflight.c"

#include "test/unit/unit.h"

#define NUMERIC(precision, scale) (((precision) << 16 | (scale)) + 4)

static struct coltype
type(char kind, uint32_t oid, int32_t typmod, const char *name)
{
	struct coltype t;

	pg_type_fill(&t, kind, oid, 0, typmod, name);
	return t;
}

static const struct {
	uint32_t from;
	int32_t from_mod;
	uint32_t to;
	int32_t to_mod;
	enum fit fit;
} pairs[] = {
	{ 20, -1, 20, -1, FIT_WELL }, /* int8 */
	{ 21, -1, 20, -1, FIT_WELL }, /* int2 to int8 */
	{ 20, -1, 23, -1, FIT_NOT }, /* int8 to int4 */
	{ 23, -1, 1700, NUMERIC(10, 0), FIT_WELL }, /* int4 to numeric(10) */
	{ 23, -1, 1700, NUMERIC(11, 2), FIT_NOT }, /* int4 to numeric(11,2) */
	{ 20, -1, 1700, -1, FIT_WELL }, /* int8 to numeric */
	{ 1700, NUMERIC(8, 2), 1700, NUMERIC(10, 2), FIT_WELL }, /* wider */
	{ 1700, NUMERIC(8, 4), 1700, NUMERIC(10, 2), FIT_NOT }, /* rounded */
	{ 1700, -1, 1700, NUMERIC(10, 2), FIT_NOT },
	{ 1700, -1, 20, -1, FIT_NOT }, /* numeric to int8 */
	{ 1043, 24, 1043, 44, FIT_WELL }, /* varchar(20) to varchar(40) */
	{ 1043, 44, 1043, 24, FIT_NOT }, /* and back */
	{ 1043, -1, 1043, 24, FIT_NOT }, /* varchar to varchar(20) */
	{ 25, -1, 1043, 24, FIT_NOT }, /* text to varchar(20) */
	{ 1043, 24, 25, -1, FIT_WELL }, /* varchar(20) to text */
	{ 2950, -1, 25, -1, FIT_WELL }, /* uuid to text */
	{ 2950, -1, 1043, 40, FIT_RISK }, /* uuid to varchar(36) */
	{ 1114, -1, 1114, 3, FIT_NOT }, /* timestamp to timestamp(3) */
	{ 1114, -1, 1184, -1, FIT_RISK }, /* timestamp to timestamptz */
	{ 701, -1, 700, -1, FIT_NOT }, /* float8 to float4 */
	{ 700, -1, 701, -1, FIT_WELL }, /* float4 to float8 */
	{ 1114, -1, 1184, 3, FIT_NOT }, /* timestamp to timestamptz(3) */
	{ 1114, 3, 1184, 3, FIT_RISK }, /* timestamp(3) to timestamptz(3) */
	{ 1082, -1, 1114, 0, FIT_RISK }, /* date to timestamp(0) */
	{ 1114, -1, 1082, -1, FIT_NOT }, /* timestamp to date */
	{ 1184, -1, 1083, -1, FIT_NOT }, /* timestamptz to time */
	{ 1266, -1, 1083, -1, FIT_NOT }, /* timetz to time */
	{ 1083, -1, 1266, -1, FIT_RISK }, /* time to timetz */
	{ 701, -1, 1700, NUMERIC(8, 2), FIT_NOT }, /* float8 to numeric(8,2) */
	{ 701, -1, 1700, -1, FIT_RISK }, /* float8 to numeric */
	{ 1700, -1, 701, -1, FIT_NOT }, /* numeric to float8 */
	{ 20, -1, 701, -1, FIT_NOT }, /* int8 to float8 */
	{ 23, -1, 700, -1, FIT_NOT }, /* int4 to float4 */
	{ 23, -1, 701, -1, FIT_RISK }, /* int4 to float8 */
	{ 25, -1, 1700, NUMERIC(8, 2), FIT_NOT }, /* text to numeric(8,2) */
	{ 25, -1, 1114, 3, FIT_NOT }, /* text to timestamp(3) */
	{ 25, -1, 1114, -1, FIT_RISK }, /* text to timestamp */
	{ 114, -1, 3802, -1, FIT_RISK }, /* json to jsonb */
	{ 16, -1, 23, -1, FIT_NOT }, /* bool to int4 */
};

START_TEST(fit_knows_what_a_column_can_hold)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct coltype from = type('b', pairs[i].from, pairs[i].from_mod, "one"),
			       to = type('b', pairs[i].to, pairs[i].to_mod, "two");

		ck_assert_msg(
		    fit(&from, &to) == pairs[i].fit, "pair %zu: %d", i, (int)fit(&from, &to));
	}
}
END_TEST

START_TEST(fit_goes_by_name_where_types_are_not_in_the_list)
{
	struct coltype mood = type('e', 70000, -1, "public.mood"),
		       same = type('e', 80000, -1, "public.mood"),
		       other = type('e', 80001, -1, "public.other"),
		       text = type('b', 25, -1, "text"), point = type('b', 600, -1, "point");

	ck_assert_int_eq(fit(&mood, &same), FIT_WELL);
	ck_assert_int_eq(fit(&mood, &other), FIT_RISK);
	ck_assert_int_eq(fit(&mood, &text), FIT_WELL);
	ck_assert_int_eq(fit(&text, &mood), FIT_RISK);
	ck_assert_int_eq(fit(&point, &point), FIT_WELL);
}
END_TEST

UNIT_MAIN("pg_preflight", fit_knows_what_a_column_can_hold,
    fit_goes_by_name_where_types_are_not_in_the_list)
