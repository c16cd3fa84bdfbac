/* my_catalog.c - tables of MySQL and MariaDB as information_schema describes them.
 * Flow: table -> columns -> indexes -> foreign keys -> triggers, a query each; names compare byte by byte, whatever the catalog's collation says.
 * Invariant: a table that can't be described in full is an error, never a part of a description.
 * Threads: the connection's. */
#include "endpoints/my_catalog.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "cdc/my_type.h"

#define PAGE 8192

struct look {
	struct my_conn *c;
	struct arena *arena;
	struct table_desc *d;
	const char *create;		/* SHOW CREATE TABLE */
	const char *params[2];		/* schema, name */
};

static bool
no_memory(struct err *err)
{
	return err_set(err, ERR_SYSTEM, "no memory for a table's description");
}

/* Their names differ in case by nothing, so bytes decide. */
#define IS_TABLE(alias) " " alias ".TABLE_SCHEMA = $1 AND " alias ".TABLE_NAME = $2 AND BINARY " alias ".TABLE_SCHEMA = BINARY $1 AND BINARY " alias \
	".TABLE_NAME = BINARY $2"

/* ---- the table ---- */

/* A number for a table that has none: what was divided by it before is compared with it after a restart. */
static uint32_t
number_of(const char *schema, const char *name)
{
	const uint64_t h = hash_bytes(name, strlen(name) + 1, hash_bytes(schema, strlen(schema) + 1, 0));

	return (uint32_t)(h ^ (h >> 32)) | 1;
}

static bool
read_table(struct look *l, const char *schema, const char *name, struct err *err)
{
	struct my_rows r;
	struct table_desc *d = NULL;
	bool ok = true;

	if (!my_query(l->c, &r, err,
	    "SELECT t.ENGINE, t.TABLE_ROWS, t.DATA_LENGTH, t.TABLE_COLLATION, t.TABLE_TYPE FROM information_schema.TABLES t WHERE" IS_TABLE("t")
	    " AND t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')", 2, l->params))
		return false;
	if (my_next(&r)) {
		ok = (d = arena_zalloc(l->arena, sizeof(*d))) != NULL && (d->schema = arena_strdup(l->arena, schema)) != NULL &&
		    (d->name = arena_strdup(l->arena, name)) != NULL && (d->engine = arena_strdup(l->arena, my_text(&r, 0))) != NULL &&
		    (d->collation = arena_strdup(l->arena, my_text(&r, 3))) != NULL;
		if (ok) {
			d->oid = number_of(schema, name);
			d->kind = 'r';
			d->persistence = 'p';
			d->tuples = my_is_null(&r, 1) ? -1 : (double)my_number(&r, 1);
			d->bytes = my_number(&r, 2);
			d->versioned = strcmp(my_text(&r, 4), "SYSTEM VERSIONED") == 0;
		}
	}
	my_rows_done(&r);
	l->d = d;
	return ok || no_memory(err);
}

/* ---- foreign keys ---- */

/* information_schema shows them only to who may do more than read. SHOW CREATE TABLE tells, one a line:
 *   CONSTRAINT `name` FOREIGN KEY (`a`, `b`) REFERENCES [`db`.]`parent` (`x`, `y`) [ON DELETE action] [ON UPDATE action] */
struct text {
	const char *p;
	bool bad;
};

static bool
skip(struct text *t, const char *word)
{
	const size_t n = strlen(word);

	while (*t->p == ' ')
		t->p++;
	if (strncmp(t->p, word, n) != 0)
		return false;
	t->p += n;
	return true;
}

static const char *
read_name(struct look *l, struct text *t)
{
	struct buf b = { 0 };
	const char *name;

	if (!skip(t, "`")) {
		t->bad = true;
		return "";
	}
	for (; *t->p != '\0' && (*t->p != '`' || t->p[1] == '`'); t->p++) {
		buf_u8(&b, (uint8_t)*t->p);
		t->p += *t->p == '`';
	}
	t->bad = t->bad || *t->p != '`';
	t->p += *t->p == '`';
	name = arena_strdup(l->arena, buf_cstr(&b));
	buf_done(&b);
	t->bad = t->bad || name == NULL;
	return name != NULL ? name : "";
}

static const char *const *
read_names(struct look *l, struct text *t, uint16_t *ret_n)
{
	const char **names = arena_zalloc(l->arena, 64 * sizeof(char *));

	*ret_n = 0;
	t->bad = t->bad || names == NULL || !skip(t, "(");
	while (!t->bad && *ret_n < 64) {
		names[(*ret_n)++] = read_name(l, t);
		if (skip(t, ")"))
			return names;
		t->bad = t->bad || !skip(t, ",");
	}
	t->bad = true;
	return names;
}

static enum fkey_action
read_action(struct text *t)
{
	static const struct {
		const char *word;
		enum fkey_action action;
	} known[] = { { "CASCADE", FKEY_CASCADE }, { "SET NULL", FKEY_SET_NULL }, { "SET DEFAULT", FKEY_SET_DEFAULT }, { "RESTRICT", FKEY_RESTRICT },
		{ "NO ACTION", FKEY_RESTRICT } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (skip(t, known[i].word))
			return known[i].action;
	t->bad = true;
	return FKEY_RESTRICT;
}

static bool
read_fkey(struct look *l, const char *line, struct fkey_desc *k, struct err *err)
{
	struct text t = { line, false };
	uint16_t parents = 0;

	*k = (struct fkey_desc){ .parent_schema = l->d->schema };
	t.bad = !skip(&t, "CONSTRAINT");
	k->name = read_name(l, &t);
	t.bad = t.bad || !skip(&t, "FOREIGN KEY");
	k->cols = read_names(l, &t, &k->ncols);
	t.bad = t.bad || !skip(&t, "REFERENCES");
	k->parent_name = read_name(l, &t);
	if (skip(&t, ".")) {
		k->parent_schema = k->parent_name;
		k->parent_name = read_name(l, &t);
	}
	k->parent_cols = read_names(l, &t, &parents);
	if (skip(&t, "ON DELETE"))
		k->on_delete = read_action(&t);
	if (skip(&t, "ON UPDATE"))
		k->on_update = read_action(&t);
	if (t.bad || parents != k->ncols || (*t.p != '\0' && *t.p != ',' && *t.p != '\n'))
		return err_set(err, ERR_PROTOCOL, "a foreign key of table %s.%s is written in a way that is not understood", l->d->schema, l->d->name);
	return true;
}

static size_t
count_lines(const char *text, const char *with)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, with)) != NULL; p++)
		n++;
	return n;
}

static bool
read_fkeys(struct look *l, struct err *err)
{
	static const char begin[] = "\n  CONSTRAINT `";
	const size_t most = count_lines(l->create, begin);
	struct fkey_desc *keys = arena_zalloc(l->arena, (most + 1) * sizeof(*keys));
	struct table_desc *d = l->d;
	uint16_t n = 0;

	if (keys == NULL || most > UINT16_MAX || (d->refers_to = arena_zalloc(l->arena, (most + 1) * sizeof(char *))) == NULL)
		return no_memory(err);
	for (const char *p = l->create; (p = strstr(p, begin)) != NULL; p++) {
		const char *end = strchr(p + 1, '\n'), *word = strstr(p, "` FOREIGN KEY (");

		if (word == NULL || (end != NULL && word > end))
			continue;		/* a CHECK */
		if (!read_fkey(l, p + 1, &keys[n], err))
			return false;
		if ((d->refers_to[n] = arena_printf(l->arena, "%s.%s", keys[n].parent_schema, keys[n].parent_name)) == NULL)
			return no_memory(err);
		n++;
	}
	d->fkeys = keys;
	d->nfkeys = n;
	return true;
}

/* MariaDB: json is longtext with a CHECK. */
static bool
is_json(const struct look *l, const char *column)
{
	struct buf b = { 0 };
	bool found;

	buf_str(&b, "json_valid(");
	my_ident(&b, column);
	buf_str(&b, ")");
	found = !b.bad && strstr(l->create, buf_cstr(&b)) != NULL;
	buf_done(&b);
	return found;
}

/* A right over some of its columns does not show the table. */
static bool
may_not_read(const struct look *l, struct err *err)
{
	struct buf on = { 0 };

	my_ident2(&on, l->d->schema, l->d->name);
	err_set(err, ERR_CONFIG, "user %s may not read it", l->c->ep->user);
	err_remedy(err, "GRANT SELECT ON %s TO '%s'@...", buf_cstr(&on), l->c->ep->user);
	buf_done(&on);
	return false;
}

static bool
read_create(struct look *l, struct err *err)
{
	struct buf sql = { 0 };
	struct my_rows r;
	bool ok;

	buf_str(&sql, "SHOW CREATE TABLE ");
	my_ident2(&sql, l->d->schema, l->d->name);
	ok = my_query(l->c, &r, err, buf_cstr(&sql), 0, NULL);
	buf_done(&sql);
	if (!ok)
		return my_errno(l->c) == MY_TABLE_DENIED ? may_not_read(l, err) : false;
	l->create = my_next(&r) && r.ncols > 1 ? arena_strdup(l->arena, my_text(&r, 1)) : NULL;
	my_rows_done(&r);
	return l->create != NULL || no_memory(err);
}

/* ---- columns ---- */

static bool
has_word(const char *text, const char *word)
{
	return strcasestr(text, word) != NULL;
}

/* What stands in DEFAULT (...): MariaDB prints it so; MySQL prints a constant's text, and marks expressions. */
static bool
read_default(struct look *l, const struct my_rows *r, struct column_desc *col, const char *extra, struct err *err)
{
	const char *text = my_text(r, 1);
	struct buf b = { 0 };

	if (my_is_null(r, 1) || (l->c->mariadb && strcasecmp(text, "NULL") == 0))
		return true;
	col->has_default = true;
	if (l->c->mariadb || has_word(extra, "DEFAULT_GENERATED") || strncasecmp(text, "CURRENT_TIMESTAMP", 17) == 0 || strncmp(text, "b'", 2) == 0)
		col->default_sql = arena_strdup(l->arena, text);
	else {
		my_literal(&b, text);
		col->default_sql = arena_strdup(l->arena, buf_cstr(&b));
		buf_done(&b);
	}
	return col->default_sql != NULL || no_memory(err);
}

/* Order of characters = order of their bytes, and no two of them are equal: keys can be divided by it. */
static bool
is_byte_order(const char *collation)
{
	return strcmp(collation, "binary") == 0 || strcmp(collation, "utf8mb4_bin") == 0 || strcmp(collation, "utf8mb3_bin") == 0 ||
	    strcmp(collation, "utf8_bin") == 0 || strcmp(collation, "utf8mb4_0900_bin") == 0 || strcmp(collation, "ascii_bin") == 0 ||
	    strcmp(collation, "latin1_bin") == 0;
}

static bool
read_column(struct look *l, const struct my_rows *r, struct column_desc *col, struct err *err)
{
	const char *extra = my_text(r, 12), *made = my_text(r, 13);
	const struct my_catalog_column facts = { .data_type = my_text(r, 3), .column_type = my_text(r, 10),
		.collation = my_is_null(r, 9) ? NULL : my_text(r, 9), .octet_length = my_number(r, 5), .char_length = my_number(r, 4),
		.precision = (uint32_t)my_number(r, 6), .scale = (uint32_t)my_number(r, 7), .fraction = (uint32_t)my_number(r, 8),
		.mariadb = l->c->mariadb, .json_check = l->c->mariadb && is_json(l, my_text(r, 0)) };

	col->name = arena_strdup(l->arena, my_text(r, 0));
	col->attnum = (int16_t)(col - l->d->cols + 1);
	col->notnull = strcmp(my_text(r, 2), "NO") == 0;
	col->generated = made[0] != '\0' || has_word(extra, " GENERATED") || has_word(extra, "PERSISTENT");
	col->identity = has_word(extra, "auto_increment") ? 'd' : 0;
	col->invisible = has_word(extra, "INVISIBLE");
	if (!my_type_from_catalog(&col->type, &facts, l->arena, err))
		return err_ctx(err, "column %s", my_text(r, 0));
	if (facts.collation != NULL) {
		col->collation = arena_strdup(l->arena, facts.collation);
		col->byte_order = is_byte_order(facts.collation);
		if (col->collation == NULL)
			return no_memory(err);
	}
	if (col->generated)
		return (col->default_sql = arena_strdup(l->arena, made)) != NULL || no_memory(err);
	return col->name != NULL ? read_default(l, r, col, extra, err) : no_memory(err);
}

static bool
read_columns(struct look *l, struct err *err)
{
	const bool generated = my_conn_at_least(l->c, 50700, 100200);
	struct my_rows r;
	struct buf sql = { 0 };
	bool ok;

	buf_printf(&sql, "SELECT c.COLUMN_NAME, c.COLUMN_DEFAULT, c.IS_NULLABLE, c.DATA_TYPE, c.CHARACTER_MAXIMUM_LENGTH, c.CHARACTER_OCTET_LENGTH,"
	    " c.NUMERIC_PRECISION, c.NUMERIC_SCALE, c.DATETIME_PRECISION, c.COLLATION_NAME, c.COLUMN_TYPE, c.ORDINAL_POSITION, c.EXTRA, %s"
	    " FROM information_schema.COLUMNS c WHERE" IS_TABLE("c") " ORDER BY c.ORDINAL_POSITION",
	    generated ? "c.GENERATION_EXPRESSION" : "''");
	ok = my_query(l->c, &r, err, buf_cstr(&sql), 2, l->params);
	buf_done(&sql);
	if (!ok)
		return false;
	if (r.n > UINT16_MAX || (l->d->cols = arena_zalloc(l->arena, (r.n + 1) * sizeof(*l->d->cols))) == NULL)
		ok = no_memory(err);
	while (ok && my_next(&r)) {
		ok = read_column(l, &r, &l->d->cols[l->d->ncols], err);
		l->d->ncols++;
	}
	my_rows_done(&r);
	return ok;
}

/* ---- indexes ---- */

static bool
begin_index(struct look *l, const struct my_rows *r, struct index_desc *x, struct err *err)
{
	const char *method = my_text(r, 4);

	x->name = arena_strdup(l->arena, my_text(r, 0));
	x->method = arena_strdup(l->arena, method);
	x->unique = my_number(r, 1) == 0;
	x->primary = x->unique && strcmp(my_text(r, 0), "PRIMARY") == 0;
	x->replica_identity = false;
	x->immediate = true;
	x->cols = arena_zalloc(l->arena, 64 * sizeof(*x->cols));
	x->prefixes = arena_zalloc(l->arena, 64 * sizeof(*x->prefixes));
	return (x->name != NULL && x->method != NULL && x->cols != NULL && x->prefixes != NULL) || no_memory(err);
}

/* A row a column of an index. */
static bool
read_index_column(struct look *l, const struct my_rows *r, struct err *err)
{
	struct table_desc *d = l->d;
	struct index_desc *x;
	int col;

	if (d->nindexes == 0 || strcmp(d->indexes[d->nindexes - 1].name, my_text(r, 0)) != 0) {
		if (!begin_index(l, r, &d->indexes[d->nindexes], err))
			return false;
		d->nindexes++;
	}
	x = &d->indexes[d->nindexes - 1];
	col = my_is_null(r, 2) ? -1 : table_desc_column(d, my_text(r, 2));
	if (col < 0 || x->ncols == 64) {
		x->expression = true;
		return true;
	}
	/* Of a key that looks at a part of a value only. */
	x->partial = x->partial || !my_is_null(r, 3);
	((uint32_t *)(uintptr_t)x->prefixes)[x->ncols] = (uint32_t)my_number(r, 3);
	((uint16_t *)(uintptr_t)x->cols)[x->ncols++] = (uint16_t)col;
	return true;
}

static bool
read_indexes(struct look *l, struct err *err)
{
	struct my_rows r;
	bool ok = true;

	if (!my_query(l->c, &r, err, "SELECT s.INDEX_NAME, s.NON_UNIQUE, s.COLUMN_NAME, s.SUB_PART, s.INDEX_TYPE FROM information_schema.STATISTICS s"
	    " WHERE" IS_TABLE("s") " ORDER BY s.INDEX_NAME <> 'PRIMARY', s.INDEX_NAME, s.SEQ_IN_INDEX", 2, l->params))
		return false;
	if ((l->d->indexes = arena_zalloc(l->arena, (r.n + 1) * sizeof(*l->d->indexes))) == NULL)
		ok = no_memory(err);
	while (ok && my_next(&r))
		ok = read_index_column(l, &r, err);
	my_rows_done(&r);
	return ok;
}

/* ---- triggers ---- */

static bool
read_triggers(struct look *l, struct err *err)
{
	struct my_rows r;
	size_t n = 0;
	bool ok = true;

	if (!my_query(l->c, &r, err, "SELECT t.TRIGGER_NAME FROM information_schema.TRIGGERS t WHERE t.EVENT_OBJECT_SCHEMA = $1 AND t.EVENT_OBJECT_TABLE = $2"
	    " AND BINARY t.EVENT_OBJECT_TABLE = BINARY $2 ORDER BY 1", 2, l->params))
		return false;
	if ((l->d->triggers = arena_zalloc(l->arena, (r.n + 1) * sizeof(char *))) == NULL ||
	    (l->d->other_ddl = arena_zalloc(l->arena, sizeof(char *))) == NULL)
		ok = no_memory(err);
	while (ok && my_next(&r))
		ok = (l->d->triggers[n++] = arena_strdup(l->arena, my_text(&r, 0))) != NULL || no_memory(err);
	my_rows_done(&r);
	return ok;
}

/* Rows are in the table itself, and found by its primary key; without one all of a row is in the log. */
static bool
finish(struct look *l, struct err *err)
{
	struct table_desc *d = l->d;
	struct leaf_desc *leaf = arena_zalloc(l->arena, sizeof(*leaf));

	if (leaf == NULL)
		return no_memory(err);
	d->replica_identity = table_desc_primary(d) != NULL ? 'd' : 'f';
	*leaf = (struct leaf_desc){ .oid = d->oid, .schema = d->schema, .name = d->name, .tuples = d->tuples, .pages = d->bytes / PAGE,
		.replica_identity = d->replica_identity };
	d->leaves = leaf;
	d->nleaves = 1;
	return true;
}

bool
my_name_possible(const char *name)
{
	for (; *name != '\0'; name++)
		if ((uint8_t)*name >= 0xf0)
			return false;
	return true;
}

bool
my_describe(struct my_conn *c, const char *schema, const char *name, struct arena *arena, struct table_desc **ret, struct err *err)
{
	struct look l = { .c = c, .arena = arena, .params = { schema, name } };

	*ret = NULL;
	if (!my_name_possible(schema) || !my_name_possible(name))
		return true;
	if (!read_table(&l, schema, name, err))
		return false;
	if (l.d == NULL)
		return true;
	if (!read_create(&l, err) || !read_columns(&l, err) || !read_indexes(&l, err) || !read_fkeys(&l, err) || !read_triggers(&l, err) || !finish(&l, err))
		return false;
	*ret = l.d;
	return true;
}

bool
my_list_tables(struct my_conn *c, bool (*visit)(void *arg, const char *schema, const char *name), void *arg, struct err *err)
{
	struct my_rows r;
	bool go_on = true;

	if (!my_query(c, &r, err, "SELECT t.TABLE_SCHEMA, t.TABLE_NAME FROM information_schema.TABLES t WHERE t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')"
	    " AND t.TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')"
	    " ORDER BY BINARY t.TABLE_SCHEMA, BINARY t.TABLE_NAME", 0, NULL))
		return err_ctx(err, "list the tables");
	while (go_on && my_next(&r))
		go_on = visit(arg, my_text(&r, 0), my_text(&r, 1));
	my_rows_done(&r);
	return true;
}
