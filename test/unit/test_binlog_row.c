/* test_binlog_row.c - rows of real servers: the log's bytes become what the server itself says of
 * its rows, with types that the catalog and the log tell alike; and images that are cut off, or
 * wrong, are refused. The servers' words lie in test/corpus/binlog_rows, made by
 * test/corpus/binlog-rows-capture.sh. */
#include "cdc/binlog_row.c"

#include "cdc/binlog_intern.h"
#include "test/unit/unit.h"

#define COLUMNS_MAX 100
#define TABLES_MAX  20
#define ROWS_MAX    600

struct table {
	char name[64];
	uint16_t ncols;
	struct coltype types[COLUMNS_MAX]; /* the catalog's */
	char *names[COLUMNS_MAX];
	bool least; /* the last TABLE_MAP had no names */
	struct binlog_table *map;
	struct row_image *image;
	uint64_t id; /* of the last TABLE_MAP */
};

struct row {
	const struct table *table;
	char id[16];
	char *texts[COLUMNS_MAX]; /* as in the file of values */
};

struct server {
	bool mariadb;
	struct arena *arena;
	struct table tables[TABLES_MAX];
	unsigned ntables;
	struct row rows[ROWS_MAX];
	unsigned nrows, images, documents, partial, refused;
};

static uint8_t *
read_whole(const char *server, const char *what, size_t *ret_n)
{
	char path[128];
	FILE *f;
	uint8_t *p;

	snprintf(path, sizeof(path), "test/corpus/binlog_rows/%s.%s", server, what);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s: run from the source folder", path);
	fseek(f, 0, SEEK_END);
	*ret_n = (size_t)ftell(f);
	rewind(f);
	p = xzalloc(*ret_n + 1);
	ck_assert_uint_eq(fread(p, 1, *ret_n, f), *ret_n);
	fclose(f);
	return p;
}

static struct table *
table_named(struct server *s, const char *name, size_t n, bool make)
{
	for (unsigned i = 0; i < s->ntables; i++)
		if (strncmp(s->tables[i].name, name, n) == 0 && s->tables[i].name[n] == '\0')
			return &s->tables[i];
	ck_assert_msg(make && s->ntables < TABLES_MAX, "table %.*s", (int)n, name);
	memcpy(s->tables[s->ntables].name, name, n);
	return &s->tables[s->ntables++];
}

static char *
unhex(const char *hex)
{
	char *s = xzalloc(strlen(hex) / 2 + 1);

	for (size_t i = 0; hex[2 * i] != '\0'; i++) {
		unsigned byte;

		ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
		s[i] = (char)byte;
	}
	return s;
}

/* ---- what the catalog says ---- */

static void
read_columns(struct server *s, const char *server)
{
	size_t n;
	char *text = (char *)read_whole(server, "columns", &n), *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		char table[64], name[64], type[32], *hex = xzalloc(strlen(line)), collation[64],
						    *column_type;
		unsigned long long octets, chars;
		unsigned precision, scale, fraction, json;
		struct my_catalog_column c;
		struct err err = ERR_INIT;
		struct table *t;

		ck_assert_int_eq(
		    sscanf(line, "%63s %63s %31s %s %63s %llu %llu %u %u %u %u", table, name, type,
			hex, collation, &octets, &chars, &precision, &scale, &fraction, &json),
		    11);
		column_type = unhex(hex);
		c = (struct my_catalog_column){ .data_type = type,
			.column_type = column_type,
			.collation = strcmp(collation, "-") == 0 ? NULL : collation,
			.octet_length = octets,
			.char_length = chars,
			.precision = precision,
			.scale = scale,
			.fraction = fraction,
			.mariadb = s->mariadb,
			.json_check = json };
		t = table_named(s, table, strlen(table), true);
		t->names[t->ncols] = xstrdup(name);
		if (!my_type_from_catalog(&t->types[t->ncols], &c, s->arena, &err))
			ck_abort_msg("%s.%s: %s", table, name, err.msg);
		t->types[t->ncols].name = arena_strdup(s->arena,
		    t->types[t->ncols].name); /* not in the literals of the catalog's row */
		t->ncols++;
		free(column_type);
		free(hex);
	}
	free(text);
}

/* ---- what the log says ---- */

/* The types of the log are those of the catalog; the decoder gets both. */
static bool
complete_types(struct table *t, struct coltype *types, struct server *s, struct err *err)
{
	for (uint16_t i = 0; i < t->ncols; i++) {
		const struct coltype *catalog = &t->types[i];
		struct coltype map;

		ck_ok(
		    my_type_from_map(&map, &t->map->cols[i], s->mariadb, t->map->arena, err), err);
		if (t->map->has_names) {
			ck_assert_str_eq(t->map->cols[i].name, t->names[i]);
			if (map.oid != catalog->oid ||
			    (map.typmod != catalog->typmod && map.typmod != -1))
				ck_abort_msg(
				    "%s.%s: the log has %s (%x, %d), the catalog %s (%x, %d)",
				    t->name, t->names[i], map.name, map.oid, map.typmod,
				    catalog->name, catalog->oid, catalog->typmod);
		}
		if (!my_type_complete(&types[i], catalog, &map, t->map->has_signedness, err))
			return err_ctx(err, "%s.%s", t->name, t->names[i]);
		ck_assert_uint_eq(
		    my_type_oid(types[i].code, types[i].is_unsigned, types[i].collation),
		    catalog->oid);
		ck_assert_int_eq(my_type_typmod(&types[i]), catalog->typmod);
	}
	return true;
}

static void
on_table_map(struct server *s, const uint8_t *p, size_t n)
{
	const struct slice contents = { .p = p + 8, .n = n - 8 };
	struct coltype types[COLUMNS_MAX];
	struct err err = ERR_INIT;
	struct binlog_table *map = map_read(&contents, s->mariadb, &err);
	struct table *t;

	ck_assert_msg(map != NULL, "%s", err.msg);
	if (strcmp(map->schema, "capture") != 0) {
		arena_free(map->arena);
		return;
	}
	t = table_named(s, map->name, strlen(map->name), false);
	if (t->map != NULL) {
		row_image_done(t->image);
		arena_free(t->map->arena);
	}
	t->map = map;
	t->id = little_endian(p, 6);
	ck_assert_uint_eq(map->ncols, t->ncols);
	if (!complete_types(t, types, s, &err)) {
		/* a label that the catalog can't tell, and the log does not */
		ck_assert_str_eq(t->name, "labels");
		ck_assert(!map->has_names && err.kind == ERR_SCHEMA &&
			  strstr(err.msg, "e_emoji") != NULL && strstr(err.remedy, "FULL") != NULL);
		t->image = NULL;
		s->refused++;
		return;
	}
	t->image = row_image_new(types, (const char *const *)t->names, t->ncols, map->arena, &err);
	ck_assert_msg(t->image != NULL, "%s", err.msg);
}

static struct row *
row_of(struct server *s, const struct table *t, const char *id)
{
	for (unsigned i = 0; i < s->nrows; i++)
		if (s->rows[i].table == t && strcmp(s->rows[i].id, id) == 0)
			return &s->rows[i];
	ck_assert_uint_lt(s->nrows, ROWS_MAX);
	s->rows[s->nrows].table = t;
	snprintf(s->rows[s->nrows].id, sizeof(s->rows[0].id), "%s", id);
	return &s->rows[s->nrows++];
}

static uint32_t
crc32_of(const uint8_t *p, size_t n)
{
	return inflate_crc32(p, n, 0);
}

/* As the file of values writes it. Floats are there as doubles. */
static char *
value_text(const struct value *v, const struct coltype *t)
{
	struct buf b = { 0 };
	char *text;

	if (v->kind == VALUE_NULL) {
		buf_str(&b, t->code == MY_TYPE_FLOAT || t->code == MY_TYPE_DOUBLE ? "NULL" : "-");
	} else if (t->code == MY_TYPE_DOUBLE) {
		buf_put(&b, v->p, v->len);
	} else if (t->code == MY_TYPE_FLOAT) {
		char digits[FLOAT_TEXT_MAX + 1] = "", wide[FLOAT_TEXT_MAX];

		memcpy(digits, v->p, v->len);
		buf_put(&b, wide, double_text((double)strtof(digits, NULL), wide));
	} else if (v->len > 300) {
		buf_printf(&b, "#%u:%u", v->len, crc32_of(v->p, v->len));
	} else {
		for (uint32_t i = 0; i < v->len; i++)
			buf_printf(&b, "%02X", v->p[i]);
	}
	text = xstrdup(buf_cstr(&b));
	buf_done(&b);
	return text;
}

/* The first bytes in memory of their own, which is given back by free(*ret_own): a read beyond them is seen. Of long ones this is
 * done now and then; the others are looked at where they stand. */
static const uint8_t *
cut_off(const uint8_t *p, size_t n, uint8_t **ret_own)
{
	*ret_own = NULL;
	if (n > 4000 && n % 400 != 0)
		return p;
	*ret_own = xzalloc(n + (n == 0));
	if (n > 0)
		memcpy(*ret_own, p, n);
	return *ret_own;
}

/* Each byte of the first and the last 1000; between them some, as long texts are all alike. */
static size_t
next_cut(size_t at, size_t n)
{
	return at < 1000 || n - at <= 1000 + 97 ? at + 1 : at + 97;
}

/* Refused short of its end, in measuring and in filling. */
static void
check_cuts(struct row_image *im, const uint8_t *p, size_t n, const uint8_t *present, size_t bound)
{
	struct value *vals = xzalloc(COLUMNS_MAX * sizeof(*vals));
	uint8_t *dst = xzalloc(bound + 1);
	size_t used, size;

	for (size_t cut_at = 0; cut_at < n; cut_at = next_cut(cut_at, n)) {
		struct err err = ERR_INIT;
		uint8_t *own;
		const uint8_t *part = cut_off(p, cut_at, &own);

		if (row_image_measure(im, part, cut_at, present, &used, &size, &err) ||
		    err.kind != ERR_PROTOCOL || err.msg[0] == '\0')
			ck_abort_msg(
			    "an image cut at %zu of %zu is measured (%s)", cut_at, n, err.msg);
		if (own != NULL && (row_image_fill(im, part, cut_at, present, vals, dst, &used, &err) ||
				       err.kind != ERR_PROTOCOL))
			ck_abort_msg("an image cut at %zu of %zu is filled", cut_at, n);
		free(own);
	}
	free(dst);
	free(vals);
}

/* MySQL's JSON by itself, cut at each byte: refused. No byte at all is the document null. */
static void
check_documents(struct server *s, struct row_image *im, const uint8_t *p, size_t n, const uint8_t *present)
{
	struct rd in = rd_init(p, n);
	const uint8_t *nulls = null_bits(im, &in, present);
	size_t nth = 0;

	for (uint16_t i = 0; i < im->ncols; i++) {
		struct err err = ERR_INIT;
		struct buf out = { 0 };
		struct slice v;

		if (!bit(present, i) || bit(nulls, nth++))
			continue;
		ck_ok(fetch(&im->fields[i], &in, &v, &err), &err);
		for (size_t cut_at = 1; im->fields[i].form == FORM_JSON && cut_at < v.n; cut_at = next_cut(cut_at, v.n)) {
			uint8_t *own;
			const uint8_t *part = cut_off(v.p, cut_at, &own);
			size_t size;

			ck_fails(binlog_json_text(part, cut_at, NULL, &size, &err), &err, ERR_PROTOCOL);
			err = (struct err)ERR_INIT;
			ck_fails(binlog_json_apply(part, cut_at, part, 0, &out, &err), &err, ERR_PROTOCOL);
			err = (struct err)ERR_INIT;
			free(own);
		}
		s->documents += im->fields[i].form == FORM_JSON && v.n > 1;
		buf_done(&out);
	}
}

/* One image -> the row's state; the id is the first column, or that of the image before. */
static size_t
take_image(struct server *s, struct table *t, const uint8_t *p, size_t n, const uint8_t *present,
    const char *before_id, char id[16], bool keep)
{
	struct value *vals = xzalloc(t->ncols * sizeof(*vals));
	size_t used, bound, written;
	struct err err = ERR_INIT;
	struct row *row;
	uint8_t *dst;

	if (!row_image_measure(t->image, p, n, present, &used, &bound, &err))
		ck_abort_msg("%s: %s", t->name, err.msg);
	dst = xzalloc(bound + 1);
	dst[bound] = 0xa5;
	if (!row_image_fill(t->image, p, used, present, vals, dst, &written, &err))
		ck_abort_msg("%s: %s", t->name, err.msg);
	ck_assert(written <= bound && dst[bound] == 0xa5);
	s->images++;
	check_cuts(t->image, p, used, present, bound);
	check_documents(s, t->image, p, used, present);
	if (vals[0].kind == VALUE_ABSENT)
		snprintf(id, 16, "%s", before_id);
	else
		snprintf(id, 16, "%.*s", (int)vals[0].len, (const char *)vals[0].p);
	row = keep ? row_of(s, t, id) : NULL;
	for (uint16_t i = 1; keep && i < t->ncols; i++) {
		if (vals[i].kind == VALUE_ABSENT)
			continue;
		ck_assert(
		    vals[i].kind == VALUE_NULL ||
		    vals[i].kind == (is_binary(&t->image->fields[i]) ? VALUE_BINARY : VALUE_TEXT));
		free(row->texts[i]);
		row->texts[i] = value_text(&vals[i], &t->types[i]);
	}
	free(dst);
	free(vals);
	return used;
}

/* The after image of a partial update, made whole. */
static size_t
take_partial(struct server *s, struct table *t, struct slice before, const uint8_t *before_present,
    struct slice after, const uint8_t *present, const char *before_id)
{
	struct buf whole = { 0 }, out = { 0 };
	struct err err = ERR_INIT;
	char id[16];
	size_t used, again;

	if (strcmp(before_id, "26") ==
	    0) { /* binlog_row_image = MINIMAL: changes of a value that is not there */
		ck_fails(row_image_expand(t->image, before.p, before.n, before_present, after.p,
			     after.n, present, &whole, &used, &err),
		    &err, ERR_DATA);
		ck_assert(strstr(err.msg, "column k") != NULL &&
			  strstr(err.remedy, "binlog_row_image = FULL") != NULL);
		buf_done(&whole);
		return after.n;
	}
	ck_ok(row_image_expand(t->image, before.p, before.n, before_present, after.p, after.n,
		  present, &whole, &used, &err),
	    &err);
	ck_assert_uint_eq(
	    take_image(s, t, whole.p, whole.n, present, before_id, id, true), whole.n);
	for (size_t cut_at = 0; cut_at < used; cut_at++) {
		err = (struct err)ERR_INIT;
		if (row_image_expand(t->image, before.p, before.n, before_present, after.p, cut_at,
			present, &out, &again, &err) ||
		    err.kind != ERR_PROTOCOL)
			ck_abort_msg("a partial update cut at %zu of %zu is taken", cut_at, used);
	}
	s->partial++;
	buf_done(&whole);
	buf_done(&out);
	return used;
}

/* WRITE, UPDATE and DELETE of both versions, and PARTIAL_UPDATE. */
static void
on_rows(struct server *s, uint8_t type, const uint8_t *p, size_t n)
{
	const bool v2 = type >= 30, update = type == 24 || type == 31 || type == 39;
	const size_t extra = v2 ? (size_t)little_endian(p + 8, 2) : 0, bits_at = 8 + extra;
	const uint64_t id = little_endian(p, 6);
	struct table *t = NULL;
	const uint8_t *first, *second;
	size_t at, width;

	for (unsigned i = 0; i < s->ntables; i++)
		if (s->tables[i].map != NULL && s->tables[i].id == id)
			t = &s->tables[i];
	if (t == NULL || t->image == NULL)
		return;
	ck_assert_uint_eq(p[bits_at], t->ncols); /* below 251 */
	width = (t->ncols + 7u) / 8;
	first = p + bits_at + 1;
	second = update ? first + width : first;
	at = bits_at + 1 + width * (update ? 2 : 1);
	while (at < n) {
		char row_id[16], same[16];
		const size_t before = at;

		at += take_image(s, t, p + at, n - at, first, "", row_id, !update);
		if (type == 39)
			at += take_partial(s, t, (struct slice){ p + before, at - before }, first,
			    (struct slice){ p + at, n - at }, second, row_id);
		else if (update)
			at += take_image(s, t, p + at, n - at, second, row_id, same, true);
	}
}

static void
read_log(struct server *s, const char *server)
{
	size_t n, at = 4;
	uint8_t *p = read_whole(server, "log", &n);

	while (at + 19 <= n) {
		const uint8_t type = p[at + 4];
		const size_t size = (size_t)little_endian(p + at + 9, 4);

		ck_assert(size >= 19 && size <= n - at);
		if (type == 19)
			on_table_map(s, p + at + 19, size - 19);
		else if ((type >= 23 && type <= 25) || (type >= 30 && type <= 32) || type == 39)
			on_rows(s, type, p + at + 19, size - 19);
		at += size;
	}
	ck_assert_uint_eq(at, n);
	free(p);
}

/* ---- what the server says of its rows ---- */

static unsigned
compare_values(struct server *s, const char *server)
{
	size_t n;
	char *text = (char *)read_whole(server, "values", &n), *rest = NULL;
	unsigned compared = 0, differ = 0;

	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *field = strsep(&line, "\t");
		const struct table *t = table_named(s, field, strlen(field), false);
		const char *id = strsep(&line, "\t");
		struct row *row;

		if ((strcmp(t->name, "labels") == 0 && strlen(id) > 2) ||
		    (strcmp(t->name, "changed") == 0 && strcmp(id, "26") == 0))
			continue; /* refused */
		row = row_of(s, t, id);
		for (uint16_t i = 1; i < t->ncols; i++) {
			field = strsep(&line, "\t");
			ck_assert(field != NULL && row->texts[i] != NULL);
			compared++;
			if (strcmp(field, row->texts[i]) != 0 && differ++ < 20)
				fprintf(stderr,
				    "%s: %s.%s of row %s: %.200s, the server says %.200s\n", server,
				    t->name, t->names[i], id, row->texts[i], field);
		}
		ck_assert(line == NULL);
	}
	ck_assert_uint_eq(differ, 0);
	free(text);
	return compared;
}

static void
check_server(const char *name, bool mariadb, unsigned images, unsigned partial)
{
	struct server *s = xzalloc(sizeof(*s));
	unsigned compared;

	s->mariadb = mariadb;
	s->arena = arena_new(16384, 0);
	read_columns(s, name);
	read_log(s, name);
	compared = compare_values(s, name);
	if (s->images < images || compared < images || s->partial != partial || s->refused == 0 || (partial > 0) != (s->documents > 0))
		ck_abort_msg("%s: %u images, %u values, %u partial, %u refused, %u documents", name, s->images,
		    compared, s->partial, s->refused, s->documents);
	for (unsigned i = 0; i < s->nrows; i++)
		for (unsigned k = 0; k < COLUMNS_MAX; k++)
			free(s->rows[i].texts[k]);
	for (unsigned i = 0; i < s->ntables; i++) {
		for (unsigned k = 0; k < s->tables[i].ncols; k++)
			free(s->tables[i].names[k]);
		if (s->tables[i].map != NULL) {
			row_image_done(s->tables[i].image);
			arena_free(s->tables[i].map->arena);
		}
	}
	arena_free(s->arena);
	free(s);
}

START_TEST(binlog_row_gives_what_mysql_says)
{
	check_server("mysql-9.7", false, 250, 25);
}
END_TEST

START_TEST(binlog_row_gives_what_mariadb_says)
{
	check_server("mariadb-10.11", true, 150, 0);
}
END_TEST

START_TEST(binlog_row_gives_what_mariadb_11_says)
{
	check_server("mariadb-11.8", true, 150, 0);
}
END_TEST

/* ---- rows that no server writes ---- */

static const char *const one_label[] = { "a", "b" };

static struct coltype
column(uint8_t code, uint16_t collation, uint32_t length)
{
	return (struct coltype){ .code = code,
		.collation = collation,
		.length = length,
		.name = "a name",
		.labels = one_label,
		.nlabels = 2 };
}

/* One column `c` of one row: the kind of error of measuring or filling, or ERR_NONE. */
static enum err_kind
taken(struct coltype t, const void *bytes, size_t n)
{
	static const char *const names[] = { "c" };
	struct arena *arena = arena_new(1024, 0);
	struct err err = ERR_INIT;
	struct row_image *im = row_image_new(&t, names, 1, arena, &err);
	uint8_t *image = xzalloc(n + 1), *dst;
	struct value v;
	size_t used, bound, written;

	ck_assert_msg(im != NULL, "%s", err.msg);
	memcpy(image + 1, bytes, n);
	if (row_image_measure(im, image, n + 1, (const uint8_t[]){ 1 }, &used, &bound, &err)) {
		dst = xzalloc(bound + 1);
		if (row_image_fill(
			im, image, n + 1, (const uint8_t[]){ 1 }, &v, dst, &written, &err))
			ck_assert(used == n + 1 && written <= bound && v.len == written);
		free(dst);
	}
	ck_assert(err.kind == ERR_NONE || strstr(err.msg, "column c") != NULL);
	row_image_done(im);
	arena_free(arena);
	free(image);
	return err.kind;
}

#define BYTES(s) s, sizeof(s) - 1

START_TEST(binlog_row_refuses_values_that_the_type_does_not_have)
{
	ck_assert_int_eq(taken(column(MY_TYPE_ENUM, 8, 1), BYTES("\x02")), ERR_NONE);
	ck_assert_int_eq(taken(column(MY_TYPE_ENUM, 8, 1), BYTES("\x03")), ERR_PROTOCOL);
	ck_assert_int_eq(taken(column(MY_TYPE_SET, 8, 1), BYTES("\x03")), ERR_NONE);
	ck_assert_int_eq(taken(column(MY_TYPE_SET, 8, 1), BYTES("\x04")), ERR_PROTOCOL);
	ck_assert_int_eq(taken(column(MY_TYPE_BIT, 0, 9), BYTES("\x01\xff")), ERR_NONE);
	ck_assert_int_eq(taken(column(MY_TYPE_BIT, 0, 9), BYTES("\x02\x00")), ERR_PROTOCOL);
	ck_assert_int_eq(taken(column(MY_TYPE_NEWDECIMAL, 0, 2), BYTES("\xe3")), ERR_NONE);
	ck_assert_int_eq(taken(column(MY_TYPE_NEWDECIMAL, 0, 2), BYTES("\xe4")), ERR_PROTOCOL);
	ck_assert_int_eq(taken(column(MY_TYPE_DATE, 0, 0), BYTES("\xff\xff\xff")), ERR_PROTOCOL);
	ck_assert_int_eq(
	    taken(column(MY_TYPE_FLOAT, 0, 0), BYTES("\x00\x00\x80\x7f")), ERR_PROTOCOL);
	ck_assert_int_eq(
	    taken(column(MY_TYPE_DOUBLE, 0, 0), BYTES("\x00\x00\x00\x00\x00\x00\xf8\x7f")),
	    ERR_PROTOCOL);
	ck_assert_int_eq(taken(column(MY_TYPE_STRING, 63, 2), BYTES("\x02"
								    "ab")),
	    ERR_NONE);
	ck_assert_int_eq(taken(column(MY_TYPE_STRING, 63, 2), BYTES("\x03"
								    "abc")),
	    ERR_PROTOCOL);
	ck_assert_int_eq(taken(column(MY_TYPE_VARCHAR, 8, 2), BYTES("\x03"
								    "abc")),
	    ERR_PROTOCOL);
	ck_assert_int_eq(
	    taken(column(MY_TYPE_JSON, 0, 0), BYTES("\x02\x00\x00\x00\x04\x09")), ERR_PROTOCOL);
	ck_assert_int_eq(taken(column(MY_TYPE_JSON, 0, 0), BYTES("\x00\x00\x00\x00")), ERR_NONE);
}
END_TEST

/* What one value becomes; NULL: it is refused. */
static const char *
text_of(struct coltype t, const void *bytes, size_t n)
{
	static char text[200];
	struct arena *arena = arena_new(1024, 0);
	struct err err = ERR_INIT;
	struct row_image *im = row_image_new(&t, NULL, 1, arena, &err);
	uint8_t image[100] = { 0 };
	size_t used, bound, written;
	struct value v;

	ck_assert_msg(im != NULL, "%s", err.msg);
	memcpy(image + 1, bytes, n);
	ck_ok(row_image_measure(im, image, n + 1, (const uint8_t[]){ 1 }, &used, &bound, &err), &err);
	ck_assert_uint_lt(bound, sizeof(text));
	ck_ok(row_image_fill(im, image, n + 1, (const uint8_t[]){ 1 }, &v, (uint8_t *)text, &written, &err), &err);
	ck_assert(used == n + 1 && written == v.len && written <= bound);
	text[written] = '\0';
	row_image_done(im);
	arena_free(arena);
	return text;
}

static struct coltype
logical(enum logical_type what, uint32_t length)
{
	struct coltype t = column(MY_TYPE_STRING, 63, length);

	t.logical = what;
	t.mariadb = true;
	return t;
}

/* As the server stores them: bytes, of which those of 0 at the end are left out. */
START_TEST(binlog_row_gives_uuids_and_addresses_as_text)
{
	ck_assert_str_eq(text_of(logical(LOGICAL_UUID, 16), BYTES("\x10\x12\x34\x56\x78\x9a\xbc\xde\xf0\x12\x34\x56\x78\x9a\xbc\xde\xf0")),
	    "12345678-9abc-def0-1234-56789abcdef0");
	ck_assert_str_eq(text_of(logical(LOGICAL_UUID, 16), BYTES("\x00")), "00000000-0000-0000-0000-000000000000");
	ck_assert_str_eq(text_of(logical(LOGICAL_INET, 4), BYTES("\x04\xc0\xa8\x01\x02")), "192.168.1.2");
	ck_assert_str_eq(text_of(logical(LOGICAL_INET, 4), BYTES("\x01\x0a")), "10.0.0.0");
	ck_assert_str_eq(text_of(logical(LOGICAL_INET, 16), BYTES("\x04\x20\x01\x0d\xb8")), "2001:db8::");
	ck_assert_str_eq(text_of(column(MY_TYPE_STRING, 63, 4), BYTES("\x01\x0a")), "\x0a");
	ck_assert_int_eq(taken(logical(LOGICAL_INET, 4), BYTES("\x05\xc0\xa8\x01\x02\x03")), ERR_PROTOCOL);
}
END_TEST

START_TEST(binlog_row_gives_the_least_and_the_most_of_a_type)
{
	static const char *many[64];
	struct coltype set = column(MY_TYPE_SET, 8, 8);

	for (int i = 0; i < 64; i++)
		many[i] = i == 63 ? "last" : "";
	set.labels = many;
	set.nlabels = 64;
	ck_assert_str_eq(text_of(set, BYTES("\0\0\0\0\0\0\0\x80")), "last");
	ck_assert_str_eq(text_of(column(MY_TYPE_ENUM, 8, 1), BYTES("\x00")), "");	/* a value that was refused */
	ck_assert_str_eq(text_of(column(MY_TYPE_ENUM, 8, 1), BYTES("\x02")), "b");
	ck_assert_str_eq(text_of(column(MY_TYPE_SET, 8, 1), BYTES("\x03")), "a,b");
	ck_assert_str_eq(text_of(column(MY_TYPE_BIT, 0, 8), BYTES("\x81")), "10000001");
	ck_assert_str_eq(text_of(column(MY_TYPE_BIT, 0, 1), BYTES("\x01")), "1");
	ck_assert_str_eq(text_of(column(MY_TYPE_STRING, 8, 9), BYTES("\x04 a  ")), " a");
	ck_assert_str_eq(text_of(column(MY_TYPE_STRING, 8, 9), BYTES("\x03   ")), "");
	ck_assert_str_eq(text_of(column(MY_TYPE_VARCHAR, 8, 9), BYTES("\x03 a ")), " a ");
	ck_assert_str_eq(text_of(column(MY_TYPE_INT24, 0, 0), BYTES("\x00\x00\x80")), "-8388608");
}
END_TEST

/* Never a question mark in its place. */
START_TEST(binlog_row_refuses_text_that_is_not_of_its_set)
{
	ck_assert_int_eq(taken(column(MY_TYPE_VARCHAR, 45, 20), BYTES("\x02\xc3\xa9")), ERR_NONE);
	ck_assert_int_eq(taken(column(MY_TYPE_VARCHAR, 45, 20), BYTES("\x02"
								      "a\xe9")),
	    ERR_DATA);
	ck_assert_int_eq(
	    taken(column(MY_TYPE_VARCHAR, 11, 20), BYTES("\x01\xe9")), ERR_DATA); /* ascii */
	ck_assert_int_eq(taken(column(MY_TYPE_STRING, 28, 20), BYTES("\x01\x81")),
	    ERR_DATA); /* gbk, half a character */
	ck_assert_int_eq(taken(column(MY_TYPE_BLOB, 45, 255), BYTES("\x01\xff")), ERR_DATA);
	ck_assert_int_eq(
	    taken(column(MY_TYPE_VARCHAR_COMPRESSED, 45, 20), BYTES("\x02\x00\xff")), ERR_DATA);
}
END_TEST

/* Long text reserves what it needs, short text what it could need. */
START_TEST(binlog_row_measures_long_text)
{
	static uint8_t image[1 + 4 + 2 * MEASURE_FROM];
	struct coltype t = column(MY_TYPE_BLOB, 8, UINT32_MAX);
	struct arena *arena = arena_new(1024, 0);
	struct err err = ERR_INIT;
	struct row_image *im = row_image_new(&t, NULL, 1, arena, &err);
	const size_t n = sizeof(image) - 5;
	size_t used, bound, written;
	struct value v;
	uint8_t *dst;

	ck_assert(im != NULL);
	memset(image + 5, 'a', n);
	memset(image + 5, 0xe9, 10);
	for (int i = 0; i < 4; i++)
		image[1 + i] = (uint8_t)(n >> (8 * i));
	ck_ok(row_image_measure(
		  im, image, sizeof(image), (const uint8_t[]){ 1 }, &used, &bound, &err),
	    &err);
	ck_assert_uint_eq(bound, n + 10);
	dst = xzalloc(bound);
	ck_ok(row_image_fill(
		  im, image, sizeof(image), (const uint8_t[]){ 1 }, &v, dst, &written, &err),
	    &err);
	ck_assert(written == bound && v.len == bound &&
		  memcmp(dst + 18,
		      "\xc3\xa9"
		      "a",
		      3) == 0);
	free(dst);
	arena_free(arena);
	t.collation = 28; /* gbk: cut off at the end */
	image[sizeof(image) - 1] = 0x81;
	arena = arena_new(1024, 0);
	ck_assert((im = row_image_new(&t, NULL, 1, arena, &err)) != NULL);
	memset(image + 5, 'a', 10);
	ck_fails(row_image_measure(
		     im, image, sizeof(image), (const uint8_t[]){ 1 }, &used, &bound, &err),
	    &err, ERR_DATA);
	arena_free(arena);
}
END_TEST

START_TEST(binlog_row_refuses_compressed_values_that_lie)
{
	const struct coltype t = column(MY_TYPE_VARCHAR_COMPRESSED, 63, 100);

	ck_assert_int_eq(taken(t, BYTES("\x00")), ERR_NONE);
	ck_assert_int_eq(taken(t, BYTES("\x03\x00"
					"ab")),
	    ERR_NONE);
	ck_assert_int_eq(
	    taken(t, BYTES("\x0d\x81\x05\x78\x9c\x4b\x4c\x44\x00\x00\x0c\x49\x01\xe6")),
	    ERR_PROTOCOL);
	/* "hello" with zlib's header, and without it */
	ck_assert_int_eq(
	    taken(t, BYTES("\x0f\x81\x05\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15")),
	    ERR_NONE);
	ck_assert_int_eq(taken(t, BYTES("\x09\x89\x05\xcb\x48\xcd\xc9\xc9\x07\x00")), ERR_NONE);
	ck_assert_int_eq(
	    taken(t, BYTES("\x0f\x81\x04\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15")),
	    ERR_PROTOCOL); /* says 4 */
	ck_assert_int_eq(
	    taken(t, BYTES("\x0f\x81\x06\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15")),
	    ERR_PROTOCOL); /* says 6 */
	ck_assert_int_eq(
	    taken(t, BYTES("\x0f\x81\x05\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x16")),
	    ERR_PROTOCOL); /* its checksum */
	ck_assert_int_eq(
	    taken(t, BYTES("\x0f\x81\x65\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15")),
	    ERR_PROTOCOL); /* more than fits */
	ck_assert_int_eq(
	    taken(t, BYTES("\x02\x10\x00")), ERR_PROTOCOL); /* a method that is not known */
	ck_assert_int_eq(taken(t, BYTES("\x01\x80")), ERR_PROTOCOL);
	ck_assert_int_eq(taken(t, BYTES("\x03\x81\x00\x78")), ERR_PROTOCOL); /* a size of nothing */
	ck_assert_int_eq(taken(t, BYTES("\x07\x85\x00\x00\x00\x00\x05\x78")), ERR_PROTOCOL); /* of five bytes */
	ck_assert_int_eq(taken(t, BYTES("\x02\x82\x00")), ERR_PROTOCOL);
	/* a few bytes that claim 4 GB */
	ck_assert_int_eq(taken(column(MY_TYPE_BLOB_COMPRESSED, 63, UINT32_MAX),
			     BYTES("\x07\x00\x00\x00\x84\xff\xff\xff\xff\x03\x00")),
	    ERR_PROTOCOL);
}
END_TEST

START_TEST(binlog_row_refuses_types_that_are_not_complete)
{
	const struct coltype list[] = { column(MY_TYPE_NULL, 0, 0),
		column(MY_TYPE_VARCHAR, 999, 10), column(MY_TYPE_BIT, 0, 65), column(MY_TYPE_BIT, 0, 0),
		column(MY_TYPE_NEWDECIMAL, 0, 66),
		{ .code = MY_TYPE_ENUM, .name = "enum()", .length = 1 },
		{ .code = MY_TYPE_TIME,
		    .name = "time",
		    .mariadb = true,
		    .decimals = MY_DIGITS_UNKNOWN } };

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct arena *arena = arena_new(1024, 0);
		struct err err = ERR_INIT;

		ck_fails(row_image_new(&list[i], NULL, 1, arena, &err) != NULL, &err, ERR_SCHEMA);
		ck_assert(strstr(err.msg, "column 1") != NULL);
		arena_free(arena);
	}
}
END_TEST

/* ---- changes of documents, cut ---- */

/* a int, j json, k json: rows of two images, the one after as PARTIAL_UPDATE_ROWS has it. */
static const char *const abc[] = { "a", "j", "k" };

struct partial {
	struct arena *arena;
	struct row_image *im;
	struct buf out;
	struct err err;
};

static void
partial_start(struct partial *p)
{
	const struct coltype types[] = { column(MY_TYPE_LONG, 0, 0), column(MY_TYPE_JSON, 0, 0), column(MY_TYPE_JSON, 0, 0) };

	*p = (struct partial){ .arena = arena_new(1024, 0), .err = ERR_INIT };
	p->im = row_image_new(types, abc, 3, p->arena, &p->err);
	ck_ok(p->im != NULL, &p->err);
}

static void
partial_end(struct partial *p)
{
	row_image_done(p->im);
	arena_free(p->arena);
	buf_done(&p->out);
}

static bool
expand(struct partial *p, const void *before, size_t nbefore, uint8_t before_present, const void *after, size_t n, uint8_t present)
{
	uint8_t *b = xzalloc(nbefore + 1), *a = xzalloc(n + 1);
	size_t used;
	bool ok;

	memcpy(b, before, nbefore);
	memcpy(a, after, n);
	p->err = (struct err)ERR_INIT;
	ok = row_image_expand(p->im, b, nbefore, &before_present, a, n, &present, &p->out, &used, &p->err);
	ck_assert(!ok || used == n);
	free(a);
	free(b);
	return ok;
}

#define DOC "\x05\0\0\0\x00\0\0\x04\0"	/* {} with its length */
#define DIFF "\x08\0\0\0\x01\x03$.a\x02\x04\x01"	/* "a": true comes in, with the length of the diff */

START_TEST(binlog_row_expands_changes_of_a_document)
{
	struct partial p;

	partial_start(&p);
	/* all as it is: no options, no NULLs */
	ck_ok(expand(&p, BYTES("\0\1\0\0\0" DOC DOC), 7, BYTES("\0\0\2\0\0\0" DOC DOC), 7), &p.err);
	ck_assert(p.out.n == 1 + 4 + 18 && memcmp(p.out.p, "\0\2\0\0\0" DOC, 14) == 0);
	/* the first document is whole, the second one changed; a before is NULL */
	ck_ok(expand(&p, BYTES("\1" DOC DOC), 7, BYTES("\1\2\1" DOC DIFF), 7), &p.err);
	ck_assert(p.out.n > 1 + 9 + 4 && memcmp(p.out.p, "\1" DOC, 10) == 0);
	ck_assert_str_eq(text_of(column(MY_TYPE_JSON, 0, 0), p.out.p + 10, p.out.n - 10), "{\"a\": true}");
	/* j is absent before */
	ck_ok(expand(&p, BYTES("\0\1\0\0\0" DOC), 5, BYTES("\1\2\0\2\0\0\0" DIFF), 5), &p.err);
	partial_end(&p);
}
END_TEST

START_TEST(binlog_row_refuses_changes_that_are_cut)
{
	static const char after[] = "\1\2\0\2\0\0\0" DOC DIFF, before[] = "\0\1\0\0\0" DOC DOC;
	struct partial p;

	partial_start(&p);
	ck_ok(expand(&p, before, sizeof(before) - 1, 7, after, sizeof(after) - 1, 7), &p.err);
	for (size_t cut = 0; cut < sizeof(after) - 1; cut++)
		ck_fails(expand(&p, before, sizeof(before) - 1, 7, after, cut, 7), &p.err, ERR_PROTOCOL);
	for (size_t cut = 0; cut < sizeof(before) - 1; cut++)	/* all of it is read up to the document */
		ck_fails(expand(&p, before, cut, 7, after, sizeof(after) - 1, 7), &p.err, ERR_PROTOCOL);
	ck_fails(expand(&p, before, sizeof(before) - 1, 7, BYTES("\2\0\0\0\0\0"), 1), &p.err, ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(p.err.msg, "options 0x2"));
	/* the document is NULL, or absent: its change applies to nothing */
	ck_fails(expand(&p, BYTES("\4\1\0\0\0" DOC), 7, after, sizeof(after) - 1, 7), &p.err, ERR_DATA);
	ck_fails(expand(&p, BYTES("\0\1\0\0\0" DOC), 3, after, sizeof(after) - 1, 7), &p.err, ERR_DATA);
	/* a change that does not fit */
	ck_fails(expand(&p, BYTES("\0\1\0\0\0" DOC "\5\0\0\0\4\1\0\0\0"), 7, after, sizeof(after) - 1, 7), &p.err, ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(p.err.msg, "column k"));
	partial_end(&p);
}
END_TEST

/* What was measured is filled; what was not is refused all the same. */
START_TEST(binlog_row_does_not_fill_what_is_cut)
{
	static const char row[] = "\0\1\0\0\0" DOC DOC;
	uint8_t dst[200];
	struct value v[3];
	struct partial p;
	size_t written;

	partial_start(&p);
	for (size_t cut = 0; cut < sizeof(row) - 1; cut++) {
		uint8_t *copy = xzalloc(cut + 1);

		memcpy(copy, row, cut);
		ck_fails(row_image_fill(p.im, copy, cut, (const uint8_t[]){ 7 }, v, dst, &written, &p.err), &p.err, ERR_PROTOCOL);
		free(copy);
	}
	partial_end(&p);
}
END_TEST

UNIT_MAIN("binlog_row", binlog_row_gives_uuids_and_addresses_as_text, binlog_row_gives_the_least_and_the_most_of_a_type,
    binlog_row_expands_changes_of_a_document, binlog_row_refuses_changes_that_are_cut, binlog_row_does_not_fill_what_is_cut,
    binlog_row_gives_what_mysql_says, binlog_row_gives_what_mariadb_says,
    binlog_row_gives_what_mariadb_11_says, binlog_row_refuses_values_that_the_type_does_not_have,
    binlog_row_refuses_text_that_is_not_of_its_set, binlog_row_measures_long_text,
    binlog_row_refuses_compressed_values_that_lie, binlog_row_refuses_types_that_are_not_complete)
