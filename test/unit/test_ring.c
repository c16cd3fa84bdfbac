/* test_ring.c - the staging ring: alone (places, budget, ack, rewind, close) and between two
 * threads (nothing lost, doubled, torn or left asleep). A change's contents are made from its
 * number, so that the consumer knows what it must find. */
#include "staging/ring.c"

#include <sys/resource.h>

#include "test/unit/unit.h"

static struct err err;

static void
fill(struct change *c, uint64_t number, uint8_t kind, size_t size)
{
	uint8_t *p = (uint8_t *)(c + 1);

	memset(c, 0, sizeof(*c));
	c->kind = kind;
	c->u.commit.position.lsn.v = number;
	for (size_t i = 0; i < size - sizeof(*c); i += 97)
		p[i] = (uint8_t)(number + i);
}

static void
verify(const struct change *c, uint64_t number, size_t size)
{
	const uint8_t *p = (const uint8_t *)(c + 1);

	ck_assert_uint_eq(c->u.commit.position.lsn.v, number);
	ck_assert_uint_eq(c->size, round16(size));
	for (size_t i = 0; i < size - sizeof(*c); i += 97)
		if (p[i] != (uint8_t)(number + i))
			ck_abort_msg(
			    "change %llu: byte %zu differs", (unsigned long long)number, i);
}

static const size_t HEAD = sizeof(struct change);

static bool
put_kind(struct ring *r, uint64_t number, uint8_t kind, size_t size, int64_t wait)
{
	struct change *c = ring_reserve(r, size, wait, &err);

	if (c == NULL)
		return false;
	fill(c, number, kind, size);
	ring_commit(r, c, size);
	return true;
}

static bool
put_one(struct ring *r, uint64_t number, size_t size)
{
	return put_kind(r, number, CHANGE_INSERT, size, 0);
}

static struct ring *
new_ring(size_t size)
{
	struct ring *r = ring_new(size, &err);

	ck_assert_msg(r != NULL, "%s", err.msg);
	return r;
}

START_TEST(ring_gives_back_what_was_put_in_order)
{
	struct ring *r = new_ring(RING_MIN_SIZE);

	for (uint64_t i = 0; i < 100; i++)
		ck_assert(put_one(r, i, HEAD + i * 7));
	for (uint64_t i = 0; i < 100; i++)
		verify(ring_take(r, 0), i, HEAD + i * 7);
	ck_assert_ptr_null(ring_take(r, 0));
	ring_free(r);
}
END_TEST

START_TEST(ring_refuses_a_size_below_the_minimum)
{
	ck_fails(ring_new(RING_MIN_SIZE - 1, &err) != NULL, &err, ERR_CONFIG);
}
END_TEST

START_TEST(ring_reserves_aligned_and_stores_the_rounded_real_size)
{
	struct ring *r = new_ring(RING_MIN_SIZE);
	const struct change *c;

	for (uint64_t i = 0; i < 50; i++) {
		struct change *w = ring_reserve(r, 5000, 0, &err);

		ck_assert_uint_eq((uintptr_t)w % 16, 0);
		fill(w, i, CHANGE_INSERT, HEAD + i);
		ring_commit(r, w, HEAD + i);
		c = ring_take(r, 0);
		ck_assert_ptr_eq(c, w);
		verify(c, i, HEAD + i);
	}
	ring_free(r);
}
END_TEST

START_TEST(ring_gives_up_a_reservation_that_was_not_committed)
{
	struct ring *r = new_ring(RING_MIN_SIZE);

	ck_assert_ptr_nonnull(ring_reserve(r, 1000, 0, &err));
	ck_assert_ptr_nonnull(ring_reserve(r, 900000, 0, &err));
	ck_assert_ptr_nonnull(ring_reserve(r, 1000, 0, &err));
	ck_assert_ptr_null(r->prod.spare.map);
	ck_assert_ptr_null(ring_take(r, 0));
	ck_assert(put_one(r, 7, 200));
	verify(ring_take(r, 0), 7, 200);
	ring_free(r);
}
END_TEST

START_TEST(ring_says_no_room_without_an_error_and_takes_again_after_ack)
{
	struct ring *r = new_ring(RING_MIN_SIZE);
	uint64_t n = 0;

	ck_assert(!ring_pressure(r));
	while (put_one(r, n, 10000))
		n++;
	ck_assert_int_eq(err.kind, ERR_NONE);
	ck_assert_uint_ge(n, RING_MIN_SIZE / 10000 - 1);
	ck_assert(ring_pressure(r));
	ring_ack(r, ring_take(r, 0));
	ck_assert(!ring_pressure(r));
	ck_assert(put_one(r, n, 9000));
	for (uint64_t i = 1; i < n; i++)
		verify(ring_take(r, 0), i, 10000);
	verify(ring_take(r, 0), n, 9000);
	ring_free(r);
}
END_TEST

START_TEST(ring_refuses_a_record_over_one_gigabyte)
{
	struct ring *r = new_ring(RING_MIN_SIZE);

	ck_fails(ring_reserve(r, RECORD_MAX + 1, 0, &err) != NULL, &err, ERR_LIMIT);
	ck_assert(put_one(r, 1, 100));
	ring_free(r);
}
END_TEST

START_TEST(ring_is_not_made_without_memory)
{
	ck_fails(ring_new((size_t)1 << 62, &err) != NULL, &err, ERR_SYSTEM);
	ck_assert_ptr_nonnull(strstr(err.msg, "4611686018427392000 bytes for the ring"));
}
END_TEST

START_TEST(ring_takes_a_quarter_of_itself_and_no_more_than_4_mb)
{
	struct ring *small = new_ring(RING_MIN_SIZE), *large = new_ring(64u << 20);

	ck_assert(put_one(small, 0, RING_MIN_SIZE / 4) && put_one(large, 0, RING_JUMBO));
	ck_assert_uint_eq(small->jumbo_live + large->jumbo_live, 0);
	ck_assert(put_one(small, 1, RING_MIN_SIZE / 4 + 1) && put_one(large, 1, RING_JUMBO + 1));
	ck_assert_uint_gt(small->jumbo_live, RING_MIN_SIZE / 4);
	ck_assert_uint_gt(large->jumbo_live, RING_JUMBO);
	ring_free(small);
	ring_free(large);
}
END_TEST

START_TEST(ring_uses_a_jumbo_that_was_not_committed_for_the_next_that_fits)
{
	struct ring *r = new_ring(RING_MIN_SIZE);
	const void *first = ring_reserve(r, 3u << 20, 0, &err);

	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_eq(ring_reserve(r, 2u << 20, 0, &err), first);
	ck_assert_uint_eq(r->prod.spare.map_size, 3u << 20);
	ck_assert_ptr_nonnull(ring_reserve(r, 5u << 20, 0, &err));
	ck_assert_uint_eq(r->prod.spare.map_size, 5u << 20);
	ck_assert(put_one(r, 1, 4u << 20));
	verify(ring_take(r, 0), 1, 4u << 20);
	ring_free(r);
}
END_TEST

#if !UNIT_SANITIZED	/* which need addresses for themselves */
START_TEST(ring_goes_on_after_a_jumbo_that_there_was_no_memory_for)
{
	struct ring *r = new_ring(RING_MIN_SIZE);
	struct rlimit limit, none;

	ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
	none = limit;
	none.rlim_cur = 1;
	ck_assert(put_one(r, 0, 100));
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
	ck_fails(ring_reserve(r, 3u << 20, 0, &err) != NULL, &err, ERR_SYSTEM);
	ck_assert(put_one(r, 1, 200));
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	ck_assert(put_one(r, 2, 3u << 20));
	verify(ring_take(r, 0), 0, 100);
	verify(ring_take(r, 0), 1, 200);
	verify(ring_take(r, 0), 2, 3u << 20);
	ck_assert_ptr_null(ring_take(r, 0));
	ring_free(r);
}
END_TEST
#endif

START_TEST(ring_keeps_one_jumbo_beside_it_and_the_next_waits_for_its_ack)
{
	struct ring *r = new_ring(RING_MIN_SIZE);
	const struct change *c;
	struct ring_stats st;

	ck_assert(put_one(r, 0, 100));
	ck_assert(put_one(r, 1, 3u << 20));
	ck_assert(put_one(r, 2, 100));
	ck_assert(!put_one(r, 3, 2u << 20));
	ck_assert_int_eq(err.kind, ERR_NONE);
	ck_assert(ring_pressure(r));
	ring_stats(r, &st);
	ck_assert_uint_ge(st.used, 3u << 20);
	verify(ring_take(r, 0), 0, 100);
	c = ring_take(r, 0);
	verify(c, 1, 3u << 20);
	verify(ring_take(r, 0), 2, 100);
	ck_assert(!put_one(r, 3, 2u << 20));
	ring_ack(r, c);
	ck_assert(!ring_pressure(r));
	ring_stats(r, &st);
	ck_assert_uint_lt(st.used, 1u << 20);
	ck_assert(put_one(r, 3, 2u << 20));
	verify(ring_take(r, 0), 3, 2u << 20);
	ring_free(r);
}
END_TEST

START_TEST(ring_keeps_a_jumbo_that_was_rewound_until_it_is_acked)
{
	struct ring *r = new_ring(RING_MIN_SIZE);
	const struct change *first;

	ck_assert(put_one(r, 0, 100));
	ck_assert(put_one(r, 1, 3u << 20));
	first = ring_take(r, 0);
	verify(ring_take(r, 0), 1, 3u << 20);
	ring_rewind(r);
	verify(ring_take(r, 0), 0, 100);
	ring_ack(r, first);
	verify(ring_take(r, 0), 1, 3u << 20);
	ring_rewind(r);
	first = ring_take(r, 0);
	verify(first, 1, 3u << 20);
	ring_ack(r, first);
	ck_assert(put_one(r, 2, 3u << 20));
	ring_free(r);
}
END_TEST

START_TEST(ring_acks_up_to_a_record_in_the_middle)
{
	struct ring *r = new_ring(RING_MIN_SIZE);
	const struct change *c[10];
	struct ring_stats st;

	for (uint64_t i = 0; i < 10; i++)
		ck_assert(put_one(r, i, 1024));
	for (int i = 0; i < 10; i++)
		c[i] = ring_take(r, 0);
	ring_ack(r, c[3]);
	ring_stats(r, &st);
	ck_assert_uint_eq(st.used, 6 * 1024);
	ck_assert_uint_eq(st.waiting_records, 0);
	ring_rewind(r);
	ring_stats(r, &st);
	ck_assert_uint_eq(st.waiting_records, 6);
	for (uint64_t i = 4; i < 10; i++)
		verify(ring_take(r, 0), i, 1024);
	ck_assert_ptr_null(ring_take(r, 0));
	ring_free(r);
}
END_TEST

static void
ack_what_was_not_taken(void)
{
	struct ring *r = new_ring(RING_MIN_SIZE);
	const struct change *c;

	put_one(r, 1, 100);
	c = ring_take(r, 0);
	ring_rewind(r);
	ring_ack(r, c);
}

START_TEST(ring_aborts_on_an_ack_of_what_is_not_taken)
{
	ck_assert(unit_aborts(ack_what_was_not_taken));
}
END_TEST

START_TEST(ring_close_is_seen_after_the_last_record_with_its_reason)
{
	struct ring *r = new_ring(RING_MIN_SIZE);
	struct err why = ERR_INIT, got = ERR_INIT;
	const struct change *c;

	err_set(&why, ERR_HOLE, "the slot is gone");
	ck_assert(put_one(r, 1, 100));
	ck_assert(!ring_closed(r, &got));
	ring_close(r, &why);
	ck_assert(!ring_closed(r, &got));
	c = ring_take(r, -1);
	verify(c, 1, 100);
	ck_assert_ptr_null(ring_take(r, -1));
	ck_assert(ring_closed(r, &got));
	ck_assert_int_eq(got.kind, ERR_HOLE);
	ck_assert_str_eq(got.msg, "the slot is gone");
	ring_rewind(r);
	ck_assert(!ring_closed(r, &got));
	ck_assert_ptr_eq(ring_take(r, -1), c);
	ring_free(r);
}
END_TEST

START_TEST(ring_free_takes_null)
{
	ring_free(NULL);
}
END_TEST

/* One thread, random steps, against a queue of numbers. */
struct model {
	uint64_t put, taken, acked; /* records */
	size_t size[1 << 16];
	const struct change *at[1 << 16];
};

static size_t
random_size(unsigned *seed)
{
	unsigned k = (unsigned)rand_r(seed) % 100;

	if (k < 2)
		return HEAD + (size_t)rand_r(seed) % 2000000;
	if (k < 10)
		return HEAD + (size_t)rand_r(seed) % 262144;
	return HEAD + (size_t)rand_r(seed) % 3000;
}

static void
model_step(struct ring *r, struct model *m, unsigned *seed)
{
	unsigned what = (unsigned)rand_r(seed) % 16, n;
	struct ring_stats st;

	if (what < 8) {
		m->size[m->put % 65536] = random_size(seed);
		m->put += put_one(r, m->put, m->size[m->put % 65536]);
	} else if (what < 13) {
		const struct change *c = ring_take(r, 0);

		ck_assert((c != NULL) == (m->taken < m->put));
		if (c != NULL) {
			verify(c, m->taken, m->size[m->taken % 65536]);
			m->at[m->taken++ % 65536] = c;
		}
	} else if (what < 15 && m->acked < m->taken) {
		n = (unsigned)rand_r(seed) % (unsigned)(m->taken - m->acked);
		ring_ack(r, m->at[(m->acked + n) % 65536]);
		m->acked += n + 1;
	} else if (what == 15 && rand_r(seed) % 4 == 0) {
		ring_rewind(r);
		m->taken = m->acked;
	}
	ring_stats(r, &st);
	ck_assert_uint_eq(st.waiting_records, m->put - m->taken);
	ck_assert_uint_le(r->put - r->acked, r->size);
	ck_assert((m->put == m->acked) == (st.used == 0));
}

START_TEST(ring_follows_a_model_through_random_steps)
{
	static struct model m;

	for (unsigned s = 1; s <= 10; s++) {
		struct ring *r = new_ring(RING_MIN_SIZE + 16 * s);
		unsigned seed = s;

		m.put = m.taken = m.acked = 0;
		for (int i = 0; i < 20000; i++)
			model_step(r, &m, &seed);
		ck_assert_uint_gt(r->put / r->size, 3);
		ring_free(r);
	}
}
END_TEST

/* Two threads. The producer puts `records` of random sizes; the consumer takes, acks now and
 * then, rewinds, and checks. */
struct pair {
	struct ring *r;
	uint64_t records;
	unsigned seed;
	int64_t wait;
	bool pauses;
};

static void *
producer_main(void *arg)
{
	struct pair *p = arg;
	unsigned seed = p->seed;
	struct err why = ERR_INIT, e = ERR_INIT;

	for (uint64_t i = 0; i < p->records; i++) {
		size_t size = random_size(&seed);
		struct change *c;

		while ((c = ring_reserve(p->r, size + 100, p->wait, &e)) == NULL)
			if (e.kind != ERR_NONE)
				abort();
		fill(c, i, rand_r(&seed) % 20 == 0 ? CHANGE_COMMIT : CHANGE_INSERT, size);
		ring_commit(p->r, c, size);
		if (p->pauses && rand_r(&seed) % 64 == 0)
			usleep((unsigned)rand_r(&seed) % 200);
	}
	err_set(&why, ERR_RETRY, "the end");
	ring_close(p->r, &why);
	return NULL;
}

static void
consume(struct pair *p)
{
	unsigned seed = p->seed, cseed = p->seed + 99, back = 0;
	uint64_t next = 0, acked = 0;
	const struct change *c, *last = NULL;
	static size_t sizes[1 << 20];
	struct err why;

	for (uint64_t i = 0; i < p->records; i++) {
		sizes[i] = random_size(&seed);
		rand_r(&seed);
		if (p->pauses && rand_r(&seed) % 64 == 0)
			rand_r(&seed);
	}
	for (;;) {
		if ((c = ring_take(p->r, p->wait)) != NULL) {
			verify(c, next, sizes[next]);
			next++;
			last = c;
		} else if (ring_closed(p->r, &why))
			break;
		if (last != NULL && (ring_pressure(p->r) || rand_r(&cseed) % 50 == 0)) {
			ring_ack(p->r, last);
			acked = next;
			last = NULL;
		} else if (c != NULL && back < 1000 && rand_r(&cseed) % 100 == 0) {
			ring_rewind(p->r);
			next = acked;
			last = NULL;
			back++;
		}
		if (p->pauses && rand_r(&cseed) % 64 == 0)
			usleep((unsigned)rand_r(&cseed) % 200);
	}
	ck_assert_uint_eq(next, p->records);
	ck_assert_int_eq(why.kind, ERR_RETRY);
}

static void
run_pair(uint64_t records, unsigned seed, int64_t wait, bool pauses)
{
	struct pair p = { .r = new_ring(RING_MIN_SIZE),
		.records = records,
		.seed = seed,
		.wait = wait,
		.pauses = pauses };
	struct thread t = { 0 };

	ck_ok(thread_start(&t, "producer", producer_main, &p, &err), &err);
	consume(&p);
	thread_join(&t);
	ring_free(p.r);
}

/* Waits without limit: a lost wake-up hangs, and the case's timeout tells. */
START_TEST(ring_two_threads_lose_nothing_and_no_wake_up)
{
	for (unsigned s = 1; s <= 3; s++)
		run_pair(10000, s, -1, false);
}
END_TEST

START_TEST(ring_two_threads_lose_no_wake_up_where_both_sleep_often)
{
	for (unsigned s = 1; s <= 3; s++)
		run_pair(4000, s, -1, true);
}
END_TEST

START_TEST(ring_two_threads_agree_where_waits_are_short)
{
	run_pair(5000, 7, 50, true);
}
END_TEST

/* Small records only, one commit at a time, each waited for: the handshake of both flags, as
 * often as can be. */
static void *
pingpong_main(void *arg)
{
	struct pair *p = arg;
	struct err e = ERR_INIT;

	for (uint64_t i = 0; i < p->records; i++) {
		struct change *c = ring_reserve(p->r, 250000, -1, &e);

		fill(c, i, CHANGE_COMMIT, 250000);
		ring_commit(p->r, c, 250000);
	}
	ring_close(p->r, NULL);
	return NULL;
}

START_TEST(ring_two_threads_hand_over_a_nearly_full_ring_at_each_record)
{
	struct pair p = { .r = new_ring(RING_MIN_SIZE), .records = 20000 };
	struct thread t = { 0 };
	const struct change *c;
	uint64_t n = 0;

	ck_ok(thread_start(&t, "producer", pingpong_main, &p, &err), &err);
	while ((c = ring_take(p.r, -1)) != NULL || !ring_closed(p.r, &err)) {
		if (c == NULL)
			continue;
		ck_assert_uint_eq(c->u.commit.position.lsn.v, n);
		n++;
		ring_ack(p.r, c);
	}
	ck_assert_uint_eq(n, p.records);
	ck_assert_int_eq(err.kind, ERR_NONE);
	thread_join(&t);
	ring_free(p.r);
}
END_TEST

/* The producer waits for each record to be acked, so only its own signal can wake the consumer. */
static void *
one_by_one_main(void *arg)
{
	struct pair *p = arg;
	struct ring_stats st;

	for (uint64_t i = 0; i < p->records; i++) {
		uint8_t kind = i % 3 == 0   ? CHANGE_COMMIT
			       : i % 3 == 1 ? CHANGE_KEEPALIVE
					    : CHANGE_TRUNCATE;
		struct err e = ERR_INIT;
		struct change *c = ring_reserve(p->r, 100, -1, &e);

		fill(c, i, kind, 100);
		ring_commit(p->r, c, 100);
		if (i % 16 == 0)
			usleep(50);
		do
			ring_stats(p->r, &st);
		while (st.used > 0);
	}
	return NULL;
}

START_TEST(ring_consumer_is_woken_by_each_commit_keepalive_and_truncate)
{
	struct pair p = { .r = new_ring(RING_MIN_SIZE), .records = 10000 };
	struct thread t = { 0 };

	ck_ok(thread_start(&t, "producer", one_by_one_main, &p, &err), &err);
	for (uint64_t i = 0; i < p.records; i++) {
		const struct change *c = ring_take(p.r, -1);

		ck_assert_ptr_nonnull(c);
		verify(c, i, 100);
		ring_ack(p.r, c);
	}
	thread_join(&t);
	ring_free(p.r);
}
END_TEST

static void *
fill_a_part(void *arg)
{
	struct ring *r = arg;

	usleep(10000);
	for (uint64_t i = 0; i < 300; i++)
		put_one(r, i, 1000);
	return NULL;
}

START_TEST(ring_consumer_is_woken_by_256_kb_without_a_commit)
{
	struct ring *r = new_ring(RING_MIN_SIZE);
	struct thread t = { 0 };

	ck_ok(thread_start(&t, "producer", fill_a_part, r, &err), &err);
	verify(ring_take(r, -1), 0, 1000);
	thread_join(&t);
	ring_free(r);
}
END_TEST

static void *
fill_until_full(void *arg)
{
	struct ring *r = arg;
	struct err e;
	struct change *c;

	for (uint64_t i = 0; i < 200; i++) {
		if ((c = ring_reserve(r, 10000, -1, &e)) == NULL)
			abort();
		fill(c, i, CHANGE_INSERT, 10000);
		ring_commit(r, c, 10000);
	}
	return NULL;
}

START_TEST(ring_take_returns_when_all_is_taken_and_the_producer_needs_room)
{
	struct ring *r = new_ring(RING_MIN_SIZE);
	const struct change *c, *last = NULL;
	struct thread t = { 0 };
	struct ring_stats st;
	unsigned taken = 0, waits = 0;

	ck_ok(thread_start(&t, "producer", fill_until_full, r, &err), &err);
	while (taken < 200) {
		if ((c = ring_take(r, 5000000)) != NULL) {
			last = c;
			taken++;
			continue;
		}
		ck_assert(ring_pressure(r));
		usleep(20000);
		ring_ack(r, last);
		waits++;
	}
	thread_join(&t);
	ring_stats(r, &st);
	ck_assert_uint_ge(waits, 1);
	ck_assert_uint_ge(st.full_usec, 15000);
	ring_free(r);
}
END_TEST

static void *
take_once(void *arg)
{
	return (void *)(uintptr_t)ring_take(arg, -1);
}

START_TEST(ring_wake_ends_a_wait_on_either_side_and_is_not_lost_before_it)
{
	struct ring *r = new_ring(RING_MIN_SIZE);
	struct thread t = { 0 };

	ring_wake(r);
	ck_assert_ptr_null(ring_take(r, -1));
	ck_ok(thread_start(&t, "consumer", take_once, r, &err), &err);
	usleep(10000);
	ring_wake(r);
	thread_join(&t);
	while (put_one(r, 1, 1000))
		;
	ck_assert_ptr_null(ring_reserve(r, 1000, -1, &err));
	ck_assert_int_eq(err.kind, ERR_NONE);
	ring_free(r);
}
END_TEST

UNIT_MAIN("ring", ring_gives_back_what_was_put_in_order, ring_refuses_a_size_below_the_minimum,
    ring_reserves_aligned_and_stores_the_rounded_real_size,
    ring_gives_up_a_reservation_that_was_not_committed,
    ring_says_no_room_without_an_error_and_takes_again_after_ack,
    ring_refuses_a_record_over_one_gigabyte, ring_is_not_made_without_memory,
    ring_takes_a_quarter_of_itself_and_no_more_than_4_mb,
    ring_uses_a_jumbo_that_was_not_committed_for_the_next_that_fits,
#if !UNIT_SANITIZED
    ring_goes_on_after_a_jumbo_that_there_was_no_memory_for,
#endif
    ring_keeps_one_jumbo_beside_it_and_the_next_waits_for_its_ack,
    ring_keeps_a_jumbo_that_was_rewound_until_it_is_acked, ring_acks_up_to_a_record_in_the_middle,
    ring_aborts_on_an_ack_of_what_is_not_taken,
    ring_close_is_seen_after_the_last_record_with_its_reason, ring_free_takes_null,
    ring_follows_a_model_through_random_steps, ring_two_threads_lose_nothing_and_no_wake_up,
    ring_two_threads_lose_no_wake_up_where_both_sleep_often,
    ring_two_threads_agree_where_waits_are_short,
    ring_two_threads_hand_over_a_nearly_full_ring_at_each_record,
    ring_consumer_is_woken_by_each_commit_keepalive_and_truncate,
    ring_consumer_is_woken_by_256_kb_without_a_commit,
    ring_take_returns_when_all_is_taken_and_the_producer_needs_room,
    ring_wake_ends_a_wait_on_either_side_and_is_not_lost_before_it)
