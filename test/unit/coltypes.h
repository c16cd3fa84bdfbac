/* coltypes.h - column types for tests, made of their names as a server writes them: "my decimal(10,2) unsigned", "maria json",
 * "pg numeric(12,2)". Labels of an enum or set, and the strings, last as long as the test. */
#ifndef REPLD_TEST_COLTYPES_H
#define REPLD_TEST_COLTYPES_H

#include <stdlib.h>
#include "cdc/my_type.h"
#include "cdc/pg_type.h"

/* Zeroed memory that lasts as long as the program. */
static inline void *
kept_alloc(size_t n)
{
	static struct kept {
		struct kept *next;
	} *all;
	struct kept *k = calloc(1, sizeof(*k) + n);

	if (k == NULL)
		abort();
	k->next = all;
	all = k;
	return k + 1;
}

static const struct coltypes_my {
	const char *word;
	uint8_t code;
	enum logical_type logical;
} coltypes_my[] = {
	{ "tinyint", MY_TYPE_TINY, LOGICAL_I16 },
	{ "smallint", MY_TYPE_SHORT, LOGICAL_I16 },
	{ "mediumint", MY_TYPE_INT24, LOGICAL_I32 },
	{ "int", MY_TYPE_LONG, LOGICAL_I32 },
	{ "bigint", MY_TYPE_LONGLONG, LOGICAL_I64 },
	{ "decimal", MY_TYPE_NEWDECIMAL, LOGICAL_DECIMAL },
	{ "float", MY_TYPE_FLOAT, LOGICAL_F32 },
	{ "double", MY_TYPE_DOUBLE, LOGICAL_F64 },
	{ "bit", MY_TYPE_BIT, LOGICAL_BIT },
	{ "year", MY_TYPE_YEAR, LOGICAL_YEAR },
	{ "date", MY_TYPE_DATE, LOGICAL_DATE },
	{ "time", MY_TYPE_TIME2, LOGICAL_TIME },
	{ "datetime", MY_TYPE_DATETIME2, LOGICAL_TIMESTAMP },
	{ "timestamp", MY_TYPE_TIMESTAMP2, LOGICAL_TIMESTAMPTZ },
	{ "char", MY_TYPE_STRING, LOGICAL_TEXT },
	{ "varchar", MY_TYPE_VARCHAR, LOGICAL_TEXT },
	{ "tinytext", MY_TYPE_BLOB, LOGICAL_TEXT },
	{ "text", MY_TYPE_BLOB, LOGICAL_TEXT },
	{ "mediumtext", MY_TYPE_BLOB, LOGICAL_TEXT },
	{ "longtext", MY_TYPE_BLOB, LOGICAL_TEXT },
	{ "binary", MY_TYPE_STRING, LOGICAL_BYTES },
	{ "varbinary", MY_TYPE_VARCHAR, LOGICAL_BYTES },
	{ "tinyblob", MY_TYPE_BLOB, LOGICAL_BYTES },
	{ "blob", MY_TYPE_BLOB, LOGICAL_BYTES },
	{ "mediumblob", MY_TYPE_BLOB, LOGICAL_BYTES },
	{ "longblob", MY_TYPE_BLOB, LOGICAL_BYTES },
	{ "enum", MY_TYPE_ENUM, LOGICAL_ENUM },
	{ "set", MY_TYPE_SET, LOGICAL_SET },
	{ "json", MY_TYPE_JSON, LOGICAL_JSON },
	{ "geometry", MY_TYPE_GEOMETRY, LOGICAL_GEOMETRY },
	{ "point", MY_TYPE_GEOMETRY, LOGICAL_GEOMETRY },
	{ "vector", MY_TYPE_VECTOR, LOGICAL_VECTOR },
	{ "uuid", MY_TYPE_STRING, LOGICAL_UUID },
	{ "inet6", MY_TYPE_STRING, LOGICAL_INET },
	{ "inet4", MY_TYPE_STRING, LOGICAL_INET },
};

/* 'a','b' -> labels */
static inline void
coltypes_labels(struct coltype *t)
{
	static const char *kept[64][16];
	static int used;
	const char **labels = kept[used++ % 64];
	const char *p = t->name;

	while ((p = strchr(p, '\'')) != NULL && t->nlabels < 16) {
		const char *end = strchr(p + 1, '\'');
		char *label = kept_alloc((size_t)(end - p));

		memcpy(label, p + 1, (size_t)(end - p - 1));
		labels[t->nlabels++] = label;
		p = end + 1;
	}
	t->labels = t->nlabels > 0 ? labels : NULL;
}

static inline struct coltype
coltypes_mysql(const char *name, bool mariadb)
{
	static const struct {
		const char *word;
		uint32_t length;
	} sizes[] = { { "tinytext", 255 }, { "text", 65535 }, { "mediumtext", 16777215 }, { "longtext", UINT32_MAX }, { "tinyblob", 255 },
		{ "blob", 65535 }, { "mediumblob", 16777215 }, { "longblob", UINT32_MAX }, { "uuid", 16 }, { "inet6", 16 }, { "inet4", 4 } };
	struct coltype t = { .family = FAMILY_MYSQL, .name = name, .mariadb = mariadb, .typmod = -1 };
	const size_t n = strcspn(name, "( ");
	uint32_t first = 0, second = 0;
	bool found = false;

	sscanf(name + n, "(%u,%u)", &first, &second);
	for (size_t i = 0; i < sizeof(coltypes_my) / sizeof(coltypes_my[0]); i++)
		if (strlen(coltypes_my[i].word) == n && strncmp(coltypes_my[i].word, name, n) == 0) {
			t.code = coltypes_my[i].code;
			t.logical = coltypes_my[i].logical;
			found = true;
		}
	if (!found)
		ck_abort_msg("type %s of MySQL is not known here", name);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (strlen(sizes[i].word) == n && strncmp(sizes[i].word, name, n) == 0)
			t.length = sizes[i].length;
	if (mariadb && t.code == MY_TYPE_JSON)
		t.code = MY_TYPE_BLOB;
	t.is_unsigned = strstr(name, "unsigned") != NULL;
	t.length = t.length > 0 ? t.length : first;
	t.decimals = (uint8_t)(t.code == MY_TYPE_NEWDECIMAL ? second : first);
	t.collation = t.logical == LOGICAL_BYTES ? MY_COLLATION_BINARY : t.logical == LOGICAL_TEXT ? 255 : 0;
	if (t.logical == LOGICAL_ENUM || t.logical == LOGICAL_SET)
		coltypes_labels(&t);
	return t;
}

static const struct {
	const char *word;
	uint32_t oid;
} coltypes_pg[] = {
	{ "boolean", 16 }, { "bytea", 17 }, { "\"char\"", 18 }, { "name", 19 }, { "bigint", 20 }, { "smallint", 21 }, { "integer", 23 },
	{ "text", 25 }, { "oid", 26 }, { "xid", 28 }, { "json", 114 }, { "xml", 142 }, { "cidr", 650 }, { "real", 700 },
	{ "double precision", 701 }, { "macaddr8", 774 }, { "money", 790 }, { "macaddr", 829 }, { "inet", 869 }, { "character", 1042 },
	{ "character varying", 1043 }, { "date", 1082 }, { "time", 1083 }, { "timestamp", 1114 }, { "timestamptz", 1184 }, { "interval", 1186 },
	{ "timetz", 1266 }, { "bit", 1560 }, { "bit varying", 1562 }, { "numeric", 1700 }, { "uuid", 2950 }, { "pg_lsn", 3220 },
	{ "tsvector", 3614 }, { "jsonb", 3802 }, { "int4range", 3904 }, { "xid8", 5069 }, { "boolean[]", 1000 }, { "integer[]", 1007 },
	{ "text[]", 1009 }, { "real[]", 1021 }, { "double precision[]", 1022 }, { "numeric[]", 1231 }, { "public.mood", 16384 },
	{ "public.geometry", 16390 }, { "public.vector", 16391 }, { "public.hstore", 16392 }, { "public.pair", 16393 }, { "point", 600 },
};

static inline struct coltype
coltypes_postgresql(const char *name)
{
	const size_t n = strcspn(name, "(");
	int first = -1, second = 0, got = sscanf(name + n, "(%d,%d)", &first, &second);
	int32_t typmod = -1;
	struct coltype t;
	uint32_t oid = 0;

	for (size_t i = 0; i < sizeof(coltypes_pg) / sizeof(coltypes_pg[0]); i++)
		if (strlen(coltypes_pg[i].word) == n && strncmp(coltypes_pg[i].word, name, n) == 0)
			oid = coltypes_pg[i].oid;
	if (oid == 0)
		ck_abort_msg("type %s of PostgreSQL is not known here", name);
	if (got > 0)
		typmod = oid == 1700 ? (int32_t)(((uint32_t)first << 16 | ((uint32_t)second & 0x7ff)) + 4) :
		    oid == 1042 || oid == 1043 ? first + 4 : first;
	if (oid == 1186 && got > 0)
		typmod = (int32_t)(0x7fff0000u | (uint32_t)first);
	if (strstr(name, "(h)") != NULL)	/* interval hour */
		typmod = (int32_t)((1u << 10) << 16 | 0xffff);
	pg_type_fill(&t, oid == 16384 ? 'e' : 'b', oid, 0, typmod, name);
	return t;
}

static inline struct coltype
coltype_of(const char *text)
{
	if (strncmp(text, "pg ", 3) == 0)
		return coltypes_postgresql(text + 3);
	if (strncmp(text, "maria ", 6) == 0)
		return coltypes_mysql(text + 6, true);
	ck_assert_msg(strncmp(text, "my ", 3) == 0, "%s", text);
	return coltypes_mysql(text + 3, false);
}

#endif
