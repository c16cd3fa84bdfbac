/* typemap.c - see typemap.h.
 * Limits of MySQL and MariaDB that decide about a made column's type: decimal(65,30), bit(64), char(255), a row of 65535 bytes (varchar of
 * utf8mb4: 16383), a key of 3072 bytes (varchar(768)).
 * Threads: any; constant tables. */
#include "staging/typemap.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "cdc/my_type.h"

#define MY_MAX_PRECISION 65
#define MY_MAX_SCALE	 30
#define MY_MAX_BITS	 64
#define MY_MAX_CHAR	 255
#define MY_MAX_VARCHAR	 16383
#define MY_MAX_KEY_CHARS 768

static const struct kind_row {
	uint8_t family;
	enum type_class class;
	uint32_t oid;
	const char *shown, *made, *in_key;
} rows[] = {
#define MY(kind, shown, class, made)	       [MY_##kind] = { FAMILY_MYSQL, CLASS_##class, 0, shown, made, "" },
#define PG(kind, shown, class, oid, made, key) [PG_##kind] = { FAMILY_POSTGRESQL, CLASS_##class, oid, shown, made, key },
#include "staging/typemap.def"
#undef MY
#undef PG
};

bool
typemap_row(size_t i, struct typemap_row *ret)
{
	if (i + 1 >= KIND_END)
		return false;
	*ret = (struct typemap_row){ .family = rows[i + 1].family,
		.kind = (enum type_kind)(i + 1),
		.shown = rows[i + 1].shown,
		.made = rows[i + 1].made,
		.made_in_key = rows[i + 1].in_key };
	return true;
}

/* ---- which kind ---- */

static bool
name_begins(const struct coltype *t, const char *word)
{
	return t->name != NULL && strncmp(t->name, word, strlen(word)) == 0;
}

static enum type_kind
my_int_kind(const struct coltype *t)
{
	switch (t->code) {
	case MY_TYPE_TINY:
		if (t->is_unsigned)
			return MY_UTINYINT;
		return name_begins(t, "tinyint(1)") ? MY_TINYINT1 : MY_TINYINT;
	case MY_TYPE_SHORT: return t->is_unsigned ? MY_USMALLINT : MY_SMALLINT;
	case MY_TYPE_INT24: return t->is_unsigned ? MY_UMEDIUMINT : MY_MEDIUMINT;
	case MY_TYPE_LONG: return t->is_unsigned ? MY_UINT : MY_INT;
	default: return t->is_unsigned ? MY_UBIGINT : MY_BIGINT;
	}
}

/* flat switch */
static enum type_kind
my_kind(const struct coltype *t)
{
	switch (t->logical) {
	case LOGICAL_UUID: return MY_UUID;
	case LOGICAL_INET: return t->length == 4 || name_begins(t, "inet4") ? MY_INET4 : MY_INET6;
	case LOGICAL_JSON: return t->mariadb ? MY_JSON_TEXT : MY_JSON;
	case LOGICAL_GEOMETRY: return MY_GEOMETRY;
	case LOGICAL_VECTOR: return MY_VECTOR;
	default: break;
	}
	switch (t->code) {
	case MY_TYPE_TINY:
	case MY_TYPE_SHORT:
	case MY_TYPE_INT24:
	case MY_TYPE_LONG:
	case MY_TYPE_LONGLONG: return my_int_kind(t);
	case MY_TYPE_NEWDECIMAL: return MY_DECIMAL;
	case MY_TYPE_FLOAT: return MY_FLOAT;
	case MY_TYPE_DOUBLE: return MY_DOUBLE;
	case MY_TYPE_BIT: return MY_BIT;
	case MY_TYPE_YEAR: return MY_YEAR;
	case MY_TYPE_DATE:
	case MY_TYPE_NEWDATE: return MY_DATE;
	case MY_TYPE_TIME:
	case MY_TYPE_TIME2: return MY_TIME;
	case MY_TYPE_DATETIME:
	case MY_TYPE_DATETIME2: return MY_DATETIME;
	case MY_TYPE_TIMESTAMP:
	case MY_TYPE_TIMESTAMP2: return MY_TIMESTAMP;
	case MY_TYPE_STRING: return t->logical == LOGICAL_BYTES ? MY_BINARY : MY_CHAR;
	case MY_TYPE_VAR_STRING:
	case MY_TYPE_VARCHAR:
	case MY_TYPE_VARCHAR_COMPRESSED: return t->logical == LOGICAL_BYTES ? MY_VARBINARY : MY_VARCHAR;
	case MY_TYPE_BLOB:
	case MY_TYPE_BLOB_COMPRESSED: return t->logical == LOGICAL_BYTES ? MY_BLOB : MY_TEXT;
	case MY_TYPE_ENUM: return MY_ENUM;
	case MY_TYPE_SET: return MY_SET;
	case MY_TYPE_JSON: return MY_JSON;
	case MY_TYPE_GEOMETRY: return MY_GEOMETRY;
	case MY_TYPE_VECTOR: return MY_VECTOR;
	default: return KIND_NONE;
	}
}

/* "vector", "vector(3)", "public.vector(3)" */
static bool
is_named(const struct coltype *t, const char *word)
{
	const char *p = t->name, *dot;
	size_t n = strlen(word);

	if (p == NULL)
		return false;
	if ((dot = strchr(p, '.')) != NULL && (strchr(p, '(') == NULL || dot < strchr(p, '(')))
		p = dot + 1;
	return strncmp(p, word, n) == 0 && (p[n] == '\0' || p[n] == '(');
}

static enum type_kind
pg_kind(const struct coltype *t)
{
	const size_t n = t->name != NULL ? strlen(t->name) : 0;

	if (t->logical == LOGICAL_ENUM)
		return PG_ENUM;
	if (t->logical == LOGICAL_ARRAY || (n > 2 && strcmp(t->name + n - 2, "[]") == 0))
		return PG_ARRAY;
	for (int k = PG_BOOL; k < KIND_END; k++)
		if (rows[k].oid != 0 && rows[k].oid == t->base_oid)
			return (enum type_kind)k;
	if (is_named(t, "geometry"))
		return PG_GEOMETRY;
	return is_named(t, "vector") ? PG_VECTOR : PG_OTHER;
}

/* ---- what fits into it ---- */

static void
int_range(struct type_facts *f)
{
	static const uint8_t bits[] = { [MY_TINYINT1] = 8,
		[MY_TINYINT] = 8,
		[MY_UTINYINT] = 8,
		[MY_SMALLINT] = 16,
		[MY_USMALLINT] = 16,
		[MY_MEDIUMINT] = 24,
		[MY_UMEDIUMINT] = 24,
		[MY_INT] = 32,
		[MY_UINT] = 32,
		[MY_BIGINT] = 64,
		[MY_UBIGINT] = 64,
		[PG_INT2] = 16,
		[PG_INT4] = 32,
		[PG_INT8] = 64 };

	if (f->kind == MY_YEAR) {
		f->max = 2155;
	} else if (f->positive) {
		f->max = UINT64_MAX >> (64 - bits[f->kind]);
	} else {
		f->max = (uint64_t)INT64_MAX >> (64 - bits[f->kind]);
		f->min = -(int64_t)f->max - 1;
	}
}

static void
pg_modifiers(struct type_facts *f, const struct coltype *t)
{
	const int32_t mod = t->typmod;

	switch (f->kind) {
	case PG_NUMERIC:
		f->whole = f->scale = TYPE_ANY_DIGITS;
		if (mod >= 4) {
			f->scale = (int16_t)((((mod - 4) & 0x7ff) ^ 1024) - 1024);
			f->whole = (int16_t)((((mod - 4) >> 16) & 0xffff) - f->scale);
		}
		f->any_text = mod < 4;
		break;
	case PG_VARCHAR:
	case PG_BPCHAR: f->length = mod >= 4 ? (uint32_t)mod - 4 : 0; break;
	case PG_ARRAY: f->any_text = mod < 0; break;
	case PG_NAME: f->length = 63; break;
	case PG_BIT:
	case PG_VARBIT:
		f->length = mod > 0 ? (uint32_t)mod : 0;
		f->any_text = true;
		break;
	case PG_TIME:
	case PG_TIMESTAMP:
	case PG_TIMESTAMPTZ:
	case PG_TIMETZ:
		f->digits = mod >= 0 && mod <= 6 ? (uint8_t)mod : 6;
		f->any_text = f->kind == PG_TIMETZ && f->digits == 6;
		break;
	case PG_INTERVAL:	/* with fields it cuts what it is given */
		f->digits = mod < 0 || (mod & 0xffff) > 6 ? 6 : (uint8_t)(mod & 0xffff);
		f->cuts = mod >= 0 && (mod >> 16 & 0x7fff) != 0x7fff;
		f->any_text = !f->cuts && f->digits == 6;
		break;
	default:
		f->any_text = f->class == CLASS_FOREIGN || f->class == CLASS_INET || f->class == CLASS_GEOMETRY ||
		    f->class == CLASS_VECTOR;
		break;
	}
	f->pads_blanks = f->kind == PG_BPCHAR;
}

static void
my_modifiers(struct type_facts *f, const struct coltype *t)
{
	f->positive = t->is_unsigned || f->kind == MY_YEAR;
	f->length = t->length;
	f->pads_blanks = f->kind == MY_CHAR;
	f->pads_zeros = f->kind == MY_BINARY;
	f->digits = t->decimals > 6 ? 6 : t->decimals;	/* not known: MY_DIGITS_UNKNOWN */
	f->rounds = (f->kind == MY_FLOAT || f->kind == MY_DOUBLE) && t->name != NULL && strchr(t->name, ',') != NULL;
	if (f->rounds) {
		f->length = (uint32_t)strtoul(strchr(t->name, '(') + 1, NULL, 10);
		f->digits = (uint8_t)strtoul(strchr(t->name, ',') + 1, NULL, 10);
	}
	if (f->kind == MY_DECIMAL) {
		f->scale = t->decimals;
		f->whole = (int16_t)(t->length - t->decimals);
	}
}

struct type_facts
typemap_read(const struct coltype *t)
{
	struct type_facts f = { .kind = t->family == FAMILY_MYSQL ? my_kind(t) : pg_kind(t) };

	f.class = rows[f.kind].class;
	if (t->family == FAMILY_MYSQL)
		my_modifiers(&f, t);
	else
		pg_modifiers(&f, t);
	if (f.class == CLASS_INT)
		int_range(&f);
	return f;
}

/* ---- what it becomes ---- */

const char *
typemap_bytes_collation(const struct convert_target *target, bool *ret_blanks)
{
	*ret_blanks = !target->mariadb && target->version < 80017;
	if (target->mariadb)
		return "utf8mb4_nopad_bin";
	return *ret_blanks ? "utf8mb4_bin" : "utf8mb4_0900_bin";
}

/* What has no place in the type of the row, and the type that has one. */
static const char *
my_instead(const struct type_facts *f, const struct convert_target *target, int precision, int scale)
{
	const char *const text = target->in_key ? "varchar(768)" : "longtext";

	switch (f->kind) {
	case PG_NUMERIC:
		return f->whole == TYPE_ANY_DIGITS || precision > MY_MAX_PRECISION || scale > MY_MAX_SCALE ? text : NULL;
	case PG_BIT: return f->length > MY_MAX_VARCHAR ? text : f->length > MY_MAX_BITS ? "varchar(%n)" : NULL;
	case PG_BPCHAR:
		if (f->length > MY_MAX_CHAR && f->length <= MY_MAX_VARCHAR)
			return "varchar(%n)";
		return f->length == 0 || f->length > MY_MAX_VARCHAR ? text : NULL;
	case PG_VARCHAR:
	case PG_VARBIT: return f->length == 0 || f->length > MY_MAX_VARCHAR ? text : NULL;
	case PG_JSONB: return !target->mariadb && target->version < 50708 ? "longtext" : NULL;
	default: return NULL;
	}
}

/* Types of the one server of the family that the other has not. */
static const char *
my_on_the_other(const struct type_facts *f, const struct coltype *source, const struct convert_target *target)
{
	const int version = target->version;

	switch (f->kind) {
	case MY_UUID: return target->mariadb && version >= 100700 ? "uuid" : "char(36)";
	case MY_INET6: return target->mariadb && version >= 100500 ? "inet6" : "varchar(39)";
	case MY_INET4: return target->mariadb && version >= 101000 ? "inet4" : "varchar(15)";
	case MY_JSON: return target->mariadb || version >= 50708 ? "json" : "longtext";
	case MY_JSON_TEXT: return target->mariadb ? "json" : "longtext";
	case MY_VECTOR:
		if (target->mariadb ? version >= 110700 : version >= 90000)
			return source->name;
		return "longblob";
	default: return source->name;
	}
}

static const char *
printed(struct arena *arena, const char *template, const struct type_facts *f, int precision, int scale)
{
	char text[128];
	size_t n = 0;

	for (const char *p = template; *p != '\0' && n + 12 < sizeof(text); p++) {
		if (*p != '%') {
			text[n++] = *p;
			continue;
		}
		switch (*++p) {
		case 'p': n += (size_t)snprintf(text + n, sizeof(text) - n, "%d", precision); break;
		case 's': n += (size_t)snprintf(text + n, sizeof(text) - n, "%d", scale); break;
		case 'd': n += (size_t)snprintf(text + n, sizeof(text) - n, "%d", f->digits); break;
		default: n += (size_t)snprintf(text + n, sizeof(text) - n, "%u", f->length > 0 ? f->length : 1); break;
		}
	}
	return arena_strndup(arena, text, n);
}

/* The first number in brackets, and the second; 0 where there is none. */
static void
numbers_of(const char *name, uint32_t *first, uint32_t *second)
{
	const char *p = strchr(name, '(');
	char *end;

	*first = *second = 0;
	if (p == NULL)
		return;
	*first = (uint32_t)strtoul(p + 1, &end, 10);
	if (*end == ',')
		*second = (uint32_t)strtoul(end + 1, NULL, 10);
}

/* What the names of typemap.def mean on MySQL and MariaDB. */
static bool
my_describe(struct coltype *t, const char *name, bool mariadb)
{
	static const struct {
		const char *word;
		uint8_t code;
		enum logical_type logical;
		uint16_t collation;
	} types[] = {
		{ "tinyint", MY_TYPE_TINY, LOGICAL_I16, 0 },
		{ "smallint", MY_TYPE_SHORT, LOGICAL_I16, 0 },
		{ "int", MY_TYPE_LONG, LOGICAL_I32, 0 },
		{ "bigint", MY_TYPE_LONGLONG, LOGICAL_I64, 0 },
		{ "decimal", MY_TYPE_NEWDECIMAL, LOGICAL_DECIMAL, 0 },
		{ "double", MY_TYPE_DOUBLE, LOGICAL_F64, 0 },
		{ "bit", MY_TYPE_BIT, LOGICAL_BIT, 0 },
		{ "date", MY_TYPE_DATE, LOGICAL_DATE, 0 },
		{ "time", MY_TYPE_TIME2, LOGICAL_TIME, 0 },
		{ "datetime", MY_TYPE_DATETIME2, LOGICAL_TIMESTAMP, 0 },
		{ "char", MY_TYPE_STRING, LOGICAL_TEXT, 46 },
		{ "varchar", MY_TYPE_VARCHAR, LOGICAL_TEXT, 46 },
		{ "longtext", MY_TYPE_BLOB, LOGICAL_TEXT, 46 },
		{ "varbinary", MY_TYPE_VARCHAR, LOGICAL_BYTES, MY_COLLATION_BINARY },
		{ "longblob", MY_TYPE_BLOB, LOGICAL_BYTES, MY_COLLATION_BINARY },
		{ "json", MY_TYPE_JSON, LOGICAL_JSON, 46 },
	};
	const size_t n = strcspn(name, "(");

	*t = (struct coltype){ .family = FAMILY_MYSQL, .typmod = -1, .name = name, .mariadb = mariadb };
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		uint32_t first, second;

		if (strncmp(types[i].word, name, n) != 0 || types[i].word[n] != '\0')
			continue;
		numbers_of(name, &first, &second);
		t->logical = types[i].logical;
		t->code = mariadb && types[i].code == MY_TYPE_JSON ? MY_TYPE_BLOB : types[i].code;
		t->collation = types[i].collation;
		t->length = first;
		t->decimals = (uint8_t)(t->logical == LOGICAL_DECIMAL ? second : first);
		return true;
	}
	return false;
}

static void
pg_describe(struct coltype *t, const char *name)
{
	static const struct {
		const char *word;
		uint32_t oid;
		enum logical_type logical;
	} types[] = {
		{ "boolean", 16, LOGICAL_BOOL },
		{ "smallint", 21, LOGICAL_I16 },
		{ "integer", 23, LOGICAL_I32 },
		{ "bigint", 20, LOGICAL_I64 },
		{ "numeric", 1700, LOGICAL_DECIMAL },
		{ "real", 700, LOGICAL_F32 },
		{ "double precision", 701, LOGICAL_F64 },
		{ "bit", 1560, LOGICAL_BIT },
		{ "date", 1082, LOGICAL_DATE },
		{ "interval", 1186, LOGICAL_INTERVAL },
		{ "timestamp", 1114, LOGICAL_TIMESTAMP },
		{ "timestamptz", 1184, LOGICAL_TIMESTAMPTZ },
		{ "character", 1042, LOGICAL_TEXT },
		{ "character varying", 1043, LOGICAL_TEXT },
		{ "text", 25, LOGICAL_TEXT },
		{ "bytea", 17, LOGICAL_BYTES },
		{ "json", 114, LOGICAL_JSON },
		{ "jsonb", 3802, LOGICAL_JSON },
		{ "real[]", 1021, LOGICAL_ARRAY },
		{ "uuid", 2950, LOGICAL_UUID },
		{ "inet", 869, LOGICAL_INET },
	};
	const size_t n = strcspn(name, "(");
	uint32_t first, second;

	*t = (struct coltype){ .family = FAMILY_POSTGRESQL, .typmod = -1, .name = name };
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strncmp(types[i].word, name, n) == 0 && types[i].word[n] == '\0') {
			t->oid = t->base_oid = types[i].oid;
			t->logical = types[i].logical;
		}
	assert(t->oid != 0);
	numbers_of(name, &first, &second);
	if (first == 0)
		return;
	if (t->oid == 1700)
		t->typmod = (int32_t)((first << 16 | (second & 0x7ff)) + 4);
	else
		t->typmod = (int32_t)(t->oid == 1560 ? first : first + 4);
}

/* PostgreSQL's numeric may have a negative scale, or one beyond its precision. */
static void
digits_of(const struct type_facts *f, int *ret_precision, int *ret_scale)
{
	*ret_scale = f->scale > 0 ? f->scale : 0;
	*ret_precision = (f->whole > 0 ? f->whole : 0) + *ret_scale;
}

static bool
no_memory(struct err *err)
{
	return err_set(err, ERR_SYSTEM, "no memory");
}

/* MySQL has no compressed columns. */
static bool
uncompress(struct coltype *t, struct arena *arena, struct err *err)
{
	const char *end = strstr(t->name, " compressed");

	if (end == NULL)
		return true;
	t->code = t->code == MY_TYPE_VARCHAR_COMPRESSED ? MY_TYPE_VARCHAR : MY_TYPE_BLOB;
	t->oid = t->base_oid = my_type_oid(t->code, t->is_unsigned, t->collation);
	t->name = arena_strndup(arena, t->name, (size_t)(end - t->name));
	return t->name != NULL || no_memory(err);
}

static bool
make_for_mysql(const struct coltype *source, const struct type_facts *f, const struct convert_target *target, struct arena *arena,
    struct coltype *ret, struct err *err)
{
	const char *template, *instead, *name;
	int precision, scale;

	digits_of(f, &precision, &scale);
	if (source->family == FAMILY_MYSQL) {
		template = my_on_the_other(f, source, target);
		if (template == source->name) {
			*ret = *source;
			ret->mariadb = target->mariadb;
			return target->mariadb || uncompress(ret, arena, err);
		}
	} else {
		instead = my_instead(f, target, precision, scale);
		template = instead != NULL ? instead : rows[f->kind].made;
		if (target->in_key && instead == NULL && rows[f->kind].in_key[0] != '\0')
			template = rows[f->kind].in_key;
	}
	if ((name = printed(arena, template, f, precision, scale)) == NULL)
		return no_memory(err);
	if (my_describe(ret, name, target->mariadb))
		return true;
	*ret = *source;		/* uuid, inet6, inet4: as they are on MariaDB */
	ret->mariadb = target->mariadb;
	return true;
}

static bool
check_key(const struct coltype *source, const struct coltype *made, const struct convert_target *target, struct err *err)
{
	const struct type_facts f = typemap_read(made);

	if (!target->in_key || target->family != FAMILY_MYSQL || source->family == FAMILY_MYSQL)
		return true;
	if (f.class == CLASS_JSON || f.kind == MY_TEXT || f.kind == MY_BLOB) {
		err_set(err, ERR_SCHEMA, "%s can't be part of a key of a MySQL or MariaDB table", source->name);
	} else if (f.class == CLASS_TEXT && f.length > MY_MAX_KEY_CHARS) {
		err_set(err, ERR_SCHEMA, "a key of a MySQL or MariaDB table holds %d characters, %s has more", MY_MAX_KEY_CHARS, source->name);
	} else {
		return true;
	}
	return err_remedy(err, "make the table on the target beforehand with a shorter key, or leave the table out");
}

bool
typemap_make(const struct coltype *source, const struct convert_target *target, const struct convert_options *options, struct arena *arena,
    struct coltype *ret, struct err *err)
{
	const struct type_facts f = typemap_read(source);
	const char *name;

	if (f.kind == KIND_NONE)
		return err_set(err, ERR_SCHEMA, "type %s is not known", source->name);
	if (source->family == FAMILY_POSTGRESQL && target->family == FAMILY_POSTGRESQL) {
		*ret = *source;
		return true;
	}
	if (target->family == FAMILY_MYSQL)
		return make_for_mysql(source, &f, target, arena, ret, err) && check_key(source, ret, target, err);
	name = rows[f.kind].made;
	if (f.kind == MY_TINYINT1 && options->tinyint1_boolean)
		name = "boolean";
	if ((name = printed(arena, name, &f, f.whole + f.scale, f.scale)) == NULL)
		return no_memory(err);
	pg_describe(ret, name);
	return true;
}

bool
convert_type_name(const struct coltype *source, const struct convert_target *target, const struct convert_options *options, struct buf *out,
    struct err *err)
{
	struct arena *arena = arena_new(1024, 0);
	struct coltype made;
	bool blanks, ok;

	if (arena == NULL)
		return no_memory(err);
	if ((ok = typemap_make(source, target, options, arena, &made, err))) {
		buf_str(out, made.name);
		if (target->family == FAMILY_MYSQL && made.logical == LOGICAL_TEXT) {
			if (source->logical == LOGICAL_UUID || (source->family == FAMILY_MYSQL && source->logical == LOGICAL_INET))
				buf_str(out, " CHARACTER SET ascii COLLATE ascii_bin");
			else if (source->family == FAMILY_POSTGRESQL)
				buf_printf(out, " CHARACTER SET utf8mb4 COLLATE %s", typemap_bytes_collation(target, &blanks));
		}
	}
	arena_free(arena);
	return ok;
}
