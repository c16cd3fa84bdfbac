/* my_table_ddl.c - see my_table_ddl.h; what is made is decided in my_layout.c.
 * Threads: any. Pure. */
#include "endpoints/my_table_ddl.h"

#include <ctype.h>
#include <strings.h>

#include "cdc/my_type.h"
#include "endpoints/ddl_default.h"
#include "endpoints/my_conn.h"
#include "endpoints/my_layout.h"
#include "staging/typemap.h"

const char *
my_index_name(const struct index_desc *index)
{
	return !index->primary && strcasecmp(index->name, "PRIMARY") == 0 ? "PRIMARY_" : index->name;
}

/* ---- defaults ---- */

/* CURRENT_TIMESTAMP, current_timestamp(6): the only expressions that go from server to server. */
static bool
is_now(const char *sql)
{
	const char *p = sql + 17;

	if (strncasecmp(sql, "CURRENT_TIMESTAMP", 17) != 0)
		return false;
	if (*p == '(') {
		p++;
		while (isdigit((unsigned char)*p))
			p++;
		p += *p == ')';
	}
	return *p == '\0';
}

/* Types that take a default as an expression alone, or none. */
static bool
is_blob(const struct coltype *t)
{
	return t->code == MY_TYPE_BLOB || t->code == MY_TYPE_JSON;
}

static bool
may_have_default(const struct my_layout *l, const struct coltype *t)
{
	return !is_blob(t) || l->target->mariadb || l->target->version >= 80013;
}

static bool
is_plain_number(const struct coltype *t)
{
	const enum type_class class = typemap_read(t).class;

	return class == CLASS_INT || class == CLASS_DECIMAL || class == CLASS_FLOAT;
}

/* False: there is none, or it is left out. */
static bool
put_default(struct buf *out, const struct my_layout *l, uint16_t i, struct arena *arena)
{
	const struct column_desc *col = &l->t->source->cols[i];
	const struct my_col *c = &l->cols[i];
	const bool wrap = is_blob(&c->type) && !l->target->mariadb;
	const bool bits = typemap_read(&c->type).class == CLASS_BIT;
	struct value v;

	if (col->default_sql == NULL || col->generated || !may_have_default(l, &c->type))
		return false;
	if (col->type.family == FAMILY_MYSQL && is_now(col->default_sql)) {
		buf_printf(out, " DEFAULT %s", col->default_sql);
		return true;
	}
	if (!default_converted(col, &c->type, &l->t->values, arena, &v))
		return false;
	buf_str(out, wrap ? " DEFAULT (" : bits ? " DEFAULT b" : " DEFAULT ");
	if (is_plain_number(&c->type))
		buf_put(out, v.p, v.len);
	else if (v.kind == VALUE_BINARY)
		my_hex(out, v.p, v.len);
	else
		my_literal_bytes(out, v.p, v.len);
	buf_str(out, wrap ? ")" : "");
	return true;
}

/* ---- columns ---- */

/* A timestamp that is not null and has no default is given one by servers of old ways, and with it ON UPDATE: so it gets a harmless one. */
static void
put_timestamp(struct buf *out, const struct column_desc *col, const struct coltype *type, bool has_default)
{
	if (typemap_read(type).kind != MY_TIMESTAMP || has_default)
		return;
	if (!col->notnull) {
		buf_str(out, " DEFAULT NULL");
		return;
	}
	buf_str(out, " DEFAULT CURRENT_TIMESTAMP");
	if (type->decimals > 0)
		buf_printf(out, "(%u)", type->decimals);
}

static void
put_charset(struct buf *out, const struct my_col *c)
{
	if (c->charset != NULL)
		buf_printf(out, " CHARACTER SET %s COLLATE %s", c->charset, c->collation);
}

static void
put_column(struct buf *out, const struct my_layout *l, uint16_t i, struct arena *arena)
{
	const struct column_desc *col = &l->t->source->cols[i];
	const struct my_col *c = &l->cols[i];
	bool has_default = false;

	my_ident(out, col->name);
	buf_printf(out, " %s", c->type.name);
	put_charset(out, c);
	if (col->generated) {
		buf_printf(out, " GENERATED ALWAYS AS (%s) STORED", col->default_sql);
		return;
	}
	buf_str(out, col->notnull ? " NOT NULL" : " NULL");
	if (i == l->autoinc)
		buf_str(out, " AUTO_INCREMENT");
	else
		has_default = put_default(out, l, i, arena);
	put_timestamp(out, col, &c->type, has_default);
	if (col->invisible && col->type.family == FAMILY_MYSQL && (l->target->mariadb || l->target->version >= 80023))
		buf_str(out, " INVISIBLE");
}

static void
put_index_columns(struct buf *out, const struct my_layout *l, uint16_t index)
{
	const struct table_desc *d = l->t->source;

	buf_str(out, " (");
	for (uint16_t i = 0; i < d->indexes[index].ncols; i++) {
		buf_str(out, i > 0 ? ", " : "");
		my_ident(out, d->cols[d->indexes[index].cols[i]].name);
		if (l->indexes[index].prefixes[i] > 0)
			buf_printf(out, "(%u)", l->indexes[index].prefixes[i]);
	}
	buf_str(out, ")");
}

static void
put_index_kind(struct buf *out, const struct index_desc *x)
{
	const bool kind = x->method != NULL && (strcmp(x->method, "FULLTEXT") == 0 || strcmp(x->method, "SPATIAL") == 0);

	buf_printf(out, "%s%sINDEX ", x->unique ? "UNIQUE " : kind ? x->method : "", kind ? " " : "");
}

static void
put_index(struct buf *out, const struct my_layout *l, uint16_t index)
{
	const struct index_desc *x = &l->t->source->indexes[index];

	if (l->indexes[index].fate == MY_INDEX_PRIMARY) {
		buf_str(out, "PRIMARY KEY");
	} else {
		put_index_kind(out, x);
		my_ident(out, my_index_name(x));
	}
	put_index_columns(out, l, index);
}

/* ---- the table ---- */

static void
put_table(struct buf *out, const struct my_layout *l, struct arena *arena)
{
	const struct table *t = l->t;
	bool first = true, blanks;

	buf_str(out, "CREATE TABLE ");
	my_ident2(out, t->target_schema, t->target_name);
	buf_str(out, " (");
	for (uint16_t i = 0; i < t->source->ncols; i++) {
		if (l->cols[i].fate == MY_COL_LEFT_OUT)
			continue;
		buf_str(out, first ? "" : ", ");
		put_column(out, l, i, arena);
		first = false;
	}
	for (uint16_t i = 0; i < t->source->nindexes; i++) {
		if (l->indexes[i].fate != MY_INDEX_PRIMARY && l->indexes[i].fate != MY_INDEX_WITH_TABLE)
			continue;
		buf_str(out, ", ");
		put_index(out, l, i);
	}
	buf_printf(out, ") ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE %s", typemap_bytes_collation(l->target, &blanks));
	buf_str(out, l->target->mariadb || l->target->version >= 50707 ? " ROW_FORMAT=DYNAMIC;\n" : ";\n");
}

bool
my_table_only_ddl(struct buf *out, const struct table *t, const struct convert_target *target, struct err *err)
{
	struct arena *arena = arena_new(16384, 0);
	struct my_layout l;
	bool ok;

	if (arena == NULL)
		return err_set(err, ERR_SYSTEM, "no memory");
	if ((ok = my_layout(&l, t, target, arena, err)))
		put_table(out, &l, arena);
	arena_free(arena);
	return ok;
}

bool
my_table_ddl(struct buf *out, const struct table *t, const struct convert_target *target, struct err *err)
{
	bool blanks;

	buf_str(out, "CREATE DATABASE IF NOT EXISTS ");
	my_ident(out, t->target_schema);
	buf_printf(out, " DEFAULT CHARACTER SET utf8mb4 COLLATE %s;\n", typemap_bytes_collation(target, &blanks));
	return my_table_only_ddl(out, t, target, err);
}

/* ---- indexes ---- */

/* CREATE INDEX asks for the right INDEX, ALTER TABLE for one that may do far more. */
static void
put_one_index(struct buf *out, const struct my_layout *l, uint16_t index)
{
	const struct index_desc *x = &l->t->source->indexes[index];

	if (l->indexes[index].fate != MY_INDEX_AFTER_LOAD)
		return;
	buf_str(out, "CREATE ");
	put_index_kind(out, x);
	my_ident(out, my_index_name(x));
	buf_str(out, " ON ");
	my_ident2(out, l->t->target_schema, l->t->target_name);
	put_index_columns(out, l, index);
	buf_str(out, ";\n");
}

static bool
put_indexes(struct buf *out, const struct table *t, int only, const struct convert_target *target, struct err *err)
{
	struct arena *arena = arena_new(16384, 0);
	struct my_layout l;
	bool ok;

	if (arena == NULL)
		return err_set(err, ERR_SYSTEM, "no memory");
	ok = my_layout(&l, t, target, arena, err);
	for (uint16_t i = 0; ok && i < t->source->nindexes; i++)
		if (only < 0 || only == i)
			put_one_index(out, &l, i);
	arena_free(arena);
	return ok;
}

bool
my_one_index_ddl(struct buf *out, const struct table *t, uint16_t index, const struct convert_target *target, struct err *err)
{
	return put_indexes(out, t, index, target, err);
}

bool
my_index_ddl(struct buf *out, const struct table *t, const struct convert_target *target, struct err *err)
{
	return put_indexes(out, t, -1, target, err);
}

/* ---- findings ---- */

static void
column_findings(const struct my_layout *l, uint16_t i, const char *table, struct arena *arena, struct findings *f)
{
	const struct column_desc *col = &l->t->source->cols[i];
	const struct my_col *c = &l->cols[i];
	struct buf drop = { 0 };

	if (c->fate == MY_COL_LEFT_OUT) {
		finding_add(f, FINDING_INFO, ERR_NONE, table, "", "generated column \"%s\" is not made", col->name);
		return;
	}
	if (c->shares)
		finding_add(f, FINDING_RISK, ERR_NONE, table, "make the table on the target beforehand, with a longer column",
		    "key column \"%s\" is made as %s: a longer value stops the task", col->name, c->type.name);
	if (c->cut_to_fit)
		finding_add(f, FINDING_INFO, ERR_NONE, table, "", "column \"%s\" is made as longtext: a row of MySQL has 65535 bytes", col->name);
	if (c->other_collation)
		finding_add(f, FINDING_INFO, ERR_NONE, table, "",
		    "column \"%s\" is made with collation %s: the target has no %s, and sorts and compares otherwise", col->name, c->collation,
		    col->collation);
	if (col->default_sql != NULL && !col->generated && i != l->autoinc && !put_default(&drop, l, i, arena))
		finding_add(f, FINDING_INFO, ERR_NONE, table, "", "column \"%s\" is made without its default: %s is no constant that the target has",
		    col->name, col->default_sql);
	if (col->identity != 0 && i != l->autoinc)
		finding_add(f, FINDING_INFO, ERR_NONE, table, "", "column \"%s\" is made without AUTO_INCREMENT: no index begins with it", col->name);
	buf_done(&drop);
}

static void
index_findings(const struct my_layout *l, uint16_t i, const char *table, struct findings *f)
{
	const struct index_desc *x = &l->t->source->indexes[i];
	const struct my_index *ix = &l->indexes[i];

	if (ix->fate == MY_INDEX_LEFT_OUT)
		finding_add(f, FINDING_INFO, ERR_NONE, table, "", "index \"%s\" is not made: %s", x->name, ix->why);
	else if (ix->shortened)
		finding_add(f, FINDING_INFO, ERR_NONE, table, "", "index \"%s\" is made over the beginning of its texts", x->name);
}

void
my_table_findings(const struct table *t, const struct convert_target *target, struct findings *f)
{
	struct arena *arena = arena_new(16384, 0);
	struct err err = ERR_INIT;
	struct buf table = { 0 };
	struct my_layout l;

	buf_printf(&table, "%s.%s", t->source_schema, t->source_name);
	if (arena == NULL || !my_layout(&l, t, target, arena, &err)) {
		finding_add(f, FINDING_BLOCKER, ERR_SCHEMA, buf_cstr(&table), err.remedy, "the table can't be made: %s",
		    arena == NULL ? "no memory" : err.msg);
	} else {
		for (uint16_t i = 0; i < t->source->ncols; i++)
			column_findings(&l, i, buf_cstr(&table), arena, f);
		for (uint16_t i = 0; i < t->source->nindexes; i++)
			index_findings(&l, i, buf_cstr(&table), f);
		if (l.blanks)
			finding_add(f, FINDING_RISK, ERR_NONE, buf_cstr(&table), "use MySQL 8.0.17 or newer, or MariaDB",
			    "on this server texts that differ by blanks at their end alone are equal: two such keys meet");
	}
	buf_done(&table);
	arena_free(arena);
}
