/* test_my_table_ddl.c - DDL for MySQL and MariaDB: of PostgreSQL's tables and of their own. */
#include "endpoints/my_layout.c"
#include "endpoints/my_table_ddl.c"

#include "test/unit/unit.h"
#include "test/unit/coltypes.h"

static struct column_desc cols[12];
static struct index_desc indexes[6];
static struct table_desc source = { .schema = "public", .name = "t", .cols = cols, .indexes = indexes, .replica_identity = 'd' };
static struct table table = { .source = &source, .source_schema = "public", .source_name = "t", .target_schema = "dw", .target_name = "t`x" };
static const struct convert_target mysql97 = { .family = FAMILY_MYSQL, .version = 90700 };
static const struct convert_target mysql57 = { .family = FAMILY_MYSQL, .version = 50744 };
static const struct convert_target mysql56 = { .family = FAMILY_MYSQL, .version = 50624 };
static const struct convert_target maria = { .family = FAMILY_MYSQL, .mariadb = true, .version = 101119 };
static const uint16_t first[] = { 0 }, second[] = { 1 }, both[] = { 0, 1 };

static void
start(uint16_t n, const char *const *types)
{
	static const char *const names[] = { "id", "B b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l" };

	memset(cols, 0, sizeof(cols));
	memset(indexes, 0, sizeof(indexes));
	source.ncols = n;
	source.nindexes = 0;
	for (uint16_t i = 0; i < n; i++) {
		cols[i].name = names[i];
		cols[i].type = coltype_of(types[i]);
	}
	table.source_family = n > 0 ? cols[0].type.family : FAMILY_POSTGRESQL;
}

static void
add_index(const char *name, bool primary, bool unique, uint16_t n, const uint16_t *columns)
{
	indexes[source.nindexes++] = (struct index_desc){ .name = name, .primary = primary, .unique = unique, .immediate = true, .ncols = n,
		.cols = columns, .method = table.source_family == FAMILY_MYSQL ? "BTREE" : NULL };
}

/* "!": it was refused, with the message. */
static const char *
text_of(bool (*make)(struct buf *, const struct table *, const struct convert_target *, struct err *), const struct convert_target *target)
{
	static char text[8192];
	struct err err = ERR_INIT;
	struct buf b = { 0 };

	if (make(&b, &table, target, &err)) {
		snprintf(text, sizeof(text), "%s", buf_cstr(&b));
	} else {
		ck_assert(err.kind == ERR_SCHEMA && err.remedy[0] != '\0' && strcmp(err.table, "public.t") == 0);
		snprintf(text, sizeof(text), "!%s", err.msg);
	}
	buf_done(&b);
	return text;
}

static size_t
found(const struct convert_target *target, const char *words)
{
	struct findings f = { 0 };
	size_t n = 0;

	my_table_findings(&table, target, &f);
	for (size_t i = 0; i < f.n; i++)
		n += strstr(f.rows[i].what, words) != NULL;
	findings_done(&f);
	return n;
}

#define HEAD "CREATE TABLE `dw`.`t``x` ("
#define TAIL97 ") ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin ROW_FORMAT=DYNAMIC;\n"
#define TAILMA ") ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin ROW_FORMAT=DYNAMIC;\n"
#define BIN97 " CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin"
#define BINMA " CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"

START_TEST(my_ddl_makes_types_and_key_of_a_postgresql_table)
{
	static const char *const types[] = { "pg bigint", "pg text", "pg text", "pg uuid", "pg timestamptz", "pg jsonb", "pg bytea", "pg numeric(12,2)",
		"pg boolean", "pg character varying(40)" };

	start(10, types);
	cols[0].notnull = cols[1].notnull = true;
	cols[0].identity = 'a';
	add_index("t_pkey", true, true, 2, both);
	ck_assert_str_eq(text_of(my_table_ddl, &mysql97), "CREATE DATABASE IF NOT EXISTS `dw` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;\n"
		HEAD "`id` bigint NOT NULL AUTO_INCREMENT, `B b` varchar(766)" BIN97 " NOT NULL, `c` longtext" BIN97 " NULL,"
		" `d` char(36) CHARACTER SET ascii COLLATE ascii_bin NULL, `e` datetime(6) NULL, `f` json NULL, `g` longblob NULL,"
		" `h` decimal(12,2) NULL, `i` tinyint(1) NULL, `j` varchar(40)" BIN97 " NULL, PRIMARY KEY (`id`, `B b`)" TAIL97);
	ck_assert(strstr(text_of(my_table_only_ddl, &maria), "`c` longtext" BINMA " NULL") != NULL);
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql57), "`c` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL") != NULL);
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql56), "`f` longtext ") != NULL);
	ck_assert_uint_eq(found(&mysql97, "key column \"B b\" is made as varchar(766)"), 1);
	ck_assert_uint_eq(found(&mysql57, "blanks at their end"), 1);
	ck_assert_uint_eq(found(&mysql97, "blanks at their end"), 0);
}
END_TEST

START_TEST(my_ddl_shares_a_keys_length_among_its_texts)
{
	start(1, (const char *const[]){ "pg text" });
	add_index("p", true, true, 1, first);
	ck_assert_str_eq(text_of(my_table_only_ddl, &mysql97), HEAD "`id` varchar(768)" BIN97 " NULL, PRIMARY KEY (`id`)" TAIL97);
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql56), "varchar(191)") != NULL);
	start(2, (const char *const[]){ "pg text", "pg integer[]" });
	add_index("p", true, true, 2, both);
	ck_assert(strstr(text_of(my_table_only_ddl, &maria), "`id` varchar(384)" BINMA " NULL, `B b` varchar(384)" BINMA) != NULL);
	start(2, (const char *const[]){ "pg bytea", "pg bigint" });
	add_index("p", true, true, 2, both);
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql97), "`id` varbinary(3064) NULL") != NULL);
	start(2, (const char *const[]){ "pg character varying(700)", "pg character varying(100)" });
	add_index("p", true, true, 2, both);
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql97), "more than the 3072 bytes") != NULL);
	start(1, (const char *const[]){ "pg character varying(769)" });
	add_index("p", true, true, 1, first);
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql97), "!column id: a key of a MySQL or MariaDB table holds 768 characters") != NULL);
	start(1, (const char *const[]){ "pg jsonb" });
	add_index("p", true, true, 1, first);
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql97), "can't be part of a key") != NULL);
}
END_TEST

/* A unique index that can't be there is left out; the columns keep their types for it. */
START_TEST(my_ddl_makes_indexes_after_the_load)
{
	start(4, (const char *const[]){ "pg integer", "pg text", "pg character varying(2000)", "pg jsonb" });
	add_index("p", true, true, 1, first);
	add_index("u", false, true, 1, second);
	add_index("long", false, true, 1, (const uint16_t[]){ 2 });
	add_index("plain", false, false, 2, (const uint16_t[]){ 2, 0 });
	add_index("j", false, false, 1, (const uint16_t[]){ 3 });
	ck_assert_str_eq(text_of(my_index_ddl, &mysql97), "CREATE UNIQUE INDEX `u` ON `dw`.`t``x` (`B b`);\n"
		"CREATE INDEX `plain` ON `dw`.`t``x` (`c`(767), `id`);\n");
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql97), "`B b` varchar(768)" BIN97 " NULL, `c` varchar(2000)") != NULL);
	ck_assert_uint_eq(found(&mysql97, "index \"long\" is not made: its columns are too long"), 1);
	ck_assert_uint_eq(found(&mysql97, "index \"plain\" is made over the beginning"), 1);
	ck_assert_uint_eq(found(&mysql97, "index \"j\" is not made"), 1);
	indexes[1].immediate = false;
	ck_assert_uint_eq(found(&mysql97, "index \"u\" is not made: it is checked at the end of a transaction"), 1);
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql97), "`B b` longtext") != NULL);
	indexes[1] = (struct index_desc){ .name = "PRIMARY", .ncols = 1, .cols = first, .immediate = true, .sql = "CREATE INDEX x ON t USING gin (id)" };
	ck_assert_uint_eq(found(&mysql97, "it is of a kind that MySQL has not"), 1);
	indexes[1].sql = "CREATE INDEX x ON t USING btree (id)";
	ck_assert(strstr(text_of(my_index_ddl, &mysql97), "CREATE INDEX `PRIMARY_` ON `dw`.`t``x` (`id`)") != NULL);
}
END_TEST

START_TEST(my_ddl_makes_a_replica_identitys_index_with_the_table)
{
	start(2, (const char *const[]){ "pg integer", "pg integer" });
	add_index("u", false, true, 1, second);
	indexes[0].replica_identity = true;
	ck_assert_str_eq(text_of(my_table_only_ddl, &mysql97), HEAD "`id` int NULL, `B b` int NULL, UNIQUE INDEX `u` (`B b`)" TAIL97);
	ck_assert_str_eq(text_of(my_index_ddl, &mysql97), "");
}
END_TEST

START_TEST(my_ddl_gives_auto_increment_an_index_at_once)
{
	start(2, (const char *const[]){ "pg integer", "pg integer" });
	cols[1].default_sql = "nextval('s'::regclass)";
	cols[1].notnull = true;
	add_index("p", true, true, 2, both);
	add_index("i", false, false, 1, second);
	ck_assert_str_eq(text_of(my_table_only_ddl, &mysql97), HEAD "`id` int NULL, `B b` int NOT NULL AUTO_INCREMENT, PRIMARY KEY (`id`, `B b`), INDEX `i` (`B b`)" TAIL97);
	ck_assert_str_eq(text_of(my_index_ddl, &mysql97), "");
	cols[1].identity = 'd';
	source.nindexes = 1;
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql97), "AUTO_INCREMENT") == NULL);
	ck_assert_uint_eq(found(&mysql97, "without AUTO_INCREMENT"), 1);
}
END_TEST

START_TEST(my_ddl_fits_a_row)
{
	start(4, (const char *const[]){ "pg integer", "pg character varying(16000)", "pg character varying(300)", "pg character varying(16383)" });
	ck_assert_str_eq(text_of(my_table_only_ddl, &mysql97), HEAD "`id` int NULL, `B b` varchar(16000)" BIN97 " NULL, `c` varchar(300)" BIN97
		" NULL, `d` longtext" BIN97 " NULL" TAIL97);
	ck_assert_uint_eq(found(&mysql97, "column \"d\" is made as longtext"), 1);
	start(1, (const char *const[]){ "pg character varying(16384)" });
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql97), "`id` longtext") != NULL);
}
END_TEST

START_TEST(my_ddl_keeps_constants)
{
	static const struct {
		const char *type, *sql, *made, *made57, *madema;
	} all[] = {
		{ "pg integer", "5", "int NULL DEFAULT 5", NULL, NULL },
		{ "pg integer", "'-1'::integer", "int NULL DEFAULT -1", NULL, NULL },
		{ "pg integer", "(-1)", "int NULL DEFAULT -1", NULL, NULL },
		{ "pg integer", "(1 + 1)", "int NULL", NULL, NULL },
		{ "pg boolean", "true", "tinyint(1) NULL DEFAULT 1", NULL, NULL },
		{ "pg numeric(12,2)", "0.00", "decimal(12,2) NULL DEFAULT 0.00", NULL, NULL },
		{ "pg numeric(12,2)", "'NaN'::numeric", "decimal(12,2) NULL", NULL, NULL },
		{ "pg double precision", "'1e20'::double precision", "double NULL DEFAULT 1e20", NULL, NULL },
		{ "pg bit(3)", "B'101'::\"bit\"", "bit(3) NULL DEFAULT b'101'", NULL, NULL },
		{ "pg date", "'2024-02-29'::date", "date NULL DEFAULT '2024-02-29'", NULL, NULL },
		{ "pg date", "'infinity'::date", "date NULL", NULL, NULL },
		{ "pg date", "CURRENT_DATE", "date NULL", NULL, NULL },
		{ "pg timestamptz", "'2024-02-29 01:02:03+00'::timestamp with time zone", "datetime(6) NULL DEFAULT '2024-02-29 01:02:03'", NULL, NULL },
		{ "pg timestamptz", "now()", "datetime(6) NULL", NULL, NULL },
		{ "pg jsonb", "'{}'::jsonb", "json NULL DEFAULT ('{}')", "json NULL", "json NULL DEFAULT '{}'" },
		{ "pg bytea", "'\\x00ff'::bytea", "longblob NULL DEFAULT (X'00ff')", "longblob NULL", "longblob NULL DEFAULT X'00ff'" },
		{ "pg uuid", "gen_random_uuid()", "char(36) CHARACTER SET ascii COLLATE ascii_bin NULL", NULL, NULL },
	};
	char want[300];

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		start(1, (const char *const[]){ all[i].type });
		cols[0].default_sql = all[i].sql;
		snprintf(want, sizeof(want), HEAD "`id` %s" TAIL97, all[i].made);
		ck_assert_str_eq(text_of(my_table_only_ddl, &mysql97), want);
		snprintf(want, sizeof(want), HEAD "`id` %s)", all[i].made57 != NULL ? all[i].made57 : all[i].made);
		ck_assert_msg(strncmp(text_of(my_table_only_ddl, &mysql57), want, strlen(want)) == 0, "%s", all[i].sql);
		snprintf(want, sizeof(want), HEAD "`id` %s" TAILMA, all[i].madema != NULL ? all[i].madema : all[i].made);
		ck_assert_str_eq(text_of(my_table_only_ddl, &maria), want);
	}
	start(1, (const char *const[]){ "pg character varying(9)" });
	cols[0].default_sql = "E'a''b\\\\c'::character varying";
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql97), " DEFAULT 'a\\'b\\\\c')") != NULL);
	cols[0].default_sql = "'a'::text || 'b'::text";
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql97), " DEFAULT ") != strstr(text_of(my_table_only_ddl, &mysql97), " DEFAULT '"));
	ck_assert_uint_eq(found(&mysql97, "without its default"), 1);
}
END_TEST

START_TEST(my_ddl_keeps_a_mysql_tables_own_ways)
{
	static const char *const types[] = { "my int unsigned", "my varchar(50)", "my enum('a','b')", "my timestamp", "my int", "my json",
		"my timestamp(6)" };
	static const uint32_t prefix[] = { 10 };

	start(7, types);
	cols[0].identity = 'd';
	cols[0].notnull = cols[3].notnull = true;
	cols[1].collation = "latin1_swedish_ci";
	cols[1].default_sql = "'x'";
	cols[2].collation = "utf8mb4_0900_ai_ci";
	cols[4].generated = true;
	cols[4].default_sql = "(`id` + 1)";
	cols[5].invisible = true;
	cols[6].default_sql = "CURRENT_TIMESTAMP(6)";
	add_index("PRIMARY", true, true, 1, first);
	add_index("b", false, false, 1, second);
	indexes[1].prefixes = prefix;
	ck_assert_str_eq(text_of(my_table_only_ddl, &mysql97), HEAD "`id` int unsigned NOT NULL AUTO_INCREMENT,"
		" `B b` varchar(50) CHARACTER SET latin1 COLLATE latin1_swedish_ci NULL DEFAULT 'x',"
		" `c` enum('a','b') CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NULL, `d` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,"
		" `e` int GENERATED ALWAYS AS ((`id` + 1)) STORED, `f` json NULL INVISIBLE, `g` timestamp(6) NULL DEFAULT CURRENT_TIMESTAMP(6),"
		" PRIMARY KEY (`id`)" TAIL97);
	ck_assert_str_eq(text_of(my_index_ddl, &mysql97), "CREATE INDEX `b` ON `dw`.`t``x` (`B b`(10));\n");
	ck_assert(strstr(text_of(my_table_only_ddl, &maria), "`c` enum('a','b')" BINMA " NULL") != NULL);
	ck_assert(strstr(text_of(my_table_only_ddl, &maria), "GENERATED") == NULL);
	ck_assert_uint_eq(found(&maria, "the target has no utf8mb4_0900_ai_ci"), 1);
	ck_assert_uint_eq(found(&maria, "generated column \"e\" is not made"), 1);
}
END_TEST

START_TEST(my_ddl_names_a_collation_as_the_target_does)
{
	static const struct {
		const char *name;
		const struct convert_target *target;
		const char *made;
	} all[] = {
		{ "utf8_general_ci", &mysql97, "utf8mb3 COLLATE utf8mb3_general_ci" },
		{ "utf8mb3_general_ci", &mysql57, "utf8 COLLATE utf8_general_ci" },
		{ "utf8mb3_general_ci", &maria, "utf8mb3 COLLATE utf8mb3_general_ci" },
		{ "utf8mb4_uca1400_ai_ci", &mysql97, "utf8mb4 COLLATE utf8mb4_0900_bin" },
		{ "utf8mb4_uca1400_ai_ci", &maria, "utf8mb4 COLLATE utf8mb4_uca1400_ai_ci" },
		{ "utf8mb4_nopad_bin", &mysql97, "utf8mb4 COLLATE utf8mb4_0900_bin" },
		{ "gb18030_chinese_ci", &maria, "utf8mb4 COLLATE utf8mb4_nopad_bin" },
		{ "utf8mb4_0900_bin", &mysql57, "utf8mb4 COLLATE utf8mb4_bin" },
		{ "koi8r_general_ci", &maria, "koi8r COLLATE koi8r_general_ci" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		start(1, (const char *const[]){ "my varchar(5)" });
		cols[0].collation = all[i].name;
		ck_assert_msg(strstr(text_of(my_table_only_ddl, all[i].target), all[i].made) != NULL, "%s", all[i].name);
	}
}
END_TEST

START_TEST(my_ddl_knows_types_that_only_one_of_them_has)
{
	start(4, (const char *const[]){ "maria uuid", "maria inet6", "maria json", "maria inet4" });
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql97), "`id` char(36) CHARACTER SET ascii COLLATE ascii_bin NULL, `B b` varchar(39) CHARACTER SET"
		" ascii COLLATE ascii_bin NULL, `c` longtext" BIN97 " NULL, `d` varchar(15)") != NULL);
	ck_assert(strstr(text_of(my_table_only_ddl, &maria), "`id` uuid NULL, `B b` inet6 NULL, `c` json NULL, `d` inet4 NULL") != NULL);
	start(2, (const char *const[]){ "my json", "my vector(3)" });
	ck_assert(strstr(text_of(my_table_only_ddl, &maria), "`id` json NULL, `B b` longblob NULL") != NULL);
}
END_TEST

START_TEST(my_ddl_refuses_names_that_mysql_can_not_have)
{
	start(2, (const char *const[]){ "pg integer", "pg integer" });
	cols[1].name = "ID";
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql97), "columns id and ID differ by case only") != NULL);
	cols[1].name = "x ";
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql97), "it ends in a blank") != NULL);
	cols[1].name = "\xf0\x9f\x98\x80";
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql97), "beyond U+FFFF") != NULL);
	cols[1].name = "a_column_of_sixty_five_characters_as_no_mysql_has_them_x_x_x_x_xx";
	ck_assert(strstr(text_of(my_table_only_ddl, &mysql97), "longer than 64") != NULL);
}
END_TEST

UNIT_MAIN("my_table_ddl", my_ddl_makes_types_and_key_of_a_postgresql_table, my_ddl_shares_a_keys_length_among_its_texts,
    my_ddl_makes_indexes_after_the_load, my_ddl_makes_a_replica_identitys_index_with_the_table, my_ddl_gives_auto_increment_an_index_at_once,
    my_ddl_fits_a_row, my_ddl_keeps_constants, my_ddl_keeps_a_mysql_tables_own_ways, my_ddl_names_a_collation_as_the_target_does,
    my_ddl_knows_types_that_only_one_of_them_has, my_ddl_refuses_names_that_mysql_can_not_have)
