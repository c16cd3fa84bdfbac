/* test_timeline.c - histories as servers wrote them, and what they prove. */
#include "cdc/timeline.c"

#include "test/unit/unit.h"

/* Of a standby of PostgreSQL 15 that was promoted. */
static const char promoted[] = "1\t0/3000148\tno recovery target specified\n";

/* Two promotions, then a recovery to a point in time. */
static const char third[] = "1\t0/3000148\tno recovery target specified\n"
			    "\n"
			    "2\t0/5000000\tno recovery target specified\n"
			    "\n"
			    "3\t16/B374D848\tbefore 2026-11-22 07:40:00.123456+00\n";

/* A server that was recovered from timeline 1 while a timeline 2 existed elsewhere: it took 3. */
static const char sibling[] = "1\t0/4000000\tat restore point \"before # the upgrade\"\n";

static enum timeline_verdict
judge(const char *text, uint32_t now, uint32_t was, uint64_t place, uint64_t *ret_left)
{
	enum timeline_verdict v = TIMELINE_NO_ANCESTOR;
	struct err err = ERR_INIT;

	ck_ok(timeline_judge(text, strlen(text), now, was, (struct end_lsn){ place }, &v, ret_left, &err), &err);
	return v;
}

static bool
is_refused(const char *text, size_t n, uint32_t now)
{
	enum timeline_verdict v;
	struct err err = ERR_INIT;
	uint64_t left;

	return !timeline_judge(text, n, now, 1, (struct end_lsn){ 1 }, &v, &left, &err) &&
	       err.kind == ERR_PROTOCOL;
}

START_TEST(timeline_same_one_needs_no_history)
{
	uint64_t left = 7;

	ck_assert_int_eq(judge("", 4, 4, UINT64_MAX, &left), TIMELINE_CONTINUES);
	ck_assert_uint_eq(left, 0);
}
END_TEST

START_TEST(timeline_continues_up_to_the_switch_point_and_not_a_byte_further)
{
	uint64_t left;

	ck_assert_int_eq(judge(promoted, 2, 1, 0x3000147, &left), TIMELINE_CONTINUES);
	ck_assert_uint_eq(left, 0x3000148);
	ck_assert_int_eq(judge(promoted, 2, 1, 0x3000148, &left), TIMELINE_CONTINUES);
	ck_assert_int_eq(judge(promoted, 2, 1, 0x3000149, &left), TIMELINE_LEFT_BEFORE);
	ck_assert_uint_eq(left, 0x3000148);
}
END_TEST

START_TEST(timeline_each_ancestor_counts_by_its_own_end)
{
	uint64_t left;

	ck_assert_int_eq(judge(third, 4, 1, 0x3000148, &left), TIMELINE_CONTINUES);
	ck_assert_int_eq(judge(third, 4, 1, 0x4000000, &left), TIMELINE_LEFT_BEFORE);
	ck_assert_int_eq(judge(third, 4, 2, 0x4000000, &left), TIMELINE_CONTINUES);
	ck_assert_int_eq(judge(third, 4, 2, 0x5000001, &left), TIMELINE_LEFT_BEFORE);
	ck_assert_int_eq(judge(third, 4, 3, UINT64_C(0x16b374d848), &left), TIMELINE_CONTINUES);
	ck_assert_int_eq(judge(third, 4, 3, UINT64_C(0x16b374d849), &left), TIMELINE_LEFT_BEFORE);
	ck_assert_uint_eq(left, UINT64_C(0x16b374d848));
}
END_TEST

START_TEST(timeline_that_is_no_ancestor_is_never_continued)
{
	uint64_t left;

	ck_assert_int_eq(judge(sibling, 3, 2, 1, &left), TIMELINE_NO_ANCESTOR);
	ck_assert_uint_eq(left, 0);
	ck_assert_int_eq(judge(sibling, 3, 1, 0x4000000, &left), TIMELINE_CONTINUES);
	/* The server went back to an older timeline. */
	ck_assert_int_eq(judge("", 1, 2, 1, &left), TIMELINE_NO_ANCESTOR);
	ck_assert_int_eq(judge(promoted, 2, 5, 1, &left), TIMELINE_NO_ANCESTOR);
}
END_TEST

START_TEST(timeline_comments_blanks_and_a_missing_last_newline_are_fine)
{
	static const char text[] = "# by hand\r\n\r\n  1   0/10\r\n\t2\t0/20\ta reason\t3 0/30";
	uint64_t left;

	ck_assert_int_eq(judge(text, 3, 1, 0x10, &left), TIMELINE_CONTINUES);
	ck_assert_int_eq(judge(text, 3, 2, 0x20, &left), TIMELINE_CONTINUES);
	ck_assert_int_eq(judge(text, 3, 2, 0x21, &left), TIMELINE_LEFT_BEFORE);
}
END_TEST

START_TEST(timeline_reason_of_any_length_is_passed_over)
{
	char text[600];
	int n = snprintf(text, sizeof(text), "1\t0/10\t%0400d\n2\t0/20\tx\n", 0);
	uint64_t left;

	ck_assert_int_gt(n, 400);
	ck_assert_int_eq(judge(text, 3, 2, 0x20, &left), TIMELINE_CONTINUES);
}
END_TEST

START_TEST(timeline_refuses_what_is_no_history)
{
	static const char *const bad[] = { "x\t0/10\n", "1\n", "1\tzero\n", "1\t0/10\n1\t0/20\n",
		"2\t0/20\n1\t0/10\n", "3\t0/30\n", "0\t0/10\n", "4294967296\t0/10\n", "-1\t0/10\n",
		"1\t0/123456789\n", "1\t00000016/00000000A\n", "0000000000000001\t0/10\n" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(is_refused(bad[i], strlen(bad[i]), 3), "taken: %s", bad[i]);
	ck_assert(is_refused("1\0\t0/10\n", 8, 3));
}
END_TEST

UNIT_MAIN("timeline", timeline_same_one_needs_no_history,
    timeline_continues_up_to_the_switch_point_and_not_a_byte_further,
    timeline_each_ancestor_counts_by_its_own_end, timeline_that_is_no_ancestor_is_never_continued,
    timeline_comments_blanks_and_a_missing_last_newline_are_fine,
    timeline_reason_of_any_length_is_passed_over, timeline_refuses_what_is_no_history)
