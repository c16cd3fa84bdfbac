/* target_kinds.c - the kinds of targets by name. Threads: any; constant. */
#include <assert.h>
#include <stddef.h>

#include "endpoints/target.h"

const struct target_ops *
target_ops_for(enum endpoint_kind kind)
{
	switch (kind) {
	case ENDPOINT_POSTGRESQL: return &pg_target_ops;
	case ENDPOINT_MYSQL: return &my_target_ops;
	}
	assert(!"an endpoint of no kind");
	return &pg_target_ops;
}
