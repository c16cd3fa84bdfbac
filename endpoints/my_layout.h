/* my_layout.h - what becomes of a source's table on MySQL or MariaDB: each column's type and character set, each index' columns. Decided as a whole,
 * since keys and rows have lengths that their columns share.
 * Flow: my_layout() -> my_table_ddl.c prints it.
 * Threads: any. Pure. Owner: the arena. */
#ifndef REPLD_ENDPOINTS_MY_LAYOUT_H
#define REPLD_ENDPOINTS_MY_LAYOUT_H

#include "staging/table.h"

enum my_col_fate { MY_COL_MADE, MY_COL_LEFT_OUT };

struct my_col {
	enum my_col_fate fate;
	struct coltype type;
	const char *charset, *collation;	/* NULL: the type has none */
	bool in_key;		/* of the primary key, or of a unique index that is made */
	bool shares;		/* a text or bytes without a length of its own: it has what the key's others leave */
	bool other_collation;	/* the target has not the source's */
	bool cut_to_fit;	/* became longtext for the row's length */
	uint32_t shared;	/* its length in a key: characters, bytes */
};

enum my_index_fate {
	MY_INDEX_LEFT_OUT,
	MY_INDEX_PRIMARY,
	MY_INDEX_WITH_TABLE,	/* rows are found by it, or AUTO_INCREMENT needs it */
	MY_INDEX_AFTER_LOAD
};

struct my_index {
	enum my_index_fate fate;
	const char *why;	/* it is left out */
	uint32_t *prefixes;	/* of each column; 0: all of it */
	bool shortened;
};

struct my_layout {
	const struct table *t;
	const struct convert_target *target;
	struct my_col *cols;
	struct my_index *indexes;
	int autoinc;		/* the column; -1 */
	bool blanks;		/* two texts that differ by blanks at their end are equal */
};

bool my_layout(struct my_layout *l, const struct table *t, const struct convert_target *target, struct arena *arena, struct err *err) MUST_CHECK;

#endif
