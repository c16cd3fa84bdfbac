/* covers: staging/prepared.c */
/* fuzz_prepared.c - any bytes as the kept rows of a prepared transaction: nothing but a clean refusal, or rows whose values lie in their records.
 * The first byte says in what pieces the rest comes. A table named skip... is left out. */
#include <stdlib.h>

#include "daemon/base/arena.h"
#include "staging/prepared.h"
#include "test/fake/checking_sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Like a task does: a copy that outlives the call. */
static bool
take_relation(void *arg, const struct relation *as_written, const struct relation **ret, struct err *err)
{
	struct relation *rel = arena_zalloc(arg, sizeof(*rel));

	if (strncmp(as_written->name, "refuse", 6) == 0)
		return err_set(err, ERR_SCHEMA, "the hook was told to refuse");
	sink_assert(rel != NULL && as_written->ncols <= RELATION_MAX_COLUMNS);
	rel->ncols = as_written->ncols;
	*ret = strncmp(as_written->name, "skip", 4) == 0 ? NULL : rel;
	return true;
}

static void
check_values_lie_inside(const struct change *c)
{
	const uint8_t *end = (const uint8_t *)c + c->size;

	sink_assert(c->size % 16 == 0 && c->rel != NULL);
	sink_assert((c->nnew == 0 || c->nnew == c->rel->ncols) && (c->nold == 0 || c->nold == c->rel->ncols));
	for (size_t i = 0; i < (size_t)c->nnew + c->nold; i++) {
		const struct value *v = &change_new_values(c)[i];

		sink_assert(v->kind <= VALUE_BINARY);
		sink_assert(v->kind <= VALUE_NULL || (v->p > (const uint8_t *)c && v->p + v->len <= end));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	struct arena *relations = arena_new(4096, 0), *rows = arena_new(4096, 0);
	struct prepared_reader *r = prepared_reader_new((struct prepared_hooks){ take_relation, relations }, &err);
	const size_t piece = size > 0 ? data[0] + 1u : 1;
	enum prepared_found found = PREPARED_MORE;
	const struct change *c;
	bool ok = r != NULL;

	for (size_t at = 1; ok && at < size; at += piece) {
		const size_t n = size - at < piece ? size - at : piece;

		ok = prepared_feed(r, data + at, n, &err);
		do {
			ok = ok && prepared_next(r, rows, &found, &c, &err);
			if (ok && found == PREPARED_ROW)
				check_values_lie_inside(c);
		} while (ok && found == PREPARED_ROW);
	}
	sink_assert(ok == (err.kind == ERR_NONE));
	sink_assert(ok || err.msg[0] != '\0');
	prepared_reader_free(r);
	arena_free(rows);
	arena_free(relations);
	return 0;
}
