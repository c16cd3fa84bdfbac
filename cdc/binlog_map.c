/* binlog_map.c - TABLE_MAP events as structs.
 * Flow: the event's contents -> columns by their types -> what binlog_row_metadata adds.
 * Invariant: what is not said is marked so; a type that is not known ends the reading, and is named.
 * Threads: the capture thread. Owner: the table's arena owns all of it.
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

#include <string.h>

#include "cdc/my_type.h"

/* ---- reading: columns ---- */

bool
map_no_memory(struct err *err)
{
	return err_set(err, ERR_SYSTEM, "no memory for a table of the binary log");
}

static bool
map_cut(const struct rd *in, struct err *err)
{
	return err_set(
	    err, ERR_PROTOCOL, "TABLE_MAP is cut, or not as expected, at byte %zu", in->off);
}

/* Of bytes that cannot be read, or whose copy there was no memory for. */
static bool
map_refuse(const struct binlog_table *t, const struct rd *in, struct err *err)
{
	return arena_failed(t->arena) ? map_no_memory(err) : map_cut(in, err);
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
	case BLOB_TINY:
	case BLOB_MEDIUM:
	case BLOB_LONG:
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
	return code == MY_TYPE_NEWDECIMAL || code == MY_TYPE_STRING || code == MY_TYPE_ENUM ||
	       code == MY_TYPE_SET;
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
	if (t->name == NULL || n == 0 || n > BINLOG_MAX_COLUMNS ||
	    (codes = rd_bytes(in, n)) == NULL)
		return map_refuse(t, in, err);
	t->ncols = (uint16_t)n;
	if ((t->cols = arena_zalloc(t->arena, n * sizeof(*t->cols))) == NULL)
		return map_no_memory(err);
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
	case BLOB_TINY:
	case BLOB_MEDIUM:
	case BLOB_LONG:
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
	if ((labels = arena_zalloc(arena, (n + 1) * sizeof(*labels))) == NULL ||
	    (lengths = arena_zalloc(arena, (n + 1) * sizeof(*lengths))) == NULL)
		return false;
	for (uint64_t k = 0; k < n; k++) {
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
	return true;
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

		if (in->bad || !read_field(field, &value, t) || value.bad) {
			if (arena_failed(t->arena))
				return map_no_memory(err);
			return err_set(err, ERR_PROTOCOL,
			    "TABLE_MAP of %s.%s: field %u of %zu bytes is not as expected",
			    t->schema, t->name, field, value.n);
		}
	}
	return true;
}

struct binlog_table *
map_read(const struct slice *contents, bool mariadb, struct err *err)
{
	struct rd in = rd_init(contents->p, contents->n);
	struct arena *arena = arena_new(2048, 0);
	struct binlog_table *t = arena != NULL ? arena_zalloc(arena, sizeof(*t)) : NULL;

	if (t == NULL) {
		arena_free(arena);
		map_no_memory(err);
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
