/* my_catalog.h - descriptions of tables from the catalogs of MySQL and MariaDB; used by the source's and the target's side and by discover.
 * Works on MySQL 5.6 to 9.x and MariaDB 10.5 to 11.8: what a version lacks is not asked for. */
#ifndef REPLD_ENDPOINTS_MY_CATALOG_H
#define REPLD_ENDPOINTS_MY_CATALOG_H

#include "endpoints/catalog.h"
#include "endpoints/my_conn.h"
#include "staging/table.h"

/* *ret NULL: no such table (views are none). Everything in the arena. Fills all of table_desc; of an index: name, method and columns, no SQL. */
bool my_describe(struct my_conn *c, const char *schema, const char *name, struct arena *arena, struct table_desc **ret, struct err *err) MUST_CHECK;
/* Base tables of all databases but the system's, by database and name. */
bool my_list_tables(struct my_conn *c, bool (*visit)(void *arg, const char *schema, const char *name), void *arg, struct err *err) MUST_CHECK;

/* Names have no characters beyond U+FFFF there: no table, column or database can have such a name, and the catalog must not be asked for one. */
bool my_name_possible(const char *name);

extern const struct catalog_ops my_catalog_ops;

#endif
