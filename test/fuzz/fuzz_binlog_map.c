/* covers: cdc/binlog_map.c cdc/my_type.c */
/* fuzz_binlog_map.c - any bytes as a TABLE_MAP, and any text as what the catalog says of its columns: refused, or a table whose strings
 * and labels can be read, columns whose types make a row decoder (or are refused by it), and a catalog that agrees with the log or not.
 * Input: u8 flags (1 MariaDB's, 2 the log does not tell the signs); u16 big-endian length of the TABLE_MAP behind its post-header, it; then a
 * line a column, fields between tabs: DATA_TYPE, COLUMN_TYPE, collation (- for none), octets, characters, precision, scale, digits of a second,
 * 1 for JSON. */
#include <stdlib.h>

#include "cdc/binlog_intern.h"
#include "cdc/charset.h"
#include "cdc/my_type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIELDS 9

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
must_be_schema(const struct err *err)
{
	must(err->kind == ERR_SCHEMA && err->msg[0] != '\0');
}

/* There is one, and it ends. */
static void
check_text(const char *s)
{
	must(s != NULL && strlen(s) < 1 << 24);
}

/* The log's labels are UTF-8 now. */
static void
check_labels(const struct coltype *t)
{
	struct err err = ERR_INIT;
	size_t n, at;

	for (uint16_t i = 0; t->labels != NULL && i < t->nlabels; i++)
		must(charset_to_utf8(charset_of_collation(46, false, &err), (const uint8_t *)t->labels[i], strlen(t->labels[i]), NULL, &n, &at));
}

static void
check_type(const struct coltype *t)
{
	check_text(t->name);
	must(t->family == FAMILY_MYSQL && t->wire == WIRE_TEXT);
	must(t->oid == my_type_oid(t->code, t->is_unsigned, t->collation) && t->typmod == my_type_typmod(t));
}

static void
check_column(const struct binlog_table *t, const struct binlog_column *col)
{
	if (col->name != NULL)
		must(col->name[0] != '\0' && strlen(col->name) < 1 << 16);
	must(!t->has_names || col->name != NULL);
	for (uint16_t k = 0; k < col->nlabels; k++)
		must(col->labels[k][col->label_len[k]] == '\0');
}

/* ---- what the catalog says ---- */

static char *
next_line(char **at)
{
	char *line = *at, *end;

	if (*line == '\0')
		return NULL;
	end = line + strcspn(line, "\n");
	*at = *end != '\0' ? end + 1 : end;
	*end = '\0';
	return line;
}

/* False: not so many fields. */
static bool
catalog_column(char *line, bool mariadb, struct my_catalog_column *c)
{
	char *field[FIELDS];

	for (int i = 0; i < FIELDS; i++) {
		field[i] = line;
		line += strcspn(line, "\t");
		if (*line == '\0' && i + 1 < FIELDS)
			return false;
		if (*line != '\0')
			*line++ = '\0';
	}
	*c = (struct my_catalog_column){ .data_type = field[0],
		.column_type = field[1],
		.collation = strcmp(field[2], "-") == 0 ? NULL : field[2],
		.octet_length = strtoull(field[3], NULL, 10),
		.char_length = strtoull(field[4], NULL, 10),
		.precision = (uint32_t)strtoul(field[5], NULL, 10),
		.scale = (uint32_t)strtoul(field[6], NULL, 10),
		.fraction = (uint32_t)strtoul(field[7], NULL, 10),
		.mariadb = mariadb,
		.json_check = field[8][0] == '1' };
	return true;
}

/* The catalog's type, and the one that both make together. map NULL: the log does not know the column. */
static void
check_catalog(char *line, bool mariadb, const struct coltype *map, bool signs, struct coltype *ret, struct arena *arena)
{
	struct my_catalog_column c;
	struct err err = ERR_INIT;
	struct coltype t, both;

	if (!catalog_column(line, mariadb, &c))
		return;
	if (!my_type_from_catalog(&t, &c, arena, &err)) {
		must_be_schema(&err);
		return;
	}
	check_type(&t);
	if (map == NULL)
		return;
	if (!my_type_complete(&both, &t, map, signs, &err)) {
		must_be_schema(&err);
		return;
	}
	check_text(both.name);
	must(both.code == map->code && both.collation == t.collation && both.is_unsigned == t.is_unsigned);
	*ret = both;
}

/* ---- a table ---- */

/* Rows can be read with these types, or it is said why not. */
static void
check_image(const struct binlog_table *t, const struct coltype *types, struct arena *arena)
{
	const char **names = arena_zalloc(arena, t->ncols * sizeof(*names));
	struct err err = ERR_INIT;
	struct row_image *im;

	must(names != NULL);
	for (uint16_t i = 0; i < t->ncols; i++)
		names[i] = t->cols[i].name;
	if ((im = row_image_new(types, names, t->ncols, arena, &err)) == NULL)
		must_be_schema(&err);
	row_image_done(im);
}

static void
check_table(const struct binlog_table *t, bool signs, char *catalog, struct arena *arena)
{
	struct coltype *types = arena_zalloc(arena, t->ncols * sizeof(*types));
	struct err err = ERR_INIT;
	bool all = true;

	must(types != NULL && t->ncols > 0 && t->ncols <= BINLOG_MAX_COLUMNS);
	check_text(t->schema);
	check_text(t->name);
	for (uint16_t i = 0; i < t->ncols; i++) {
		const bool known = my_type_from_map(&types[i], &t->cols[i], t->mariadb, arena, &err);
		char *line = next_line(&catalog);

		check_column(t, &t->cols[i]);
		if (known) {
			check_type(&types[i]);
			check_labels(&types[i]);
		} else {
			must_be_schema(&err);
			all = false;
		}
		if (line != NULL)
			check_catalog(line, t->mariadb, known ? &types[i] : NULL, signs, &types[i], arena);
		err_clear(&err);
	}
	if (all)
		check_image(t, types, arena);
}

/* In memory of its own, so that a read beyond its end is seen; with a NUL behind it, where it is a text. */
static uint8_t *
copy_of(struct rd *in, size_t n, bool text)
{
	uint8_t *copy = malloc(n + (text || n == 0));

	must(copy != NULL);
	if (n > 0)
		memcpy(copy, rd_bytes(in, n), n);
	if (text)
		copy[n] = '\0';
	return copy;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_init(data, size);
	const uint8_t flags = rd_u8(&in);
	const size_t want = rd_u16(&in), n = want < rd_left(&in) ? want : rd_left(&in);
	struct arena *arena = arena_new(4096, 0);
	uint8_t *bytes = copy_of(&in, in.bad ? 0 : n, false), *catalog = copy_of(&in, in.bad ? 0 : rd_left(&in), true);
	struct binlog_table *t;
	struct err err = ERR_INIT;

	must(arena != NULL);
	if ((t = map_read(&(struct slice){ bytes, in.bad ? 0 : n }, flags & 1, &err)) != NULL) {
		check_table(t, (flags & 2) == 0, (char *)catalog, arena);
		arena_free(t->arena);
	} else {
		must(err.kind == ERR_PROTOCOL && err.msg[0] != '\0');
	}
	free(catalog);
	free(bytes);
	arena_free(arena);
	return 0;
}
