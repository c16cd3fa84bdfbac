/* resync.h - the list of tables of `ctl resync`: names as the status shows them, "schema.table", one a line, each once.
 * Flow: ctl -> worker -> resync_pick() holds the names against the board -> task -> run, which asks resync_names() for each of its tables.
 * Pure. Threads: any. Owner: the task, from the command until a run has written it to the target. */
#ifndef REPLD_DAEMON_RESYNC_H
#define REPLD_DAEMON_RESYNC_H

#include "daemon/board.h"

/* The names that are asked for, each once, as lines into ret. False: the board does not know one of them, or it can't be emptied; why says so. */
bool resync_pick(struct board *b, const char *asked, struct buf *ret, struct buf *why);
/* Adds the lines of `more` that are not there yet. */
void resync_add(struct buf *list, const char *more);
bool resync_names(const char *list, const char *schema, const char *name);	/* list NULL: no */
/* "2 tables are emptied and loaded again beside the stream: public.a, public.b" */
void resync_text(const char *list, const char *how, struct buf *ret);

#endif
