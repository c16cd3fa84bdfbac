/* pg_copy.h - rows as COPY's bytes, binary or text, in pieces of bounded size.
 * Flow: pg_copy_start() -> pg_copy_row() ... -> pg_copy_finish() -> the sink, in pieces of at most
 * PG_COPY_PIECE bytes; a value of any size passes through without a copy of the whole.
 * Invariant: binary where every value's bytes are its type's binary form; text where all are text;
 * nothing is mixed.
 * Threads: the target's. Pure but for the sink. */
#ifndef REPLD_ENDPOINTS_PG_COPY_H
#define REPLD_ENDPOINTS_PG_COPY_H

#include "cdc/value.h"
#include "daemon/base/bytes.h"
#include "staging/plan.h"

#define PG_COPY_PIECE (128u * 1024)

enum pg_copy_kind { PG_COPY_NONE, PG_COPY_TEXT, PG_COPY_BINARY };

struct pg_copy {
	const struct plan *plan;
	bool binary;
	struct buf buf;
	bool (*put)(void *arg, const void *p, size_t n, struct err *err);
	void *arg;
};

/* Narrows *kinds (a set of 1 << enum pg_copy_kind) to what the row can be written as. */
void pg_copy_can(const struct plan *plan, const struct value *vals, unsigned *kinds);
/* buf is reused; put and arg stay */
void pg_copy_start(struct pg_copy *c, const struct plan *plan, bool binary);
bool pg_copy_row(struct pg_copy *c, const struct value *vals, struct err *err) MUST_CHECK;
bool pg_copy_finish(struct pg_copy *c, struct err *err) MUST_CHECK;
void pg_copy_done(struct pg_copy *c);

#endif
