/* table.h - a table as a server's catalog describes it, and a captured table of a task.
 * Filled by the catalog files of endpoints; read-only while a stream runs (states and counters live elsewhere).
 * Threads: read-only after the task's preparation. Owner: the tableset's arena. */
#ifndef REPLD_STAGING_TABLE_H
#define REPLD_STAGING_TABLE_H

#include "cdc/position.h"
#include "cdc/type.h"
#include "daemon/base/arena.h"
#include "daemon/base/bytes.h"
#include "staging/convert.h"

struct column_desc {
	const char *name;
	struct coltype type;
	int16_t attnum;
	bool notnull;
	bool generated;			/* a stored generated column: never written */
	char identity;			/* 'a' always, 'd' by default, 0 none */
	bool has_default;
	const char *default_sql;	/* as the catalog prints it; NULL: none, or a generated column's expression */
	const char *collation;		/* schema-qualified where it is not the type's default; NULL */
	bool byte_order;		/* text whose order is that of its UTF-8 bytes: collation C, or a binary one */
	bool invisible;			/* MySQL, MariaDB: not among the columns of SELECT * */
};

/* A foreign key of a MySQL or MariaDB source whose actions the binlog does not carry. */
enum fkey_action { FKEY_RESTRICT, FKEY_CASCADE, FKEY_SET_NULL, FKEY_SET_DEFAULT };
struct fkey_desc {
	const char *name;
	const char *parent_schema, *parent_name;
	uint16_t ncols;
	const char *const *cols, *const *parent_cols;
	enum fkey_action on_update, on_delete;
};

struct index_desc {
	const char *name;
	const char *sql;		/* CREATE INDEX as the catalog prints it */
	const char *constraint_sql;	/* "UNIQUE (a, b)" where it backs a constraint; NULL */
	bool unique, primary, immediate, partial, expression, replica_identity;
	bool nulls_not_distinct;
	uint16_t ncols;			/* key columns */
	const uint16_t *cols;		/* indexes into table_desc.cols; valid where !expression */
	const char *method;		/* MySQL, MariaDB: BTREE, HASH, FULLTEXT, SPATIAL, VECTOR; NULL elsewhere */
	const uint32_t *prefixes;	/* MySQL, MariaDB: of each column how much of it is looked at (characters, bytes); 0: all of it; NULL elsewhere */
};

struct leaf_desc {			/* a partition that holds rows, or the table itself */
	uint32_t oid;
	const char *schema, *name;
	uint32_t filenode;
	const char *bound_sql;		/* its partition constraint as SQL; NULL: none */
	double tuples;			/* estimate; < 0: never analysed */
	uint64_t pages;			/* of 8 kB, at the time of asking */
	char replica_identity;
};

struct table_desc {
	uint32_t oid;
	const char *schema, *name;
	char kind;			/* 'r' table, 'p' partitioned */
	char persistence;		/* 'p', 'u' unlogged, 't' temporary */
	char replica_identity;		/* 'd','n','f','i' of the table itself */
	bool row_security;		/* policies apply to us */
	bool inherits;			/* plain inheritance (parent or child) */
	uint16_t ncols;
	struct column_desc *cols;
	uint16_t nindexes;
	struct index_desc *indexes;
	uint16_t nleaves;
	struct leaf_desc *leaves;
	const char **triggers;		/* enabled user triggers and rules, names; NULL-terminated; target only */
	const char **refers_to;		/* by foreign keys: "schema.name" of other tables, and its own where it refers to itself; NULL-terminated */
	const char *engine;		/* MySQL, MariaDB; NULL elsewhere */
	const char *collation;		/* MySQL, MariaDB: the table's default; NULL elsewhere */
	bool versioned;			/* MariaDB: WITH SYSTEM VERSIONING */
	uint16_t nfkeys;		/* MySQL, MariaDB: this table is the child */
	const struct fkey_desc *fkeys;
	const char **other_ddl;		/* what repld does not make, as DDL (foreign keys, checks, ...); NULL-terminated */
	/* MySQL, MariaDB; NONE elsewhere: the end of the log before the catalog was read, and after it. What this says holds from `known_at` on; a
	 * statement that stands before `as_of` is part of it, one between the two may be. */
	struct position as_of, known_at;
	double tuples;			/* estimated rows, all leaves; < 0: unknown */
	uint64_t bytes;			/* on disk, all leaves, without indexes */
};

int table_desc_column(const struct table_desc *d, const char *name);	/* -1: none */
const struct index_desc *table_desc_primary(const struct table_desc *d);	/* NULL: none */

/* The name as an identifier in SQL text: in double quotes, those inside doubled. PostgreSQL. */
void table_quote_name(struct buf *b, const char *name);

struct table;

/* A foreign key by which a captured child changes when its captured parent does, without a word of it in the log. */
struct child_key {
	struct table *child;
	const struct fkey_desc *key;
};

/* One captured table of a task. */
struct table {
	uint32_t index;			/* in the tableset */
	const char *source_schema, *source_name, *target_schema, *target_name;
	uint8_t source_family, target_family;	/* enum type_family */
	struct convert_options values;	/* what becomes of values that have no form on the target */
	struct table_desc *source;	/* what the source's catalog says now */
	struct table_desc *target;	/* what the target's catalog says; NULL: not there (yet) */
	uint32_t nchildren;		/* MySQL, MariaDB: foreign keys that refer to it and act (CASCADE, SET NULL); set by tableset_sort() */
	struct child_key *children;
	uint32_t shown;			/* place of its counters, where there are any */
};

struct tableset {
	struct arena *arena;
	uint32_t n;
	struct table **tables;		/* sorted by source schema, name */
};

struct tableset *tableset_new(struct err *err) MUST_CHECK;
void tableset_free(struct tableset *set);
/* Adds a table (ERR_CONFIG: it is there); strings are copied into the set's arena; source stays borrowed from the same arena. */
struct table *tableset_add(struct tableset *set, const char *source_schema, const char *source_name,
    const char *target_schema, const char *target_name, struct err *err) MUST_CHECK;
/* Sets index, and learns the leaves of each source: call it again when they changed. ERR_CONFIG: two tables meet in one target,
 * or one leaf belongs to two of them. */
bool tableset_sort(struct tableset *set, struct err *err) MUST_CHECK;
struct table *tableset_by_source(const struct tableset *set, const char *schema, const char *name);
struct table *tableset_by_leaf(const struct tableset *set, uint32_t oid, const struct leaf_desc **ret_leaf);

/* The shape of a source table as text (columns in order: name, type, not null, key, generated; identity), kept in table_state and
 * compared at start and at each RELATION; also each column's default, which the comparison leaves out. In the arena; NULL: no
 * memory. */
const char *table_shape(const struct table_desc *d, struct arena *arena);
/* The columns of a shape in the arena, in order. ERR_PROTOCOL: it can't be read. */
struct shape_text {
	const char *name, *type;
	bool key, generated;
};
bool table_shape_columns(const char *shape, struct arena *arena, struct shape_text **ret, uint16_t *ret_n, struct err *err) MUST_CHECK;
/* A sentence that says how two shapes differ ("column email: character varying(40) became character varying(80)"), and the ALTER TABLE
 * for the target where one can be named ("" otherwise), both added to what the buffers hold. False: they are equal. */
bool table_shape_diff(const char *was, const char *is, const char *target_table_sql, struct buf *ret_difference,
    struct buf *ret_alter);

#endif
