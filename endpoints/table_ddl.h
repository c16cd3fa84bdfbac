/* table_ddl.h - the DDL that repld runs on a target for a table it makes (DESIGN.md 9), as text: `repld check` shows the same.
 * Made: columns, primary key, not null, identity, defaults; after the load: unique constraints and secondary indexes. */
#ifndef REPLD_ENDPOINTS_TABLE_DDL_H
#define REPLD_ENDPOINTS_TABLE_DDL_H

#include "daemon/base/bytes.h"
#include "staging/table.h"

/* CREATE SCHEMA IF NOT EXISTS ...; CREATE TABLE ...; One statement a line ending in ";\n". Target PostgreSQL. */
void pg_table_ddl(struct buf *out, const struct table *t);
/* Unique constraints and secondary indexes: each statement is safe to repeat (IF NOT EXISTS, or guarded by the caller's look at the catalog). */
void pg_index_ddl(struct buf *out, const struct table *t);
/* ERR_SCHEMA: a column's type can't be made on the target (a user-defined type that is not there is found by the server itself). */

#endif
