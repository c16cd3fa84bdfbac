/* binlog_map.c - TABLE_MAP events: reading them, asking whose tables they are, and the relations that changes point to.
 * Flow: TABLE_MAP -> the same contents as before: known; else read -> resolver -> types -> relation (equal to the last one of that
 * table: that one) -> row decoder.
 * Invariant: a row is decoded by the TABLE_MAP of its own statement; entries are found by contents, table ids are of the moment.
 * Threads: the capture thread; relations are read by the apply thread, too. Owner: entries own their table and row decoder, the
 * relmap owns all relations until the decoder ends.
 *
 *   TABLE_MAP  post-header: 6 bytes table id, u16 flags; u8 length, schema, NUL, u8 length, name, NUL, n columns (length-encoded),
 *              u8 type each, length (length-encoded), metadata, bitmap of nullable columns, optional metadata
 *   metadata   none, one or two bytes a column by its type; in which order two stand: struct binlog_column.meta
 *   optional   u8 field, length (length-encoded), value, as binlog_row_metadata says. Bitmaps begin with the highest bit here. Fields
 *              of a kind of column have an entry for each column of that kind, in order:
 *     1 SIGNEDNESS              bitmap over the numeric columns, YEAR included: 1 is unsigned
 *     2 DEFAULT_CHARSET         collation; then pairs: number among the character columns, collation, for those that differ
 *     3 COLUMN_CHARSET          collation of each character column; MariaDB counts GEOMETRY as one
 *     4 COLUMN_NAME             length, name of each column
 *     5 SET_STR_VALUE, 6 ENUM_STR_VALUE    number of labels; length, label each
 *     7 GEOMETRY_TYPE           of each geometry column
 *     8 SIMPLE_PRIMARY_KEY      numbers of columns     9 PRIMARY_KEY_WITH_PREFIX   pairs: number, characters (0: all)
 *    10, 11                     as 2, 3 for ENUM and SET
 *    12 COLUMN_VISIBILITY       bitmap over all columns: 1 is visible     13 VECTOR_DIMENSIONALITY   of each vector column */
#include "cdc/binlog_intern.h"

#include <stdio.h>
#include <string.h>

#include "cdc/my_type.h"
#include "cdc/relmap.h"
#include "daemon/base/map.h"

#define ENTRIES_MAX 10000	/* then all are forgotten: sources that make tables without end */

enum {
	TYPE_TINYBLOB = 249,
	TYPE_MEDIUMBLOB = 250,
	TYPE_LONGBLOB = 251
};

/* ---- reading: columns ---- */

static bool
no_memory(struct err *err)
{
	return err_set(err, ERR_SYSTEM, "no memory for a table of the binary log");
}

static bool
map_cut(const struct rd *in, struct err *err)
{
	return err_set(err, ERR_PROTOCOL, "TABLE_MAP is cut, or not as expected, at byte %zu", in->off);
}

/* Bytes of metadata of a type; -1: not known. A flat switch. */
static int
meta_size(uint8_t code)
{
	switch (code) {
	case MY_TYPE_DECIMAL:
	case MY_TYPE_TINY:
	case MY_TYPE_SHORT:
	case MY_TYPE_LONG:
	case MY_TYPE_NULL:
	case MY_TYPE_TIMESTAMP:
	case MY_TYPE_LONGLONG:
	case MY_TYPE_INT24:
	case MY_TYPE_DATE:
	case MY_TYPE_TIME:
	case MY_TYPE_DATETIME:
	case MY_TYPE_YEAR:
	case MY_TYPE_NEWDATE: return 0;
	case MY_TYPE_FLOAT:
	case MY_TYPE_DOUBLE:
	case MY_TYPE_TIMESTAMP2:
	case MY_TYPE_DATETIME2:
	case MY_TYPE_TIME2:
	case MY_TYPE_BLOB_COMPRESSED:
	case MY_TYPE_VECTOR:
	case MY_TYPE_JSON:
	case TYPE_TINYBLOB:
	case TYPE_MEDIUMBLOB:
	case TYPE_LONGBLOB:
	case MY_TYPE_BLOB:
	case MY_TYPE_GEOMETRY: return 1;
	case MY_TYPE_VARCHAR:
	case MY_TYPE_BIT:
	case MY_TYPE_VARCHAR_COMPRESSED:
	case MY_TYPE_NEWDECIMAL:
	case MY_TYPE_ENUM:
	case MY_TYPE_SET:
	case MY_TYPE_VAR_STRING:
	case MY_TYPE_STRING: return 2;
	default: return -1;
	}
}

static bool
meta_high_first(uint8_t code)
{
	return code == MY_TYPE_NEWDECIMAL || code == MY_TYPE_STRING || code == MY_TYPE_ENUM || code == MY_TYPE_SET;
}

/* False: an unknown type, in t->unknown_code; what follows it cannot be read. */
static bool
read_meta(struct rd *in, struct binlog_table *t)
{
	for (uint16_t i = 0; i < t->ncols; i++) {
		struct binlog_column *col = &t->cols[i];
		const int size = meta_size(col->code);

		if (size < 0) {
			t->unknown_code = col->code;
			return false;
		}
		col->meta = (uint16_t)rd_le(in, (size_t)size);
		if (size == 2 && meta_high_first(col->code))
			col->meta = __builtin_bswap16(col->meta);
	}
	return true;
}

static const char *
read_name(struct rd *in, struct arena *arena)
{
	const uint64_t n = rd_lenenc(in);
	struct rd name = rd_part(in, n);
	char *copy;

	if (rd_u8(in) != 0 || in->bad || n == 0 || memchr(name.p, 0, n) != NULL)
		return NULL;
	if ((copy = arena_alloc(arena, n + 1)) == NULL)
		return NULL;
	memcpy(copy, name.p, n);
	copy[n] = '\0';
	return copy;
}

/* Schema, name, types, metadata, which columns may be NULL. */
static bool
read_columns(struct rd *in, struct binlog_table *t, struct err *err)
{
	const uint8_t *codes, *nullable;
	struct rd meta;
	uint64_t n;

	t->schema = read_name(in, t->arena);
	t->name = t->schema != NULL ? read_name(in, t->arena) : NULL;
	n = rd_lenenc(in);
	if (t->name == NULL || n == 0 || n > BINLOG_MAX_COLUMNS || (codes = rd_bytes(in, n)) == NULL)
		return map_cut(in, err);
	t->ncols = (uint16_t)n;
	if ((t->cols = arena_zalloc(t->arena, n * sizeof(*t->cols))) == NULL)
		return no_memory(err);
	for (uint16_t i = 0; i < t->ncols; i++)
		t->cols[i].code = codes[i];
	meta = rd_part(in, rd_lenenc(in));
	nullable = rd_bytes(in, (n + 7) / 8);
	if (nullable == NULL)
		return map_cut(in, err);
	for (uint16_t i = 0; i < t->ncols; i++)
		t->cols[i].nullable = (nullable[i / 8] >> i % 8 & 1) != 0;
	return !read_meta(&meta, t) || (!meta.bad && rd_left(&meta) == 0) || map_cut(in, err);
}

/* ---- reading: what the server adds ---- */

static bool
is_numeric(const struct binlog_table *t, const struct binlog_column *col)
{
	(void)t;
	switch (col->code) {
	case MY_TYPE_TINY:
	case MY_TYPE_SHORT:
	case MY_TYPE_INT24:
	case MY_TYPE_LONG:
	case MY_TYPE_LONGLONG:
	case MY_TYPE_FLOAT:
	case MY_TYPE_DOUBLE:
	case MY_TYPE_YEAR:
	case MY_TYPE_NEWDECIMAL: return true;
	default: return false;
	}
}

static bool
is_character(const struct binlog_table *t, const struct binlog_column *col)
{
	switch (binlog_real_code(col)) {
	case MY_TYPE_STRING:
	case MY_TYPE_VAR_STRING:
	case MY_TYPE_VARCHAR:
	case MY_TYPE_VARCHAR_COMPRESSED:
	case TYPE_TINYBLOB:
	case TYPE_MEDIUMBLOB:
	case TYPE_LONGBLOB:
	case MY_TYPE_BLOB:
	case MY_TYPE_BLOB_COMPRESSED: return true;
	case MY_TYPE_GEOMETRY: return t->mariadb;
	default: return false;
	}
}

static bool
is_enum(const struct binlog_table *t, const struct binlog_column *col)
{
	(void)t;
	return binlog_real_code(col) == MY_TYPE_ENUM;
}

static bool
is_set(const struct binlog_table *t, const struct binlog_column *col)
{
	(void)t;
	return binlog_real_code(col) == MY_TYPE_SET;
}

static bool
is_enum_or_set(const struct binlog_table *t, const struct binlog_column *col)
{
	return is_enum(t, col) || is_set(t, col);
}

static bool
is_geometry(const struct binlog_table *t, const struct binlog_column *col)
{
	(void)t;
	return col->code == MY_TYPE_GEOMETRY;
}

static bool
is_vector(const struct binlog_table *t, const struct binlog_column *col)
{
	(void)t;
	return col->code == MY_TYPE_VECTOR;
}

typedef bool column_kind(const struct binlog_table *t, const struct binlog_column *col);

/* The next column of a kind from *i on; NULL: none. */
static struct binlog_column *
next_of(struct binlog_table *t, column_kind *kind, uint16_t *i)
{
	while (*i < t->ncols) {
		struct binlog_column *col = &t->cols[(*i)++];

		if (kind(t, col))
			return col;
	}
	return NULL;
}

static bool
bit_from_top(const uint8_t *bits, size_t i)
{
	return (bits[i / 8] >> (7 - i % 8) & 1) != 0;
}

static bool
read_signs(struct rd *in, struct binlog_table *t)
{
	struct binlog_column *col;
	uint16_t i = 0;
	size_t n = 0;

	for (; (col = next_of(t, is_numeric, &i)) != NULL; n++) {
		if (n / 8 >= in->n)
			return false;
		col->is_unsigned = bit_from_top(in->p, n);
	}
	t->has_signedness = true;
	return in->n == (n + 7) / 8;
}

static bool
read_default_charset(struct rd *in, struct binlog_table *t, column_kind *kind)
{
	const uint64_t collation = rd_lenenc(in);
	struct binlog_column *col;

	for (uint16_t i = 0; (col = next_of(t, kind, &i)) != NULL;)
		col->collation = (uint16_t)collation;
	for (uint16_t pairs = 0; rd_left(in) > 0; pairs++) {
		const uint64_t number = rd_lenenc(in), other = rd_lenenc(in);
		uint16_t i = 0;

		if (pairs >= t->ncols)
			return false;
		col = next_of(t, kind, &i);
		for (uint64_t k = 0; k < number && col != NULL; k++)
			col = next_of(t, kind, &i);
		if (col == NULL || other > UINT16_MAX)
			return false;
		col->collation = (uint16_t)other;
	}
	return collation <= UINT16_MAX;
}

static bool
read_charsets(struct rd *in, struct binlog_table *t, column_kind *kind)
{
	struct binlog_column *col;

	for (uint16_t i = 0; (col = next_of(t, kind, &i)) != NULL;) {
		const uint64_t collation = rd_lenenc(in);

		if (collation > UINT16_MAX)
			return false;
		col->collation = (uint16_t)collation;
	}
	return rd_left(in) == 0;
}

static bool
read_names(struct rd *in, struct binlog_table *t)
{
	for (uint16_t i = 0; i < t->ncols; i++) {
		struct rd name = rd_part(in, rd_lenenc(in));
		char *copy;

		if (in->bad || name.n == 0 || memchr(name.p, 0, name.n) != NULL ||
		    (copy = arena_alloc(t->arena, name.n + 1)) == NULL)
			return false;
		memcpy(copy, name.p, name.n);
		copy[name.n] = '\0';
		t->cols[i].name = copy;
	}
	t->has_names = true;
	return rd_left(in) == 0;
}

static bool
read_column_labels(struct rd *in, struct arena *arena, struct binlog_column *col)
{
	const uint64_t n = rd_lenenc(in);
	const char **labels;
	uint32_t *lengths;

	if (in->bad || n > UINT16_MAX || n > rd_left(in))
		return false;
	labels = arena_zalloc(arena, (n + 1) * sizeof(*labels));
	lengths = arena_zalloc(arena, (n + 1) * sizeof(*lengths));
	for (uint64_t k = 0; labels != NULL && lengths != NULL && k < n; k++) {
		struct rd label = rd_part(in, rd_lenenc(in));
		char *copy = arena_alloc(arena, label.n + 1);

		if (in->bad || copy == NULL)
			return false;
		memcpy(copy, label.p, label.n);
		copy[label.n] = '\0';
		labels[k] = copy;
		lengths[k] = (uint32_t)label.n;
	}
	col->labels = labels;
	col->label_len = lengths;
	col->nlabels = (uint16_t)n;
	return labels != NULL && lengths != NULL;
}

static bool
read_labels(struct rd *in, struct binlog_table *t, column_kind *kind)
{
	struct binlog_column *col;

	for (uint16_t i = 0; (col = next_of(t, kind, &i)) != NULL;)
		if (!read_column_labels(in, t->arena, col))
			return false;
	t->has_labels = true;
	return rd_left(in) == 0;
}

static bool
read_geometry(struct rd *in, struct binlog_table *t)
{
	struct binlog_column *col;

	for (uint16_t i = 0; (col = next_of(t, is_geometry, &i)) != NULL;)
		col->geometry = (uint32_t)rd_lenenc(in);
	return rd_left(in) == 0;
}

static bool
read_vectors(struct rd *in, struct binlog_table *t)
{
	struct binlog_column *col;

	for (uint16_t i = 0; (col = next_of(t, is_vector, &i)) != NULL;)
		col->dimensions = (uint32_t)rd_lenenc(in);
	return rd_left(in) == 0;
}

static bool
read_key(struct rd *in, struct binlog_table *t, bool prefixes)
{
	while (rd_left(in) > 0) {
		const uint64_t number = rd_lenenc(in), prefix = prefixes ? rd_lenenc(in) : 0;

		if (in->bad || number >= t->ncols || prefix > UINT16_MAX)
			return false;
		t->cols[number].key = true;
		t->cols[number].key_prefix = (uint16_t)prefix;
	}
	t->has_keys = true;
	return true;
}

static bool
read_visibility(struct rd *in, struct binlog_table *t)
{
	if (in->n != (t->ncols + 7U) / 8)
		return false;
	for (uint16_t i = 0; i < t->ncols; i++)
		t->cols[i].invisible = !bit_from_top(in->p, i);
	return true;
}

/* A field that is not known says nothing that was needed before it existed. A flat switch. */
static bool
read_field(uint8_t field, struct rd *in, struct binlog_table *t)
{
	switch (field) {
	case 1: return read_signs(in, t);
	case 2: t->has_charsets = true; return read_default_charset(in, t, is_character);
	case 3: t->has_charsets = true; return read_charsets(in, t, is_character);
	case 4: return read_names(in, t);
	case 5: return read_labels(in, t, is_set);
	case 6: return read_labels(in, t, is_enum);
	case 7: return read_geometry(in, t);
	case 8: return read_key(in, t, false);
	case 9: return read_key(in, t, true);
	case 10: return read_default_charset(in, t, is_enum_or_set);
	case 11: return read_charsets(in, t, is_enum_or_set);
	case 12: return read_visibility(in, t);
	case 13: return read_vectors(in, t);
	default: return true;
	}
}

static bool
read_optional(struct rd *in, struct binlog_table *t, struct err *err)
{
	while (rd_left(in) > 0) {
		const uint8_t field = rd_u8(in);
		struct rd value = rd_part(in, rd_lenenc(in));

		if (in->bad || !read_field(field, &value, t) || value.bad)
			return err_set(err, ERR_PROTOCOL, "TABLE_MAP of %s.%s: field %u of %zu bytes is not as expected",
			    t->schema, t->name, field, value.n);
	}
	return !in->bad || map_cut(in, err);
}

struct binlog_table *
map_read(const struct slice *contents, bool mariadb, struct err *err)
{
	struct rd in = rd_init(contents->p, contents->n);
	struct arena *arena = arena_new(2048, 0);
	struct binlog_table *t = arena != NULL ? arena_zalloc(arena, sizeof(*t)) : NULL;

	if (t == NULL) {
		arena_free(arena);
		no_memory(err);
		return NULL;
	}
	t->arena = arena;
	t->mariadb = mariadb;
	t->hash = hash_bytes(contents->p, contents->n, mariadb);
	if (read_columns(&in, t, err) && (t->unknown_code != 0 || read_optional(&in, t, err)))
		return t;
	arena_free(arena);
	return NULL;
}

/* ---- relations ---- */

static bool
lacks(const struct binlog_table *t, const char *what, struct err *err)
{
	err_set(err, ERR_SCHEMA, "the binary log does not tell the %s", what);
	err_remedy(err, "SET GLOBAL binlog_row_metadata = FULL on the source");
	return err_table(err, t->schema, t->name);
}

/* A captured table is known completely, by the log or by the resolver. */
static bool
check_captured(const struct binlog_table *t, const struct binlog_capture *cap, struct err *err)
{
	if (t->unknown_code != 0) {
		err_set(err, ERR_PROTOCOL, "a column of type %u, which is not known", t->unknown_code);
		return err_table(err, t->schema, t->name);
	}
	if (t->ncols > RELATION_MAX_COLUMNS) {
		err_set(err, ERR_LIMIT, "%u columns, more than %d", t->ncols, RELATION_MAX_COLUMNS);
		return err_table(err, t->schema, t->name);
	}
	if (!t->has_names)
		return lacks(t, "columns' names", err);
	for (uint16_t i = 0; i < t->ncols; i++)
		if (t->cols[i].name == NULL || t->cols[i].name[0] == '\0')
			return lacks(t, "columns' names", err);
	return cap->types != NULL || t->has_signedness || lacks(t, "columns' signs", err);
}

static const struct coltype *
table_types(const struct binlog_table *t, const struct binlog_capture *cap, struct err *err)
{
	struct coltype *types;

	if (cap->types != NULL)
		return cap->types;
	if ((types = arena_zalloc(t->arena, t->ncols * sizeof(*types))) == NULL) {
		no_memory(err);
		return NULL;
	}
	for (uint16_t i = 0; i < t->ncols; i++)
		if (!my_type_from_map(&types[i], &t->cols[i], t->mariadb, t->arena, err)) {
			err_ctx(err, "column %s", t->cols[i].name);
			err_table(err, t->schema, t->name);
			return NULL;
		}
	return types;
}

static bool
is_left_out(const struct binlog_capture *cap, uint16_t i)
{
	return cap->left_out != NULL && cap->left_out[i];
}

static bool
any_key(const struct binlog_table *t, const struct binlog_capture *cap)
{
	for (uint16_t i = 0; i < t->ncols; i++)
		if (t->cols[i].key && !is_left_out(cap, i))
			return true;
	return false;
}

/* A relation outlives the table that it was made from. */
static const struct coltype *
copy_type(struct arena *arena, const struct coltype *t)
{
	struct coltype *copy = arena_alloc(arena, sizeof(*copy));
	const char **labels = t->nlabels > 0 ? arena_zalloc(arena, t->nlabels * sizeof(*labels)) : NULL;

	if (copy == NULL || (t->nlabels > 0 && labels == NULL))
		return NULL;
	*copy = *t;
	for (uint16_t i = 0; i < t->nlabels; i++)
		if ((labels[i] = arena_strdup(arena, t->labels[i])) == NULL)
			return NULL;
	copy->labels = labels;
	copy->name = t->name != NULL ? arena_strdup(arena, t->name) : NULL;
	return copy->name != NULL || t->name == NULL ? copy : NULL;
}

/* Into rel, in rel's arena. Without a primary key the whole row is its identity. */
static bool
fill_relation(struct relation *rel, const struct binlog_table *t, const struct binlog_capture *cap, const struct coltype *types)
{
	const bool keyed = any_key(t, cap);
	struct relation_column *cols = arena_zalloc(rel->arena, t->ncols * sizeof(*cols));
	uint16_t n = 0;

	rel->schema = arena_strdup(rel->arena, t->schema);
	rel->name = arena_strdup(rel->arena, t->name);
	if (cols == NULL || rel->schema == NULL || rel->name == NULL)
		return false;
	for (uint16_t i = 0; i < t->ncols; i++) {
		if (is_left_out(cap, i))
			continue;
		cols[n].oid = my_type_oid(types[i].code, types[i].is_unsigned, types[i].collation);
		cols[n].typmod = my_type_typmod(&types[i]);
		if ((cols[n].type = copy_type(rel->arena, &types[i])) == NULL)
			return false;
		cols[n].identity = !keyed || t->cols[i].key;
		if ((cols[n].name = arena_strdup(rel->arena, t->cols[i].name)) == NULL)
			return false;
		n++;
	}
	rel->cols = cols;
	rel->ncols = n;
	rel->replica_identity = keyed ? 'd' : 'f';
	relation_seal(rel);
	return true;
}

/* The number that a table's name has in this stream, from 1. */
static uint32_t
name_number(struct binlog *dec, const char *schema, const char *name, bool make, struct err *err)
{
	char key[600];
	const int n = snprintf(key, sizeof(key), "%s%c%s", schema, '\0', name);
	uintptr_t number;

	if (n < 0 || (size_t)n >= sizeof(key)) {
		err_set(err, ERR_PROTOCOL, "a name of %d bytes", n);
		return 0;
	}
	number = (uintptr_t)map_get(dec->by_name, key, (size_t)n);
	if (number != 0 || !make)
		return (uint32_t)number;
	number = dec->names + 1;
	if (!map_put(dec->by_name, key, (size_t)n, (void *)number, err))
		return 0;
	return ++dec->names;
}

static const struct relation *
make_relation(struct binlog *dec, const struct binlog_table *t, const struct binlog_capture *cap, const struct coltype *types, struct err *err)
{
	const uint32_t number = name_number(dec, t->schema, t->name, true, err);
	struct arena *arena = number != 0 ? arena_new(1024, 0) : NULL;
	struct relation *rel = arena != NULL ? arena_zalloc(arena, sizeof(*rel)) : NULL;
	const struct relation *now;
	bool is_new;

	if (number == 0)
		return NULL;
	if (rel != NULL) {
		rel->arena = arena;
		rel->id = number;
		rel->table = cap->table;
	}
	if (rel == NULL || !fill_relation(rel, t, cap, types)) {
		arena_free(arena);
		no_memory(err);
		return NULL;
	}
	if (!relmap_put(dec->relations, rel, &now, &is_new, err))
		return NULL;
	if (now->table == cap->table)
		return !is_new || dec->hooks.relation == NULL || dec->hooks.relation(dec->hooks.arg, now, err) ? now : NULL;
	err_set(err, ERR_SCHEMA, "the table is captured as another one than before");
	err_table(err, t->schema, t->name);
	return NULL;
}

const struct relation *
binlog_relation(const struct binlog *dec, const char *schema, const char *name)
{
	struct err err = ERR_INIT;
	struct binlog *d = (struct binlog *)(uintptr_t)dec;
	const uint32_t number = name_number(d, schema, name, false, &err);

	return number != 0 ? relmap_get(dec->relations, number) : NULL;
}

/* ---- entries ---- */

/* Bytes of a packed decimal. */
static uint32_t
decimal_size(uint8_t precision, uint8_t scale)
{
	static const uint8_t rest[10] = { 0, 1, 1, 2, 2, 3, 3, 4, 4, 4 };
	const uint32_t whole = precision > scale ? (uint32_t)(precision - scale) : 0;

	return whole / 9 * 4 + rest[whole % 9] + scale / 9 * 4 + rest[scale % 9];
}

/* How a column's bytes stand in an image. False: not known. A flat switch. */
static bool
column_step(const struct binlog_column *col, struct column_step *s)
{
	const uint8_t low = (uint8_t)col->meta, high = (uint8_t)(col->meta >> 8);
	uint32_t length;

	switch (binlog_real_code(col)) {
	case MY_TYPE_TINY:
	case MY_TYPE_YEAR: s->fixed = 1; return true;
	case MY_TYPE_SHORT: s->fixed = 2; return true;
	case MY_TYPE_INT24:
	case MY_TYPE_DATE:
	case MY_TYPE_NEWDATE:
	case MY_TYPE_TIME: s->fixed = 3; return true;
	case MY_TYPE_LONG:
	case MY_TYPE_TIMESTAMP:
	case MY_TYPE_FLOAT: s->fixed = 4; return true;
	case MY_TYPE_LONGLONG:
	case MY_TYPE_DATETIME:
	case MY_TYPE_DOUBLE: s->fixed = 8; return true;
	case MY_TYPE_TIME2: s->fixed = 3 + (low + 1U) / 2; return low <= 6;
	case MY_TYPE_TIMESTAMP2: s->fixed = 4 + (low + 1U) / 2; return low <= 6;
	case MY_TYPE_DATETIME2: s->fixed = 5 + (low + 1U) / 2; return low <= 6;
	case MY_TYPE_NEWDECIMAL: s->fixed = decimal_size(high, low); return low <= high && high <= 65;
	case MY_TYPE_BIT: s->fixed = high + (low > 0); return low < 8 && high <= 8;
	case MY_TYPE_ENUM:
	case MY_TYPE_SET: s->fixed = low; return low >= 1 && low <= 8;
	case MY_TYPE_STRING:
		/* lengths of 256 and more leave their upper bits, inverted, in the type's */
		length = ((col->meta >> 4 & 0x300) ^ 0x300) + low;
		s->prefix = length > 255 ? 2 : 1;
		return true;
	case MY_TYPE_VARCHAR:
	case MY_TYPE_VARCHAR_COMPRESSED:
	case MY_TYPE_VAR_STRING: s->prefix = col->meta > 255 ? 2 : 1; return true;
	case MY_TYPE_BLOB:
	case TYPE_TINYBLOB:
	case TYPE_MEDIUMBLOB:
	case TYPE_LONGBLOB:
	case MY_TYPE_BLOB_COMPRESSED:
	case MY_TYPE_GEOMETRY:
	case MY_TYPE_JSON:
	case MY_TYPE_VECTOR: s->prefix = low; return low >= 1 && low <= 4;
	default: return false;
	}
}

static bool
fill_steps(struct table_entry *e, const struct binlog_table *t, const struct binlog_capture *cap, struct err *err)
{
	struct column_step *steps = arena_zalloc(t->arena, t->ncols * sizeof(*steps));
	uint8_t *identity = arena_zalloc(t->arena, (t->ncols + 7U) / 8), *wanted = arena_zalloc(t->arena, (t->ncols + 7U) / 8);
	uint16_t *columns = arena_zalloc(t->arena, t->ncols * sizeof(*columns)), n = 0;

	if (steps == NULL || identity == NULL || wanted == NULL || columns == NULL ||
	    (e->rel->ncols < t->ncols && (e->wide = arena_zalloc(t->arena, t->ncols * sizeof(*e->wide))) == NULL))
		return no_memory(err);
	for (uint16_t i = 0; i < t->ncols; i++) {
		if (!column_step(&t->cols[i], &steps[i])) {
			err_set(err, ERR_PROTOCOL, "column %s: type %u with metadata %u is not known", t->cols[i].name,
			    t->cols[i].code, t->cols[i].meta);
			return err_table(err, t->schema, t->name);
		}
		if (is_left_out(cap, i))
			continue;
		wanted[i / 8] |= (uint8_t)(1 << i % 8);
		if (e->rel->cols[n].identity)
			identity[i / 8] |= (uint8_t)(1 << i % 8);
		columns[n++] = i;
	}
	e->steps = steps;
	e->identity = identity;
	e->wanted = wanted;
	e->columns = columns;
	return true;
}

static bool
fill_captured(struct binlog *dec, struct table_entry *e, const struct binlog_table *t, const struct binlog_capture *cap,
    struct err *err)
{
	const struct coltype *types;
	const char **names = arena_zalloc(t->arena, t->ncols * sizeof(*names));

	if (names == NULL)
		return no_memory(err);
	if (!check_captured(t, cap, err) || (types = table_types(t, cap, err)) == NULL ||
	    (e->rel = make_relation(dec, t, cap, types, err)) == NULL)
		return false;
	for (uint16_t i = 0; i < t->ncols; i++)
		names[i] = t->cols[i].name;
	e->want_old = cap->want_old;
	e->full_old = cap->want_old || e->rel->replica_identity == 'f';
	if ((e->image = row_image_new(types, names, t->ncols, t->arena, err)) == NULL)
		return err_table(err, t->schema, t->name);
	e->names = names;
	return fill_steps(e, t, cap, err);
}

static void
entry_free(void *entry)
{
	struct table_entry *e = entry;

	if (e->image != NULL)
		row_image_done(e->image);
	arena_free(e->arena);
}

/* Of a table that is not captured nothing is kept. */
static struct table_entry *
uncaptured_entry(struct err *err)
{
	struct arena *arena = arena_new(sizeof(struct table_entry), 0);
	struct table_entry *e = arena != NULL ? arena_zalloc(arena, sizeof(*e)) : NULL;

	if (e != NULL) {
		e->arena = arena;
		return e;
	}
	arena_free(arena);
	no_memory(err);
	return NULL;
}

/* A captured table becomes part of its entry, which lives in its arena. */
static struct table_entry *
entry_new(struct binlog *dec, struct binlog_table *take_t, struct err *err)
{
	struct binlog_capture cap = { 0 };
	struct table_entry *e = arena_zalloc(take_t->arena, sizeof(*e));

	if (e == NULL)
		no_memory(err);
	if (e == NULL || !dec->hooks.resolve(dec->hooks.arg, take_t, &cap, err)) {
		arena_free(take_t->arena);
		return NULL;
	}
	if (cap.table == NULL) {
		arena_free(take_t->arena);
		return uncaptured_entry(err);
	}
	e->arena = take_t->arena;
	e->ncols = take_t->ncols;
	if (fill_captured(dec, e, take_t, &cap, err))
		return e;
	entry_free(e);
	return NULL;
}

void
binlog_forget_tables(struct binlog *dec)
{
	struct map *fresh = map_new();

	map_end_statement(dec);
	if (fresh == NULL)
		return;		/* what is kept was true when it was asked for; the caller asks again with the next DDL */
	map_free(dec->by_content, entry_free);
	dec->by_content = fresh;
}

/* ---- the event ---- */

static bool
announce(struct binlog *dec, uint64_t id, struct table_entry *e, struct err *err)
{
	for (uint16_t i = 0; i < dec->nactive; i++)
		if (dec->active[i].id == id) {
			dec->active[i].entry = e;
			return true;
		}
	if (dec->nactive == ACTIVE_TABLES)
		return err_set(err, ERR_LIMIT, "a statement that changes more than %d tables", ACTIVE_TABLES);
	dec->active[dec->nactive].id = id;
	dec->active[dec->nactive++].entry = e;
	return true;
}

static bool
make_entry(struct binlog *dec, const struct slice *contents, uint64_t id, uint16_t flags, struct table_entry **ret,
    struct err *err)
{
	struct binlog_table *t;

	if (dec->nactive == 0 && map_count(dec->by_content) >= ENTRIES_MAX)
		binlog_forget_tables(dec);
	if ((t = map_read(contents, dec->flavour == GTID_MARIADB, err)) == NULL)
		return false;
	t->table_id = id;
	t->flags = flags;
	if ((*ret = entry_new(dec, t, err)) == NULL)
		return false;
	if (map_put(dec->by_content, contents->p, contents->n, *ret, err))
		return true;
	entry_free(*ret);
	return false;
}

bool
map_on_event(struct binlog *dec, struct event *ev, struct err *err)
{
	const size_t id_size = ev->post == 6 ? 4 : 6;
	struct table_entry *e;
	struct slice contents;
	uint64_t id;
	uint16_t flags;

	if (!binlog_need_post(ev, (uint8_t)(id_size + 2), err) || !group_need_open(dec, ev, err))
		return false;
	id = rd_le(&ev->body, id_size);
	flags = (uint16_t)rd_le(&ev->body, 2);
	contents = (struct slice){ ev->body.p + ev->post, ev->body.n - ev->post };
	if ((e = map_get(dec->by_content, contents.p, contents.n)) == NULL &&
	    !make_entry(dec, &contents, id, flags, &e, err))
		return false;
	return announce(dec, id, e, err);
}

struct table_entry *
map_find(struct binlog *dec, uint64_t table_id)
{
	for (uint16_t i = dec->nactive; i > 0; i--)
		if (dec->active[i - 1].id == table_id)
			return dec->active[i - 1].entry;
	return NULL;
}

void
map_end_statement(struct binlog *dec)
{
	dec->nactive = 0;
}

bool
map_init(struct binlog *dec, struct err *err)
{
	dec->by_content = map_new();
	dec->by_name = map_new();
	if (dec->by_content == NULL || dec->by_name == NULL)
		return no_memory(err);
	return (dec->relations = relmap_new(err)) != NULL;
}

void
map_done(struct binlog *dec)
{
	if (dec->by_content != NULL)
		map_free(dec->by_content, entry_free);
	if (dec->by_name != NULL)
		map_free(dec->by_name, NULL);
	relmap_free(dec->relations);
}
