/* pg_catalog.h - descriptions of tables from PostgreSQL's catalogs; used by the source's and the target's side and by discover.
 * Works on 12 to 18: what a version lacks is not asked for. */
#ifndef REPLD_ENDPOINTS_PG_CATALOG_H
#define REPLD_ENDPOINTS_PG_CATALOG_H

#include "endpoints/catalog.h"
#include "endpoints/pg_conn.h"
#include "staging/table.h"

/* *ret NULL: no such table. Everything in the arena. Fills all of table_desc; triggers and refers_to too. */
bool pg_describe(struct pg_conn *c, const char *schema, const char *name, struct arena *arena, struct table_desc **ret, struct err *err) MUST_CHECK;
bool pg_list_tables(struct pg_conn *c, bool (*visit)(void *arg, const char *schema, const char *name), void *arg, struct err *err) MUST_CHECK;

extern const struct catalog_ops pg_catalog_ops;

#endif
