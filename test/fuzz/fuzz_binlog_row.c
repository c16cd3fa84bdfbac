/* covers: cdc/binlog_row.c cdc/my_text.c cdc/binlog_compressed.c cdc/charset.c */
/* fuzz_binlog_row.c - any bytes as a row of columns of any types: refused, or values that lie in
 * the room that was measured; text is UTF-8. Input: flags, number of columns, kind and parameter
 * of each, bitmap of what is present, the image (and before it another one, for a partial update).
 * Flags: 1 MariaDB's, 2 a partial update follows, 4 columns have names, 8 what follows is no row but
 * the name of a collation.
 */
#include <stdlib.h>

#include "cdc/binlog_row.h"
#include "cdc/charset.h"
#include "cdc/my_type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COLUMNS_MAX 20

static const char *const labels[64] = { "a", "", "long label", "\xc3\xbc", "a", "b", "c", "d", "e",
	"f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v", "w",
	"x", "y", "z", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14",
	"15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29",
	"30", "31", "32", "33", "34" };

static const struct {
	uint8_t code, logical;
} kinds[] = {
	{ MY_TYPE_TINY, LOGICAL_I16 },
	{ MY_TYPE_SHORT, LOGICAL_I16 },
	{ MY_TYPE_LONG, LOGICAL_I32 },
	{ MY_TYPE_FLOAT, LOGICAL_F32 },
	{ MY_TYPE_DOUBLE, LOGICAL_F64 },
	{ MY_TYPE_TIMESTAMP, LOGICAL_TIMESTAMPTZ },
	{ MY_TYPE_LONGLONG, LOGICAL_I64 },
	{ MY_TYPE_INT24, LOGICAL_I32 },
	{ MY_TYPE_DATE, LOGICAL_DATE },
	{ MY_TYPE_TIME, LOGICAL_TIME },
	{ MY_TYPE_DATETIME, LOGICAL_TIMESTAMP },
	{ MY_TYPE_YEAR, LOGICAL_YEAR },
	{ MY_TYPE_VARCHAR, LOGICAL_TEXT },
	{ MY_TYPE_BIT, LOGICAL_BIT },
	{ MY_TYPE_TIMESTAMP2, LOGICAL_TIMESTAMPTZ },
	{ MY_TYPE_DATETIME2, LOGICAL_TIMESTAMP },
	{ MY_TYPE_TIME2, LOGICAL_TIME },
	{ MY_TYPE_BLOB_COMPRESSED, LOGICAL_TEXT },
	{ MY_TYPE_VARCHAR_COMPRESSED, LOGICAL_TEXT },
	{ MY_TYPE_VECTOR, LOGICAL_VECTOR },
	{ MY_TYPE_JSON, LOGICAL_JSON },
	{ MY_TYPE_NEWDECIMAL, LOGICAL_DECIMAL },
	{ MY_TYPE_ENUM, LOGICAL_ENUM },
	{ MY_TYPE_SET, LOGICAL_SET },
	{ MY_TYPE_BLOB, LOGICAL_TEXT },
	{ MY_TYPE_STRING, LOGICAL_TEXT },
	{ MY_TYPE_GEOMETRY, LOGICAL_GEOMETRY },
	{ MY_TYPE_STRING, LOGICAL_UUID },
	{ MY_TYPE_STRING, LOGICAL_INET },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Beyond the kinds: types that are none, or not known completely. */
enum { ODD_CODE = KINDS, ODD_DECIMAL, ODD_LABELS, ODD_COLLATION, ODD_UCA, ALL_KINDS };

/* One collation of each way in which sets are built; 63 is bytes. */
static const uint16_t collations[] = { 8, 63, 45, 33, 28, 13, 12, 249, 54, 56, 60, 35, 10, 11, 1,
	95, 98 };

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* A column as a broken TABLE_MAP, or one of a newer server, might have it. */
static struct coltype
odd_type(uint8_t kind, uint8_t p, bool mariadb)
{
	struct coltype t = { .code = p, .logical = LOGICAL_TEXT, .length = p, .mariadb = mariadb, .name = "odd" };

	if (kind == ODD_DECIMAL) {
		t.code = MY_TYPE_NEWDECIMAL;
		t.decimals = p / 2;
	} else if (kind == ODD_LABELS) {
		t.code = p % 2 != 0 ? MY_TYPE_ENUM : MY_TYPE_SET;
		t.length = p % 16;
		t.nlabels = p / 16;
	} else if (kind >= ODD_COLLATION) {
		t.code = MY_TYPE_VARCHAR;
		t.length = 100;
		t.collation = kind == ODD_COLLATION ? p : (uint16_t)(2000 + 8u * p);
	} else {
		t.decimals = p % 16;
	}
	return t;
}

static struct coltype
type_of(uint8_t kind, uint8_t p, bool mariadb)
{
	struct coltype t = { .mariadb = mariadb, .name = "any" };

	if (kind % ALL_KINDS >= KINDS)
		return odd_type(kind % ALL_KINDS, p, mariadb);
	t.code = kinds[kind % ALL_KINDS].code;
	t.logical = kinds[kind % ALL_KINDS].logical;

	if (t.code == MY_TYPE_NEWDECIMAL) {
		t.length = p % 65 + 1u;
		t.decimals = (uint8_t)((p * 7u) % (t.length + 1) % 31);
	} else if (t.code == MY_TYPE_BIT) {
		t.length = p % 64 + 1u;
	} else if (t.code == MY_TYPE_ENUM || t.code == MY_TYPE_SET) {
		t.labels = labels;
		t.nlabels = p % 64 + 1u;
		t.length = t.code == MY_TYPE_ENUM ? 1 : t.nlabels > 32 ? 8 : (t.nlabels + 7u) / 8;
	} else if (t.logical == LOGICAL_UUID || t.logical == LOGICAL_INET) {
		t.collation = MY_COLLATION_BINARY;
		t.length = t.logical == LOGICAL_UUID || p % 2 ? 16 : 4;
	} else if (t.code == MY_TYPE_VARCHAR || t.code == MY_TYPE_VARCHAR_COMPRESSED ||
		   t.code == MY_TYPE_STRING) {
		t.collation = collations[p % (sizeof(collations) / sizeof(collations[0]))];
		t.length = t.code == MY_TYPE_STRING ? p : 16u * p;
	} else if (t.code == MY_TYPE_BLOB || t.code == MY_TYPE_BLOB_COMPRESSED) {
		t.collation = collations[p / 4 % (sizeof(collations) / sizeof(collations[0]))];
		t.length = p % 4 == 3 ? UINT32_MAX : (1u << (8 * (p % 4 + 1))) - 1;
	} else if (p >= 128) {
		t.is_unsigned = true;
	} else {
		t.decimals = p % 8;
	}
	return t;
}

static void
check_value(const struct value *v, const uint8_t *dst, size_t written)
{
	struct err err = ERR_INIT;
	size_t n, at;

	must(v->kind <= VALUE_BINARY);
	if (v->kind <= VALUE_NULL)
		return;
	must(v->p >= dst && v->p + v->len <= dst + written);
	if (v->kind == VALUE_TEXT)
		must(charset_to_utf8(
		    charset_of_collation(46, false, &err), v->p, v->len, NULL, &n, &at));
}

static void
check_image(struct row_image *im, uint16_t ncols, const uint8_t *p, size_t n,
    const uint8_t *present, size_t *ret_used)
{
	struct value vals[COLUMNS_MAX];
	struct err err = ERR_INIT;
	size_t bound = 0, written;
	uint8_t *dst;

	*ret_used = 0;
	if (!row_image_measure(im, p, n, present, ret_used, &bound, &err)) {
		must((err.kind == ERR_PROTOCOL || err.kind == ERR_DATA) && err.msg[0] != '\0');
		return;
	}
	must(*ret_used <= n);
	must((dst = malloc(bound + 1)) != NULL);
	if (row_image_fill(im, p, *ret_used, present, vals, dst, &written, &err)) {
		must(written <= bound);
		for (uint16_t i = 0; i < ncols; i++)
			check_value(&vals[i], dst, written);
	} else {
		must((err.kind == ERR_PROTOCOL || err.kind == ERR_DATA) && err.msg[0] != '\0');
	}
	free(dst);
}

/* What has an id has a character set, and the name that it was asked by, or another spelling of it. */
static void
check_collation(const uint8_t *data, size_t size, bool mariadb)
{
	struct err err = ERR_INIT;
	const struct charset *cs;
	char name[100] = "";
	const char *known;
	uint16_t id;

	memcpy(name, data, size < sizeof(name) ? size : sizeof(name) - 1);
	if ((id = charset_collation_id(name, mariadb)) == 0)
		return;
	must((cs = charset_of_collation(id, mariadb, &err)) != NULL);
	must(charset_max_bytes(cs) >= 1 && charset_max_bytes(cs) <= 4 && charset_name(cs)[0] != '\0');
	known = charset_collation_name(id, mariadb);
	must(known == NULL ? mariadb && strstr(name, "_uca1400") != NULL
			   : strcmp(known, name) == 0 || strncmp(name, "utf8_", 5) == 0);
}

static void
run(const uint8_t *data, size_t size, struct arena *arena)
{
	const uint16_t ncols = size > 1 ? data[1] % COLUMNS_MAX + 1 : 0;
	const size_t head = 2 + 2u * ncols + 3;
	const char *names[COLUMNS_MAX];
	struct coltype types[COLUMNS_MAX];
	struct err err = ERR_INIT;
	struct row_image *im;
	struct buf whole = { 0 };
	size_t used, again;

	if (size > 0 && (data[0] & 8) != 0)
		check_collation(data + 1, size - 1, data[0] & 1);
	if (ncols == 0 || size < head || (data[0] & 8) != 0)
		return;
	for (uint16_t i = 0; i < ncols; i++)
		types[i] = type_of(data[2 + 2 * i], data[3 + 2 * i], data[0] & 1);
	for (uint16_t i = 0; i < ncols; i++)
		names[i] = labels[i];
	if ((im = row_image_new(types, data[0] & 4 ? names : NULL, ncols, arena, &err)) == NULL) {
		must(err.kind == ERR_SCHEMA);
		return;
	}
	check_image(im, ncols, data + head, size - head, data + head - 3, &used);
	if (data[0] & 2 && used > 0) {
		if (row_image_expand(im, data + head, used, data + head - 3, data + head + used,
			size - head - used, data + head - 3, &whole, &again, &err)) {
			must(again <= size - head - used);
			check_image(im, ncols, whole.p, whole.n, data + head - 3, &again);
		} else {
			must((err.kind == ERR_PROTOCOL || err.kind == ERR_DATA) &&
			     err.msg[0] != '\0');
		}
		buf_done(&whole);
	}
	row_image_done(im);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(8192, 0);

	must(arena != NULL);
	run(data, size, arena);
	arena_free(arena);
	return 0;
}
