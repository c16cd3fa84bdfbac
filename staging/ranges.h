/* ranges.h - a full load in ranges of the first key column, so that one that was cut short can go
 * on: which tables may be read so, where their ranges begin, and what a change of the stream means
 * for ranges that were read at different snapshots.
 * Flow: ranges_column() -> bounds sampled on the source -> ranges_new() -> ranges_text() into
 * table_state -> after a restart ranges_parse(), ranges_fit(). While the stream catches up:
 * ranges_verdict() for each change.
 * Invariant: each range stands as the source was at the later of its own snapshot and the
 * stream's place. A change counts for a range if and only if its transaction is not in that
 * range's snapshot. Bounds rise strictly in repld's order, which is the server's: a value that
 * repld can't place starts the table again, nothing is guessed.
 * Threads: one at a time (the relation last looked at is kept). Pure. */
#ifndef REPLD_STAGING_RANGES_H
#define REPLD_STAGING_RANGES_H

#include "cdc/change.h"
#include "staging/table.h"

struct ranges;

enum ranges_verdict {
	RANGES_SKIP,	/* all that it concerns has it already */
	RANGES_APPLY,
	RANGES_DELETE,	/* of an UPDATE that moves a row: only the former range lacks it */
	RANGES_INSERT,	/* only the new range lacks it */
	RANGES_AGAIN	/* can't be told, or the new row is not whole: the table starts again */
};

/* The column of the table's key by which it can be read in ranges; -1: none, and *ret_why says
 * why (a clause such as "it has no primary key"). */
int ranges_column(const struct table_desc *d, const char **ret_why);

/* bounds: the beginnings of the second range and of those behind it, as the source writes them.
 * ERR_CONFIG where they do not rise in repld's order. */
struct ranges *ranges_new(const struct table_desc *d, int column, const char *const *bounds,
    size_t nbounds, struct err *err) MUST_CHECK;
void ranges_free(struct ranges *r); /* NULL is fine */

/* As kept in table_state; malloc'ed. */
char *ranges_text(const struct ranges *r, struct err *err) MUST_CHECK;
struct ranges *ranges_parse(const char *text, struct err *err) MUST_CHECK;
/* The table still has the columns that the ranges were made for. */
bool ranges_fit(const struct ranges *r, const struct table_desc *d);

size_t ranges_count(const struct ranges *r);
const char *ranges_column_name(const struct ranges *r);
/* The first value that belongs to the range, and the first behind it; NULL: no bound. */
const char *ranges_low(const struct ranges *r, size_t i);
const char *ranges_high(const struct ranges *r, size_t i);
/* False: a value that this type does not have, or none. */
bool ranges_find(const struct ranges *r, const struct value *v, size_t *ret);

/* The snapshots that the ranges were read at; NONE: not read yet. */
void ranges_read_at(struct ranges *r, size_t i, const struct snapshot_pos *s);
const struct snapshot_pos *ranges_snapshot(const struct ranges *r, size_t i);
bool ranges_mixed(const struct ranges *r); /* not all of one snapshot */
struct snapshot_pos ranges_highest(const struct ranges *r);

enum ranges_verdict ranges_verdict(
    struct ranges *r, const struct change *c, const struct txn_mark *mark);
/* Of a TRUNCATE: SKIP, APPLY, or AGAIN where some ranges have it and others do not. */
enum ranges_verdict ranges_truncate(const struct ranges *r, const struct txn_mark *mark);

#endif
