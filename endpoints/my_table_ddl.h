/* my_table_ddl.h - the DDL that repld runs on a MySQL or MariaDB target for a table it makes, as text: `repld check` shows the same.
 * Made: columns, primary key, not null, AUTO_INCREMENT, defaults; after the load: unique and other indexes. InnoDB, utf8mb4.
 * From PostgreSQL: texts have the collation under which only equal bytes are equal, so that keys which differ there differ here
 * (utf8mb4_0900_bin, MariaDB utf8mb4_nopad_bin; MySQL before 8.0.17 has only utf8mb4_bin, to which blanks at the end are nothing). Constants alone
 * are kept as defaults.
 * From MySQL or MariaDB: a column's own character set and collation where the target has it, else the one above; constants and
 * CURRENT_TIMESTAMP as defaults; generated columns where the server is of the same make.
 * A key has 3072 bytes: texts without a length share what its other columns leave (one alone: varchar(768)). A row has 65535: the longest varchars
 * become longtext until it fits. An index that is not unique looks at the beginning of its texts where they are too long.
 * Threads: any. Pure, but for the arena of a call. */
#ifndef REPLD_ENDPOINTS_MY_TABLE_DDL_H
#define REPLD_ENDPOINTS_MY_TABLE_DDL_H

#include "endpoints/endpoint.h"
#include "staging/table.h"

/* CREATE DATABASE IF NOT EXISTS ...; CREATE TABLE ...; One statement a line ending in ";\n". ERR_SCHEMA: it can't be made, with the reason. */
bool my_table_ddl(struct buf *out, const struct table *t, const struct convert_target *target, struct err *err) MUST_CHECK;
bool my_table_only_ddl(struct buf *out, const struct table *t, const struct convert_target *target, struct err *err) MUST_CHECK;
/* CREATE INDEX ...: of one index; out stays empty where it is not made after the load (the primary key; made with the table; not made).
 * What is there already is an error of the server: look at the catalog before. */
bool my_one_index_ddl(struct buf *out, const struct table *t, uint16_t index, const struct convert_target *target, struct err *err) MUST_CHECK;
bool my_index_ddl(struct buf *out, const struct table *t, const struct convert_target *target, struct err *err) MUST_CHECK;
/* The name that the index has on the target. */
const char *my_index_name(const struct index_desc *index);

/* What of the table comes out otherwise than one might expect: infos, and risks where values may not fit; a blocker where it can't be made. */
void my_table_findings(const struct table *t, const struct convert_target *target, struct findings *f);

#endif
