/* link: test/fake/no_memory.c */
/* test_gtid_track.c - which transactions a checkpoint names, at each place where one may stand. */
#include "staging/gtid_track.c"

#include "test/fake/no_memory.h"
#include "test/unit/unit.h"

#define U1 "11111111-2222-3333-4444-555555555555"
#define U2 "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"

static struct err err;

static struct position
at(uint64_t offset)
{
	return (struct position){ .kind = POSITION_BINLOG, .lsn = { binlog_place(1, offset) }, .log = "log" };
}

static struct gtid_track *
track(const char *text)
{
	struct gtid_track *t = gtid_track_new(text, &err);

	ck_ok(t != NULL, &err);
	return t;
}

static bool
note(struct gtid_track *t, uint64_t offset, const char *gtid)
{
	const struct position pos = at(offset);
	struct gtid_run run;

	ck_ok(gtid_parse(gtid, &run.first, &err), &err);
	run.last = run.first.number;
	return gtid_track_note(t, &pos, &run, 1, &err);
}

static bool
settle(struct gtid_track *t, uint64_t offset)
{
	const struct position pos = at(offset);

	return gtid_track_settle(t, &pos, &err);
}

/* NULL: none. */
static const char *
text(struct gtid_track *t, uint64_t offset)
{
	const struct position pos = at(offset);
	const char *ret = "?";

	ck_ok(gtid_track_text(t, &pos, &ret, &err), &err);
	return ret;
}

START_TEST(gtid_track_of_a_source_without_gtids_says_nothing)
{
	struct gtid_track *t = track(NULL);

	ck_ok(note(t, 100, U1 ":1"), &err);
	ck_assert_ptr_null(text(t, 100));
	ck_assert_ptr_null(gtid_track_keep(t));
	ck_ok(settle(t, 100), &err);
	ck_assert_uint_eq(t->n, 0);
	gtid_track_free(t);
	gtid_track_free(NULL);
}
END_TEST

START_TEST(gtid_track_names_what_ended_up_to_the_place)
{
	struct gtid_track *t = track(U1 ":1-5");

	const struct position end = at(50);

	ck_ok(gtid_track_note(t, &end, NULL, 0, &err), &err);	/* an end that brought none */
	ck_assert_uint_eq(t->n, 0);
	ck_ok(note(t, 100, U1 ":6"), &err);
	ck_ok(note(t, 200, U1 ":7"), &err);
	ck_ok(note(t, 300, U2 ":1"), &err);
	ck_assert_str_eq(text(t, 99), U1 ":1-5");
	ck_assert_str_eq(text(t, 100), U1 ":1-6");
	ck_assert_str_eq(text(t, 299), U1 ":1-7");
	ck_assert_str_eq(text(t, 300), U1 ":1-7," U2 ":1");
	ck_assert_str_eq(text(t, 100), U1 ":1-6");	/* an earlier place, after a commit that failed */
	gtid_track_free(t);
}
END_TEST

START_TEST(gtid_track_an_end_read_again_changes_nothing)
{
	struct gtid_track *t = track(U1 ":1");

	ck_ok(note(t, 100, U1 ":2"), &err);
	ck_ok(note(t, 200, U1 ":3"), &err);
	ck_ok(note(t, 100, U1 ":2"), &err);
	ck_ok(note(t, 200, U1 ":3"), &err);
	ck_assert_uint_eq(t->n, 2);
	ck_assert_str_eq(text(t, 150), U1 ":1-2");
	ck_assert_str_eq(text(t, 200), U1 ":1-3");
	gtid_track_free(t);
}
END_TEST

START_TEST(gtid_track_settled_notes_are_forgotten_and_stay_in_the_set)
{
	struct gtid_track *t = track(U1 ":1");

	for (uint64_t i = 2; i <= 40; i++) {
		char gtid[GTID_TEXT];

		snprintf(gtid, sizeof(gtid), U1 ":%u", (unsigned)i);
		ck_ok(note(t, i * 100, gtid), &err);
		ck_ok(settle(t, i * 100 - 100), &err);
		ck_assert_uint_eq(t->n, 1);
	}
	ck_assert_str_eq(text(t, 3999), U1 ":1-39");
	ck_ok(settle(t, 4000), &err);
	ck_assert_uint_eq(t->n, 0);
	ck_ok(settle(t, 4000), &err);
	ck_assert_str_eq(text(t, 4000), U1 ":1-40");
	gtid_track_free(t);
}
END_TEST

START_TEST(gtid_track_the_empty_set_takes_the_flavour_of_the_first)
{
	struct gtid_track *t = track("");

	ck_assert_str_eq(text(t, 100), "");
	ck_assert_str_eq(gtid_track_keep(t), "");
	ck_ok(note(t, 100, "0-1-7"), &err);
	ck_assert_str_eq(text(t, 99), "");
	ck_assert_str_eq(text(t, 100), "0-1-7");
	ck_ok(settle(t, 100), &err);
	ck_ok(note(t, 200, "1-1-1"), &err);
	ck_assert_str_eq(text(t, 200), "0-1-7,1-1-1");
	gtid_track_free(t);
}
END_TEST

/* The checkpoint keeps its text while the next one is drafted. */
START_TEST(gtid_track_kept_text_outlives_the_next_draft)
{
	struct gtid_track *t = track(U1 ":1");
	const char *kept;

	ck_ok(note(t, 100, U1 ":2"), &err);
	ck_ok(note(t, 200, U1 ":3"), &err);
	ck_assert_str_eq(text(t, 100), U1 ":1-2");
	kept = gtid_track_keep(t);
	ck_assert_str_eq(text(t, 200), U1 ":1-3");
	ck_assert_str_eq(kept, U1 ":1-2");
	kept = gtid_track_keep(t);
	ck_assert_str_eq(kept, U1 ":1-3");
	gtid_track_free(t);
}
END_TEST

START_TEST(gtid_track_refuses_a_text_that_is_no_set)
{
	static const char *const texts[] = { "x", " ", U1, U1 ":x", U1 ":5-4", "0-1-5,0-1-6", "log.000001:4" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_fails(gtid_track_new(texts[i], &err) != NULL, &err, ERR_CONFIG);
		ck_assert_ptr_nonnull(strstr(err.msg, texts[i]));
		ck_assert_ptr_nonnull(strstr(err.msg, "not a set of GTIDs"));
	}
}
END_TEST

/* ---- where memory ends ---- */

START_TEST(gtid_track_is_not_made_without_memory)
{
	struct gtid_track *t;

	no_memory_each((t = gtid_track_new(U1 ":1-5," U2 ":7", &err)) != NULL, &err, 4, gtid_track_free(t));
	no_memory_each((t = gtid_track_new("0-1-5", &err)) != NULL, &err, 3, gtid_track_free(t));
}
END_TEST

START_TEST(gtid_track_says_what_it_said_after_memory_came_back)
{
	struct gtid_track *t = track("");
	const struct position end = at(200);
	const char *ret;

	no_memory_each(note(t, 100, U1 ":2") && note(t, 200, U2 ":3"), &err, 1, );
	ck_assert_uint_eq(t->n, 2);
	no_memory_each(gtid_track_text(t, &end, &ret, &err), &err, 4, );
	ck_assert_str_eq(ret, U1 ":2," U2 ":3");
	ck_assert_str_eq(text(t, 100), U1 ":2");
	no_memory_each(settle(t, 200), &err, 3, ck_assert(!no_memory_failed || t->n == 2));
	ck_assert_uint_eq(t->n, 0);
	gtid_track_keep(t);			/* the next draft has no room yet */
	no_memory_each(gtid_track_text(t, &end, &ret, &err), &err, 5, );
	ck_assert_str_eq(ret, U1 ":2," U2 ":3");
	gtid_track_free(t);
}
END_TEST

UNIT_MAIN("gtid_track", gtid_track_of_a_source_without_gtids_says_nothing, gtid_track_names_what_ended_up_to_the_place,
    gtid_track_an_end_read_again_changes_nothing, gtid_track_settled_notes_are_forgotten_and_stay_in_the_set,
    gtid_track_the_empty_set_takes_the_flavour_of_the_first, gtid_track_kept_text_outlives_the_next_draft,
    gtid_track_refuses_a_text_that_is_no_set, gtid_track_is_not_made_without_memory,
    gtid_track_says_what_it_said_after_memory_came_back)
