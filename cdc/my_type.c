/* my_type.c - MySQL's and MariaDB's column types, from the catalog's words and from TABLE_MAP's
 * codes.
 * Flow: facts -> code, sign, collation, length, decimals, labels -> seal(): what follows from
 * them, the same for both origins.
 * Invariant: a type that is not known by its name or code is refused. Threads: any; strings belong
 * to the arena. */
#include "cdc/my_type.h"

#include <assert.h>
#include <string.h>

#include "cdc/binlog_table.h"
#include "cdc/charset.h"
#include "cdc/decimal.h"
#include "daemon/base/bytes.h"

/* What the catalog calls a type, and what it is in the log. */
struct named_type {
	const char *name; /* DATA_TYPE */
	uint8_t code;
	uint8_t logical; /* of a value with sign */
	uint8_t logical_unsigned;
	uint8_t detail; /* blobs: width of the length; geometry: subtype; uuid, inet: bytes */
};

static const struct named_type named_types[] = {
	{ "tinyint", MY_TYPE_TINY, LOGICAL_I16, LOGICAL_I16, 0 },
	{ "smallint", MY_TYPE_SHORT, LOGICAL_I16, LOGICAL_I32, 0 },
	{ "mediumint", MY_TYPE_INT24, LOGICAL_I32, LOGICAL_I32, 0 },
	{ "int", MY_TYPE_LONG, LOGICAL_I32, LOGICAL_I64, 0 },
	{ "bigint", MY_TYPE_LONGLONG, LOGICAL_I64, LOGICAL_U64, 0 },
	{ "float", MY_TYPE_FLOAT, LOGICAL_F32, LOGICAL_F32, 0 },
	{ "double", MY_TYPE_DOUBLE, LOGICAL_F64, LOGICAL_F64, 0 },
	{ "decimal", MY_TYPE_NEWDECIMAL, LOGICAL_DECIMAL, LOGICAL_DECIMAL, 0 },
	{ "bit", MY_TYPE_BIT, LOGICAL_BIT, 0, 0 },
	{ "year", MY_TYPE_YEAR, LOGICAL_YEAR, 0, 0 },
	{ "date", MY_TYPE_DATE, LOGICAL_DATE, 0, 0 },
	{ "time", MY_TYPE_TIME2, LOGICAL_TIME, 0, 0 },
	{ "datetime", MY_TYPE_DATETIME2, LOGICAL_TIMESTAMP, 0, 0 },
	{ "timestamp", MY_TYPE_TIMESTAMP2, LOGICAL_TIMESTAMPTZ, 0, 0 },
	{ "char", MY_TYPE_STRING, LOGICAL_TEXT, 0, 0 },
	{ "varchar", MY_TYPE_VARCHAR, LOGICAL_TEXT, 0, 0 },
	{ "binary", MY_TYPE_STRING, LOGICAL_BYTES, 0, 0 },
	{ "varbinary", MY_TYPE_VARCHAR, LOGICAL_BYTES, 0, 0 },
	{ "tinytext", MY_TYPE_BLOB, LOGICAL_TEXT, 0, 1 },
	{ "text", MY_TYPE_BLOB, LOGICAL_TEXT, 0, 2 },
	{ "mediumtext", MY_TYPE_BLOB, LOGICAL_TEXT, 0, 3 },
	{ "longtext", MY_TYPE_BLOB, LOGICAL_TEXT, 0, 4 },
	{ "tinyblob", MY_TYPE_BLOB, LOGICAL_BYTES, 0, 1 },
	{ "blob", MY_TYPE_BLOB, LOGICAL_BYTES, 0, 2 },
	{ "mediumblob", MY_TYPE_BLOB, LOGICAL_BYTES, 0, 3 },
	{ "longblob", MY_TYPE_BLOB, LOGICAL_BYTES, 0, 4 },
	{ "enum", MY_TYPE_ENUM, LOGICAL_ENUM, 0, 0 },
	{ "set", MY_TYPE_SET, LOGICAL_SET, 0, 0 },
	{ "json", MY_TYPE_JSON, LOGICAL_JSON, 0, 0 },
	{ "geometry", MY_TYPE_GEOMETRY, LOGICAL_GEOMETRY, 0, 0 },
	{ "point", MY_TYPE_GEOMETRY, LOGICAL_GEOMETRY, 0, 1 },
	{ "linestring", MY_TYPE_GEOMETRY, LOGICAL_GEOMETRY, 0, 2 },
	{ "polygon", MY_TYPE_GEOMETRY, LOGICAL_GEOMETRY, 0, 3 },
	{ "multipoint", MY_TYPE_GEOMETRY, LOGICAL_GEOMETRY, 0, 4 },
	{ "multilinestring", MY_TYPE_GEOMETRY, LOGICAL_GEOMETRY, 0, 5 },
	{ "multipolygon", MY_TYPE_GEOMETRY, LOGICAL_GEOMETRY, 0, 6 },
	{ "geometrycollection", MY_TYPE_GEOMETRY, LOGICAL_GEOMETRY, 0, 7 },
	{ "geomcollection", MY_TYPE_GEOMETRY, LOGICAL_GEOMETRY, 0, 7 }, /* MySQL 8 and later */
	{ "vector", MY_TYPE_VECTOR, LOGICAL_VECTOR, 0, 0 },
	/* MariaDB's, which the log has as binary */
	{ "uuid", MY_TYPE_STRING, LOGICAL_UUID, 0, 16 },
	{ "inet6", MY_TYPE_STRING, LOGICAL_INET, 0, 16 },
	{ "inet4", MY_TYPE_STRING, LOGICAL_INET, 0, 4 },
};
#define NNAMED (sizeof(named_types) / sizeof(named_types[0]))

static bool
is_numeric(uint8_t code)
{
	return code == MY_TYPE_NEWDECIMAL || code == MY_TYPE_LONGLONG || code == MY_TYPE_INT24 ||
	       code <= MY_TYPE_DOUBLE;
}

static bool
is_string(uint8_t code)
{
	return code == MY_TYPE_STRING || code == MY_TYPE_VARCHAR ||
	       code == MY_TYPE_VARCHAR_COMPRESSED;
}

static bool
is_blob(uint8_t code)
{
	return code == MY_TYPE_BLOB || code == MY_TYPE_BLOB_COMPRESSED;
}

static bool
has_labels(uint8_t code)
{
	return code == MY_TYPE_ENUM || code == MY_TYPE_SET;
}

/* The code that stands for both formats of a type. */
static uint8_t
plain_code(uint8_t code)
{
	switch (code) {
	case MY_TYPE_TIMESTAMP: return MY_TYPE_TIMESTAMP2;
	case MY_TYPE_DATETIME: return MY_TYPE_DATETIME2;
	case MY_TYPE_TIME: return MY_TYPE_TIME2;
	case MY_TYPE_NEWDATE: return MY_TYPE_DATE;
	default: return code;
	}
}

/* ---- the two numbers ---------------------------------------------------------------------------------------------- */

uint32_t
my_type_oid(uint8_t code, bool is_unsigned, uint16_t collation)
{
	return plain_code(code) | (uint32_t)is_unsigned << 8 | (uint32_t)collation << 16;
}

/* Each label with its end. */
static int32_t
labels_hash(const struct coltype *t)
{
	uint64_t h = 14695981039346656037u;

	if (t->labels == NULL)
		return -1;
	for (uint16_t i = 0; i < t->nlabels; i++) {
		const char *s = t->labels[i];

		do {
			const bool beyond = (uint8_t)*s >= 0xf0; /* four bytes of valid UTF-8 */

			h = (h ^ (beyond ? (uint8_t)'?' : (uint8_t)*s)) * 1099511628211u;
			s += beyond ? 4 : 1;
		} while (s[-1] != '\0');
	}
	return (int32_t)((h ^ h >> 32) & INT32_MAX);
}

static unsigned
bytes_of_character(const struct coltype *t)
{
	struct err err = ERR_INIT;
	const struct charset *cs =
	    t->collation != 0 ? charset_of_collation(t->collation, t->mariadb, &err) : NULL;

	return cs != NULL ? charset_max_bytes(cs) : 1;
}

int32_t
my_type_typmod(const struct coltype *t)
{
	switch (plain_code(t->code)) {
	case MY_TYPE_STRING:
	case MY_TYPE_VARCHAR:
	case MY_TYPE_VARCHAR_COMPRESSED: return (int32_t)(t->length * bytes_of_character(t));
	case MY_TYPE_BLOB:
	case MY_TYPE_BLOB_COMPRESSED:
		return 1 + (t->length > 0xff) + (t->length > 0xffff) + (t->length > 0xffffff);
	case MY_TYPE_NEWDECIMAL: return (int32_t)(t->length << 8 | t->decimals);
	case MY_TYPE_BIT: return (int32_t)t->length;
	case MY_TYPE_TIME2:
	case MY_TYPE_DATETIME2:
	case MY_TYPE_TIMESTAMP2: return t->decimals == MY_DIGITS_UNKNOWN ? -1 : t->decimals;
	case MY_TYPE_ENUM:
	case MY_TYPE_SET: return labels_hash(t);
	case MY_TYPE_GEOMETRY: return t->decimals;
	case MY_TYPE_VECTOR: return (int32_t)(t->length / 4);
	default: return 0;
	}
}

/* ---- the name ----------------------------------------------------------------------------------------------------- */

static const struct named_type *
type_of_code(const struct coltype *t)
{
	const int32_t width = is_blob(t->code) ? my_type_typmod(t) : 0;

	for (size_t i = 0;; i++) {
		const struct named_type *n = &named_types[i];
		uint8_t code = plain_code(t->code);

		assert(i < NNAMED);
		if (code == MY_TYPE_VARCHAR_COMPRESSED)
			code = MY_TYPE_VARCHAR;
		else if (code == MY_TYPE_BLOB_COMPRESSED)
			code = MY_TYPE_BLOB;
		if (n->code != code || (is_blob(code) && n->detail != width) ||
		    (code == MY_TYPE_GEOMETRY && n->detail != t->decimals))
			continue;
		if ((is_string(code) || is_blob(code)) &&
		    (n->logical == LOGICAL_BYTES) != (t->collation == MY_COLLATION_BINARY))
			continue;
		return n;
	}
}

static void
put_labels(struct buf *b, const struct coltype *t)
{
	buf_u8(b, '(');
	for (uint16_t i = 0; t->labels != NULL && i < t->nlabels; i++) {
		buf_str(b, i > 0 ? ",'" : "'");
		for (const char *s = t->labels[i]; *s != '\0'; s++) {
			if (*s == '\'' || *s == '\\')
				buf_u8(b, (uint8_t)*s);
			buf_u8(b, (uint8_t)*s);
		}
		buf_u8(b, '\'');
	}
	buf_u8(b, ')');
}

/* In one spelling, as far as the log knows it too. */
static bool
put_name(struct coltype *t, const char *word, struct arena *arena, struct err *err)
{
	struct buf b = { 0 };

	buf_str(&b, word);
	if (is_string(t->code))
		buf_printf(&b, "(%u)", t->length);
	else if (t->code == MY_TYPE_BIT)
		buf_printf(&b, "(%u)", t->length);
	else if (t->code == MY_TYPE_NEWDECIMAL)
		buf_printf(&b, "(%u,%u)", t->length, t->decimals);
	else if (t->code == MY_TYPE_VECTOR)
		buf_printf(&b, "(%u)", t->length / 4);
	else if (has_labels(t->code))
		put_labels(&b, t);
	else if (t->code != MY_TYPE_GEOMETRY && t->decimals > 0 && t->decimals != MY_DIGITS_UNKNOWN)
		buf_printf(&b, "(%u)", t->decimals);
	if (t->is_unsigned)
		buf_str(&b, " unsigned");
	if (t->code == MY_TYPE_VARCHAR_COMPRESSED || t->code == MY_TYPE_BLOB_COMPRESSED)
		buf_str(&b, " compressed");
	t->name = b.bad ? NULL : arena_strndup(arena, (const char *)b.p, b.n);
	buf_done(&b);
	return t->name != NULL ||
	       err_set(err, ERR_SYSTEM, "no memory for the name of a column's type");
}

/* What follows from code, sign, collation, length, decimals and labels. */
static bool
seal(struct coltype *t, struct arena *arena, struct err *err)
{
	const struct named_type *n = type_of_code(t);

	t->family = FAMILY_MYSQL;
	t->wire = WIRE_TEXT;
	t->logical = t->is_unsigned ? n->logical_unsigned : n->logical;
	t->oid = t->base_oid = my_type_oid(t->code, t->is_unsigned, t->collation);
	t->typmod = my_type_typmod(t);
	return put_name(t, n->name, arena, err);
}

static uint32_t
blob_length(unsigned width)
{
	return width == 4 ? UINT32_MAX : (1u << (8 * width)) - 1;
}

/* Bytes of a value of enum and set in the log. */
static uint32_t
labels_width(uint8_t code, uint32_t n)
{
	if (code == MY_TYPE_ENUM)
		return n < 256 ? 1 : 2;
	return n > 32 ? 8 : (n + 7) / 8;
}

static bool
labels_fit(const struct coltype *t, struct err *err)
{
	if (t->nlabels == 0 || (t->code == MY_TYPE_SET && t->nlabels > 64))
		return err_set(err, ERR_SCHEMA, "%s of %u labels",
		    t->code == MY_TYPE_SET ? "a set" : "an enum", t->nlabels);
	return true;
}

/* ---- from the catalog --------------------------------------------------------------------------------------------- */

static bool
catalog_unknown(const struct my_catalog_column *c, struct err *err)
{
	err_set(err, ERR_SCHEMA, "type %s of %s is not known to this version of repld",
	    c->column_type, c->mariadb ? "MariaDB" : "MySQL");
	return err_remedy(err, "leave the table out");
}

/* One label behind its opening quote, unescaped, into out (room for all of it). NULL: no closing
 * quote. */
static const char *
catalog_label(const char *s, char *out)
{
	for (;; s++) {
		if (*s == '\0')
			return NULL;
		if (*s == '\'' && *++s != '\'') {
			*out = '\0';
			return s;
		}
		if (*s == '\\' && s[1] != '\0') {
			s++;
			*out++ = *s == 'n' ? '\n' : *s == 'r' ? '\r' : *s == 'Z' ? '\x1a' : *s;
			if (*s == '0')
				return NULL;
		} else {
			*out++ = *s;
		}
	}
}

static bool
is_utf8(const char *text, size_t n)
{
	struct err err = ERR_INIT;
	size_t len, bad;

	return charset_to_utf8(
	    charset_of_collation(46, false, &err), (const uint8_t *)text, n, NULL, &len, &bad);
}

static bool
catalog_labels(
    struct coltype *t, const struct my_catalog_column *c, struct arena *arena, struct err *err)
{
	const char *s = strchr(c->column_type, '(');
	size_t n = 1, at = 0;
	const char **labels;
	char *text;

	for (const char *k = c->column_type; *k != '\0'; k++)
		n += *k == ',';
	labels = arena_alloc(arena, n * sizeof(*labels)); /* commas inside labels: room to spare */
	text = arena_alloc(arena, strlen(c->column_type) + 1);
	if (labels == NULL || text == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for the labels of a column");
	for (n = 0; s != NULL && s[0] == (n == 0 ? '(' : ',') && s[1] == '\''; n++) {
		if ((s = catalog_label(s + 2, text + at)) == NULL)
			break;
		labels[n] = text + at;
		at += strlen(text + at) + 1;
	}
	if (s == NULL || *s != ')' || n > UINT16_MAX || !is_utf8(text, at)) {
		err_set(err, ERR_SCHEMA, "the labels of %s can not be read from the catalog",
		    t->code == MY_TYPE_SET ? "a set" : "an enum");
		return err_remedy(
		    err, "leave the table out, or give the column labels that are text, without NUL bytes");
	}
	t->labels = labels;
	t->nlabels = (uint16_t)n;
	t->length = labels_width(t->code, t->nlabels);
	return labels_fit(t, err);
}

/* Length, digits, labels. */
static bool
catalog_details(struct coltype *t, const struct my_catalog_column *c, const struct named_type *n,
    struct arena *arena, struct err *err)
{
	if (n->code == MY_TYPE_STRING && n->detail != 0)
		t->length = n->detail; /* uuid, inet */
	else if (n->code == MY_TYPE_STRING || n->code == MY_TYPE_VARCHAR)
		t->length = (uint32_t)c->char_length;
	else if (n->code == MY_TYPE_BLOB)
		t->length = blob_length(n->detail);
	else if (n->code == MY_TYPE_VECTOR)
		t->length = (uint32_t)c->octet_length;
	else if (n->code == MY_TYPE_GEOMETRY)
		t->decimals = n->detail;
	else if (n->code == MY_TYPE_BIT)
		t->length = c->precision;
	else if (has_labels(n->code))
		return catalog_labels(t, c, arena, err);
	else if (n->code == MY_TYPE_NEWDECIMAL) {
		if (!decimal_valid(c->precision, c->scale))
			return err_set(err, ERR_SCHEMA,
			    "%s has %u digits, %u of them behind the point", c->column_type,
			    c->precision, c->scale);
		t->length = c->precision;
		t->decimals = (uint8_t)c->scale;
	} else if (n->code == MY_TYPE_TIME2 || n->code == MY_TYPE_DATETIME2 ||
		   n->code == MY_TYPE_TIMESTAMP2) {
		if (c->fraction > 6)
			return err_set(err, ERR_SCHEMA, "%s has %u digits of a second",
			    c->column_type, c->fraction);
		t->decimals = (uint8_t)c->fraction;
	}
	return true;
}

static bool
catalog_collation(struct coltype *t, const struct my_catalog_column *c, const struct named_type *n,
    struct err *err)
{
	if (!is_string(n->code) && !is_blob(n->code) && !has_labels(n->code))
		return true;
	if (c->collation == NULL) {
		t->collation = MY_COLLATION_BINARY;
		return true;
	}
	t->collation = charset_collation_id(c->collation, c->mariadb);
	if (t->collation == 0) {
		err_set(err, ERR_SCHEMA, "collation %s of %s is not known", c->collation,
		    c->mariadb ? "MariaDB" : "MySQL");
		return err_remedy(err, "give the column a collation that this version of repld "
				       "knows, or leave the table out");
	}
	return true;
}

/* COLUMN_TYPE without its comments, where it says more than the log can. */
static bool
catalog_name(
    struct coltype *t, const struct my_catalog_column *c, struct arena *arena, struct err *err)
{
	const char *end = strstr(c->column_type, " /*");

	if (strstr(c->column_type, " zerofill") == NULL &&
	    strncmp(c->column_type, "tinyint(1)", 10) != 0 &&
	    strncmp(c->column_type, "float(", 6) != 0 && strncmp(c->column_type, "double(", 7) != 0)
		return true;
	t->name = arena_strndup(arena, c->column_type,
	    end != NULL ? (size_t)(end - c->column_type) : strlen(c->column_type));
	return t->name != NULL ||
	       err_set(err, ERR_SYSTEM, "no memory for the name of a column's type");
}

/* Types that MariaDB has, and its log does not. */
static bool
catalog_meaning(struct coltype *t, const struct my_catalog_column *c, const struct named_type *n,
    struct arena *arena, struct err *err)
{
	const bool json = c->mariadb && c->json_check && strcmp(n->name, "longtext") == 0;

	if (n->logical == LOGICAL_UUID || n->logical == LOGICAL_INET) {
		t->logical = n->logical;
		t->name = n->name;
	} else if (n->logical == LOGICAL_VECTOR) {
		t->logical = n->logical;
		t->name = arena_printf(arena, "vector(%u)", t->length / 4);
	} else if (json) {
		t->logical = LOGICAL_JSON;
		t->name = "json";
	}
	return t->name != NULL ||
	       err_set(err, ERR_SYSTEM, "no memory for the name of a column's type");
}

bool
my_type_from_catalog(
    struct coltype *t, const struct my_catalog_column *c, struct arena *arena, struct err *err)
{
	const struct named_type *n = NULL;
	const bool compressed = strstr(c->column_type, " /*M!") != NULL &&
				strstr(c->column_type, " COMPRESSED") != NULL;
	const bool old = strstr(c->column_type, " /* mariadb-5.3 */") != NULL ||
			 strstr(c->column_type, " /* 5.5 binary format */") != NULL;

	for (size_t i = 0; i < NNAMED && n == NULL; i++)
		if (strcmp(named_types[i].name, c->data_type) == 0)
			n = &named_types[i];
	if (n == NULL ||
	    (!c->mariadb && (n->logical == LOGICAL_UUID || n->logical == LOGICAL_INET)) ||
	    (c->mariadb && n->code == MY_TYPE_JSON))
		return catalog_unknown(c, err);
	*t = (struct coltype){ .code = n->code, .mariadb = c->mariadb };
	if (!catalog_collation(t, c, n, err) || !catalog_details(t, c, n, arena, err))
		return false;
	if (is_numeric(n->code))
		t->is_unsigned = strstr(c->column_type, " unsigned") != NULL ||
				 strstr(c->column_type, " zerofill") != NULL;
	if (c->mariadb && n->code == MY_TYPE_VECTOR) {
		t->code = MY_TYPE_VARCHAR;
		t->collation = MY_COLLATION_BINARY;
	} else if (compressed && n->code == MY_TYPE_VARCHAR) {
		t->code = MY_TYPE_VARCHAR_COMPRESSED;
	} else if (compressed && n->code == MY_TYPE_BLOB) {
		t->code = MY_TYPE_BLOB_COMPRESSED;
	} else if (old) {
		t->code = n->code == MY_TYPE_TIME2	 ? MY_TYPE_TIME
			  : n->code == MY_TYPE_DATETIME2 ? MY_TYPE_DATETIME
							 : MY_TYPE_TIMESTAMP;
	}
	return seal(t, arena, err) && catalog_name(t, c, arena, err) &&
	       catalog_meaning(t, c, n, arena, err);
}

/* ---- from the log ------------------------------------------------------------------------------------------------- */

static bool
map_unknown(const struct binlog_column *c, const char *what, struct err *err)
{
	err_set(err, ERR_SCHEMA, "%s (type code %u in the log, metadata 0x%04x)", what, c->code,
	    c->meta);
	return err_remedy(err, "ALTER TABLE ... FORCE on the source writes the table in the "
			       "current format; or leave the table out");
}

/* STRING hides bits 8 and 9 of its length in its real type's code. */
static bool
map_string(struct coltype *t, const struct binlog_column *c, uint32_t *ret_octets, struct err *err)
{
	const uint8_t high = (uint8_t)(c->meta >> 8), low = (uint8_t)c->meta;

	if (high == MY_TYPE_ENUM || high == MY_TYPE_SET) {
		t->code = high;
		t->length = low;
		if (low == 0 || (high == MY_TYPE_ENUM ? low > 2 : low > 8 || (low > 4 && low < 8)))
			return map_unknown(c, "an enum or set of an odd size", err);
		return true;
	}
	if ((high | 0x30) != MY_TYPE_STRING)
		return map_unknown(c, "a string of a type that is not known", err);
	*ret_octets = low | (uint32_t)((high & 0x30) ^ 0x30) << 4;
	return true;
}

/* Metadata -> length and decimals; of strings *ret_octets. */
static bool
map_details(struct coltype *t, const struct binlog_column *c, uint32_t *ret_octets, struct err *err)
{
	switch (c->code) {
	case MY_TYPE_STRING: return map_string(t, c, ret_octets, err);
	case MY_TYPE_VARCHAR: *ret_octets = c->meta; return true;
	case MY_TYPE_VARCHAR_COMPRESSED:
		*ret_octets = c->meta - 1u;
		return c->meta > 0 || map_unknown(c, "a column of no length", err);
	case MY_TYPE_BLOB:
	case MY_TYPE_BLOB_COMPRESSED:
		if (c->meta < 1 || c->meta > 4)
			return map_unknown(c, "a blob of an odd size", err);
		t->length = blob_length(c->meta);
		return true;
	case MY_TYPE_NEWDECIMAL:
		t->length = c->meta >> 8;
		t->decimals = (uint8_t)c->meta;
		return decimal_valid(t->length, t->decimals) ||
		       map_unknown(c, "a decimal of an odd size", err);
	case MY_TYPE_BIT: /* whole bytes, and bits beyond them */
		t->length = (c->meta >> 8) * 8u + (c->meta & 0xff);
		return (t->length > 0 && t->length <= 64 && (c->meta & 0xff) < 8) ||
		       map_unknown(c, "a bit column of an odd size", err);
	case MY_TYPE_TIME2:
	case MY_TYPE_DATETIME2:
	case MY_TYPE_TIMESTAMP2:
		t->decimals = (uint8_t)c->meta;
		return c->meta <= 6 || map_unknown(c, "a time with too many digits", err);
	case MY_TYPE_TIME:
	case MY_TYPE_DATETIME:
	case MY_TYPE_TIMESTAMP: t->decimals = t->mariadb ? MY_DIGITS_UNKNOWN : 0; return true;
	case MY_TYPE_GEOMETRY:
		t->decimals = c->geometry <= 7 ? (uint8_t)c->geometry : 0;
		return true;
	case MY_TYPE_VECTOR: t->length = c->dimensions * 4; return true;
	case MY_TYPE_TINY:
	case MY_TYPE_SHORT:
	case MY_TYPE_LONG:
	case MY_TYPE_FLOAT:
	case MY_TYPE_DOUBLE:
	case MY_TYPE_LONGLONG:
	case MY_TYPE_INT24:
	case MY_TYPE_DATE:
	case MY_TYPE_NEWDATE:
	case MY_TYPE_YEAR:
	case MY_TYPE_JSON: return true;
	case MY_TYPE_DECIMAL:
	case MY_TYPE_VAR_STRING:
		return map_unknown(c, "a column in a format from before MySQL 5.0", err);
	default: return map_unknown(c, "a type that is not known to this version of repld", err);
	}
}

static const char *
map_label(const struct charset *cs, const char *p, uint32_t n, struct arena *arena, struct err *err)
{
	uint8_t *out = arena_alloc(arena, charset_bound(cs, n) + 1);
	size_t len, bad;

	if (out == NULL) {
		err_set(err, ERR_SYSTEM, "no memory for the labels of a column");
		return NULL;
	}
	if (!charset_to_utf8(cs, (const uint8_t *)p, n, out, &len, &bad) ||
	    memchr(out, '\0', len) != NULL) {
		err_set(err, ERR_SCHEMA,
		    "a label of an enum or set is not text of its character set %s",
		    charset_name(cs));
		return NULL;
	}
	out[len] = '\0';
	return (const char *)out;
}

static bool
map_labels(struct coltype *t, const struct binlog_column *c, struct arena *arena, struct err *err)
{
	const struct charset *cs;
	const char **labels;

	if (!has_labels(t->code) || c->labels == NULL || t->collation == 0)
		return true;
	/* of labels in bytes only those are known that are UTF-8 */
	cs = charset_of_collation(
	    t->collation == MY_COLLATION_BINARY ? 46 : t->collation, t->mariadb, err);
	if (cs == NULL)
		return false;
	t->nlabels = c->nlabels;
	if (!labels_fit(t, err))
		return false;
	if (labels_width(t->code, t->nlabels) != t->length)
		return err_set(err, ERR_SCHEMA,
		    "an enum or set of %u labels has values of %u bytes in the log", t->nlabels,
		    t->length);
	if ((labels = arena_alloc(arena, t->nlabels * sizeof(*labels))) == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for the labels of a column");
	for (uint16_t i = 0; i < t->nlabels; i++)
		if ((labels[i] = map_label(cs, c->labels[i], c->label_len[i], arena, err)) == NULL)
			return false;
	t->labels = labels;
	return true;
}

bool
my_type_from_map(struct coltype *t, const struct binlog_column *c, bool mariadb,
    struct arena *arena, struct err *err)
{
	uint32_t octets = 0;
	const struct charset *cs;

	*t = (struct coltype){ .code = c->code, .mariadb = mariadb };
	if (!map_details(t, c, &octets, err))
		return false;
	if (is_string(t->code) || is_blob(t->code) || has_labels(t->code))
		t->collation = c->collation;
	if (is_string(t->code)) {
		t->length = octets;
		if (t->collation != 0) {
			if ((cs = charset_of_collation(t->collation, mariadb, err)) == NULL)
				return false;
			t->length = octets / charset_max_bytes(cs);
			if (t->length * charset_max_bytes(cs) != octets)
				return map_unknown(c,
				    "a string whose length is no whole number of characters", err);
		}
	}
	t->is_unsigned = is_numeric(t->code) && c->is_unsigned;
	return map_labels(t, c, arena, err) && seal(t, arena, err);
}

/* ---- both --------------------------------------------------------------------------------------------------------- */

/* Without labels in the log the catalog's have to be whole: they show a character beyond the basic
 * plane as a question mark. */
static bool
labels_whole(const struct coltype *t, struct err *err)
{
	const char *set;
	const struct charset *cs = charset_of_collation(t->collation, t->mariadb, err);

	if (cs == NULL)
		return false;
	set = charset_name(cs);
	if (strcmp(set, "utf8mb4") != 0 && strcmp(set, "gb18030") != 0 &&
	    strncmp(set, "utf16", 5) != 0 && strcmp(set, "utf32") != 0)
		return true;
	for (uint16_t i = 0; i < t->nlabels; i++)
		if (strchr(t->labels[i], '?') != NULL) {
			err_set(err, ERR_SCHEMA,
			    "a label of %s has a question mark in the catalog, which may stand for "
			    "another character",
			    t->code == MY_TYPE_SET ? "a set" : "an enum");
			return err_remedy(err,
			    "SET GLOBAL binlog_row_metadata = FULL on the source, so that its log "
			    "has the labels; or, where the server has no such "
			    "setting, give the label another name, or leave the table out");
		}
	return true;
}

bool
my_type_complete(struct coltype *t, const struct coltype *catalog, const struct coltype *map,
    bool sign_known, struct err *err)
{
	const bool sized = !has_labels(map->code) || map->length == catalog->length;
	const bool same = plain_code(map->code) == plain_code(catalog->code) &&
			  map->mariadb == catalog->mariadb && sized &&
			  (!sign_known || map->is_unsigned == catalog->is_unsigned) &&
			  (map->collation == 0 || map->collation == catalog->collation) &&
			  (map->typmod == catalog->typmod || map->typmod == -1 ||
			      (map->typmod == 0 &&
				  (map->code == MY_TYPE_GEOMETRY || map->code == MY_TYPE_VECTOR)));
	if (!same)
		return err_set(
		    err, ERR_SCHEMA, "the catalog has %s, the log %s", catalog->name, map->name);
	if (has_labels(map->code) && map->labels == NULL && !labels_whole(catalog, err))
		return false;
	*t = *catalog;
	t->code = map->code;
	if (map->labels != NULL) {
		t->labels = map->labels;
		t->name = map->name;
	}
	return true;
}
