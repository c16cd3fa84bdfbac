/* test_checkpoint.c - phases as text, and the list of table states. */
#include "staging/checkpoint.c"

#include "test/unit/unit.h"

static struct err err;

START_TEST(checkpoint_phase_names_read_back)
{
	enum table_phase got = TABLE_QUEUED;

	for (int p = TABLE_QUEUED; p <= TABLE_ERROR; p++) {
		ck_assert(table_phase_parse(table_phase_name((enum table_phase)p), &got));
		ck_assert_int_eq(got, p);
	}
	ck_assert_str_eq(table_phase_name(TABLE_CATCH_UP), "catch_up");
	ck_assert(!table_phase_parse("Queued", &got));
	ck_assert(!table_phase_parse("", &got));
	ck_assert_int_eq(got, TABLE_ERROR);
}
END_TEST

START_TEST(checkpoint_table_states_are_found_by_both_names)
{
	struct table_states ts = { 0 };
	char name[16];

	for (int i = 0; i < 300; i++) {
		struct table_state *s = table_states_add(&ts, &err);

		ck_ok(s != NULL, &err);
		ck_assert_ptr_null(s->shape);
		snprintf(name, sizeof(name), "t%d", i);
		s->source_schema = xstrdup(i % 2 ? "odd" : "even");
		s->source_name = xstrdup(name);
		s->shape = xstrdup("x");
		s->attempt = (uint32_t)i;
	}
	ck_ok(table_states_add(&ts, &err) != NULL, &err); /* no names yet */
	ck_assert_uint_eq(table_states_find(&ts, "odd", "t17")->attempt, 17);
	ck_assert_ptr_null(table_states_find(&ts, "even", "t17"));
	table_states_done(&ts);
	ck_assert_uint_eq(ts.n, 0);
	ck_assert_ptr_null(table_states_find(&ts, "odd", "t17"));
	table_states_done(&ts);
}
END_TEST

UNIT_MAIN(
    "checkpoint", checkpoint_phase_names_read_back, checkpoint_table_states_are_found_by_both_names)
