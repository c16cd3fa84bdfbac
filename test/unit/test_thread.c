/* Threads, locks, waits and the stop flag. */
#include "daemon/base/thread.c"
#include <sys/prctl.h>
#include "test/unit/unit.h"

static struct mutex lock;
static struct cond changed;
static long counter_value;

static void *
count_up(void *arg)
{
	for (int i = 0; i < 20000; i++) {
		mutex_lock(&lock);
		counter_value += *(int *)arg;
		mutex_unlock(&lock);
	}
	return NULL;
}

START_TEST(mutex_excludes)
{
	struct thread t[4] = { { 0 } };
	struct err e = ERR_INIT;
	int one = 1;

	mutex_init(&lock);
	for (int i = 0; i < 4; i++)
		ck_ok(thread_start(&t[i], "count", count_up, &one, &e), &e);
	for (int i = 0; i < 4; i++)
		thread_join(&t[i]);
	ck_assert_int_eq(counter_value, 80000);
	mutex_done(&lock);
}
END_TEST

static void
lock_twice(void)
{
	struct mutex m;

	mutex_init(&m);
	mutex_lock(&m);
	mutex_lock(&m);
}

static void
unlock_free(void)
{
	struct mutex m;

	mutex_init(&m);
	mutex_unlock(&m);
}

static void
done_locked(void)
{
	struct mutex m;

	mutex_init(&m);
	mutex_lock(&m);
	mutex_done(&m);
}

static void
wait_unlocked(void)
{
	struct mutex m;
	struct cond c;

	mutex_init(&m);
	cond_init(&c);
	cond_wait(&c, &m, 1000);
}

START_TEST(mutex_misuse_aborts)
{
	if (UNIT_TSAN)
		return;
	ck_assert(unit_aborts(lock_twice));
	ck_assert(unit_aborts(unlock_free));
	ck_assert(unit_aborts(done_locked));
	ck_assert(unit_aborts(wait_unlocked));
}
END_TEST

static void *
look_around(void *arg)
{
	sigset_t set;
	bool *ok = arg;
	char name[16];

	pthread_sigmask(SIG_BLOCK, NULL, &set);
	*ok = sigismember(&set, SIGTERM) == 1 && sigismember(&set, SIGHUP) == 1 &&
	    sigismember(&set, SIGSEGV) == 0;
	/* the creator names us, perhaps only after we run */
	for (int i = 0; i < 2000; i++) {
		prctl(PR_GET_NAME, name);
		if (strcmp(name, "a name of fift") == 0)
			return NULL;
		usleep(1000);
	}
	*ok = false;
	return NULL;
}

START_TEST(thread_start_blocks_signals_and_names_the_thread)
{
	struct thread t = { 0 };
	struct err e = ERR_INIT;
	bool ok = false;
	sigset_t set;

	ck_ok(thread_start(&t, "a name of fift", look_around, &ok, &e), &e);
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	ck_assert_int_eq(sigismember(&set, SIGTERM), 0);
	thread_join(&t);
	ck_assert(ok);
	ck_assert(!t.started);
	thread_join(&t);	/* not started: nothing */
}
END_TEST

static bool ready;

static void *
wait_ready(void *arg)
{
	(void)arg;
	mutex_lock(&lock);
	while (!ready)
		cond_wait(&changed, &lock, -1);
	mutex_unlock(&lock);
	return NULL;
}

START_TEST(cond_broadcast_wakes_every_waiter)
{
	struct thread t[3] = { { 0 } };
	struct err e = ERR_INIT;

	mutex_init(&lock);
	cond_init(&changed);
	for (int i = 0; i < 3; i++)
		ck_ok(thread_start(&t[i], "wait", wait_ready, NULL, &e), &e);
	usleep(5000);
	mutex_lock(&lock);
	ready = true;
	cond_broadcast(&changed);
	mutex_unlock(&lock);
	for (int i = 0; i < 3; i++)
		thread_join(&t[i]);
	cond_done(&changed);
	mutex_done(&lock);
}
END_TEST

START_TEST(cond_wait_returns_when_time_is_up)
{
	struct usec start = clock_mono();

	mutex_init(&lock);
	cond_init(&changed);
	mutex_lock(&lock);
	ck_assert(!cond_wait(&changed, &lock, 0));
	while (cond_wait(&changed, &lock, 30000))
		;
	ck_assert_int_ge(usec_since(start), 30000);
	mutex_unlock(&lock);
	cond_done(&changed);
	mutex_done(&lock);
}
END_TEST

static bool
readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

START_TEST(stop_flag_is_seen_by_poll_and_can_be_cleared)
{
	struct err e = ERR_INIT;
	struct stop s;

	ck_ok(stop_init(&s, &e), &e);
	ck_assert(!stop_requested(&s) && !readable(s.fd));
	stop_request(&s);
	stop_request(&s);
	ck_assert(stop_requested(&s) && readable(s.fd));
	stop_clear(&s);
	ck_assert(!stop_requested(&s) && !readable(s.fd));
	stop_clear(&s);
	stop_request(&s);
	ck_assert(stop_requested(&s) && readable(s.fd));
	stop_done(&s);
	ck_assert_int_eq(s.fd, -1);
}
END_TEST

START_TEST(stop_sleep_sleeps_its_time)
{
	struct err e = ERR_INIT;
	struct stop s;
	struct usec start = clock_mono();

	ck_ok(stop_init(&s, &e), &e);
	ck_assert(stop_sleep(&s, 0));
	ck_assert(stop_sleep(&s, 20000));
	ck_assert_int_ge(usec_since(start), 20000);
	stop_done(&s);
}
END_TEST

static void *
request_soon(void *arg)
{
	usleep(10000);
	stop_request(arg);
	return NULL;
}

START_TEST(stop_sleep_ends_at_the_request)
{
	struct thread t = { 0 };
	struct err e = ERR_INIT;
	struct stop s;
	struct usec start = clock_mono();

	ck_ok(stop_init(&s, &e), &e);
	ck_ok(thread_start(&t, "request", request_soon, &s, &e), &e);
	ck_assert(!stop_sleep(&s, 15000000));
	ck_assert(!stop_sleep(&s, -1));
	ck_assert_int_lt(usec_since(start), 10000000);
	thread_join(&t);
	stop_done(&s);
}
END_TEST

START_TEST(thread_beat_goes_where_it_was_told)
{
	_Atomic int64_t one = 0, two = 0;

	thread_beat();
	thread_beat_at(&one);
	ck_assert_int_gt(atomic_load(&one), 0);
	thread_beat_at(&two);
	atomic_store(&one, 0);
	thread_beat();
	ck_assert_int_eq(atomic_load(&one), 0);
	thread_beat_at(NULL);
	atomic_store(&two, 0);
	thread_beat();
	ck_assert_int_eq(atomic_load(&two), 0);
}
END_TEST

UNIT_MAIN("thread", thread_beat_goes_where_it_was_told, mutex_excludes, mutex_misuse_aborts,
    thread_start_blocks_signals_and_names_the_thread, cond_broadcast_wakes_every_waiter,
    cond_wait_returns_when_time_is_up, stop_flag_is_seen_by_poll_and_can_be_cleared,
    stop_sleep_sleeps_its_time, stop_sleep_ends_at_the_request)
