/* progress.h - what may be confirmed to the source: only what stands in the durable checkpoint row.
 * Flow: apply calls progress_applied() after each target COMMIT (durable or not yet), progress_durable() when the target says that a
 * former commit is on disk; capture reads progress_confirmable().
 * Invariant: confirmable <= durable <= applied <= received; none goes back.
 * Threads: received = capture; applied, durable = apply; readers any. */
#ifndef REPLD_STAGING_PROGRESS_H
#define REPLD_STAGING_PROGRESS_H

#include "cdc/position.h"
#include "daemon/base/clock.h"

struct progress;

struct progress *progress_new(const struct position *start, struct err *err) MUST_CHECK;
void progress_free(struct progress *p);
/* The start, too, is only confirmable once progress_durable() was called: where commits of a former run may still be lost. */
void progress_hold_start(struct progress *p);
void progress_received(struct progress *p, const struct position *pos, struct wall commit_time);
/* The checkpoint `pos` was committed on the target; token orders commits (PostgreSQL: the WAL insert position after COMMIT; 0: durable at once). A position behind the one
 * applied before means that the target lost commits: ERR_RETRY (stream again from its checkpoint), ERR_HOLE where it was confirmed. */
bool progress_applied(struct progress *p, const struct position *pos, struct wall commit_time, uint64_t token, struct err *err) MUST_CHECK;
/* All commits with token <= flushed are durable. */
void progress_durable(struct progress *p, uint64_t flushed);
bool progress_has_pending(const struct progress *p);		/* applied but not yet known to be durable */
struct position progress_confirmable(const struct progress *p);

struct progress_view {
	struct position received, applied, confirmable;
	struct wall received_time, applied_time;	/* commit times */
};
void progress_view(const struct progress *p, struct progress_view *ret);

#endif
