/* suspect.h - changes that reach a table without a message in the stream: the source's catalog is looked at when a run starts, each minute while
 * it streams, when a relation comes anew in the stream, and before a sync; staging/facts.h says what two looks tell.
 * Flow: suspect_start() before anything is written -> suspect_note(), suspect_hold() around the slot that loads tables -> suspect_look() by the
 * watch thread -> mail on the board -> suspect_take() by apply, which writes it to table_state with its next commit.
 * Invariant: a look's facts replace the former ones in table_state in the same transaction as what the difference means: a finding that is lost
 * on the way is found again.
 * Tables of a load group are looked at around its snapshot, and again once the task's own stream has them.
 * Threads: one at a time (the lane's until watch_tables(), then the watch thread); suspect_take(), suspect_tell() = apply. Owner: the lane. */
#ifndef REPLD_DAEMON_SUSPECT_H
#define REPLD_DAEMON_SUSPECT_H

#include "daemon/board.h"
#include "endpoints/source.h"

struct suspect;

struct suspect *suspect_new(const struct source_ops *ops, const struct source_params *p, const struct tableset *tables, struct board *b,
    struct err *err) MUST_CHECK;
void suspect_free(struct suspect *s);		/* NULL is fine */

/* Compares with what the last run knew. ERR_HOLE: changes of a table are missing and go on missing; such tables are marked in states, dirty. What
 * else is found is on the board. */
bool suspect_start(struct suspect *s, struct source *source, struct table_states *states, const struct position *checkpoint, bool *dirty,
    struct err *err) MUST_CHECK;
/* The publication is committed: what is known from here on of the load group's tables: of those that are to be loaded (in states), and (all: of
 * all) others (on the board). ERR_RETRY: a partition came or went since the tables were described. */
bool suspect_note(struct suspect *s, struct source *source, struct table_states *states, uint32_t group, bool all, struct err *err) MUST_CHECK;
/* The snapshot is open: it holds what was described. ERR_RETRY: it may not. */
bool suspect_hold(struct suspect *s, struct source *source, const struct table_states *states, uint32_t group, struct err *err) MUST_CHECK;

bool suspect_look(struct suspect *s, struct source *source, struct err *err) MUST_CHECK;
/* A table joined the task's own stream: what was known of it before its load. */
bool suspect_tell(struct board *b, uint32_t shown, const char *facts, struct err *err) MUST_CHECK;
/* Takes the mail into the states and sets dirty[] of those that are to be written. True: there are some. *ret_halt: why the stream must end, or
 * ERR_NONE. A table that has not caught up keeps its mail. */
bool suspect_take(struct board *b, const struct tableset *tables, struct table_states *states, bool *dirty, struct err *ret_halt);

#endif
