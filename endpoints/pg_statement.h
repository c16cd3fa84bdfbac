/* pg_statement.h - a step of a batch as SQL text and parameters for PostgreSQL.
 * Flow: rows -> pg_shape (which columns, in which form) -> pg_statement (text, made once per shape)
 * -> pg_params -> libpq.
 * Each statement comes in two modes: many (one array a column, joined by unnest) and one (a row's
 * values as parameters).
 * All parameters travel in binary format. A value in text form is a parameter of type text, cast in
 * SQL to the column's type WITHOUT its typmod: an explicit cast to varchar(n), bit(n) or
 * numeric(p,s) cuts or rounds in silence, the assignment to the column does not.
 * Invariant: a shape names every column of its statement, so equal shapes have equal text.
 * Threads: the target's. Pure: no connection here. */
#ifndef REPLD_ENDPOINTS_PG_STATEMENT_H
#define REPLD_ENDPOINTS_PG_STATEMENT_H

#include "daemon/base/bytes.h"
#include "staging/batch.h"

enum pg_verb {
	PG_VERB_DELETE,
	PG_VERB_UPDATE,
	PG_VERB_TOUCH,		/* an UPDATE that sets nothing: the row must be there */
	/* an UPDATE of a column GENERATED ALWAYS AS IDENTITY: delete and insert in one */
	PG_VERB_REPLACE,
	PG_VERB_INSERT,
	PG_VERB_PARK,
	PG_VERB_UNPARK
};

enum pg_form {
	PG_FORM_NONE,		/* the column takes no part */
	PG_FORM_TEXT,
	PG_FORM_BINARY,
	PG_FORM_EITHER		/* only NULLs so far */
};

/* Keys of the statement cache: compared and hashed as bytes, pg_shape_size() of them. */
struct pg_shape {
	uint8_t verb;		/* enum pg_verb */
	uint8_t many;
	/* an UPDATE that moves a key finds its row by the new key as well: a referential action
	 * may have moved it already */
	uint8_t either;
	/* a row can't be deleted and inserted in place of an update: a column GENERATED ALWAYS AS
	 * IDENTITY has to have its value already */
	uint8_t in_place;
	uint16_t ncols;
	/* per plan column: enum pg_form of the new value, and of the key value << 4 */
	uint8_t code[RELATION_MAX_COLUMNS];
};

struct pg_param {
	enum { PG_PARAM_NUMBER, PG_PARAM_KEY, PG_PARAM_VALUE } from;
	uint16_t col;		/* plan column */
	uint32_t element;	/* element type of the array, in many mode */
};

struct pg_statement {
	uint32_t id;
	bool many;
	bool prepared;		/* sent to the server, and not known to have failed */
	char *sql;
	uint16_t nparams;
	struct pg_param *params;
};

struct pg_params {		/* reused from one execution to the next */
	size_t cap;
	struct buf *bufs;
	const char **values;
	int *lengths, *formats;
	uint8_t number[8];
	size_t bytes;		/* of the parameters last set */
};

/* The form in which a value takes part. ERR_SCHEMA: binary bytes for a column that can't take them.
 * */
bool pg_value_form(const struct plan *plan, uint16_t col, const struct value *v, enum pg_form *ret,
    struct err *err) MUST_CHECK;

/* For plan->statements: `forms` are the forms seen last, for columns where a shape has seen only
 * NULLs. */
void pg_shape_start(struct pg_shape *s, enum pg_verb verb, const struct plan *plan);
/* Adds a row. *ret_fits false: its forms differ from those of the rows before it; the shape stays
 * good for those. ERR_DATA: an absent value where one is needed. */
bool pg_shape_add(struct pg_shape *s, const struct plan *plan, const uint64_t *colset,
    const struct row *row, bool *ret_fits,
    size_t *ret_bytes, struct err *err) MUST_CHECK;
/* Settles the open forms (from and into forms[ncols]) and the verb. True: the rows may go in many
 * mode. */
bool pg_shape_finish(struct pg_shape *s, const struct plan *plan, uint8_t *forms);
size_t pg_shape_size(const struct pg_shape *s);

/* equals: per plan column the schema of the key's equality operator, NULL: pg_catalog; may be NULL
 * as a whole. */
struct pg_statement *pg_statement_new(const struct plan *plan, const struct pg_shape *s,
    uint32_t id, uint32_t park,
    const char *const *equals, struct err *err) MUST_CHECK;
void pg_statement_free(struct pg_statement *st);
/* The two statements that make the table of parked rows. */
void pg_park_ddl(struct buf *create, struct buf *key, const struct plan *plan, uint32_t park);
void pg_park_name(struct buf *b, uint32_t park);
/* COPY ... FROM STDIN for the plan's columns. */
void pg_copy_sql(struct buf *b, const struct plan *plan, bool binary);
/* The name of a column's type for a cast, without typmod. */
void pg_cast_name(struct buf *b, const struct coltype *type);

/* n rows (one mode: 1) as parameters; numbers: park numbers or NULL. Values are borrowed in one
 * mode until the send. */
bool pg_params_set(struct pg_params *ps, const struct pg_statement *st, const struct plan *plan,
    struct row *const *rows,
    const uint32_t *numbers, size_t n, struct err *err) MUST_CHECK;
void pg_params_trim(struct pg_params *ps, size_t keep);	/* gives back what a large row took */
void pg_params_done(struct pg_params *ps);

#endif
