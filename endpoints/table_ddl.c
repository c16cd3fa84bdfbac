/* table_ddl.c - a source table's description as DDL for the target: columns, key, indexes.
 * Texts of types, expressions and indexes are the catalog's own, schema-qualified; only the table's
 * name is another.
 * Invariant: what can't be told apart from something that may be missing on the target is left out,
 * not guessed.
 * Threads: any. Pure. */
#include "endpoints/table_ddl.h"

#include <ctype.h>

#include "endpoints/pg_conn.h"

/* ---- defaults ---- */

/* Functions of a default that every server of the supported versions has (gen_random_uuid: 13).
 * Keywords without () are not listed: they are no function call. */
static const char *const known_functions[] = {
	"now",
	"clock_timestamp",
	"statement_timestamp",
	"transaction_timestamp",
	"gen_random_uuid",
	"random",
	"timezone",
	"date_trunc",
	"md5",
	"lower",
	"upper",
	"concat",
	"to_char",
	"make_interval",
	"make_date",
	"floor",
	"ceil",
	"round",
	"abs",
	"repeat",
	"jsonb_build_object",
	"jsonb_build_array",
	"json_build_object",
	"json_build_array",
	"array_fill",
	"numeric",
	"varchar",
	"bpchar",
	"bit",
	"timestamp",
	"time",
	"interval",
	"varying",
	"character",
	"COALESCE",
};

static bool
is_word_start(char c)
{
	return isalpha((unsigned char)c) || c == '_' || c == '"' || (unsigned char)c >= 0x80;
}

/* Skips a quoted thing; p is at its opening quote. A doubled quote is two quoted things in a row,
 * which reads the same. */
static const char *
skip_quoted(const char *p)
{
	const char quote = *p++;

	while (*p != '\0' && *p != quote)
		p++;
	return *p != '\0' ? p + 1 : p;
}

/* An identifier: bare or quoted. */
static const char *
skip_word(const char *p)
{
	if (*p != '"') {
		while (isalnum((unsigned char)*p) || *p == '_' || *p == '$' ||
		       (unsigned char)*p >= 0x80)
			p++;
		return p;
	}
	do
		p = skip_quoted(p);
	while (*p == '"');
	return p;
}

static bool
is_known_function(const char *p, size_t n)
{
	for (size_t i = 0; i < sizeof(known_functions) / sizeof(known_functions[0]); i++)
		if (strlen(known_functions[i]) == n && strncmp(known_functions[i], p, n) == 0)
			return true;
	return false;
}

static bool
is_type_of_objects(const char *p, size_t n)
{
	return n > 3 && strncmp(p, "reg", 3) == 0;
}

/* A name in an expression: of a type behind "::", of a function before "(", or a keyword. What is
 * schema-qualified and no type may be missing on the target. */
static bool
name_is_safe(const char *start, const char *end, bool after_cast)
{
	const char *next = end;

	if (after_cast)
		return !is_type_of_objects(start, (size_t)(end - start));
	while (*next == ' ')
		next++;
	if (*next == '.')
		return false;
	return *next != '(' || is_known_function(start, (size_t)(end - start));
}

static bool
expression_is_safe(const char *sql)
{
	bool cast = false;

	for (const char *p = sql; *p != '\0';) {
		if (*p == '\'') {
			p = skip_quoted(p);
		} else if (is_word_start(*p)) {
			const char *end = skip_word(p);

			while (cast && *end == '.')
				end = skip_word(end + 1);
			if (end == p || !name_is_safe(p, end, cast))
				return false;
			p = end;
		} else if (isdigit((unsigned char)*p)) {
			p = skip_word(p);
		} else {
			cast = p[0] == ':' && p[1] == ':';
			p += cast ? 2 : 1;
			continue;
		}
		cast = false;
	}
	return true;
}

static bool
is_integer(const struct coltype *type)
{
	return type->oid == type->base_oid &&
	       (type->logical == LOGICAL_I16 || type->logical == LOGICAL_I32 ||
		   type->logical == LOGICAL_I64);
}

enum default_fate
pg_default_fate(const struct column_desc *col)
{
	if (col->type.family != FAMILY_POSTGRESQL)
		return pg_foreign_default_fate(col);
	if (col->generated || col->identity != 0 || col->default_sql == NULL)
		return DEFAULT_NONE;
	if (strncmp(col->default_sql, "nextval(", 8) == 0)
		return col->notnull && is_integer(&col->type) ? DEFAULT_IDENTITY : DEFAULT_LEFT_OUT;
	return expression_is_safe(col->default_sql) ? DEFAULT_KEPT : DEFAULT_LEFT_OUT;
}

/* ---- table ---- */

static void
put_column(struct buf *out, const struct column_desc *col)
{
	const enum default_fate fate = pg_default_fate(col);

	pg_ident(out, col->name);
	buf_printf(out, " %s", col->type.name);
	if (col->collation != NULL)
		buf_printf(out, " COLLATE %s", col->collation);
	if (col->generated && col->default_sql != NULL)
		buf_printf(out, " GENERATED ALWAYS AS (%s) STORED", col->default_sql);
	else if (col->identity != 0 || fate == DEFAULT_IDENTITY)
		buf_printf(out, " GENERATED %s AS IDENTITY",
		    col->identity == 'a' ? "ALWAYS" : "BY DEFAULT");
	else if (fate == DEFAULT_KEPT)
		buf_printf(out, " DEFAULT %s", col->default_sql);
	if (col->notnull)
		buf_str(out, " NOT NULL");
}

static void
put_index_columns(struct buf *out, const struct table_desc *d, const struct index_desc *index)
{
	for (uint16_t i = 0; i < index->ncols; i++) {
		buf_str(out, i > 0 ? ", " : "");
		pg_ident(out, d->cols[index->cols[i]].name);
	}
}

static void
put_primary(struct buf *out, const struct table_desc *d)
{
	const struct index_desc *primary = table_desc_primary(d);

	if (primary == NULL)
		return;
	buf_str(out, d->ncols > 0 ? ", CONSTRAINT " : "CONSTRAINT ");
	pg_ident(out, primary->name);
	if (primary->constraint_sql != NULL) {
		buf_printf(out, " %s", primary->constraint_sql);
		return;
	}
	buf_str(out, " PRIMARY KEY (");
	put_index_columns(out, d, primary);
	buf_str(out, ")");
}

static bool
is_made_first(const struct table_desc *d, const struct index_desc *index)
{
	return index->replica_identity && !index->primary && table_desc_primary(d) == NULL;
}

static void put_index(struct buf *out, const struct table *t, const struct index_desc *index);

void
pg_table_only_ddl(struct buf *out, const struct table *t)
{
	const struct table_desc *d = t->source;

	if (t->source_family != FAMILY_POSTGRESQL) {
		pg_foreign_table_only_ddl(out, t);
		return;
	}
	buf_str(out, "CREATE TABLE ");
	pg_ident2(out, t->target_schema, t->target_name);
	buf_str(out, " (");
	for (uint16_t i = 0; i < d->ncols; i++) {
		buf_str(out, i > 0 ? ", " : "");
		put_column(out, &d->cols[i]);
	}
	put_primary(out, d);
	buf_str(out, ");\n");
	for (uint16_t i = 0; i < d->nindexes; i++)
		if (is_made_first(d, &d->indexes[i]))
			put_index(out, t, &d->indexes[i]);
}

void
pg_table_ddl(struct buf *out, const struct table *t)
{
	buf_str(out, "CREATE SCHEMA IF NOT EXISTS ");
	pg_ident(out, t->target_schema);
	buf_str(out, ";\n");
	pg_table_only_ddl(out, t);
}

/* ---- indexes ---- */

static const char *
skip_text(const char *p, const char *text)
{
	const size_t n = strlen(text);

	return p != NULL && strncmp(p, text, n) == 0 ? p + n : NULL;
}

/* "CREATE [UNIQUE] INDEX name ON [ONLY] schema.table USING ...": what follows the table's name, or
 * NULL. */
static const char *
index_method(const char *sql)
{
	const char *p = skip_text(sql, "CREATE "), *more;

	if ((more = skip_text(p, "UNIQUE ")) != NULL)
		p = more;
	if ((p = skip_text(p, "INDEX ")) == NULL || (p = skip_text(skip_word(p), " ON ")) == NULL)
		return NULL;
	if ((more = skip_text(p, "ONLY ")) != NULL)
		p = more;
	p = skip_word(p);
	if (*p == '.')
		p = skip_word(p + 1);
	return skip_text(p, " USING ") != NULL ? p : NULL;
}

static void
put_index(struct buf *out, const struct table *t, const struct index_desc *index)
{
	const char *method = index->sql != NULL ? index_method(index->sql) : NULL;

	if (index->constraint_sql != NULL) {
		buf_str(out, "ALTER TABLE ");
		pg_ident2(out, t->target_schema, t->target_name);
		buf_str(out, " ADD CONSTRAINT ");
		pg_ident(out, index->name);
		buf_printf(out, " %s;\n", index->constraint_sql);
		return;
	}
	buf_printf(out, "CREATE %sINDEX IF NOT EXISTS ", index->unique ? "UNIQUE " : "");
	pg_ident(out, index->name);
	buf_str(out, " ON ");
	pg_ident2(out, t->target_schema, t->target_name);
	if (method != NULL) {
		buf_printf(out, "%s;\n", method);
		return;
	}
	buf_str(out, " (");
	put_index_columns(out, t->source, index);
	buf_str(out, ");\n");
}

bool
pg_one_index_ddl(struct buf *out, const struct table *t, uint16_t index)
{
	const struct index_desc *x = &t->source->indexes[index];

	if (t->source_family != FAMILY_POSTGRESQL)
		return pg_foreign_index_ddl(out, t, index);
	if (x->primary || is_made_first(t->source, x))
		return false;
	put_index(out, t, x);
	return true;
}

void
pg_index_ddl(struct buf *out, const struct table *t)
{
	for (uint16_t i = 0; i < t->source->nindexes; i++)
		pg_one_index_ddl(out, t, i);
}
