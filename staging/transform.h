/* transform.h - a row as its source gives it -> the row as the target takes it: each value whose type needs it goes through its column's conversion.
 * The same for a row that is loaded and one that is streamed. Only plans with `converts` come here; other rows pass untouched.
 * Threads: the plan's. Owner: results live in the arena, or borrow from what came in. */
#ifndef REPLD_STAGING_TRANSFORM_H
#define REPLD_STAGING_TRANSFORM_H

#include "cdc/change.h"
#include "staging/plan.h"

/* in, out: one value a column of the relation; they may not overlap. *ret_changed is raised by one for each value that policy made another one.
 * ERR_DATA names column and table, never the value; ERR_LIMIT: the arena is full. */
bool transform_row(const struct plan *plan, const struct value *in, struct value *out, struct arena *arena, uint64_t *ret_changed,
    struct err *err) MUST_CHECK;
/* An INSERT, UPDATE or DELETE; values of its old image are not counted. NULL: an error. */
const struct change *transform_change(const struct plan *plan, const struct change *c, struct arena *arena, uint64_t *ret_changed,
    struct err *err) MUST_CHECK;

#endif
