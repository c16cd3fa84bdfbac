/* ring.h - the staging ring between one capture thread and one apply thread: changes in source order, in place.
 * Flow: ring_reserve() -> fill -> ring_commit() -> ring_take() -> (target COMMIT) -> ring_ack().
 * Invariant: acked <= taken <= put; memory held <= size, and at most one record over RING_JUMBO beside it.
 * A record is contiguous. One of more than min(RING_JUMBO, size / 4) bytes lives in memory of its own; the next such record waits
 * until it is acked. Taken records stay readable until acked; ring_rewind() takes again from the first unacked one.
 * Threads: reserve, commit, close = capture; take, ack, rewind = apply; stats = any. Owner: a change is the ring's until acked. */
#ifndef REPLD_STAGING_RING_H
#define REPLD_STAGING_RING_H

#include "cdc/change.h"

#define RING_JUMBO (4u << 20)
#define RING_MIN_SIZE (1u << 20)

struct ring;

struct ring *ring_new(size_t size, struct err *err) MUST_CHECK;	/* bytes; touched pages only count as memory */
void ring_free(struct ring *r);		/* NULL is fine; no thread may still use it */

/* 16-byte aligned room for max bytes. Waits at most wait_usec; NULL with err->kind == ERR_NONE: no room yet (call again);
 * ERR_LIMIT: larger than any record may be (1 GB); ERR_SYSTEM: no memory. A reservation not committed is given up by the next. */
void *ring_reserve(struct ring *r, size_t max, int64_t wait_usec, struct err *err) MUST_CHECK;
/* Publishes the last reservation with its real size (rounded up to 16, stored in c->size). Wakes a waiting consumer at once for
 * COMMIT, KEEPALIVE, TRUNCATE and XA_*, else after each 256 kB. */
void ring_commit(struct ring *r, struct change *c, size_t size);
/* The producer has ended; why is copied (ERR_NONE: orderly). The consumer sees it after the last record. */
void ring_close(struct ring *r, const struct err *why);

/* The next record; NULL where nothing came within wait_usec (0: look only; < 0: no limit), the ring is closed and empty,
 * ring_wake() was called, or nothing is left to take and ring_pressure() holds: then something must be acked. */
const struct change *ring_take(struct ring *r, int64_t wait_usec);
bool ring_closed(const struct ring *r, struct err *ret_why);	/* true: closed and everything taken */
/* Frees all records up to and including c. */
void ring_ack(struct ring *r, const struct change *c);
void ring_rewind(struct ring *r);
/* The producer waits for room (or would, for its last request): apply must free something before more can come. */
bool ring_pressure(const struct ring *r);
void ring_wake(struct ring *r);		/* wakes both sides, so that they look at their stop flags; any thread */

struct ring_stats {
	uint64_t size, used, waiting_records;
	uint64_t full_usec;	/* time the producer has waited for room */
};
void ring_stats(const struct ring *r, struct ring_stats *ret);

#endif
