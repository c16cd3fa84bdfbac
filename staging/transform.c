/* transform.c - see transform.h. */
#include "staging/transform.h"

#include <string.h>

bool
transform_row(const struct plan *plan, const struct value *in, struct value *out, struct arena *arena,
    uint64_t *ret_changed, struct err *err)
{
	memcpy(out, in, plan->rel->ncols * sizeof(*out));
	for (uint16_t i = 0; i < plan->ncols; i++) {
		const struct plan_column *c = &plan->cols[i];
		bool changed = false;

		if (c->convert == NULL || in[c->src].kind <= VALUE_NULL)
			continue;
		if (!convert_value(c->convert, &in[c->src], arena, &out[c->src], &changed, err)) {
			err_ctx(err, "column %s", c->name);
			return err_table(err, plan->table->source_schema, plan->table->source_name);
		}
		*ret_changed += changed;
	}
	return true;
}

const struct change *
transform_change(const struct plan *plan, const struct change *c, struct arena *arena,
    uint64_t *ret_changed, struct err *err)
{
	struct change *out =
	    arena_alloc(arena, sizeof(*c) + ((size_t)c->nnew + c->nold) * sizeof(struct value));
	uint64_t former = 0; /* an old image is looked for, not written */

	if (out == NULL) {
		arena_full(arena, err, "no room for a converted row");
		return NULL;
	}
	*out = *c;
	if ((c->nnew > 0 && !transform_row(plan, change_new_values(c), change_new_values(out), arena,
				ret_changed, err)) ||
	    (c->nold > 0 && !transform_row(plan, change_old_values(c), change_old_values(out), arena,
				&former, err)))
		return NULL;
	return out;
}
