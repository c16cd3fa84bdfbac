/* source.c - the kinds of sources by name, and what holds for all of them.
 * Threads: any; pure. */
#include "endpoints/source.h"

#include <assert.h>
#include <stddef.h>
#include "cdc/pg_type.h"

const struct source_ops *
source_ops_for(enum endpoint_kind kind)
{
	switch (kind) {
	case ENDPOINT_POSTGRESQL: return &pg_source_ops;
	case ENDPOINT_MYSQL: return &my_source_ops;
	}
	assert(!"an endpoint of no kind");
	return &pg_source_ops;
}

/* A label is text in both forms. Where the target table is not there yet it will be made with the
 * source's type. */
static bool
column_binary(const struct table *t, const struct column_desc *col)
{
	int target;

	if (col->generated || col->type.wire == WIRE_LABEL)
		return true;
	if (t->target_family != FAMILY_POSTGRESQL)
		return false;
	if (col->type.wire != WIRE_BINARY)
		return false;
	if (t->target == NULL || (target = table_desc_column(t->target, col->name)) < 0)
		return true;
	return pg_type_binary_ok(&col->type, &t->target->cols[target].type);
}

bool
source_stream_binary(const struct tableset *set)
{
	for (uint32_t i = 0; i < set->n; i++) {
		const struct table *t = set->tables[i];

		for (uint16_t k = 0; k < t->source->ncols; k++)
			if (!column_binary(t, &t->source->cols[k]))
				return false;
	}
	return true;
}
