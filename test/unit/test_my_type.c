/* test_my_type.c - column types from the catalog's words and from TABLE_MAP's codes, and how the
 * two are held against each other. That they agree on each type of real servers is in
 * test_binlog_row.c. */
#include "cdc/my_type.c"

#include "test/unit/unit.h"

static struct arena *arena;

static struct coltype
catalog(const char *data_type, const char *column_type, const char *collation, uint64_t octets,
    uint64_t chars, bool mariadb)
{
	const struct my_catalog_column c = { .data_type = data_type,
		.column_type = column_type,
		.collation = collation,
		.octet_length = octets,
		.char_length = chars,
		.mariadb = mariadb };
	struct err err = ERR_INIT;
	struct coltype t;

	if (arena == NULL)
		arena = arena_new(4096, 0);
	if (!my_type_from_catalog(&t, &c, arena, &err))
		ck_abort_msg("%s: %s", column_type, err.msg);
	ck_assert(t.family == FAMILY_MYSQL && t.wire == WIRE_TEXT && t.mariadb == mariadb &&
		  t.base_oid == t.oid);
	return t;
}

static bool
catalog_refused(const char *data_type, const char *column_type, const char *collation, bool mariadb,
    struct err *err)
{
	const struct my_catalog_column c = { .data_type = data_type,
		.column_type = column_type,
		.collation = collation,
		.precision = 70,
		.fraction = 7,
		.mariadb = mariadb };
	struct coltype t;

	if (arena == NULL)
		arena = arena_new(4096, 0);
	err->kind = ERR_NONE;
	return !my_type_from_catalog(&t, &c, arena, err) && err->kind == ERR_SCHEMA;
}

static struct coltype
map(uint8_t code, uint16_t meta, uint16_t collation, bool mariadb)
{
	const struct binlog_column c = { .code = code, .meta = meta, .collation = collation };
	struct err err = ERR_INIT;
	struct coltype t;

	if (arena == NULL)
		arena = arena_new(4096, 0);
	if (!my_type_from_map(&t, &c, mariadb, arena, &err))
		ck_abort_msg("%u: %s", code, err.msg);
	return t;
}

START_TEST(my_type_has_logical_types)
{
	static const struct {
		const char *data, *type;
		enum logical_type want, unsigned_want;
	} list[] = {
		{ "tinyint", "tinyint", LOGICAL_I16, LOGICAL_I16 },
		{ "smallint", "smallint", LOGICAL_I16, LOGICAL_I32 },
		{ "mediumint", "mediumint", LOGICAL_I32, LOGICAL_I32 },
		{ "int", "int", LOGICAL_I32, LOGICAL_I64 },
		{ "bigint", "bigint", LOGICAL_I64, LOGICAL_U64 },
		{ "float", "float", LOGICAL_F32, LOGICAL_F32 },
		{ "double", "double", LOGICAL_F64, LOGICAL_F64 },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		char with_sign[64];
		struct coltype t = catalog(list[i].data, list[i].type, NULL, 0, 0, false);

		ck_assert_int_eq(t.logical, list[i].want);
		ck_assert(!t.is_unsigned && t.typmod == 0);
		snprintf(with_sign, sizeof(with_sign), "%s(5) unsigned", list[i].type);
		t = catalog(list[i].data, with_sign, NULL, 0, 0, true);
		ck_assert_int_eq(t.logical, list[i].unsigned_want);
		ck_assert(t.is_unsigned && t.oid == (t.code | 256u));
	}
	ck_assert_int_eq(catalog("uuid", "uuid", NULL, 0, 0, true).logical, LOGICAL_UUID);
	ck_assert_int_eq(catalog("inet4", "inet4", NULL, 0, 0, true).logical, LOGICAL_INET);
	ck_assert_int_eq(catalog("json", "json", NULL, 0, 0, false).logical, LOGICAL_JSON);
	ck_assert_int_eq(catalog("year", "year(4)", NULL, 0, 0, true).logical, LOGICAL_YEAR);
	ck_assert_int_eq(
	    catalog("timestamp", "timestamp", NULL, 0, 0, true).logical, LOGICAL_TIMESTAMPTZ);
	ck_assert_int_eq(
	    catalog("datetime", "datetime", NULL, 0, 0, true).logical, LOGICAL_TIMESTAMP);
	ck_assert_int_eq(
	    catalog("varbinary", "varbinary(3)", NULL, 3, 3, true).logical, LOGICAL_BYTES);
	ck_assert_int_eq(
	    catalog("text", "text", "latin1_bin", 65535, 65535, true).logical, LOGICAL_TEXT);
	ck_assert_int_eq(catalog("geomcollection", "geomcollection", NULL, 0, 0, false).logical,
	    LOGICAL_GEOMETRY);
}
END_TEST

START_TEST(my_type_has_one_spelling_of_a_name)
{
	ck_assert_str_eq(catalog("int", "int(11)", NULL, 0, 0, true).name, "int");
	ck_assert_str_eq(catalog("int", "int(10) unsigned", NULL, 0, 0, true).name, "int unsigned");
	ck_assert_str_eq(catalog("int", "int(5) unsigned zerofill", NULL, 0, 0, false).name,
	    "int(5) unsigned zerofill");
	ck_assert_str_eq(catalog("tinyint", "tinyint(1)", NULL, 0, 0, false).name, "tinyint(1)");
	ck_assert_str_eq(catalog("tinyint", "tinyint(4)", NULL, 0, 0, true).name, "tinyint");
	ck_assert_str_eq(catalog("float", "float(7,3)", NULL, 0, 0, true).name, "float(7,3)");
	ck_assert_str_eq(catalog("year", "year(4)", NULL, 0, 0, true).name, "year");
	ck_assert_str_eq(
	    catalog("varchar", "varchar(20)", "utf8mb4_bin", 80, 20, true).name, "varchar(20)");
	ck_assert_str_eq(
	    catalog("varchar", "varchar(20) /*M!100301 COMPRESSED*/", "utf8mb4_bin", 80, 20, true)
		.name,
	    "varchar(20) compressed");
	ck_assert_str_eq(
	    catalog("time", "time(3) /* mariadb-5.3 */", NULL, 0, 0, true).name, "time");
	ck_assert_str_eq(catalog("vector", "vector(3)", NULL, 12, 12, true).name, "vector(3)");
	ck_assert_str_eq(catalog("vector", "vector(3)", NULL, 12, 12, false).name, "vector(3)");
	ck_assert_str_eq(catalog("enum", "enum('a','b''c','\\\\')", "latin1_bin", 1, 1, false).name,
	    "enum('a','b''c','\\\\')");
	ck_assert_str_eq(map(MY_TYPE_NEWDECIMAL, 65 << 8 | 30, 0, false).name, "decimal(65,30)");
	ck_assert_str_eq(map(MY_TYPE_DATETIME2, 6, 0, false).name, "datetime(6)");
	ck_assert_str_eq(map(MY_TYPE_BLOB, 3, 63, false).name, "mediumblob");
	ck_assert_str_eq(map(MY_TYPE_BLOB, 3, 8, false).name, "mediumtext");
	ck_assert_str_eq(map(MY_TYPE_STRING, 0xfe28, 255, false).name, "char(10)");
	ck_assert_str_eq(
	    map(MY_TYPE_STRING, 0xcefc, 255, false).name, "char(255)"); /* 1020 bytes */
}
END_TEST

START_TEST(my_type_reads_the_labels_of_the_catalog)
{
	struct coltype t =
	    catalog("enum", "enum('a','b''c','d,e','back\\\\slash','new\\nline','','\xc3\xbc')",
		"latin1_bin", 1, 1, false);
	static const char *const want[] = { "a", "b'c", "d,e", "back\\slash", "new\nline", "",
		"\xc3\xbc" };

	ck_assert_uint_eq(t.nlabels, 7);
	for (int i = 0; i < 7; i++)
		ck_assert_str_eq(t.labels[i], want[i]);
	ck_assert_uint_eq(t.length, 1);
	t = catalog("set", "set('x')", "latin1_bin", 1, 1, false);
	ck_assert(t.nlabels == 1 && t.length == 1 && t.logical == LOGICAL_SET);
	t = catalog("enum", "enum('\\r\\Z\\t\\'')", NULL, 1, 1, true);
	ck_assert(t.nlabels == 1 && t.collation == MY_COLLATION_BINARY);
	ck_assert_str_eq(t.labels[0], "\r\x1at'");
}
END_TEST

/* word('0','1',...) of so many labels; the caller frees it. */
static char *
many_labels(const char *word, unsigned n)
{
	struct buf b = { 0 };
	char *text;

	buf_printf(&b, "%s(", word);
	for (unsigned i = 0; i < n; i++)
		buf_printf(&b, "%s'%u'", i > 0 ? "," : "", i);
	buf_u8(&b, ')');
	text = xstrdup(buf_cstr(&b));
	buf_done(&b);
	return text;
}

/* By the number of labels: bytes of a value, or none where there can be no such type. */
START_TEST(my_type_counts_the_labels)
{
	static const struct {
		const char *word;
		unsigned n;
		uint32_t length;
		const char *why;
	} list[] = {
		{ "enum", 255, 1, NULL },
		{ "enum", 256, 2, NULL },
		{ "enum", 65535, 2, NULL },
		{ "enum", 65536, 0, "the labels of an enum can not be read" },
		{ "set", 8, 1, NULL },
		{ "set", 9, 2, NULL },
		{ "set", 17, 3, NULL },
		{ "set", 32, 4, NULL },
		{ "set", 33, 8, NULL },
		{ "set", 64, 8, NULL },
		{ "set", 65, 0, "a set of 65 labels" },
	};
	struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		char *text = many_labels(list[i].word, list[i].n);

		if (list[i].why == NULL) {
			struct coltype t = catalog(list[i].word, text, "latin1_bin", 1, 1, false);

			ck_assert_uint_eq(t.nlabels, list[i].n);
			ck_assert_uint_eq(t.length, list[i].length);
			ck_assert_str_eq(t.name, text);
		} else {
			ck_assert(catalog_refused(list[i].word, text, "latin1_bin", false, &err));
			ck_assert_ptr_nonnull(strstr(err.msg, list[i].why));
		}
		free(text);
	}
}
END_TEST

/* What COLUMN_TYPE says beside the type. */
START_TEST(my_type_reads_what_stands_behind_a_type)
{
	const struct my_catalog_column json = { .data_type = "longtext", .column_type = "longtext", .collation = "utf8mb4_bin", .mariadb = true,
		.json_check = true };
	struct my_catalog_column other = json;
	struct err err = ERR_INIT;
	struct coltype t = catalog("int", "int(5) zerofill", NULL, 0, 0, true);

	ck_assert(t.is_unsigned);
	ck_assert_str_eq(t.name, "int(5) zerofill");
	t = catalog("tinyint", "tinyint(1) /* of the server */", NULL, 0, 0, true);
	ck_assert_str_eq(t.name, "tinyint(1)");
	ck_assert_uint_eq(catalog("time", "time /* 5.5 binary format */", NULL, 0, 0, false).code, MY_TYPE_TIME);
	ck_assert_uint_eq(catalog("datetime", "datetime /* 5.5 binary format */", NULL, 0, 0, false).code, MY_TYPE_DATETIME);
	ck_assert_uint_eq(catalog("timestamp", "timestamp /* mariadb-5.3 */", NULL, 0, 0, true).code, MY_TYPE_TIMESTAMP);
	ck_assert_uint_eq(catalog("varchar", "varchar(5) /*M!100301 NOVELTY*/", "latin1_bin", 5, 5, true).code, MY_TYPE_VARCHAR);
	ck_assert_uint_eq(catalog("blob", "blob /*M!100301 COMPRESSED*/", NULL, 0, 0, true).code, MY_TYPE_BLOB_COMPRESSED);
	ck_assert_uint_eq(catalog("char", "char(5) /*M!100301 COMPRESSED*/", "latin1_bin", 5, 5, true).code, MY_TYPE_STRING);
	ck_ok(my_type_from_catalog(&t, &json, arena, &err), &err);
	ck_assert(t.logical == LOGICAL_JSON && t.code == MY_TYPE_BLOB);
	ck_assert_str_eq(t.name, "json");
	other.data_type = other.column_type = "mediumtext";
	ck_ok(my_type_from_catalog(&t, &other, arena, &err), &err);
	ck_assert_int_eq(t.logical, LOGICAL_TEXT);
	other = json;
	other.mariadb = false;
	ck_ok(my_type_from_catalog(&t, &other, arena, &err), &err);
	ck_assert_int_eq(t.logical, LOGICAL_TEXT);
}
END_TEST

/* With room for one allocation more each time: an error of its own kind, until all of it is there. */
START_TEST(my_type_tells_want_of_memory)
{
	static const struct my_catalog_column columns[] = {
		{ .data_type = "enum", .column_type = "enum('a','b')", .collation = "utf8mb4_bin" },
		{ .data_type = "int", .column_type = "int(5) zerofill" },
		{ .data_type = "vector", .column_type = "vector(3)", .octet_length = 12 },
	};
	static const char *const labels[] = { "a", "b" };
	static const uint32_t len[] = { 1, 1 };
	const struct binlog_column c = { .code = MY_TYPE_STRING, .meta = 0xf701, .collation = 46, .nlabels = 2, .labels = labels, .label_len = len };
	const size_t n = sizeof(columns) / sizeof(columns[0]);

	for (size_t i = 0; i <= n; i++) {
		bool ok = false;
		size_t failed = 0;

		for (size_t room = 1; !ok; room += 16, failed += !ok) {
			struct arena *small = arena_new(256, room);
			struct err err = ERR_INIT;
			struct coltype t;

			ok = i < n ? my_type_from_catalog(&t, &columns[i], small, &err) : my_type_from_map(&t, &c, false, small, &err);
			ck_assert(ok || err.kind == ERR_SYSTEM);
			ck_assert(ok || strstr(err.msg, "no memory for the") != NULL);
			ck_assert(!ok || t.name != NULL);
			arena_free(small);
		}
		ck_assert_uint_gt(failed, 0);
	}
}
END_TEST

START_TEST(my_type_refuses_what_it_does_not_know)
{
	struct err err = ERR_INIT;

	ck_assert(catalog_refused("xmltype", "xmltype", NULL, true, &err));
	ck_assert(strstr(err.msg, "xmltype") != NULL && err.remedy[0] != '\0');
	ck_assert(catalog_refused("uuid", "uuid", NULL, false, &err));
	ck_assert(catalog_refused("json", "json", NULL, true, &err));
	ck_assert(catalog_refused("varchar", "varchar(1)", "klingon_ci", true, &err));
	ck_assert(strstr(err.msg, "klingon_ci of MariaDB") != NULL);
	ck_assert(catalog_refused("varchar", "varchar(1)", "utf8mb4_uca1400_ai_ci", false, &err));
	ck_assert(strstr(err.msg, "utf8mb4_uca1400_ai_ci of MySQL") != NULL && err.remedy[0] != '\0');
	ck_assert(catalog_refused("inet6", "inet6", NULL, false, &err));
	ck_assert(strstr(err.msg, "inet6 of MySQL") != NULL);
	ck_assert(catalog_refused("decimal", "decimal(70,0)", NULL, true, &err));
	ck_assert(catalog_refused("time", "time(7)", NULL, true, &err));
	ck_assert(catalog_refused("enum", "enum('a", "latin1_bin", true, &err));
	ck_assert(catalog_refused("enum", "enum('a'", "latin1_bin", true, &err));
	ck_assert(catalog_refused("enum", "enum('a\\", "latin1_bin", true, &err));
	ck_assert(strstr(err.msg, "the labels of an enum") != NULL);
	ck_assert(catalog_refused("set", "set('a\\'", "latin1_bin", true, &err));
	ck_assert(strstr(err.msg, "the labels of a set") != NULL);
	ck_assert(catalog_refused("enum", "enum()", "latin1_bin", true, &err));
	ck_assert(catalog_refused("enum", "enum", "latin1_bin", true, &err));
	ck_assert(catalog_refused("enum", "enum('a\\0b')", "latin1_bin", true, &err));
	ck_assert(catalog_refused("enum", "enum('a'x'b')", "latin1_bin", true, &err)); /* room is counted by commas */
	ck_assert(catalog_refused("set", "set('a''b' 'c')", "latin1_bin", true, &err));
	ck_assert(catalog_refused("enum", "enum('a',)", "latin1_bin", true, &err));
	ck_assert(catalog_refused("enum", "enum('\xff')", "latin1_bin", true, &err)); /* no UTF-8 */
	ck_assert(catalog_refused("enum", "enum('\xf0\x9f\x98')", "latin1_bin", true, &err));
}
END_TEST

START_TEST(my_type_refuses_maps_of_odd_sizes)
{
	static const struct {
		uint8_t code;
		uint16_t meta, collation;
	} list[] = {
		{ MY_TYPE_DECIMAL, 0, 0 },
		{ MY_TYPE_VAR_STRING, 10, 8 },
		{ MY_TYPE_NULL, 0, 0 },
		{ 20, 0, 0 },
		{ 100, 0, 0 },
		{ 243, 0, 0 },
		{ MY_TYPE_NEWDECIMAL, 66 << 8, 0 },
		{ MY_TYPE_NEWDECIMAL, 5 << 8 | 6, 0 },
		{ MY_TYPE_BIT, 0, 0 },
		{ MY_TYPE_BIT, 8 << 8 | 1, 0 },
		{ MY_TYPE_BIT, 8, 0 },
		{ MY_TYPE_BLOB, 0, 63 },
		{ MY_TYPE_BLOB, 5, 63 },
		{ MY_TYPE_TIME2, 7, 0 },
		{ MY_TYPE_STRING, 0x0a0a, 8 },
		{ MY_TYPE_STRING, 0xf703, 8 },
		{ MY_TYPE_STRING, 0xf700, 8 },
		{ MY_TYPE_STRING, 0xf805, 8 },
		{ MY_TYPE_STRING, 0xf809, 8 },
		{ MY_TYPE_VARCHAR_COMPRESSED, 0, 8 },
		{ MY_TYPE_VARCHAR, 41, 45 },
		{ MY_TYPE_VARCHAR, 40, 999 },
	};

	arena = arena_new(4096, 0);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		const struct binlog_column c = {
			.code = list[i].code, .meta = list[i].meta, .collation = list[i].collation
		};
		struct err err = ERR_INIT;
		struct coltype t;

		if (my_type_from_map(&t, &c, false, arena, &err) || err.kind != ERR_SCHEMA ||
		    err.remedy[0] == '\0')
			ck_abort_msg("code %u, metadata %x: %s", c.code, c.meta, err.msg);
	}
}
END_TEST

/* Labels in the log that are not those of a type. */
START_TEST(my_type_refuses_labels_of_the_log_that_can_not_be)
{
	static const char *const plain[65] = { "a", "b", "a\0b", "\xff", [4 ... 64] = "c" };
	static const uint32_t len[65] = { 1, 1, 3, 1, [4 ... 64] = 1 };
	static const struct {
		uint16_t meta, collation, first, n;
		const char *why; /* NULL: taken */
	} list[] = {
		{ 0xf701, 46, 0, 2, NULL },
		{ 0xf701, 63, 0, 2, NULL },	/* bytes: as UTF-8 */
		{ 0xf701, 46, 0, 0, "an enum of 0 labels" },
		{ 0xf801, 46, 0, 0, "a set of 0 labels" },
		{ 0xf808, 46, 0, 65, "a set of 65 labels" },
		{ 0xf702, 46, 0, 2, "of 2 labels has values of 2 bytes" },
		{ 0xf804, 46, 0, 2, "of 2 labels has values of 4 bytes" },
		{ 0xf701, 46, 2, 1, "not text of its character set utf8mb4" },
		{ 0xf701, 46, 3, 1, "not text of its character set utf8mb4" },
		{ 0xf701, 63, 3, 1, "not text of its character set" },
		{ 0xf701, 47, 3, 1, NULL },
		{ 0xf701, 999, 0, 2, "collation 999" },
	};

	arena = arena_new(4096, 0);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		const struct binlog_column c = { .code = MY_TYPE_STRING, .meta = list[i].meta, .collation = list[i].collation, .nlabels = list[i].n,
			.labels = plain + list[i].first, .label_len = len + list[i].first };
		struct err err = ERR_INIT;
		struct coltype t;
		const bool ok = my_type_from_map(&t, &c, false, arena, &err);

		if (ok != (list[i].why == NULL) || (!ok && (err.kind != ERR_SCHEMA || strstr(err.msg, list[i].why) == NULL)))
			ck_abort_msg("line %zu: %s", i, ok ? "taken" : err.msg);
		ck_assert(!ok || (t.nlabels == list[i].n && t.labels[0][0] != '\0'));
	}
}
END_TEST

static bool
fits(const struct coltype *from_catalog, const struct coltype *from_map, bool sign_known)
{
	struct err err = ERR_INIT;
	struct coltype t;
	const bool ok = my_type_complete(&t, from_catalog, from_map, sign_known, &err);

	ck_assert(ok || (err.kind == ERR_SCHEMA && err.msg[0] != '\0'));
	ck_assert(!ok || (t.code == from_map->code && t.oid == from_catalog->oid &&
			     t.typmod == from_catalog->typmod));
	return ok;
}

START_TEST(my_type_complete_takes_what_the_log_does_not_say_from_the_catalog)
{
	const struct coltype big = catalog("bigint", "bigint(20) unsigned", NULL, 0, 0, true),
			     c = map(MY_TYPE_LONGLONG, 0, 0, true);
	const struct coltype v =
	    catalog("varchar", "varchar(20)", "utf8mb4_general_ci", 80, 20, true);
	const struct coltype uuid = catalog("uuid", "uuid", NULL, 0, 0, true),
			     bytes = map(MY_TYPE_STRING, 0xfe10, 63, true);
	const struct coltype unset = map(MY_TYPE_VARCHAR, 80, 0, true),
			     set = map(MY_TYPE_VARCHAR, 80, 45, true);
	const struct coltype other = map(MY_TYPE_VARCHAR, 80, 46, true),
			     shorter = map(MY_TYPE_VARCHAR, 76, 0, true);
	const struct coltype old = map(MY_TYPE_TIME, 0, 0, true),
			     time3 = catalog("time", "time(3)", NULL, 0, 0, true);
	const struct coltype point = catalog("point", "point", NULL, 0, 0, false),
			     any = map(MY_TYPE_GEOMETRY, 4, 0, false);

	ck_assert(fits(&big, &c, false) && !fits(&big, &c, true));
	ck_assert(fits(&v, &unset, true) && fits(&v, &set, true) && !fits(&v, &other, true) &&
		  !fits(&v, &shorter, true));
	ck_assert(fits(&uuid, &bytes, true) && uuid.oid == bytes.oid &&
		  uuid.typmod == bytes.typmod && bytes.logical == LOGICAL_BYTES);
	ck_assert(fits(&time3, &old, true) && old.typmod == -1);
	ck_assert(fits(&point, &any, true));
	ck_assert(!fits(&point, &c, true) && !fits(&big, &set, false));
}
END_TEST

static struct coltype
enum_of_map(const char *a, const char *b, uint16_t collation)
{
	const char *labels[] = { a, b };
	const uint32_t len[] = { (uint32_t)strlen(a), (uint32_t)strlen(b) };
	const struct binlog_column c = { .code = MY_TYPE_STRING,
		.meta = 0xf701,
		.collation = collation,
		.nlabels = a[0] != '\0' ? 2 : 0,
		.labels = a[0] != '\0' ? labels : NULL,
		.label_len = len };
	struct err err = ERR_INIT;
	struct coltype t;

	if (arena == NULL)
		arena = arena_new(4096, 0);
	if (!my_type_from_map(&t, &c, false, arena, &err))
		ck_abort_msg("%s", err.msg);
	return t;
}

START_TEST(my_type_complete_takes_the_labels_of_the_log)
{
	const struct coltype c =
	    catalog("enum", "enum('?','\xc3\xbc')", "utf8mb4_bin", 1, 1, false);
	const struct coltype l = catalog("enum", "enum('?','\xc3\xbc')", "latin1_bin", 1, 1, false);
	const struct coltype plain =
	    catalog("enum", "enum('q','\xc3\xbc')", "utf8mb4_bin", 1, 1, false);
	const struct coltype emoji = enum_of_map("\xf0\x9f\x98\x80", "\xc3\xbc", 46),
			     latin1 = enum_of_map("?", "\xfc", 47);
	const struct coltype none = enum_of_map("", "", 46), none1 = enum_of_map("", "", 47),
			     differ = enum_of_map("x", "y", 46);
	struct err err = ERR_INIT;
	struct coltype t;

	ck_assert(c.typmod == emoji.typmod && l.typmod == latin1.typmod && none.typmod == -1 &&
		  differ.typmod != c.typmod);
	ck_ok(my_type_complete(&t, &c, &emoji, true, &err), &err);
	ck_assert_str_eq(t.labels[0], "\xf0\x9f\x98\x80");
	ck_assert_str_eq(t.name, "enum('\xf0\x9f\x98\x80','\xc3\xbc')");
	ck_ok(my_type_complete(&t, &l, &latin1, true, &err), &err);
	ck_assert_str_eq(t.labels[1], "\xc3\xbc");
	ck_assert(fits(&l, &none1, true) && fits(&plain, &none, true));
	ck_assert(!fits(&c, &none, true)); /* the question mark may be anything */
	ck_assert(!fits(&c, &differ, true));
}
END_TEST

/* Without its labels in the log, where the catalog may show a question mark for another character. */
START_TEST(my_type_complete_doubts_question_marks_of_the_catalog)
{
	static const struct {
		const char *collation;
		bool mariadb, whole;
	} list[] = {
		{ "utf8mb4_bin", false, false },
		{ "gb18030_bin", false, false },
		{ "utf16_bin", true, false },
		{ "utf16le_bin", true, false },
		{ "utf32_bin", true, false },
		{ "utf8mb3_bin", true, true },
		{ "ucs2_bin", true, true },
		{ "big5_bin", false, true },
	};
	static const struct coltype no_set = { .code = MY_TYPE_ENUM, .collation = 999, .typmod = -1, .name = "enum" };
	struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		const struct coltype e = catalog("enum", "enum('a','?')", list[i].collation, 1, 1, list[i].mariadb);
		const struct coltype s = catalog("set", "set('a','?')", list[i].collation, 1, 1, list[i].mariadb);
		const struct coltype from_e = map(MY_TYPE_STRING, 0xf701, e.collation, list[i].mariadb);
		const struct coltype from_s = map(MY_TYPE_STRING, 0xf801, s.collation, list[i].mariadb);
		struct coltype t;

		ck_assert_msg(fits(&e, &from_e, true) == list[i].whole, "enum, %s", list[i].collation);
		err_clear(&err);
		ck_assert_msg(my_type_complete(&t, &s, &from_s, true, &err) == list[i].whole, "set, %s", list[i].collation);
		ck_assert(list[i].whole || strstr(err.msg, "a label of a set") != NULL);
	}
	ck_assert(!fits(&no_set, &no_set, true));
}
END_TEST

START_TEST(my_type_complete_minds_size_server_and_digits)
{
	const struct coltype e = catalog("enum", "enum('a','b')", "latin1_bin", 1, 1, false),
			     wide = map(MY_TYPE_STRING, 0xf702, 47, false), theirs = map(MY_TYPE_STRING, 0xf701, 47, true);
	const struct coltype vector = catalog("vector", "vector(3)", NULL, 12, 12, false), any = map(MY_TYPE_VECTOR, 4, 0, false);
	const struct coltype time3 = catalog("time", "time", NULL, 0, 0, false), time0 = map(MY_TYPE_TIME2, 0, 0, false);
	struct coltype longer = time3;

	longer.typmod = 3;
	ck_assert(!fits(&e, &wide, true) && !fits(&e, &theirs, true));
	ck_assert(any.typmod == 0 && fits(&vector, &any, true));
	ck_assert(fits(&time3, &time0, true) && !fits(&longer, &time0, true));	/* no digits is something that is known */
}
END_TEST

START_TEST(my_type_hashes_labels_with_their_ends)
{
	const struct coltype a = enum_of_map("ab", "c", 46), b = enum_of_map("a", "bc", 46),
			     c = enum_of_map("c", "ab", 46);

	ck_assert(a.typmod != b.typmod && a.typmod != c.typmod && a.typmod >= 0 && b.typmod >= 0);
}
END_TEST

START_TEST(my_type_counts_old_and_new_formats_as_one)
{
	ck_assert_uint_eq(
	    my_type_oid(MY_TYPE_TIMESTAMP, false, 0), my_type_oid(MY_TYPE_TIMESTAMP2, false, 0));
	ck_assert_uint_eq(
	    my_type_oid(MY_TYPE_DATETIME, false, 0), my_type_oid(MY_TYPE_DATETIME2, false, 0));
	ck_assert_uint_eq(
	    my_type_oid(MY_TYPE_TIME, false, 0), my_type_oid(MY_TYPE_TIME2, false, 0));
	ck_assert_uint_eq(
	    my_type_oid(MY_TYPE_NEWDATE, false, 0), my_type_oid(MY_TYPE_DATE, false, 0));
	ck_assert_uint_eq(my_type_oid(MY_TYPE_LONG, true, 0), 3 | 256);
	ck_assert_uint_eq(my_type_oid(MY_TYPE_VARCHAR, false, 255), 15 | 255 << 16);
	ck_assert_int_eq(
	    map(MY_TYPE_TIME, 0, 0, false).typmod, 0); /* MySQL's old ones have no fraction */
}
END_TEST

UNIT_MAIN("my_type", my_type_has_logical_types, my_type_has_one_spelling_of_a_name,
    my_type_reads_the_labels_of_the_catalog, my_type_refuses_what_it_does_not_know,
    my_type_refuses_maps_of_odd_sizes,
    my_type_complete_takes_what_the_log_does_not_say_from_the_catalog,
    my_type_complete_takes_the_labels_of_the_log, my_type_counts_the_labels,
    my_type_reads_what_stands_behind_a_type, my_type_tells_want_of_memory,
    my_type_refuses_labels_of_the_log_that_can_not_be, my_type_complete_doubts_question_marks_of_the_catalog,
    my_type_complete_minds_size_server_and_digits, my_type_hashes_labels_with_their_ends,
    my_type_counts_old_and_new_formats_as_one)
