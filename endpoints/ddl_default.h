/* ddl_default.h - defaults of columns between servers of unlike families: constants alone go over, in the form that the other side's type takes.
 * Threads: any. Pure. */
#ifndef REPLD_ENDPOINTS_DDL_DEFAULT_H
#define REPLD_ENDPOINTS_DDL_DEFAULT_H

#include "staging/table.h"

/* The constant that a default is, as a value of the column's type; quotes, casts and escapes are taken off. False: it is none (an expression, NULL, no
 * default). In the arena. */
bool default_constant(const struct column_desc *col, struct arena *arena, struct value *ret);
/* The same as a value of the made column's type. False: the default is left out: it is no constant, or has no form there. */
bool default_converted(const struct column_desc *col, const struct coltype *made, const struct convert_options *options, struct arena *arena,
    struct value *ret);

#endif
