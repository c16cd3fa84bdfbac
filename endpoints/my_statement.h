/* my_statement.h - rows as SQL text for MySQL and MariaDB: values, comparisons, and the statements that write a step of a batch.
 * A value that is written is a literal which the column converts as it does one of an INSERT: text in quotes, bytes as _binary'...', a bit string
 * as b'...', whole numbers as they are. A value that is sought is a literal of the column's own kind, so that an index serves and nothing is
 * compared as floating point: see my_put_sought().
 * Rows are found by key, with `=`; rows of tables without key by their content, each value compared byte by byte (NULL with NULL), one row of
 * those that are equal.
 * Threads: any. Pure: no connection here. */
#ifndef REPLD_ENDPOINTS_MY_STATEMENT_H
#define REPLD_ENDPOINTS_MY_STATEMENT_H

#include "daemon/base/bytes.h"
#include "staging/batch.h"

/* `schema`.`name` of the plan's target. */
void my_put_table(struct buf *b, const struct plan *plan);
/* The value as it is written. v: present. */
void my_put_value(struct buf *b, const struct coltype *type, const struct value *v);
/* The value as it is sought by `=`; v: present and not NULL. */
void my_put_sought(struct buf *b, const struct coltype *type, const struct value *v);
/* column = value of each key column (IS NULL where it is). alias: "t." or "". ERR_DATA: an absent one. */
bool my_put_key(struct buf *b, const struct plan *plan, const char *alias, const struct value *vals, struct err *err) MUST_CHECK;
/* What finds the row: the key, or for a table without key the content, with LIMIT 1. */
bool my_put_where(struct buf *b, const struct plan *plan, const struct value *vals, struct err *err) MUST_CHECK;

/* INSERT INTO t (...) VALUES, and one row of it: (...). ERR_DATA: absent, or NULL in a column that is not null. */
void my_put_insert(struct buf *b, const struct plan *plan);
bool my_put_insert_row(struct buf *b, const struct plan *plan, const struct value *vals, struct err *err) MUST_CHECK;

/* One row. */
bool my_put_delete(struct buf *b, const struct plan *plan, const struct value *key, struct err *err) MUST_CHECK;
/* colset NULL: of a single change, which sets what is present, key columns where they differ. *ret_sets false: it sets nothing, and the text is a
 * SELECT ... FOR UPDATE that finds the row. */
bool my_put_update(struct buf *b, const struct plan *plan, const uint64_t *colset, const struct row *row, bool *ret_sets,
    struct err *err) MUST_CHECK;

/* Many rows of a plan with a key. DELETE FROM t WHERE key IN (, one key, and ")". tuples: the server looks row constructors up in an index. */
void my_put_delete_many(struct buf *b, const struct plan *plan, bool tuples);
bool my_put_delete_key(struct buf *b, const struct plan *plan, bool tuples, bool first, const struct value *key, struct err *err) MUST_CHECK;
void my_put_delete_end(struct buf *b, const struct plan *plan, bool tuples);
/* UPDATE (SELECT ... UNION ALL SELECT ...) u STRAIGHT_JOIN t ON ... SET ... : the keys' types allow it, and the row is not too wide. */
bool my_can_join(const struct plan *plan, const uint64_t *colset);
void my_put_join(struct buf *b);
/* *ret_wide: the row does not go into a derived table (its values are too long, or its key holds NULL); nothing was added. */
bool my_put_join_row(struct buf *b, const struct plan *plan, const uint64_t *colset, const struct row *row, bool first, bool *ret_wide,
    struct err *err) MUST_CHECK;
void my_put_join_end(struct buf *b, const struct plan *plan, const uint64_t *colset);

/* my_condition.c: a partition's condition as PostgreSQL writes it, for WHERE. False: it can't be told here, and what was added is of no use. */
bool my_put_condition(struct buf *b, const struct plan *plan, const char *where) MUST_CHECK;

static inline bool
my_in_set(const uint64_t *colset, uint16_t col)
{
	return (colset[col / 64] >> (col % 64) & 1) != 0;
}

/* A column as text that my_put_saved() writes back without a change: a number for bits and for float, whose text would be rounded. */
void my_put_saved_column(struct buf *b, const char *name, const struct coltype *type);
void my_put_saved(struct buf *b, const struct coltype *type, const void *p, size_t n, bool null);

/* LOAD DATA LOCAL INFILE 'repld' INTO TABLE ..., and a row as it takes it. */
void my_put_load(struct buf *b, const struct plan *plan);
bool my_put_load_row(struct buf *b, const struct plan *plan, const struct value *vals, struct err *err) MUST_CHECK;

#endif
