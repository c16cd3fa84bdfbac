/* catalog.h - `repld discover`: what is on a server, be it a source or a target. Blocking, in the caller's process. */
#ifndef REPLD_ENDPOINTS_CATALOG_H
#define REPLD_ENDPOINTS_CATALOG_H

#include "daemon/base/thread.h"
#include "endpoints/endpoint.h"
#include "staging/table.h"

struct catalog;

struct catalog_table { const char *schema, *name, *kind; double tuples; uint64_t bytes; bool has_key; };

struct catalog_ops {
	struct catalog *(*open)(const struct endpoint *ep, struct stop *stop, struct err *err);
	void (*close)(struct catalog *c);
	bool (*schemas)(struct catalog *c, bool (*visit)(void *arg, const char *schema, uint64_t tables), void *arg, struct err *err);
	bool (*tables)(struct catalog *c, bool (*visit)(void *arg, const struct catalog_table *t), void *arg, struct err *err);
	bool (*describe)(struct catalog *c, const char *schema, const char *name, struct arena *arena, struct table_desc **ret, struct err *err);
	bool (*count)(struct catalog *c, const char *schema, const char *name, uint64_t *ret, struct err *err);	/* exact */
};

const struct catalog_ops *catalog_ops_for(enum endpoint_kind kind);

#endif
