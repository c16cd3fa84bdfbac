/* timeline.h - whether a PostgreSQL server's log continues a place that was reached on an earlier timeline.
 * A server that is promoted, or recovered to a point in time, begins a new timeline; its history says for each ancestor where the log
 * of that one was left. What was read beyond that place is not in the server's log: it never happened there.
 * Invariant: a place is continued only where the history proves it.
 * Threads: pure. */
#ifndef REPLD_CDC_TIMELINE_H
#define REPLD_CDC_TIMELINE_H

#include <stddef.h>
#include "cdc/position.h"

enum timeline_verdict {
	TIMELINE_CONTINUES,
	TIMELINE_NO_ANCESTOR,	/* the place is on a timeline that the server's does not come from */
	TIMELINE_LEFT_BEFORE	/* it does, but was left before the place */
};

/* text: the history of timeline `now` as the server gives it, n bytes; not read where `was` is the same one. *ret_left: where timeline
 * `was` was left (0: it was not, or is no ancestor). False: what is there is no history of `now` (ERR_PROTOCOL). */
bool timeline_judge(const char *text, size_t n, uint32_t now, uint32_t was, struct end_lsn place,
    enum timeline_verdict *ret, uint64_t *ret_left, struct err *err) MUST_CHECK;

#endif
