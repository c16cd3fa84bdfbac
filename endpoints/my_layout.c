/* my_layout.c - see my_layout.h.
 * Order: which indexes can be made at all -> AUTO_INCREMENT -> keys: types of their columns, shared lengths -> the other columns -> the row's length
 * -> prefixes of indexes that are not unique.
 * Threads: any. Pure. */
#include "endpoints/my_layout.h"

#include <stdio.h>
#include <strings.h>

#include "cdc/my_type.h"
#include "staging/typemap.h"

#define MAX_KEY_CHARS	768
#define MAX_ROW		65535
#define MY_NAME_CHARS	64

/* ---- lengths ---- */

/* InnoDB's, of one index with all its columns. */
static uint32_t
max_key(const struct convert_target *target)
{
	return !target->mariadb && target->version < 50707 ? 767 : 3072;
}

static uint32_t
charset_width(const char *charset)
{
	static const struct {
		const char *name;
		uint32_t bytes;
	} wide[] = { { "utf8mb4", 4 }, { "utf16", 4 }, { "utf16le", 4 }, { "utf32", 4 }, { "gb18030", 4 }, { "utf8mb3", 3 }, { "utf8", 3 },
		{ "ujis", 3 }, { "eucjpms", 3 }, { "ucs2", 2 }, { "gbk", 2 }, { "big5", 2 }, { "sjis", 2 }, { "cp932", 2 }, { "euckr", 2 },
		{ "gb2312", 2 } };

	for (size_t i = 0; charset != NULL && i < sizeof(wide) / sizeof(wide[0]); i++)
		if (strcmp(wide[i].name, charset) == 0)
			return wide[i].bytes;
	return 1;
}

/* How many bytes a value takes in a key, at most; 0: a type that needs a prefix there. In a row: lengths of varying columns on top. */
static uint32_t
bytes_of(const struct my_col *c)
{
	const struct type_facts f = typemap_read(&c->type);
	const uint32_t fraction = (f.digits + 1u) / 2;

	switch (f.kind) {
	case MY_TINYINT1:
	case MY_TINYINT:
	case MY_UTINYINT:
	case MY_YEAR: return 1;
	case MY_SMALLINT:
	case MY_USMALLINT:
	case MY_ENUM: return 2;
	case MY_MEDIUMINT:
	case MY_UMEDIUMINT:
	case MY_DATE: return 3;
	case MY_INT:
	case MY_UINT:
	case MY_FLOAT: return 4;
	case MY_BIGINT:
	case MY_UBIGINT:
	case MY_DOUBLE:
	case MY_SET: return 8;
	case MY_DECIMAL: return (uint32_t)(f.whole + f.scale + 2) / 2 + 2;
	case MY_BIT: return f.length / 8 + 1;
	case MY_TIME: return 3 + fraction;
	case MY_DATETIME: return 5 + fraction;
	case MY_TIMESTAMP: return 4 + fraction;
	case MY_CHAR:
	case MY_VARCHAR: return f.length * charset_width(c->charset);
	case MY_BINARY:
	case MY_VARBINARY: return f.length;
	case MY_UUID:
	case MY_INET6: return 16;
	case MY_INET4: return 4;
	default: return 0;
	}
}

static bool
is_long(const struct my_col *c)
{
	return c->type.code == MY_TYPE_BLOB || c->type.code == MY_TYPE_JSON || c->type.code == MY_TYPE_GEOMETRY || c->type.code == MY_TYPE_VECTOR;
}

/* ---- character sets ---- */

/* A table from PostgreSQL has one collation; addresses and uuids are ASCII. */
static void
collate_by_bytes(struct my_layout *l, struct my_col *c, const struct coltype *source)
{
	if (source->logical == LOGICAL_UUID || (source->family == FAMILY_MYSQL && source->logical == LOGICAL_INET)) {
		c->charset = "ascii";
		c->collation = "ascii_bin";
		return;
	}
	c->charset = "utf8mb4";
	c->collation = typemap_bytes_collation(l->target, &l->blanks);
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool
has_collation(const struct convert_target *target, const char *name)
{
	const int version = target->version;

	if (strstr(name, "uca1400") != NULL)
		return target->mariadb && version >= 101001;
	if (strstr(name, "_nopad_") != NULL || strstr(name, "_thai_520_w2") != NULL || strstr(name, "_myanmar_ci") != NULL ||
	    strstr(name, "_croatian_mysql561_ci") != NULL)
		return target->mariadb;
	if (strcmp(name, "utf8mb4_0900_bin") == 0)
		return !target->mariadb && version >= 80017;
	if (strstr(name, "_0900_") != NULL || strcmp(name, "utf8mb3_tolower_ci") == 0)
		return !target->mariadb && version >= 80000;
	if (begins(name, "gb18030"))
		return !target->mariadb && version >= 50704;
	return true;
}

/* utf8 and utf8mb3 are one, of which servers know one name or both. */
static const char *
known_name(const struct convert_target *target, const char *name, struct arena *arena)
{
	const bool mb3 = target->mariadb ? target->version >= 100600 : target->version >= 80030;

	if (mb3 && (begins(name, "utf8_") || strcmp(name, "utf8") == 0))
		return arena_printf(arena, "utf8mb3%s", name + 4);
	if (!mb3 && begins(name, "utf8mb3"))
		return arena_printf(arena, "utf8%s", name + 7);
	return name;
}

static bool
collate(struct my_layout *l, struct my_col *c, const struct column_desc *col, struct arena *arena)
{
	const enum logical_type logical = c->type.logical;
	const struct type_facts f = typemap_read(&c->type);

	if (logical != LOGICAL_TEXT && logical != LOGICAL_ENUM && logical != LOGICAL_SET)
		return true;
	if (f.kind == MY_JSON_TEXT)
		return true;
	if (col->type.family == FAMILY_POSTGRESQL || col->type.logical != logical || col->collation == NULL) {
		collate_by_bytes(l, c, &col->type);
		return true;
	}
	if (!has_collation(l->target, col->collation)) {
		c->other_collation = true;
		collate_by_bytes(l, c, &col->type);
		return true;
	}
	c->collation = known_name(l->target, col->collation, arena);
	c->charset = c->collation != NULL ? arena_strndup(arena, c->collation, strcspn(c->collation, "_")) : NULL;
	return c->charset != NULL;
}

/* ---- columns ---- */

static bool
make_column(struct my_layout *l, uint16_t i, bool in_key, struct arena *arena, struct err *err)
{
	const struct column_desc *col = &l->t->source->cols[i];
	struct convert_target target = *l->target;
	struct my_col *c = &l->cols[i];

	target.in_key = in_key;
	if (!typemap_make(&col->type, &target, &l->t->values, arena, &c->type, err))
		return err_ctx(err, "column %s", col->name);
	c->in_key = in_key;
	return collate(l, c, col, arena) || err_set(err, ERR_SYSTEM, "no memory");
}

/* Generated columns follow their expression where the server is of the same make; MySQL prints texts in it in a way that it does not read. */
static bool
is_left_out(const struct my_layout *l, const struct column_desc *col)
{
	if (!col->generated)
		return false;
	return col->type.family != FAMILY_MYSQL || col->type.mariadb != l->target->mariadb || col->default_sql == NULL ||
	    strchr(col->default_sql, '\\') != NULL;
}

/* ---- keys ---- */

static bool
is_pg_btree(const struct index_desc *x)
{
	return x->sql == NULL || strstr(x->sql, " USING btree ") != NULL;
}

/* NULL: the index can be made, as far as its kind goes. */
static const char *
why_not(const struct my_layout *l, const struct index_desc *x)
{
	const bool mysql = l->t->source_family == FAMILY_MYSQL;

	if (x->expression || x->ncols == 0)
		return "it is over expressions";
	if (!mysql && x->partial)
		return "it covers a part of the rows";
	if (!mysql && !is_pg_btree(x))
		return "it is of a kind that MySQL has not";
	if (x->constraint_sql != NULL && begins(x->constraint_sql, "EXCLUDE"))
		return "it is an exclusion";
	if (x->unique && !x->immediate && !x->primary)
		return "it is checked at the end of a transaction, which MySQL does not do";
	if (mysql && x->method != NULL && strcmp(x->method, "VECTOR") == 0)
		return "it is a vector index";
	for (uint16_t i = 0; i < x->ncols; i++)
		if (l->cols[x->cols[i]].fate == MY_COL_LEFT_OUT)
			return "it has a generated column";
	return NULL;
}

static bool
shares(const struct column_desc *col, const struct coltype *made)
{
	const struct type_facts from = typemap_read(&col->type), to = typemap_read(made);

	if (col->type.family != FAMILY_POSTGRESQL || from.length != 0)
		return false;
	return (to.kind == MY_VARCHAR && to.length == MAX_KEY_CHARS) || to.kind == MY_VARBINARY;
}

static bool
has_prefix(const struct index_desc *x, uint16_t i)
{
	return x->prefixes != NULL && x->prefixes[i] > 0;
}

static bool
key_too_long(const struct index_desc *x, uint32_t most, struct err *err)
{
	err_set(err, ERR_SCHEMA, "the columns of key %s have more than the %u bytes that a key may have on the target", x->name, most);
	return err_remedy(err, "make the table on the target beforehand with shorter columns, or leave the table out");
}

/* Gives the texts of a key without a length what its others leave. */
static bool
share_key(struct my_layout *l, const struct index_desc *x, struct err *err)
{
	const uint32_t most = max_key(l->target);
	uint32_t fixed = 0, n = 0, each;

	for (uint16_t i = 0; i < x->ncols; i++) {
		const struct my_col *c = &l->cols[x->cols[i]];

		if (c->shares)
			n++;
		else if (has_prefix(x, i))
			fixed += x->prefixes[i] * charset_width(c->charset);
		else
			fixed += bytes_of(c);
	}
	if (fixed > most || (n > 0 && (most - fixed) / n < 4))
		return key_too_long(x, most, err);
	for (uint16_t i = 0; n > 0 && i < x->ncols; i++) {
		struct my_col *c = &l->cols[x->cols[i]];

		if (!c->shares)
			continue;
		each = (most - fixed) / n / charset_width(c->charset);
		if (c->shared == 0 || each < c->shared)
			c->shared = each;
	}
	return true;
}

/* Its columns as those of a key. Undone where that can't be: by make_column(..., false). */
static bool
make_key(struct my_layout *l, const struct index_desc *x, struct arena *arena, struct err *err)
{
	for (uint16_t i = 0; i < x->ncols; i++) {
		struct my_col *c = &l->cols[x->cols[i]];

		if (!make_column(l, x->cols[i], true, arena, err))
			return false;
		c->shares = shares(&l->t->source->cols[x->cols[i]], &c->type);
		if (bytes_of(c) == 0 && !has_prefix(x, i)) {
			err_set(err, ERR_SCHEMA, "column %s: %s can't be part of a key", l->t->source->cols[x->cols[i]].name, c->type.name);
			return err_remedy(err, "make the table on the target beforehand, or leave the table out");
		}
	}
	return share_key(l, x, err);
}

static bool
try_unique(struct my_layout *l, uint16_t index, struct arena *arena)
{
	const struct index_desc *x = &l->t->source->indexes[index];
	struct my_col *before = arena_alloc(arena, (l->t->source->ncols + 1u) * sizeof(*before));
	struct err err = ERR_INIT;

	if (before == NULL)
		return false;
	memcpy(before, l->cols, l->t->source->ncols * sizeof(*before));
	if (make_key(l, x, arena, &err))
		return true;
	memcpy(l->cols, before, l->t->source->ncols * sizeof(*before));
	l->indexes[index].why = "its columns are too long for a key, or can't be part of one";
	return false;
}

/* Rows are found by it. */
static bool
is_identity(const struct table_desc *d, const struct index_desc *x)
{
	return x->primary || (x->replica_identity && table_desc_primary(d) == NULL);
}

static bool
lay_keys(struct my_layout *l, struct arena *arena, struct err *err)
{
	const struct table_desc *d = l->t->source;

	for (uint16_t i = 0; i < d->nindexes; i++) {
		const struct index_desc *x = &d->indexes[i];

		if (!is_identity(d, x))
			continue;
		if ((l->indexes[i].why = why_not(l, x)) != NULL)
			continue;
		if (!make_key(l, x, arena, err))
			return false;
		l->indexes[i].fate = x->primary ? MY_INDEX_PRIMARY : MY_INDEX_WITH_TABLE;
	}
	for (uint16_t i = 0; i < d->nindexes; i++) {
		struct my_index *ix = &l->indexes[i];

		if (ix->fate != MY_INDEX_LEFT_OUT || ix->why != NULL || (ix->why = why_not(l, &d->indexes[i])) != NULL)
			continue;
		if (!d->indexes[i].unique || try_unique(l, i, arena))
			ix->fate = MY_INDEX_AFTER_LOAD;
	}
	return true;
}

static bool
set_shared(struct my_layout *l, struct arena *arena, struct err *err)
{
	for (uint16_t i = 0; i < l->t->source->ncols; i++) {
		struct my_col *c = &l->cols[i];
		const bool text = c->type.logical == LOGICAL_TEXT;

		if (!c->shares)
			continue;
		if (text && c->shared > MAX_KEY_CHARS)
			c->shared = MAX_KEY_CHARS;
		c->type.length = c->shared;
		c->type.name = arena_printf(arena, text ? "varchar(%u)" : "varbinary(%u)", c->shared);
		if (c->type.name == NULL)
			return err_set(err, ERR_SYSTEM, "no memory");
	}
	return true;
}

/* ---- AUTO_INCREMENT ---- */

static bool
wants_autoinc(const struct column_desc *col, const struct my_col *c)
{
	const struct type_facts f = typemap_read(&c->type);
	const bool serial = col->type.family == FAMILY_POSTGRESQL && col->default_sql != NULL && begins(col->default_sql, "nextval(");

	return f.class == CLASS_INT && f.kind != MY_YEAR && !col->generated && (col->identity != 0 || (serial && col->notnull));
}

/* It must come first in an index that is there at once. */
static void
find_autoinc(struct my_layout *l)
{
	const struct table_desc *d = l->t->source;
	int best = -1;

	l->autoinc = -1;
	for (uint16_t i = 0; i < d->nindexes; i++) {
		const enum my_index_fate fate = l->indexes[i].fate;

		if (fate == MY_INDEX_LEFT_OUT || !wants_autoinc(&d->cols[d->indexes[i].cols[0]], &l->cols[d->indexes[i].cols[0]]))
			continue;
		if (best < 0 || fate < l->indexes[best].fate)
			best = i;
	}
	if (best < 0)
		return;
	l->autoinc = d->indexes[best].cols[0];
	if (l->indexes[best].fate == MY_INDEX_AFTER_LOAD)
		l->indexes[best].fate = MY_INDEX_WITH_TABLE;
}

/* ---- the row ---- */

static uint32_t
row_bytes(const struct my_layout *l, int *ret_longest)
{
	const struct table_desc *d = l->t->source;
	uint32_t sum = d->ncols / 8u + 1, longest = 0;

	*ret_longest = -1;
	for (uint16_t i = 0; i < d->ncols; i++) {
		const struct my_col *c = &l->cols[i];
		uint32_t n;

		if (c->fate == MY_COL_LEFT_OUT)
			continue;
		n = is_long(c) ? 12 : bytes_of(c) + 2;
		sum += n;
		if (n > longest && !c->in_key && typemap_read(&c->type).kind == MY_VARCHAR) {
			longest = n;
			*ret_longest = i;
		}
	}
	return sum;
}

static bool
fit_row(struct my_layout *l, struct err *err)
{
	int longest;

	while (row_bytes(l, &longest) > MAX_ROW) {
		struct my_col *c;

		if (longest < 0) {
			err_set(err, ERR_SCHEMA, "a row has more than the %d bytes that it may have on the target", MAX_ROW);
			return err_remedy(err, "make the table on the target beforehand with shorter columns, or leave the table out");
		}
		c = &l->cols[longest];
		c->cut_to_fit = true;
		c->type.code = MY_TYPE_BLOB;
		c->type.length = 0;
		c->type.name = "longtext";
	}
	return true;
}

/* ---- indexes that are not unique ---- */

/* How much of each column: all of it where that fits, else what is left for it. */
static bool
set_prefixes(struct my_layout *l, uint16_t index, struct arena *arena, struct err *err)
{
	const struct index_desc *x = &l->t->source->indexes[index];
	struct my_index *ix = &l->indexes[index];
	uint32_t fixed = 0, n = 0, room, each;

	if ((ix->prefixes = arena_zalloc(arena, (x->ncols + 1u) * sizeof(*ix->prefixes))) == NULL)
		return err_set(err, ERR_SYSTEM, "no memory");
	if (x->method != NULL && (strcmp(x->method, "FULLTEXT") == 0 || strcmp(x->method, "SPATIAL") == 0))
		return true;
	for (uint16_t i = 0; i < x->ncols; i++) {
		struct my_col *c = &l->cols[x->cols[i]];
		const bool text = c->type.logical == LOGICAL_TEXT || c->type.logical == LOGICAL_BYTES;
		const uint32_t bytes = bytes_of(c);

		if (has_prefix(x, i) && (is_long(c) || x->prefixes[i] < c->type.length)) {
			ix->prefixes[i] = x->prefixes[i];
			fixed += x->prefixes[i] * charset_width(c->charset);
		} else if (!text && bytes == 0) {
			ix->fate = MY_INDEX_LEFT_OUT;
			ix->why = "it has a column that MySQL can't have in an index";
			return true;
		} else if (text && (is_long(c) || bytes > max_key(l->target) / x->ncols)) {
			n++;
		} else {
			fixed += bytes;
		}
	}
	room = n > 0 && fixed < max_key(l->target) ? (max_key(l->target) - fixed) / n : 0;
	for (uint16_t i = 0; n > 0 && i < x->ncols; i++) {
		const struct my_col *c = &l->cols[x->cols[i]];
		const bool text = c->type.logical == LOGICAL_TEXT || c->type.logical == LOGICAL_BYTES;

		if (ix->prefixes[i] > 0 || !text || !(is_long(c) || bytes_of(c) > max_key(l->target) / x->ncols))
			continue;
		if (!is_long(c) && bytes_of(c) <= room)
			continue;
		each = is_long(c) && c->type.length > 0 && c->type.length < room ? c->type.length : room;	/* tinytext */
		ix->prefixes[i] = each / charset_width(c->charset);
		ix->shortened = true;
		if (ix->prefixes[i] == 0) {
			ix->fate = MY_INDEX_LEFT_OUT;
			ix->why = "its columns are too long for an index";
		}
	}
	return true;
}

static bool
keep_prefixes(struct my_layout *l, uint16_t index, struct arena *arena, struct err *err)
{
	const struct index_desc *x = &l->t->source->indexes[index];
	struct my_index *ix = &l->indexes[index];

	if ((ix->prefixes = arena_zalloc(arena, (x->ncols + 1u) * sizeof(*ix->prefixes))) == NULL)
		return err_set(err, ERR_SYSTEM, "no memory");
	for (uint16_t i = 0; x->prefixes != NULL && i < x->ncols; i++)
		ix->prefixes[i] = x->prefixes[i];
	return true;
}

static bool
lay_prefixes(struct my_layout *l, struct arena *arena, struct err *err)
{
	for (uint16_t i = 0; i < l->t->source->nindexes; i++) {
		const bool unique = l->t->source->indexes[i].unique;

		if (l->indexes[i].fate == MY_INDEX_LEFT_OUT)
			continue;
		if (!(unique ? keep_prefixes(l, i, arena, err) : set_prefixes(l, i, arena, err)))
			return false;
	}
	return true;
}

/* ---- names ---- */

static bool
bad_name(const char *what, const char *name, const char *why, struct err *err)
{
	err_set(err, ERR_SCHEMA, "MySQL can't have the name of %s %s: %s", what, name, why);
	return err_remedy(err, strcmp(what, "column") == 0 ? "give the column another name on the source, or leave the table out" :
							       "give it another name with `target` in `tables`");
}

static bool
check_name(const char *what, const char *name, struct err *err)
{
	const size_t n = strlen(name);
	size_t chars = 0;

	for (size_t i = 0; i < n; i++) {
		if ((uint8_t)name[i] >= 0xf0)
			return bad_name(what, name, "it has a character beyond U+FFFF", err);
		chars += ((uint8_t)name[i] & 0xc0) != 0x80;
	}
	if (chars > MY_NAME_CHARS)
		return bad_name(what, name, "it is longer than 64 characters", err);
	if (n == 0 || name[n - 1] == ' ')
		return bad_name(what, name, "it ends in a blank", err);
	return true;
}

static bool
check_names(const struct table *t, struct err *err)
{
	const struct table_desc *d = t->source;

	if (!check_name("database", t->target_schema, err) || !check_name("table", t->target_name, err))
		return false;
	for (uint16_t i = 0; i < d->ncols; i++) {
		if (!check_name("column", d->cols[i].name, err))
			return false;
		for (uint16_t j = 0; j < i; j++) {
			if (strcasecmp(d->cols[i].name, d->cols[j].name) != 0)
				continue;
			err_set(err, ERR_SCHEMA, "columns %s and %s differ by case only, which MySQL does not tell apart", d->cols[j].name,
			    d->cols[i].name);
			return err_remedy(err, "give one of the columns another name on the source, or leave the table out");
		}
	}
	return true;
}

bool
my_layout(struct my_layout *l, const struct table *t, const struct convert_target *target, struct arena *arena, struct err *err)
{
	const struct table_desc *d = t->source;

	*l = (struct my_layout){ .t = t, .target = target, .autoinc = -1 };
	l->cols = arena_zalloc(arena, (d->ncols + 1u) * sizeof(*l->cols));
	l->indexes = arena_zalloc(arena, (d->nindexes + 1u) * sizeof(*l->indexes));
	if (l->cols == NULL || l->indexes == NULL)
		return err_set(err, ERR_SYSTEM, "no memory");
	if (!check_names(t, err))
		return err_table(err, t->source_schema, t->source_name);
	for (uint16_t i = 0; i < d->ncols; i++) {
		l->cols[i].fate = is_left_out(l, &d->cols[i]) ? MY_COL_LEFT_OUT : MY_COL_MADE;
		if (!make_column(l, i, false, arena, err))
			return err_table(err, t->source_schema, t->source_name);
	}
	if (!lay_keys(l, arena, err) || !set_shared(l, arena, err) || !fit_row(l, err) || !lay_prefixes(l, arena, err))
		return err_table(err, t->source_schema, t->source_name);
	find_autoinc(l);
	return true;
}
