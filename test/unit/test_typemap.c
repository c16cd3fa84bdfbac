/* test_typemap.c - the table of types: each kind is known by its own type, becomes what the table says, and stands in the manual. */
#include "staging/typemap.c"

#include <ctype.h>

#include "test/unit/unit.h"
#include "test/unit/coltypes.h"
#include "test/unit/convert_cells.h"

static struct arena *arena;

/* A type of this kind, as the cells have one. */
static struct coltype
example_of(enum type_kind kind)
{
	const struct row *rows_ = kind < PG_BOOL ? mysql_rows : postgresql_rows;
	const size_t n = kind < PG_BOOL ? sizeof(mysql_rows) / sizeof(mysql_rows[0]) : sizeof(postgresql_rows) / sizeof(postgresql_rows[0]);

	/* with its modifiers, where it has some */
	for (size_t i = 0; i < 2 * n; i++) {
		const struct coltype t = coltype_of(rows_[i % n].from);

		if (typemap_read(&t).kind == kind && (i >= n || strchr(t.name, '(') != NULL))
			return t;
	}
	ck_abort_msg("no cells for %s", rows[kind].shown);
	return (struct coltype){ 0 };
}

static struct convert_target
target_of(uint8_t source_family, bool in_key)
{
	return source_family == FAMILY_MYSQL ? (struct convert_target){ .family = FAMILY_POSTGRESQL } :
					       (struct convert_target){ .family = FAMILY_MYSQL, .version = 90700, .in_key = in_key };
}

/* ---- the manual ---- */

/* "numeric(%p,%s)" as people read it, and as mdoc does. */
static void
put_shown(struct buf *b, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '%')
			continue;
		if (*p == '\\')
			buf_str(b, "\\e");
		else if (*p == '"')
			buf_str(b, "\\(dq");
		else
			buf_u8(b, (uint8_t)*p);
	}
}

static bool
has_line(const char *page, const char *line)
{
	const size_t n = strlen(line);

	for (const char *p = page; (p = strstr(p, line)) != NULL; p++)
		if (p > page && p[-1] == '\n' && p[n] == '\n')
			return true;
	return false;
}

static char *
read_page(void)
{
	static char page[65536];
	FILE *f = fopen("man/repld-types.7", "r");
	size_t n;

	ck_assert_msg(f != NULL, "man/repld-types.7 is missing (the test runs in the top folder)");
	n = fread(page, 1, sizeof(page) - 1, f);
	ck_assert(n > 0 && n < sizeof(page) - 1);
	fclose(f);
	return page;
}

/* ".It tinyint unsigned Ta smallint Ta all": type, what is made of it, values without a form. */
START_TEST(typemap_manual_says_what_the_table_says)
{
	const struct convert_options options = { 0 };
	const char *page = read_page(), *note;
	struct typemap_row r;
	size_t missing = 0;

	arena = arena_new(65536, 0);
	for (size_t i = 0; typemap_row(i, &r); i++) {
		const struct coltype source = example_of(r.kind);
		const struct convert_target target = target_of(r.family, false);
		struct err err = ERR_INIT;
		struct buf line = { 0 };
		struct coltype made;
		enum convert_fit fit;

		ck_ok(typemap_make(&source, &target, &options, arena, &made, &err), &err);
		fit = convert_fit(&source, &made, &options, &note);
		ck_assert_msg(fit != CONVERT_REFUSED, "%s", r.shown);
		buf_str(&line, ".It ");
		put_shown(&line, r.shown);
		buf_str(&line, " Ta ");
		put_shown(&line, r.made);
		buf_str(&line, " Ta ");
		put_shown(&line, fit == CONVERT_POLICY ? note : "none");
		if (!has_line(page, buf_cstr(&line))) {
			printf("not in man/repld-types.7:\n%s\n", buf_cstr(&line));
			missing++;
		}
		buf_done(&line);
	}
	ck_assert_uint_eq(missing, 0);
	arena_free(arena);
}
END_TEST

/* ---- types ---- */

START_TEST(typemap_knows_each_kind_and_makes_its_type)
{
	const struct convert_options options = { 0 };
	struct typemap_row r;
	size_t n = 0;

	arena = arena_new(65536, 0);
	for (size_t i = 0; typemap_row(i, &r); i++, n++) {
		const struct coltype source = example_of(r.kind);
		const struct convert_target target = target_of(r.family, false);
		struct err err = ERR_INIT;
		struct coltype made;
		const size_t word = strcspn(r.made, "(%");

		ck_assert_int_eq(source.family, r.family);
		ck_ok(typemap_make(&source, &target, &options, arena, &made, &err), &err);
		ck_assert(made.family != source.family && typemap_read(&made).kind != KIND_NONE);
		ck_assert_msg(strncmp(made.name, r.made, word) == 0 || r.kind == PG_NUMERIC, "%s became %s", r.shown, made.name);
	}
	ck_assert_uint_eq(n, KIND_END - 1);
	arena_free(arena);
}
END_TEST

START_TEST(typemap_minds_the_limits_of_the_other_side)
{
	static const struct {
		const char *type, *made, *in_key;	/* in_key NULL: refused */
	} all[] = {
		{ "pg numeric", "longtext", "varchar(768)" },
		{ "pg numeric(65,30)", "decimal(65,30)", "decimal(65,30)" },
		{ "pg numeric(66,0)", "longtext", "varchar(768)" },
		{ "pg numeric(40,31)", "longtext", "varchar(768)" },
		{ "pg numeric(5,-2)", "decimal(7,0)", "decimal(7,0)" },
		{ "pg numeric(3,5)", "decimal(5,5)", "decimal(5,5)" },
		{ "pg numeric(64,-2)", "longtext", "varchar(768)" },
		{ "pg bit(64)", "bit(64)", "bit(64)" },
		{ "pg bit(65)", "varchar(65)", "varchar(65)" },
		{ "pg bit(20000)", "longtext", "varchar(768)" },
		{ "pg bit varying(100)", "varchar(100)", "varchar(100)" },
		{ "pg character(255)", "char(255)", "char(255)" },
		{ "pg character(256)", "varchar(256)", "varchar(256)" },
		{ "pg character varying(768)", "varchar(768)", "varchar(768)" },
		{ "pg character varying(769)", "varchar(769)", NULL },
		{ "pg character varying(16383)", "varchar(16383)", NULL },
		{ "pg character varying", "longtext", "varchar(768)" },
		{ "pg text", "longtext", "varchar(768)" },
		{ "pg bytea", "longblob", "varbinary(3072)" },
		{ "pg json", "longtext", NULL },
		{ "pg jsonb", "json", NULL },
		{ "pg public.mood", "varchar(63)", "varchar(63)" },
		{ "pg timestamp", "datetime(6)", "datetime(6)" },
		{ "pg timestamptz(0)", "datetime(0)", "datetime(0)" },
		{ "my tinyint(1)", "smallint", "smallint" },
		{ "my bigint unsigned", "numeric(20)", "numeric(20)" },
		{ "my char(3)", "character(3)", "character(3)" },
		{ "my varchar(0)", "character varying(1)", "character varying(1)" },
		{ "my varchar(16383)", "character varying(16383)", "character varying(16383)" },
		{ "my decimal(65,30)", "numeric(65,30)", "numeric(65,30)" },
		{ "my bit(1)", "bit(1)", "bit(1)" },
	};
	const struct convert_options options = { 0 };

	arena = arena_new(65536, 0);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct coltype source = coltype_of(all[i].type);
		struct convert_target target = target_of(source.family, false);
		struct err err = ERR_INIT;
		struct coltype made;

		ck_ok(typemap_make(&source, &target, &options, arena, &made, &err), &err);
		ck_assert_str_eq(made.name, all[i].made);
		target.in_key = true;
		if (all[i].in_key == NULL) {
			ck_fails(typemap_make(&source, &target, &options, arena, &made, &err), &err, ERR_SCHEMA);
			ck_assert(err.remedy[0] != '\0');
			continue;
		}
		ck_ok(typemap_make(&source, &target, &options, arena, &made, &err), &err);
		ck_assert_str_eq(made.name, all[i].in_key);
	}
	arena_free(arena);
}
END_TEST

START_TEST(typemap_leaves_compression_to_mariadb)
{
	const struct coltype text = { .family = FAMILY_MYSQL, .mariadb = true, .code = MY_TYPE_BLOB_COMPRESSED, .logical = LOGICAL_TEXT, .collation = 45,
		.length = 65535, .name = "text compressed" };
	const struct coltype bytes = { .family = FAMILY_MYSQL, .mariadb = true, .code = MY_TYPE_VARCHAR_COMPRESSED, .logical = LOGICAL_BYTES,
		.collation = MY_COLLATION_BINARY, .length = 20, .name = "varbinary(20) compressed" };
	const struct convert_target maria = { .family = FAMILY_MYSQL, .mariadb = true, .version = 101119 }, my = { .family = FAMILY_MYSQL, .version = 90700 };
	const struct convert_options options = { 0 };
	struct coltype made;
	struct err err = ERR_INIT;

	arena = arena_new(65536, 0);
	ck_ok(typemap_make(&text, &maria, &options, arena, &made, &err), &err);
	ck_assert_str_eq(made.name, "text compressed");
	ck_ok(typemap_make(&text, &my, &options, arena, &made, &err), &err);
	ck_assert_str_eq(made.name, "text");
	ck_assert_int_eq(made.code, MY_TYPE_BLOB);
	ck_ok(typemap_make(&bytes, &my, &options, arena, &made, &err), &err);
	ck_assert_str_eq(made.name, "varbinary(20)");
	ck_assert_int_eq(made.code, MY_TYPE_VARCHAR);
	arena_free(arena);
}
END_TEST

START_TEST(typemap_types_without_a_known_code_are_refused)
{
	const struct coltype old = { .family = FAMILY_MYSQL, .code = MY_TYPE_NULL, .logical = LOGICAL_OTHER, .name = "null" };
	const struct convert_target target = { .family = FAMILY_POSTGRESQL };
	const struct convert_options options = { 0 };
	struct err err = ERR_INIT;
	struct buf name = { 0 };

	ck_fails(convert_type_name(&old, &target, &options, &name, &err), &err, ERR_SCHEMA);
	buf_done(&name);
}
END_TEST

START_TEST(typemap_collation_tells_texts_apart_by_their_bytes)
{
	const struct convert_target my9 = { .family = FAMILY_MYSQL, .version = 90700 }, my5 = { .family = FAMILY_MYSQL, .version = 50744 },
		maria = { .family = FAMILY_MYSQL, .mariadb = true, .version = 101119 };
	const struct coltype text = coltype_of("pg text");
	const struct convert_options options = { 0 };
	struct err err = ERR_INIT;
	struct buf name = { 0 };
	bool blanks;

	ck_assert_str_eq(typemap_bytes_collation(&my9, &blanks), "utf8mb4_0900_bin");
	ck_assert(!blanks);
	ck_assert_str_eq(typemap_bytes_collation(&maria, &blanks), "utf8mb4_nopad_bin");
	ck_assert(!blanks);
	ck_assert_str_eq(typemap_bytes_collation(&my5, &blanks), "utf8mb4_bin");
	ck_assert(blanks);
	ck_ok(convert_type_name(&text, &maria, &options, &name, &err), &err);
	ck_assert_str_eq(buf_cstr(&name), "longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin");
	buf_done(&name);
}
END_TEST

UNIT_MAIN("typemap", typemap_manual_says_what_the_table_says, typemap_knows_each_kind_and_makes_its_type,
    typemap_minds_the_limits_of_the_other_side, typemap_types_without_a_known_code_are_refused,
    typemap_collation_tells_texts_apart_by_their_bytes, typemap_leaves_compression_to_mariadb)
