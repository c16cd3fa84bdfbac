/* type.c - the names of the logical types. Threads: any; constant. */
#include "cdc/type.h"

#include <assert.h>

const char *
logical_type_name(enum logical_type t)
{
	static const char *const names[] = {
#define X(name, text) [LOGICAL_##name] = text,
		LOGICAL_TYPES(X)
#undef X
	};

	assert((size_t)t < sizeof(names) / sizeof(names[0]));
	return names[t];
}
