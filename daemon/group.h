/* group.h - the load group beside the task's own stream: tables that were added, are loaded again, or whose first load was cut short. It has a
 * slot (SLOT_gN), a checkpoint row, a capture, a share of the ring and an apply side of its own, until the task's stream takes its tables over.
 * Flow: group_start (run thread) -> for each group that the target's rows name: slot, load, catch-up, stream, hand-over; then the slot goes, then the row.
 * Its failures are tried again in here, as long as it takes, and shown with its tables: they do not hold up the task's own stream. Only another
 * owner ends the run.
 * Threads: start and stop = the run thread; the rest happens in the group's own. */
#ifndef REPLD_DAEMON_GROUP_H
#define REPLD_DAEMON_GROUP_H

#include "daemon/handover.h"
#include "daemon/lane.h"

struct group;

struct group_ctx {
	const struct lane *main;	/* configuration, parameters, epoch: read at the start only */
	struct stop *run_stop;		/* requested where a failure must end the run */
	struct handover *handover;
	size_t ring_size;		/* bytes */
};

struct group *group_start(const struct group_ctx *ctx, struct err *err) MUST_CHECK;
bool group_error(struct group *g, struct err *ret);	/* true: it has ended the run */
void group_stop(struct group *g);			/* NULL is fine */

#endif
