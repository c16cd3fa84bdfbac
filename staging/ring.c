/* ring.c - see ring.h.
 * Positions (put, taken, acked) count bytes since the ring was made and never wrap; a position's
 * place is position % size.
 * What stands in the ring at a place: a change; a pad (KIND_PAD: skip its size, to the ring's
 * end); or a link (KIND_JUMBO), whose change lives in a mapping of its own, one at a time.
 * Per record there is no lock: the producer publishes by a release store of put, the consumer
 * frees by a store of acked. The mutex serves sleeping only. A side that goes to sleep says so
 * in its flag under the mutex and looks again before it waits; the other side stores its
 * position first and reads that flag after it, both sequentially consistent: one of the two sees
 * the other.
 * A consumer with nothing to take also wakes when the producer runs out of room: only it can
 * make some. */
#include "staging/ring.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/base/thread.h"

#define RECORD_MAX   ((size_t)1 << 30)
#define WAKE_BYTES   (256u << 10)
#define HEADER_BYTES 4096u /* struct ring, in front of the records */
#define LINK_BYTES   16u

enum { KIND_PAD = 0xf0, KIND_JUMBO = 0xf1 }; /* beside enum change_kind; never seen outside */

struct jumbo {
	struct change *map;
	size_t map_size;
};

struct producer {
	uint64_t acked_seen; /* a late view of acked */
	uint64_t signalled; /* put when the consumer was last looked after */
	uint64_t records;
	size_t pad; /* of the reservation */
	size_t reserved_max; /* 0: no reservation */
	struct change *reserved;
	struct jumbo spare; /* a jumbo reserved, not committed */
};

struct consumer {
	uint64_t put_seen; /* a late view of put */
	uint64_t taken;
	uint64_t acked_records;
	uint64_t jumbo_end; /* the position after the link of the jumbo taken; 0: none */
	const struct change *last; /* taken last; NULL: none since ack or rewind */
};

struct ring {
	uint8_t *base;
	size_t size;
	size_t jumbo_over;
	struct jumbo jumbo; /* the producer's until published, then the consumer's until acked */

	_Alignas(64) struct producer prod;
	_Atomic uint64_t put;
	_Atomic uint64_t put_records;
	/* The bytes that the last reserve lacked room for; bit 0: the jumbo's place; 0: none. */
	_Atomic uint64_t want;
	_Atomic uint64_t full_usec;

	_Alignas(64) struct consumer cons;
	_Atomic uint64_t acked;
	_Atomic uint64_t taken_records;
	_Atomic size_t jumbo_live; /* bytes of the published jumbo; 0: none */

	_Alignas(64) atomic_bool producer_waits;
	atomic_bool consumer_waits;
	atomic_bool closed;
	struct mutex lock;
	struct cond room, data;
	bool wake_producer, wake_consumer; /* ring_wake() since that side last slept; under lock */
	struct err why;
};
_Static_assert(sizeof(struct ring) <= HEADER_BYTES, "the records start behind it");

static size_t
round16(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

static struct change *
record_at(const struct ring *r, uint64_t pos)
{
	return (struct change *)(void *)(r->base + pos % r->size);
}

static void *
map_memory(size_t n, struct err *err)
{
	void *p = mmap(
	    NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p != MAP_FAILED)
		return p;
	err_errno(err, errno, "%zu bytes for the ring", n);
	return NULL;
}

static void
jumbo_done(struct jumbo *j)
{
	if (j->map != NULL)
		munmap(j->map, j->map_size);
	*j = (struct jumbo){ 0 };
}

struct ring *
ring_new(size_t size, struct err *err)
{
	struct ring *r;

	if (size < RING_MIN_SIZE) {
		err_set(err, ERR_CONFIG, "a ring of %zu bytes: at least %u are needed", size,
		    RING_MIN_SIZE);
		return NULL;
	}
	size &= ~(size_t)15;
	if ((r = map_memory(HEADER_BYTES + size, err)) == NULL)
		return NULL;
	r->base = (uint8_t *)r + HEADER_BYTES;
	r->size = size;
	r->jumbo_over = size / 4 < RING_JUMBO ? size / 4 : RING_JUMBO;
	mutex_init(&r->lock);
	cond_init(&r->room);
	cond_init(&r->data);
	return r;
}

void
ring_free(struct ring *r)
{
	if (r == NULL)
		return;
	jumbo_done(&r->jumbo);
	jumbo_done(&r->prod.spare);
	cond_done(&r->room);
	cond_done(&r->data);
	mutex_done(&r->lock);
	munmap(r, HEADER_BYTES + r->size);
}

/* Sleeping */

static void
wake(struct ring *r, struct cond *c)
{
	mutex_lock(&r->lock);
	cond_broadcast(c);
	mutex_unlock(&r->lock);
}

/* Waits under the lock until ready(), ring_wake() or the end of the time; the flag tells the
 * other side to signal. */
static void
sleep_until(struct ring *r, bool (*ready)(const struct ring *), struct cond *c, atomic_bool *waits,
    bool *woken, int64_t wait_usec)
{
	int64_t end = clock_mono().v + wait_usec, left = wait_usec;

	mutex_lock(&r->lock);
	atomic_store(waits, true);
	while (!ready(r) && !*woken) {
		if (!cond_wait(c, &r->lock, left))
			break;
		if (wait_usec >= 0 && (left = end - clock_mono().v) <= 0)
			break;
	}
	*woken = false;
	atomic_store(waits, false);
	mutex_unlock(&r->lock);
}

/* Producer */

/* The last request would fit now. Sequentially consistent loads: see the head. */
static bool
room_for_want(const struct ring *r)
{
	uint64_t want = atomic_load(&r->want);
	uint64_t used = atomic_load(&r->put) - atomic_load(&r->acked);

	if ((want & 1) != 0 && atomic_load(&r->jumbo_live) != 0)
		return false;
	return want == 0 || used + (want & ~(uint64_t)1) <= r->size;
}

static bool
has_room(struct ring *r, size_t need, bool jumbo)
{
	uint64_t put = atomic_load_explicit(&r->put, memory_order_relaxed);

	if (jumbo && atomic_load_explicit(&r->jumbo_live, memory_order_acquire) != 0)
		return false;
	if (put + need - r->prod.acked_seen <= r->size)
		return true;
	r->prod.acked_seen = atomic_load_explicit(&r->acked, memory_order_acquire);
	return put + need - r->prod.acked_seen <= r->size;
}

static bool
wait_for_room(struct ring *r, size_t need, bool jumbo, int64_t wait_usec)
{
	int64_t from = clock_mono().v;

	atomic_store(&r->want, need | jumbo);
	wake(r, &r->data); /* it may sleep on records not signalled, or hold what it could free */
	r->prod.signalled = atomic_load_explicit(&r->put, memory_order_relaxed);
	if (wait_usec != 0)
		sleep_until(
		    r, room_for_want, &r->room, &r->producer_waits, &r->wake_producer, wait_usec);
	atomic_fetch_add_explicit(
	    &r->full_usec, (uint64_t)(clock_mono().v - from), memory_order_relaxed);
	return has_room(r, need, jumbo);
}

static struct change *
reserve_jumbo(struct ring *r, size_t max, struct err *err)
{
	struct jumbo *j = &r->prod.spare;

	if (j->map_size < max) {
		jumbo_done(j);
		if ((j->map = map_memory(max, err)) == NULL)
			return NULL;
		j->map_size = max;
	}
	return j->map;
}

void *
ring_reserve(struct ring *r, size_t max, int64_t wait_usec, struct err *err)
{
	struct producer *p = &r->prod;
	uint64_t put = atomic_load_explicit(&r->put, memory_order_relaxed);
	bool jumbo = max > r->jumbo_over;
	size_t room =
	    jumbo ? LINK_BYTES : round16(max < sizeof(struct change) ? sizeof(struct change) : max);
	size_t tail = r->size - put % r->size;

	assert(!atomic_load_explicit(&r->closed, memory_order_relaxed));
	p->reserved = NULL;
	p->reserved_max = 0;
	if (!jumbo)
		jumbo_done(&p->spare);
	if (max > RECORD_MAX) {
		err_set(err, ERR_LIMIT, "a change of %zu bytes: at most 1 GB can be handled", max);
		return NULL;
	}
	p->pad = room <= tail ? 0 : tail;
	if (!has_room(r, p->pad + room, jumbo) &&
	    !wait_for_room(r, p->pad + room, jumbo, wait_usec)) {
		err_clear(err);
		return NULL;
	}
	if (atomic_load_explicit(&r->want, memory_order_relaxed) != 0)
		atomic_store(&r->want, 0);
	p->reserved = jumbo ? reserve_jumbo(r, max, err) : record_at(r, put + p->pad);
	if (p->reserved != NULL)
		p->reserved_max = jumbo ? round16(max) : room;
	return p->reserved;
}

/* Hands the spare mapping over, less the pages that were not needed, and writes its link. */
static void
commit_jumbo(struct ring *r, struct change *link, size_t size)
{
	struct jumbo *j = &r->prod.spare;
	size_t keep = (size + 4095) & ~(size_t)4095, have = (j->map_size + 4095) & ~(size_t)4095;

	if (keep < have)
		munmap((uint8_t *)j->map + keep, have - keep);
	j->map_size = keep;
	r->jumbo = *j;
	*j = (struct jumbo){ 0 };
	atomic_store_explicit(&r->jumbo_live, keep, memory_order_relaxed);
	link->size = LINK_BYTES;
	link->kind = KIND_JUMBO;
}

static bool
is_urgent(uint8_t kind)
{
	return kind == CHANGE_COMMIT || kind >= CHANGE_TRUNCATE;
}

static void
publish(struct ring *r, uint64_t put, bool urgent)
{
	struct producer *p = &r->prod;

	assert(put - atomic_load_explicit(&r->acked, memory_order_relaxed) <= r->size);
	atomic_store_explicit(&r->put_records, ++p->records, memory_order_relaxed);
	if (!urgent && put - p->signalled < WAKE_BYTES) {
		atomic_store_explicit(&r->put, put, memory_order_release);
		return;
	}
	p->signalled = put;
	atomic_store(&r->put, put);
	if (atomic_load(&r->consumer_waits))
		wake(r, &r->data);
}

void
ring_commit(struct ring *r, struct change *c, size_t size)
{
	struct producer *p = &r->prod;
	uint64_t put = atomic_load_explicit(&r->put, memory_order_relaxed);
	bool jumbo = c == p->spare.map;

	assert(c != NULL && c == p->reserved && size >= sizeof(*c) && size <= p->reserved_max);
	c->size = (uint32_t)round16(size);
	p->reserved = NULL;
	if (p->pad > 0) {
		struct change *pad = record_at(r, put);

		pad->size = (uint32_t)p->pad;
		pad->kind = KIND_PAD;
		put += p->pad;
	}
	if (jumbo)
		commit_jumbo(r, record_at(r, put), size);
	publish(r, put + (jumbo ? LINK_BYTES : c->size), jumbo || is_urgent(c->kind));
}

void
ring_close(struct ring *r, const struct err *why)
{
	mutex_lock(&r->lock);
	r->why = why != NULL ? *why : (struct err)ERR_INIT;
	atomic_store(&r->want, 0);
	atomic_store(&r->closed, true);
	cond_broadcast(&r->data);
	mutex_unlock(&r->lock);
}

/* Consumer */

static const struct change *
take_next(struct ring *r)
{
	struct consumer *t = &r->cons;
	const struct change *c;

	for (;;) {
		if (t->taken == t->put_seen &&
		    (t->put_seen = atomic_load_explicit(&r->put, memory_order_acquire)) == t->taken)
			return NULL;
		c = record_at(r, t->taken);
		t->taken += c->size;
		if (c->kind == KIND_PAD)
			continue;
		if (c->kind == KIND_JUMBO) {
			t->jumbo_end = t->taken;
			c = r->jumbo.map;
		}
		t->last = c;
		atomic_store_explicit(&r->taken_records,
		    atomic_load_explicit(&r->taken_records, memory_order_relaxed) + 1,
		    memory_order_relaxed);
		return c;
	}
}

static bool
consumer_ready(const struct ring *r)
{
	return atomic_load(&r->put) != r->cons.taken || atomic_load(&r->closed) ||
	       !room_for_want(r);
}

const struct change *
ring_take(struct ring *r, int64_t wait_usec)
{
	const struct change *c = take_next(r);

	if (c != NULL || wait_usec == 0)
		return c;
	sleep_until(r, consumer_ready, &r->data, &r->consumer_waits, &r->wake_consumer, wait_usec);
	return take_next(r);
}

bool
ring_closed(const struct ring *r, struct err *ret_why)
{
	if (!atomic_load_explicit(&r->closed, memory_order_acquire) ||
	    atomic_load_explicit(&r->put, memory_order_acquire) != r->cons.taken)
		return false;
	*ret_why = r->why;
	return true;
}

/* The position behind c, found by walking the unacked records up to it; counts them. */
static uint64_t
walk_to(const struct ring *r, const struct change *c, uint64_t *records)
{
	uint64_t pos = atomic_load_explicit(&r->acked, memory_order_relaxed);
	const struct change *at;

	for (;;) {
		assert(pos < r->cons.taken);
		at = record_at(r, pos);
		pos += at->size;
		if (at->kind == KIND_PAD)
			continue;
		++*records;
		if ((at->kind == KIND_JUMBO ? r->jumbo.map : at) == c)
			return pos;
	}
}

void
ring_ack(struct ring *r, const struct change *c)
{
	struct consumer *t = &r->cons;
	uint64_t end;

	if (c == t->last) {
		end = t->taken;
		t->acked_records = atomic_load_explicit(&r->taken_records, memory_order_relaxed);
	} else
		end = walk_to(r, c, &t->acked_records);
	assert(end <= t->taken && end > atomic_load_explicit(&r->acked, memory_order_relaxed));
	if (t->jumbo_end != 0 && t->jumbo_end <= end) {
		jumbo_done(&r->jumbo);
		t->jumbo_end = 0;
		atomic_store(&r->jumbo_live, 0);
	}
	if (end == t->taken)
		t->last = NULL;
	atomic_store(&r->acked, end);
	if (atomic_load(&r->producer_waits) && room_for_want(r))
		wake(r, &r->room);
}

void
ring_rewind(struct ring *r)
{
	r->cons.taken = atomic_load_explicit(&r->acked, memory_order_relaxed);
	r->cons.last = NULL;
	atomic_store_explicit(&r->taken_records, r->cons.acked_records, memory_order_relaxed);
}

/* Any thread */

bool
ring_pressure(const struct ring *r)
{
	return !room_for_want(r);
}

void
ring_wake(struct ring *r)
{
	mutex_lock(&r->lock);
	r->wake_producer = r->wake_consumer = true;
	cond_broadcast(&r->room);
	cond_broadcast(&r->data);
	mutex_unlock(&r->lock);
}

void
ring_stats(const struct ring *r, struct ring_stats *ret)
{
	uint64_t acked = atomic_load(&r->acked), taken = atomic_load(&r->taken_records);
	uint64_t used = atomic_load(&r->put) - acked, records = atomic_load(&r->put_records);

	*ret = (struct ring_stats){
		.size = r->size,
		.used = (used < r->size ? used : r->size) + atomic_load(&r->jumbo_live),
		.waiting_records = records - taken,
		.full_usec = atomic_load(&r->full_usec),
	};
}
