/* catalog.c - the kinds of catalogs by name. Threads: any; constant. */
#include "endpoints/catalog.h"

#include <assert.h>
#include <stddef.h>

#include "endpoints/my_catalog.h"
#include "endpoints/pg_catalog.h"

const struct catalog_ops *
catalog_ops_for(enum endpoint_kind kind)
{
	switch (kind) {
	case ENDPOINT_POSTGRESQL: return &pg_catalog_ops;
	case ENDPOINT_MYSQL: return &my_catalog_ops;
	}
	assert(!"an endpoint of no kind");
	return &pg_catalog_ops;
}
