/* watch.h - two small threads beside a run, each with a connection of its own:
 *   guard  holds the task's session lock on the target and pings it; a lost lock ends the run
 *   watch  asks the source once a second where its log ends and what it keeps for us, makes barriers for sync, and looks at the catalog for
 *          what reaches tables without a message (suspect.h)
 * Both end with their _stop(). Threads: start and stop = the run thread. */
#ifndef REPLD_DAEMON_WATCH_H
#define REPLD_DAEMON_WATCH_H

#include "daemon/suspect.h"
#include "endpoints/target.h"

struct guard;
struct watch;

/* Waits until the lock is ours (says who holds it, in the board's reason and once in the log), then pings it every 5 s. When it is lost, *stop is requested
 * and guard_error() says why. */
struct guard *guard_start(const struct target_ops *ops, const struct target_params *p, struct board *b, struct stop *stop, struct err *err) MUST_CHECK;
bool guard_error(struct guard *g, struct err *ret);	/* true: the lock was lost */
void guard_stop(struct guard *g);			/* NULL is fine; gives the lock back */

struct watch *watch_start(const struct source_ops *ops, const struct source_params *p, struct board *b, struct err *err) MUST_CHECK;
void watch_tables(struct watch *w, struct suspect *s);	/* the stream begins: s is the watch thread's now, until watch_stop() */
void watch_stop(struct watch *w);

#endif
