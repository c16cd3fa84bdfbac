/* handover.h - how the tables of a load group join the task's own stream: a meeting of two apply sides at a commit boundary.
 * Flow: the group, caught up and near, asks. The main stream waits at its next boundary X, for a second at most; the group applies all up to X
 * and arrives at G >= X. The main stream writes in one transaction of its own that the tables are its own from G on, and says so; the
 * group's part is over. Where the group does not arrive in time the main stream goes on, and the group asks again later.
 * Invariant: from its arrival on a group writes nothing. A main stream that fails then ends the run, which tells from the rows what has happened.
 * Threads: handover_wanted(), _meet(), _taken() = the main stream's apply side; _ask(), _called(), _arrive() = the group's; _close() = any. */
#ifndef REPLD_DAEMON_HANDOVER_H
#define REPLD_DAEMON_HANDOVER_H

#include "daemon/base/thread.h"
#include "staging/checkpoint.h"

struct handover {
	struct mutex lock;
	struct cond moved;
	atomic_int step;		/* enum handover_step; written under the lock */
	struct position at;		/* X */
	const struct checkpoint *cp;	/* the group's, at G; the group's own, which stands still while it has arrived */
	const struct table_states *states;
	struct usec asked_at;
};

enum handover_step { HANDOVER_NONE, HANDOVER_ASKED, HANDOVER_CALLED, HANDOVER_ARRIVED, HANDOVER_TAKEN, HANDOVER_CLOSED };

void handover_init(struct handover *h);
void handover_done(struct handover *h);

static inline bool
handover_wanted(struct handover *h)
{
	return atomic_load_explicit(&h->step, memory_order_relaxed) == HANDOVER_ASKED;
}
/* True: the group has arrived, and h->cp and h->states may be read until handover_taken(). False: not within the time, or it stopped. */
bool handover_meet(struct handover *h, const struct position *at, int64_t wait_usec, struct stop *stop);
void handover_taken(struct handover *h);	/* the main stream's transaction has committed */

void handover_ask(struct handover *h);		/* no more than once in two seconds; else nothing */
/* The main stream waits for the group at *ret. */
bool handover_called(struct handover *h, struct position *ret);
enum handover_end { HANDOVER_JOINED, HANDOVER_NOT_TAKEN, HANDOVER_GIVEN_UP };	/* GIVEN_UP: it stopped, and may or may not have been taken */
enum handover_end handover_arrive(struct handover *h, const struct checkpoint *cp, const struct table_states *states, struct stop *stop);

/* Nobody meets any more: the run is ending. */
void handover_close(struct handover *h);

#endif
