/* link: test/fake/no_memory.c */
/* test_progress.c - what may be confirmed, and that nothing goes back. */
#include "staging/progress.c"

#include "test/fake/no_memory.h"
#include "test/unit/unit.h"

static struct err err;

static struct position
at(uint64_t v)
{
	return (struct position){ .kind = v == 0 ? POSITION_NONE : POSITION_LSN, .lsn = { v } };
}

static struct progress *
start(uint64_t v)
{
	struct position pos = at(v);
	struct progress *p = progress_new(&pos, &err);

	ck_ok(p != NULL, &err);
	return p;
}

static void
received(struct progress *p, uint64_t v, int64_t time)
{
	struct position pos = at(v);

	progress_received(p, &pos, (struct wall){ time });
}

static bool
applied(struct progress *p, uint64_t v, uint64_t token)
{
	struct position pos = at(v);

	return progress_applied(p, &pos, (struct wall){ (int64_t)v * 10 }, token, &err);
}

static uint64_t
confirmable(const struct progress *p)
{
	return progress_confirmable(p).lsn.v;
}

START_TEST(progress_confirms_nothing_before_a_durable_commit)
{
	struct progress *p = start(100);

	received(p, 300, 5);
	ck_assert_uint_eq(confirmable(p), 100);
	ck_ok(applied(p, 200, 7), &err);
	ck_assert(progress_has_pending(p));
	ck_assert_uint_eq(confirmable(p), 100);
	progress_durable(p, 6);
	ck_assert_uint_eq(confirmable(p), 100);
	progress_durable(p, 7);
	ck_assert_uint_eq(confirmable(p), 200);
	ck_assert(!progress_has_pending(p));
	progress_free(p);
}
END_TEST

START_TEST(progress_confirms_the_newest_durable_of_several)
{
	struct progress *p = start(0);

	ck_assert_int_eq(progress_confirmable(p).kind, POSITION_NONE);
	for (uint64_t i = 1; i <= 10; i++)
		ck_ok(applied(p, i * 100, i * 2), &err);
	progress_durable(p, 9);
	ck_assert_uint_eq(confirmable(p), 400);
	ck_assert(progress_has_pending(p));
	progress_durable(p, 3);
	ck_assert_uint_eq(confirmable(p), 400);
	progress_durable(p, 20);
	ck_assert_uint_eq(confirmable(p), 1000);
	progress_free(p);
}
END_TEST

START_TEST(progress_commit_durable_at_once_covers_those_before_it)
{
	struct progress *p = start(0);

	ck_ok(applied(p, 100, 5), &err);
	ck_ok(applied(p, 200, 0), &err);
	ck_assert_uint_eq(confirmable(p), 200);
	ck_assert(!progress_has_pending(p));
	progress_durable(p, 5);
	ck_assert_uint_eq(confirmable(p), 200);
	progress_free(p);
}
END_TEST

START_TEST(progress_view_tells_positions_and_times_and_received_never_goes_back)
{
	struct progress *p = start(100);
	struct progress_view v;
	struct position pos;

	received(p, 400, 44);
	received(p, 300, 33);
	received(p, 500, 0); /* a keepalive has no commit time */
	ck_ok(applied(p, 400, 1), &err);
	progress_view(p, &v);
	ck_assert_uint_eq(v.received.lsn.v, 500);
	ck_assert_int_eq(v.received_time.v, 44);
	ck_assert_uint_eq(v.applied.lsn.v, 400);
	ck_assert_int_eq(v.applied_time.v, 4000);
	ck_assert_uint_eq(v.confirmable.lsn.v, 100);
	ck_ok(applied(p, 600, 2), &err);
	progress_view(p, &v);
	ck_assert_uint_eq(v.received.lsn.v, 600);
	pos = at(700);
	ck_ok(progress_applied(p, &pos, (struct wall){ 0 }, 3, &err), &err);	/* of a keepalive */
	progress_view(p, &v);
	ck_assert_uint_eq(v.applied.lsn.v, 700);
	ck_assert_int_eq(v.applied_time.v, 6000);
	ck_assert_int_eq(v.received_time.v, 6000);
	progress_free(p);
}
END_TEST

START_TEST(progress_refuses_a_checkpoint_that_went_back)
{
	struct progress *p = start(100);

	ck_ok(applied(p, 200, 1), &err);
	ck_ok(applied(p, 300, 2), &err);
	progress_durable(p, 1);
	ck_ok(applied(p, 300, 3), &err); /* the same again is fine */
	ck_fails(applied(p, 250, 3), &err, ERR_RETRY);
	ck_fails(applied(p, 150, 3), &err, ERR_HOLE);
	ck_assert_uint_eq(confirmable(p), 200);
	progress_free(p);
}
END_TEST

START_TEST(progress_many_pending_commits_are_thinned_and_never_confirmed_early)
{
	struct progress *p = start(0);
	uint64_t v;

	for (uint64_t i = 1; i <= 10000; i++) {
		ck_ok(applied(p, i, i), &err);
		ck_assert_uint_le(p->n, PENDING_MAX);
	}
	for (uint64_t flushed = 1; flushed < 10000; flushed += 7) {
		progress_durable(p, flushed);
		v = confirmable(p);
		ck_assert_uint_le(v, flushed);
		ck_assert(v + 200 > flushed || flushed < 9500);
	}
	progress_durable(p, 10000);
	ck_assert_uint_eq(confirmable(p), 10000);
	ck_assert(!progress_has_pending(p));
	progress_free(p);
	progress_free(NULL);
}
END_TEST

static void *
receive_many(void *arg)
{
	for (uint64_t i = 1; i <= 20000; i++)
		received(arg, i, 1);
	return NULL;
}

START_TEST(progress_keeps_its_order_between_two_threads)
{
	struct progress *p = start(0);
	struct thread t = { 0 };
	struct progress_view v = { .received = at(0) };

	ck_ok(thread_start(&t, "capture", receive_many, p, &err), &err);
	while (v.received.lsn.v < 20000) {
		progress_view(p, &v);
		if (v.received.kind == POSITION_NONE)
			continue;
		ck_ok(applied(p, v.received.lsn.v, v.received.lsn.v), &err);
		progress_durable(p, v.received.lsn.v - v.received.lsn.v % 3);
		progress_view(p, &v);
		ck_assert(position_reached(&v.received, &v.applied));
		ck_assert(position_reached(&v.applied, &v.confirmable));
	}
	thread_join(&t);
	progress_free(p);
}
END_TEST

/* Commits of a former run may be lost with the target's next crash. */
START_TEST(progress_start_that_is_held_waits_for_the_first_durable_word)
{
	struct progress *p = start(100);

	progress_hold_start(p);
	ck_assert_int_eq(progress_confirmable(p).kind, POSITION_NONE);
	ck_assert(progress_has_pending(p));
	ck_ok(applied(p, 200, 7), &err);
	ck_assert_int_eq(progress_confirmable(p).kind, POSITION_NONE);
	progress_durable(p, 0);
	ck_assert_uint_eq(confirmable(p), 100);
	progress_durable(p, 7);
	ck_assert_uint_eq(confirmable(p), 200);
	progress_free(p);
}
END_TEST

START_TEST(progress_nothing_to_hold_where_there_is_no_start)
{
	struct progress *p = start(0);

	progress_hold_start(p);
	ck_assert(!progress_has_pending(p));
	progress_free(p);
}
END_TEST

START_TEST(progress_target_that_lost_confirmed_commits_is_a_hole_with_a_remedy)
{
	struct progress *p = start(100);

	ck_ok(applied(p, 200, 0), &err);
	ck_assert(!applied(p, 150, 0));
	ck_assert_int_eq(err.kind, ERR_HOLE);
	ck_assert_str_eq(err.position, "0/96");
	ck_assert(strstr(err.remedy, "--reload") != NULL);
	progress_free(p);
}
END_TEST

START_TEST(progress_is_not_made_without_memory)
{
	const struct position pos = at(100);
	struct progress *p;

	no_memory_each((p = progress_new(&pos, &err)) != NULL, &err, 1, progress_free(p));
}
END_TEST

UNIT_MAIN("progress", progress_is_not_made_without_memory, progress_confirms_nothing_before_a_durable_commit,
    progress_confirms_the_newest_durable_of_several,
    progress_commit_durable_at_once_covers_those_before_it,
    progress_view_tells_positions_and_times_and_received_never_goes_back,
    progress_refuses_a_checkpoint_that_went_back,
    progress_many_pending_commits_are_thinned_and_never_confirmed_early,
    progress_keeps_its_order_between_two_threads,
    progress_start_that_is_held_waits_for_the_first_durable_word,
    progress_nothing_to_hold_where_there_is_no_start,
    progress_target_that_lost_confirmed_commits_is_a_hole_with_a_remedy)
