/* checking_sink.h - a change_sink that holds each record against the contract of cdc/change.h, for
 * tests and fuzz targets.
 * Flow: reserve() gives memory of exactly the size asked for (AddressSanitizer sees the first byte
 * beyond), commit() checks the record, hands it to `seen`, and frees it. A broken contract aborts:
 * it is the decoder's bug.
 * Threads: one. Owner: the sink owns the memory; checking_sink_done() at the end. */
#ifndef REPLD_TEST_CHECKING_SINK_H
#define REPLD_TEST_CHECKING_SINK_H

#include <stdio.h>
#include <stdlib.h>

#include "cdc/change.h"

struct checking_sink {
	void *pending;			/* the memory last reserved */
	size_t max;
	bool in_txn;
	size_t records;
	size_t refuse_after;		/* reserve() fails after so many records; 0: never */
	void (*seen)(void *arg, const struct change *c);	/* may be NULL */
	void *arg;
};

#define sink_assert(cond)                                                                          \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: record breaks: %s\n", __FILE__, __LINE__, #cond);  \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* All values point into the record, behind the arrays; their bytes can be read. */
static inline void
check_values(const struct change *c, const struct value *v, uint16_t n)
{
	const uint8_t *start = (const uint8_t *)(change_new_values(c) + c->nnew + c->nold);
	const uint8_t *end = (const uint8_t *)c + c->size;
	static volatile uint8_t sum;

	for (uint16_t i = 0; i < n; i++) {
		sink_assert(v[i].kind <= VALUE_BINARY);
		if (v[i].kind <= VALUE_NULL) {
			sink_assert(v[i].len == 0 && v[i].p == NULL);
			continue;
		}
		sink_assert(v[i].p >= start && v[i].p <= end);
		sink_assert(v[i].len <= (size_t)(end - v[i].p));
		for (uint32_t k = 0; k < v[i].len; k++)
			sum = (uint8_t)(sum + v[i].p[k]);
	}
}

/* What may be absent: in a new row what was not changed, in a key image what is no key. */
static inline void
check_absent(const struct change *c)
{
	const struct value *new_values = change_new_values(c), *old_values = change_old_values(c);

	for (uint16_t i = 0; i < c->nnew; i++)
		sink_assert(new_values[i].kind != VALUE_ABSENT ||
		    (c->kind == CHANGE_UPDATE && c->old != OLD_FULL));
	for (uint16_t i = 0; i < c->nold; i++)
		sink_assert(value_present(&old_values[i]) ==
		    (c->old == OLD_FULL || c->rel->cols[i].identity));
}

static inline void
check_row(const struct change *c)
{
	const uint16_t ncols = c->rel->ncols;

	sink_assert(c->rel->table != NULL);
	sink_assert(c->nnew == (c->kind == CHANGE_DELETE ? 0 : ncols));
	sink_assert(c->nold == (c->old == OLD_NONE ? 0 : ncols));
	sink_assert(c->kind != CHANGE_INSERT || c->old == OLD_NONE);
	sink_assert(c->kind != CHANGE_DELETE || c->old != OLD_NONE);
	sink_assert(sizeof(*c) + (c->nnew + c->nold) * sizeof(struct value) <= c->size);
	check_values(c, change_new_values(c), c->nnew);
	check_values(c, change_old_values(c), c->nold);
	check_absent(c);
}

static inline void
check_truncate(const struct change *c)
{
	sink_assert(c->u.truncate.nrels > 0 && c->nnew == 0 && c->nold == 0);
	sink_assert(sizeof(*c) + c->u.truncate.nrels * sizeof(struct relation *) <= c->size);
	for (uint16_t i = 0; i < c->u.truncate.nrels; i++)
		sink_assert(change_truncated(c)[i]->table != NULL);
}

/* COMMIT and its like: a resume point, then identifiers, then the bytes of an xid. */
static inline void
check_end(const struct change *c)
{
	sink_assert(c->rel == NULL && c->u.commit.position.kind != POSITION_NONE);
	sink_assert(change_xid(c) + c->u.commit.gtrid_len + c->u.commit.bqual_len <= (uint8_t *)(uintptr_t)c + c->size);
	for (uint16_t i = 0; i < c->u.commit.ngtids; i++) {
		const struct gtid_run *run = &change_gtids(c)[i];

		sink_assert(run->first.flavour == GTID_MYSQL || run->first.flavour == GTID_MARIADB);
		sink_assert(run->last >= run->first.number);
		sink_assert(run->first.flavour == GTID_MYSQL || run->last == run->first.number);
	}
}

/* Kinds that stand between BEGIN and the end, the end included. */
static inline bool
is_inside(uint8_t kind)
{
	return kind != CHANGE_BEGIN && kind != CHANGE_KEEPALIVE && kind != CHANGE_XA_COMMIT && kind != CHANGE_XA_ROLLBACK;
}

static inline void
check_record(const struct change *c, bool in_txn)
{
	sink_assert(in_txn == is_inside(c->kind));
	switch (c->kind) {
	case CHANGE_BEGIN:
		sink_assert(c->rel == NULL && c->u.begin.mark.kind != POSITION_NONE);
		break;
	case CHANGE_COMMIT:
	case CHANGE_KEEPALIVE:
	case CHANGE_XA_PREPARE:
	case CHANGE_XA_COMMIT:
	case CHANGE_XA_ROLLBACK: check_end(c); break;
	case CHANGE_INSERT:
	case CHANGE_UPDATE:
	case CHANGE_DELETE: check_row(c); break;
	case CHANGE_TRUNCATE: check_truncate(c); break;
	default: sink_assert(!"a kind of change");
	}
}

static inline void *
checking_sink_reserve(void *arg, size_t max, struct err *err)
{
	struct checking_sink *s = arg;

	free(s->pending);
	s->pending = NULL;
	if (s->refuse_after != 0 && s->records >= s->refuse_after) {
		err_set(err, ERR_CANCELLED, "the sink was told to refuse");
		return NULL;
	}
	sink_assert(max >= sizeof(struct change) && max % 16 == 0);
	s->max = max;
	sink_assert((s->pending = malloc(max)) != NULL);
	memset(s->pending, 0xa5, max);
	return s->pending;
}

static inline bool
checking_sink_commit(void *arg, struct change *c, size_t size, struct err *err)
{
	struct checking_sink *s = arg;

	(void)err;
	sink_assert((void *)c == s->pending && c != NULL);
	sink_assert(size >= sizeof(*c) && size <= s->max && size % 16 == 0);
	c->size = (uint32_t)size;
	check_record(c, s->in_txn);
	s->in_txn = c->kind == CHANGE_BEGIN ||
	    (s->in_txn && c->kind != CHANGE_COMMIT && c->kind != CHANGE_XA_PREPARE);
	s->records++;
	if (s->seen != NULL)
		s->seen(s->arg, c);
	free(s->pending);
	s->pending = NULL;
	return true;
}

static inline struct change_sink
checking_sink(struct checking_sink *s)
{
	return (struct change_sink){ checking_sink_reserve, checking_sink_commit, s };
}

static inline void
checking_sink_done(struct checking_sink *s)
{
	free(s->pending);
	s->pending = NULL;
}

#endif
