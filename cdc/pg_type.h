/* pg_type.h - PostgreSQL types: what each column holds, and whether its binary form may pass from
 * server to server. The types of the list have the same OID and the same binary form in every
 * PostgreSQL from 12 to 18; all other types travel as text.
 * Flow: catalog facts -> pg_type_fill()
 * -> pg_type_binary_ok() for a pair of columns -> plan.
 * Threads: any; constant tables. */
#ifndef REPLD_CDC_PG_TYPE_H
#define REPLD_CDC_PG_TYPE_H

#include "cdc/type.h"

/* Fills *t. oid, typtype: of the column's type (pg_type.typtype). base_oid: of the type under a
 * domain, at the end of the chain; else oid or 0. For a domain over an enum typtype may be given as
 * 'e', which makes it a label; with 'd' it travels as text. typmod: the column's, or the domain's
 * where that sets it; -1: none. name is borrowed. False: a type that repld knows nothing of; *t is
 * filled all the same (LOGICAL_OTHER, WIRE_TEXT). */
bool pg_type_fill(struct coltype *t, char typtype, uint32_t oid, uint32_t base_oid, int32_t typmod,
    const char *name);

/* The target column takes the binary bytes of every value that the source column can hold: the same
 * base type of the list, and no narrower typmod. Labels (WIRE_LABEL) are text in both forms and are
 * not asked for here. */
bool pg_type_binary_ok(const struct coltype *source, const struct coltype *target);

bool pg_type_is_array(uint32_t base_oid);	/* an array of a type of the list */
uint32_t pg_type_array_oid(uint32_t base_oid);	/* for an element type of the list; else 0 */
/* The type's name for a cast in a statement, without typmod, safe under any search_path:
 * pg_catalog.int4, pg_catalog."bit", pg_catalog.int4[]. NULL: not in the list. */
const char *pg_type_cast_name(uint32_t base_oid);

#endif
