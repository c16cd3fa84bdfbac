/* gtid_track.h - which transactions have been applied, as a set of GTIDs, at each place where a checkpoint may stand.
 * The log brings GTIDs with the ends of transactions (change.h: u.commit.ngtids); a checkpoint is written at some of these ends, and after a failed
 * commit perhaps at an earlier one than was read already: what came behind it must not be in its set, or the source would leave it out.
 * Flow: gtid_track_note() at each end read -> gtid_track_text() for the checkpoint at a place -> gtid_track_keep() when it is written ->
 * gtid_track_settle() when no checkpoint will stand before that place any more. An end that is read again changes nothing.
 * Invariant: the set at a place holds all that ended at or before it since the text that the track began with, and nothing of what follows.
 * Threads: one at a time (apply). */
#ifndef REPLD_STAGING_GTID_TRACK_H
#define REPLD_STAGING_GTID_TRACK_H

#include "cdc/gtid.h"
#include "cdc/position.h"

struct gtid_track;

/* text: the set that the checkpoint has; NULL: the source has no GTIDs, and the track stays empty. */
struct gtid_track *gtid_track_new(const char *text, struct err *err) MUST_CHECK;
void gtid_track_free(struct gtid_track *t);	/* NULL is fine */
bool gtid_track_note(struct gtid_track *t, const struct position *at, const struct gtid_run *runs, size_t n, struct err *err) MUST_CHECK;
/* *ret NULL: no GTIDs. A draft: valid until the next call. */
bool gtid_track_text(struct gtid_track *t, const struct position *at, const char **ret, struct err *err) MUST_CHECK;
/* The text made last; valid until the next one is kept. NULL: no GTIDs. */
const char *gtid_track_keep(struct gtid_track *t);
bool gtid_track_settle(struct gtid_track *t, const struct position *at, struct err *err) MUST_CHECK;

#endif
