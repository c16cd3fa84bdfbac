/* test_handover.c - the meeting of a load group with the main stream: who waits for whom, and what each is told where one of them does not come. */
#include "daemon/handover.c"

#include "test/unit/unit.h"

static const struct position X = { .kind = POSITION_LSN, .lsn = { 1000 } };
static const struct checkpoint AT_G = { .group = 3 };
static const struct table_states STATES = { 0 };

struct meeting {
	struct handover h;
	struct stop main_stop, group_stop;
	struct thread thread;
	bool met;
	enum handover_end end;
};

static void
start(struct meeting *m)
{
	struct err err = ERR_INIT;

	memset(m, 0, sizeof(*m));
	handover_init(&m->h);
	ck_ok(stop_init(&m->main_stop, &err) && stop_init(&m->group_stop, &err), &err);
}

static void
end(struct meeting *m)
{
	handover_done(&m->h);
	stop_done(&m->main_stop);
	stop_done(&m->group_stop);
}

static int
step(struct meeting *m)
{
	return atomic_load(&m->h.step);
}

static void
wait_for(struct meeting *m, enum handover_step want)
{
	while (step(m) != (int)want)
		usleep(200);
}

/* The main stream, in a thread of its own, waiting without an end. */
static void *
meet(void *arg)
{
	struct meeting *m = arg;

	m->met = handover_meet(&m->h, &X, -1, &m->main_stop);
	return NULL;
}

/* The group, in a thread of its own. */
static void *
arrive(void *arg)
{
	struct meeting *m = arg;

	m->end = handover_arrive(&m->h, &AT_G, &STATES, &m->group_stop);
	return NULL;
}

static void
run(struct meeting *m, void *(*side)(void *))
{
	struct err err = ERR_INIT;

	ck_ok(thread_start(&m->thread, "side", side, m, &err), &err);
}

/* As far as the main stream's waiting for the group. */
static void
start_called(struct meeting *m)
{
	start(m);
	handover_ask(&m->h);
	ck_assert(handover_wanted(&m->h));
	run(m, meet);
	wait_for(m, HANDOVER_CALLED);
}

START_TEST(handover_tables_join_where_both_have_come)
{
	struct meeting m;
	struct position at = { .kind = POSITION_NONE };
	struct thread main_side;

	start_called(&m);
	ck_assert(!handover_wanted(&m.h));
	ck_assert(handover_called(&m.h, &at));
	ck_assert(position_equal(&at, &X));
	main_side = m.thread;
	m.thread = (struct thread){ 0 };
	run(&m, arrive);
	thread_join(&main_side);
	ck_assert(m.met);
	ck_assert(m.h.cp == &AT_G && m.h.states == &STATES);
	ck_assert(!handover_called(&m.h, &at));
	handover_taken(&m.h);
	thread_join(&m.thread);
	ck_assert_int_eq(m.end, HANDOVER_JOINED);
	end(&m);
}
END_TEST

START_TEST(handover_nobody_asked_nobody_meets)
{
	struct meeting m;
	struct position at = { .kind = POSITION_NONE };

	start(&m);
	ck_assert(!handover_wanted(&m.h));
	ck_assert(!handover_meet(&m.h, &X, -1, &m.main_stop));
	ck_assert(!handover_called(&m.h, &at));
	ck_assert_int_eq(at.kind, POSITION_NONE);
	ck_assert_int_eq(handover_arrive(&m.h, &AT_G, &STATES, &m.group_stop), HANDOVER_NOT_TAKEN);
	ck_assert_int_eq(step(&m), HANDOVER_NONE);
	ck_assert_ptr_null(m.h.cp);
	end(&m);
}
END_TEST

START_TEST(handover_main_stream_goes_on_where_the_group_is_late)
{
	struct meeting m;
	struct usec from = clock_mono();
	struct position at;

	start(&m);
	handover_ask(&m.h);
	ck_assert(!handover_meet(&m.h, &X, 20000, &m.main_stop));
	ck_assert_int_ge(usec_since(from), 20000);
	ck_assert_int_eq(step(&m), HANDOVER_NONE);
	/* who comes now writes on: nothing was taken */
	ck_assert(!handover_called(&m.h, &at));
	ck_assert_int_eq(handover_arrive(&m.h, &AT_G, &STATES, &m.group_stop), HANDOVER_NOT_TAKEN);
	end(&m);
}
END_TEST

START_TEST(handover_group_asks_no_more_than_once_in_two_seconds)
{
	struct meeting m;
	struct usec asked;

	start(&m);
	handover_ask(&m.h);
	asked = m.h.asked_at;
	ck_assert(asked.v != 0);
	handover_ask(&m.h);			/* it stands already */
	ck_assert_int_eq(m.h.asked_at.v, asked.v);
	ck_assert(!handover_meet(&m.h, &X, 0, &m.main_stop));
	handover_ask(&m.h);			/* too early */
	ck_assert(!handover_wanted(&m.h));
	ck_assert_int_eq(m.h.asked_at.v, asked.v);
	m.h.asked_at.v -= ASK_EVERY;
	handover_ask(&m.h);
	ck_assert(handover_wanted(&m.h));
	ck_assert_int_ge(m.h.asked_at.v, asked.v);
	end(&m);
}
END_TEST

START_TEST(handover_main_stream_that_is_stopped_does_not_meet)
{
	struct meeting m;

	start_called(&m);
	stop_request(&m.main_stop);
	thread_join(&m.thread);
	ck_assert(!m.met);
	ck_assert_int_eq(step(&m), HANDOVER_NONE);
	end(&m);
}
END_TEST

/* It has arrived, and cannot know what becomes of its tables. */
START_TEST(handover_group_that_is_stopped_while_it_waits_gives_up)
{
	struct meeting m;

	start(&m);
	atomic_store(&m.h.step, HANDOVER_CALLED);
	run(&m, arrive);
	wait_for(&m, HANDOVER_ARRIVED);
	stop_request(&m.group_stop);
	thread_join(&m.thread);
	ck_assert_int_eq(m.end, HANDOVER_GIVEN_UP);
	end(&m);
}
END_TEST

START_TEST(handover_end_of_the_run_wakes_the_group)
{
	struct meeting m;

	start(&m);
	atomic_store(&m.h.step, HANDOVER_CALLED);
	run(&m, arrive);
	wait_for(&m, HANDOVER_ARRIVED);
	handover_close(&m.h);
	thread_join(&m.thread);
	ck_assert_int_eq(m.end, HANDOVER_GIVEN_UP);
	end(&m);
}
END_TEST

START_TEST(handover_end_of_the_run_wakes_the_main_stream)
{
	struct meeting m;

	start_called(&m);
	handover_close(&m.h);
	thread_join(&m.thread);
	ck_assert(!m.met);
	ck_assert_int_eq(step(&m), HANDOVER_CLOSED);
	end(&m);
}
END_TEST

START_TEST(handover_that_is_closed_stays_closed)
{
	struct meeting m;

	start(&m);
	handover_close(&m.h);
	handover_ask(&m.h);
	ck_assert(!handover_wanted(&m.h));
	ck_assert(!handover_meet(&m.h, &X, -1, &m.main_stop));
	ck_assert_int_eq(handover_arrive(&m.h, &AT_G, &STATES, &m.group_stop), HANDOVER_NOT_TAKEN);
	handover_taken(&m.h);
	ck_assert_int_eq(step(&m), HANDOVER_CLOSED);
	end(&m);
}
END_TEST

UNIT_MAIN("handover", handover_tables_join_where_both_have_come, handover_nobody_asked_nobody_meets,
    handover_main_stream_goes_on_where_the_group_is_late, handover_group_asks_no_more_than_once_in_two_seconds,
    handover_main_stream_that_is_stopped_does_not_meet, handover_group_that_is_stopped_while_it_waits_gives_up,
    handover_end_of_the_run_wakes_the_group, handover_end_of_the_run_wakes_the_main_stream, handover_that_is_closed_stays_closed)
