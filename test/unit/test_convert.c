/* test_convert.c - the values of convert_cells.h on their way to the other world and back; each goes through all three policies. */
#include "staging/convert.c"

#include "test/unit/unit.h"
#include "test/unit/coltypes.h"
#include "test/unit/convert_cells.h"

static struct arena *arena;
static size_t cells;

/* ---- rows ---- */

static struct coltype
made_of(const struct coltype *from, bool mariadb)
{
	const struct convert_target target = { .family = from->family == FAMILY_MYSQL ? FAMILY_POSTGRESQL : FAMILY_MYSQL,
		.mariadb = mariadb,
		.version = mariadb ? 101119 : 90700 };
	const struct convert_options options = { 0 };
	struct coltype made;
	struct err err = ERR_INIT;

	ck_ok(typemap_make(from, &target, &options, arena, &made, &err), &err);
	return made;
}

static struct coltype
target_of(const struct row *r, const struct coltype *from)
{
	if (r->to == NULL)
		return made_of(from, false);
	return strcmp(r->to, "maria") == 0 ? made_of(from, true) : coltype_of(r->to);
}

/* What comes of a value; kind VALUE_ABSENT: a data error. */
static struct value
converted(const struct coltype *from, const struct coltype *to, const struct value *in, enum value_policy policy, bool notnull, bool *ret_changed)
{
	const struct convert_options options = { .unrepresentable = policy };
	const struct convert *c = NULL;
	struct value out = { .kind = VALUE_ABSENT };
	struct err err = ERR_INIT;

	*ret_changed = false;
	ck_ok(convert_choose(from, to, notnull, &options, arena, &c, &err), &err);
	if (c == NULL)
		return *in;
	if (convert_value(c, in, arena, &out, ret_changed, &err)) {
		ck_assert_uint_le(out.kind == VALUE_NULL ? 0 : out.len, convert_bound(c, in->len));
		return out;
	}
	ck_assert_msg(err.kind == ERR_DATA && err.remedy[0] != '\0', "%s to %s: %s", from->name, to->name, err.msg);
	ck_assert(in->kind != VALUE_TEXT || in->len < 4 || strstr((const char *)in->p, "nfinity") != NULL ||
	    strstr(err.msg, (const char *)in->p) == NULL);
	return (struct value){ .kind = VALUE_ABSENT };
}

static void
expect(const struct row *r, const char *in, const struct value *got, const char *want)
{
	const struct value v = want != NULL ? cell_value(want) : (struct value){ .kind = VALUE_ABSENT };

	if (got->kind == v.kind && (want == NULL || value_same(got, &v)))
		return;
	ck_abort_msg("%s to %s: %s became %.*s (kind %d), not %s", r->from, r->to != NULL ? r->to : "what is made", in,
	    got->kind >= VALUE_TEXT ? (int)got->len : 0, got->kind >= VALUE_TEXT ? (const char *)got->p : "", got->kind,
	    want != NULL ? want : "an error");
}

static void
check_cell(const struct row *r, const char *in, const char *want, bool form)
{
	const struct coltype from = coltype_of(r->from), to = target_of(r, &from);
	const struct value v = cell_value(in);
	const char *note;
	bool changed;
	struct value got = converted(&from, &to, &v, VALUES_ERROR, false, &changed);

	cells++;
	expect(r, in, &got, form ? want : NULL);
	ck_assert(!changed);
	ck_assert_msg(form || convert_fit(&from, &to, &(struct convert_options){ 0 }, &note) == CONVERT_POLICY, "%s: %s", r->from, in);
	got = converted(&from, &to, &v, VALUES_NULL, true, &changed);
	expect(r, in, &got, form ? want : NULL);
	got = converted(&from, &to, &v, VALUES_NULL, false, &changed);
	ck_assert_msg(changed == !form && (form || got.kind == VALUE_NULL), "%s to %s: %s", r->from, r->to, in);
	got = converted(&from, &to, &v, VALUES_CLAMP, true, &changed);
	expect(r, in, &got, want);
	ck_assert_msg(changed == (!form && want != NULL), "%s to %s: %s", r->from, r->to, in);
}

static void
check_row(const struct row *r)
{
	const char *p = r->values;
	struct cell cell;

	while (cell_next(&p, &cell))
		check_cell(r, cell.in, cell.want, cell.form);
}

static void
check_rows(const struct row *rows_, size_t n)
{
	arena = arena_new(65536, 0);
	for (size_t i = 0; i < n; i++)
		check_row(&rows_[i]);
	arena_free(arena);
}

#define CHECK(rows_) check_rows(rows_, sizeof(rows_) / sizeof((rows_)[0]))

START_TEST(convert_takes_mysql_values_to_postgresql)
{
	CHECK(mysql_rows);
	printf("     %zu cells from MySQL and MariaDB to tables made on PostgreSQL\n", cells);
}
END_TEST

START_TEST(convert_takes_postgresql_values_to_mysql)
{
	CHECK(postgresql_rows);
	printf("     %zu cells from PostgreSQL to tables made on MySQL and MariaDB\n", cells);
}
END_TEST

START_TEST(convert_takes_values_into_columns_of_other_types)
{
	CHECK(pairs_to_postgresql);
	CHECK(pairs_to_mysql);
	CHECK(pairs_within_mysql);
	printf("     %zu cells to columns of other types\n", cells);
}
END_TEST

START_TEST(convert_refuses_pairs_that_make_no_sense)
{
	static const char *const pairs[][2] = { { "my blob", "pg text" }, { "my varchar(5)", "pg integer" }, { "my date", "pg integer" },
		{ "my datetime", "pg date" }, { "my datetime", "pg time" }, { "my int", "pg timestamp" }, { "my double", "pg numeric" },
		{ "my double", "pg integer" }, { "my json", "pg integer" }, { "my time", "pg interval(h)" }, { "my text", "pg interval(h)" },
		{ "my text", "pg date" }, { "my text", "pg boolean" }, { "my bit(4)", "pg bit(5)" }, { "my bit(4)", "pg boolean" },
		{ "my varbinary(15)", "pg uuid" }, { "my geometry", "pg text" }, { "my vector(2)", "pg text" }, { "my year", "pg date" },
		{ "pg text", "my int" }, { "pg timestamp", "my date" }, { "pg timestamp", "my time" },
		{ "pg interval", "my datetime" }, { "pg integer", "my date" }, { "pg integer[]", "my vector(2)" }, { "pg integer[]", "my json" },
		{ "pg double precision", "my float(7,3)" }, { "pg integer", "my double(7,3)" }, { "pg double precision", "my decimal(10,2)" },
		{ "pg bit(3)", "my bit(4)" }, { "pg bit varying(4)", "my bit(4)" }, { "pg uuid", "my binary(17)" }, { "pg uuid", "my binary(15)" },
		{ "pg bytea", "my text" }, { "pg boolean", "my datetime" }, { "pg boolean", "my year" }, { "pg jsonb", "my int" },
		{ "pg inet", "my int unsigned" }, { "pg timestamp", "my year" }, { "my enum('a')", "my int" },
		{ "my blob", "pg public.geometry" }, { "pg public.geometry", "my binary(5)" }, { "pg public.vector", "my blob" }, { "my geometry", "my binary(5)" },
		{ "my geometry", "my int" }, { "my vector(2)", "my binary(8)" }, { "my vector(2)", "my int" }, { "my vector(2)", "pg double precision[]" },
		{ "my vector(2)", "pg integer" }, { "pg bit varying(1)", "my int" }, { "my bit(4)", "pg integer" }, { "my bit(1)", "my year" }, { "pg boolean", "my bit(2)" },
		{ "my decimal(5,2)", "pg date" }, { "my bit(4)", "pg date" }, { "my float(7,3)", "my double(7,3)" }, { "my double(10,2)", "my double(12,2)" },
		{ "my enum('a')", "my set('a')" }, { "maria uuid", "my varbinary(15)" }, { "maria uuid", "my binary(17)" }, { "maria uuid", "my int" },
		{ "maria inet6", "pg cidr" }, { "maria inet4", "maria inet6" }, { "maria inet4", "pg integer" }, { "pg text", "my decimal(5,2)" } };
	const struct convert_options options = { 0 };

	arena = arena_new(65536, 0);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const struct coltype from = coltype_of(pairs[i][0]), to = coltype_of(pairs[i][1]);
		const struct convert *c = NULL;
		struct err err = ERR_INIT;
		const char *note;

		if (convert_choose(&from, &to, false, &options, arena, &c, &err))
			ck_abort_msg("%s became %s", pairs[i][0], pairs[i][1]);
		ck_assert(err.kind == ERR_SCHEMA && err.remedy[0] != '\0');
		ck_assert_msg(strstr(err.msg, strchr(pairs[i][0], ' ') + 1) != NULL && strstr(err.msg, strchr(pairs[i][1], ' ') + 1) != NULL, "%s", err.msg);
		ck_assert_int_eq(convert_fit(&from, &to, &options, &note), CONVERT_REFUSED);
	}
	arena_free(arena);
}
END_TEST

/* ---- what the cells don't say ---- */

static void
expect_one(const char *from_name, const char *to_name, const struct value *v, enum value_policy policy, enum err_kind kind, const char *words)
{
	const struct coltype from = coltype_of(from_name), to = coltype_of(to_name);
	const struct convert_options options = { .unrepresentable = policy };
	const struct convert *c = NULL;
	struct err err = ERR_INIT;
	struct value out;
	bool changed = false;

	arena = arena_new(65536, 0);
	ck_ok(convert_choose(&from, &to, false, &options, arena, &c, &err), &err);
	ck_assert_ptr_nonnull(c);
	ck_fails(convert_value(c, v, arena, &out, &changed, &err), &err, kind);
	ck_assert_msg(strstr(err.msg, words) != NULL && !changed, "%s", err.msg);
	arena_free(arena);
}

START_TEST(convert_refuses_text_with_nul_under_each_policy_but_null)
{
	const struct value v = { .kind = VALUE_TEXT, .len = 3, .p = (const uint8_t *)"a\0b" };

	expect_one("my varchar(5)", "pg text", &v, VALUES_ERROR, ERR_DATA, "NUL byte");
	expect_one("my text", "pg text", &v, VALUES_CLAMP, ERR_DATA, "NUL byte");
	expect_one("my char(5)", "pg character(5)", &v, VALUES_ERROR, ERR_DATA, "NUL byte");
}
END_TEST

/* A text that is too long by blanks alone is cut by both servers without an error. */
START_TEST(convert_refuses_blanks_that_a_shorter_column_would_drop)
{
	const struct value v = cell_value("abcde "), bytes = cell_value("\xe2\x82\xac    ");

	expect_one("my varchar(20)", "pg character varying(5)", &v, VALUES_NULL, ERR_DATA, "too long by blanks");
	expect_one("pg text", "my varchar(5)", &v, VALUES_CLAMP, ERR_DATA, "too long by blanks");
	expect_one("my varchar(20)", "my varchar(4)", &bytes, VALUES_ERROR, ERR_DATA, "too long by blanks");
}
END_TEST

START_TEST(convert_says_what_is_not_in_its_types_form)
{
	const struct value word = cell_value("word"), bytes = cell_value("0x00"), zone = cell_value("2024-01-01 00:00:00+02");
	const struct value wkb = cell_value("0x0000000000010000000000");

	expect_one("my int", "pg smallint", &word, VALUES_NULL, ERR_PROTOCOL, "not in the form");
	expect_one("my decimal(3,1)", "pg numeric(2,1)", &word, VALUES_NULL, ERR_PROTOCOL, "not in the form");
	expect_one("my datetime", "pg timestamp", &word, VALUES_NULL, ERR_PROTOCOL, "not in the form");
	expect_one("my time", "pg time", &word, VALUES_NULL, ERR_PROTOCOL, "not in the form");
	expect_one("pg boolean", "my tinyint(1)", &word, VALUES_NULL, ERR_PROTOCOL, "not in the form");
	expect_one("pg timestamptz", "my datetime(6)", &zone, VALUES_NULL, ERR_PROTOCOL, "not in the form");
	expect_one("pg bytea", "my blob", &word, VALUES_NULL, ERR_PROTOCOL, "not in the form");
	expect_one("my geometry", "pg bytea", &wkb, VALUES_NULL, ERR_PROTOCOL, "not in the form");
	expect_one("pg timestamptz", "my datetime(6)", &bytes, VALUES_NULL, ERR_PROTOCOL, "can't be converted");
	expect_one("my geometry", "pg bytea", &word, VALUES_NULL, ERR_PROTOCOL, "can't be converted");
}
END_TEST

START_TEST(convert_says_where_the_arena_is_full)
{
	const struct coltype from = coltype_of("my blob"), to = coltype_of("pg bytea");
	struct arena *small = arena_new(1024, 4096);
	const struct convert *c = NULL;
	struct err err = ERR_INIT;
	uint8_t bytes[4096] = { 0 };
	const struct value v = { .kind = VALUE_BINARY, .len = sizeof(bytes), .p = bytes };
	struct value out;
	bool changed;

	ck_ok(convert_choose(&from, &to, false, &(struct convert_options){ 0 }, small, &c, &err), &err);
	ck_fails(convert_value(c, &v, small, &out, &changed, &err), &err, ERR_LIMIT);
	arena_free(small);
}
END_TEST

/* Its own column gives back what a column with digits holds, and no other one. */
START_TEST(convert_knows_what_a_column_with_digits_would_round)
{
	static const struct row rows_[] = {
		{ "my float(7,2)", "my float(7,2)", "0.1 | 99999.99 | -1234.56 | 0.125 -> ! | 0" },
		{ "my double(10,2)", "my double(10,2)", "1.93 -> ! | 1.9300000000000002 | 99999999.99 | -0.050000000000000044 | -0.05 -> ! | 0.125 -> ! | 1.9300000000000004 -> !" },
		{ "my double(53,30)", "my double(53,30)", "0.1 | 1e22 | 123.456" },
		{ "my double(20,0)", "my double(20,0)", "0 | 1e20 | 0.5 -> !" },
	};
	const struct coltype from = coltype_of("my double(10,2)"), wider = coltype_of("my double(10,3)"), plain = coltype_of("my double");
	const struct convert *c = NULL;
	struct err err = ERR_INIT;

	CHECK(rows_);
	arena = arena_new(65536, 0);
	ck_fails(convert_choose(&from, &wider, false, &(struct convert_options){ 0 }, arena, &c, &err), &err, ERR_SCHEMA);
	err_clear(&err);
	ck_ok(convert_choose(&from, &plain, false, &(struct convert_options){ 0 }, arena, &c, &err), &err);
	arena_free(arena);
}
END_TEST

START_TEST(convert_knows_decimals_in_json_that_no_double_holds)
{
	static const struct row rows_[] = {
		{ "my json", "my json", "{\"a\": 1.10} | [0.30000000000000004, 18446744073709551615] | 12345678901234567890.123 -> !"
					" | [123456789012345678901] -> ! | 10e9223372036854775807 -> ! | 0.01e-9223372036854775808 -> !" },
		{ "my json", "maria json", "12345678901234567890.123" },
	};

	CHECK(rows_);
}
END_TEST

START_TEST(convert_leaves_postgresql_to_postgresql_alone)
{
	const struct coltype from = coltype_of("pg numeric"), to = coltype_of("pg integer");
	const struct convert *c = (const struct convert *)"";
	struct err err = ERR_INIT;
	const char *note;

	ck_ok(convert_choose(&from, &to, true, &(struct convert_options){ 0 }, NULL, &c, &err), &err);
	ck_assert_ptr_null(c);
	ck_assert_int_eq(convert_fit(&from, &to, &(struct convert_options){ 0 }, &note), CONVERT_SAME);
}
END_TEST

/* Many levels, in one buffer. */
static struct value
nested(size_t depth)
{
	char *p = kept_alloc(2 * depth + 1);

	memset(p, '[', depth);
	memset(p + depth, ']', depth);
	return (struct value){ .kind = VALUE_TEXT, .len = (uint32_t)(2 * depth), .p = (const uint8_t *)p };
}

START_TEST(convert_minds_how_deep_json_may_nest)
{
	const struct coltype jsonb = coltype_of("pg jsonb"), my = coltype_of("my json"), maria = coltype_of("maria json");
	const struct { const struct coltype *from, *to; size_t most; } all[] = { { &jsonb, &my, 100 }, { &jsonb, &maria, 31 }, { &maria, &jsonb, 8192 } };
	bool changed;

	arena = arena_new(65536, 0);
	for (size_t i = 0; i < 3; i++) {
		const struct value fits = nested(all[i].most), deep = nested(all[i].most + 1);

		ck_assert(converted(all[i].from, all[i].to, &fits, VALUES_ERROR, true, &changed).kind == VALUE_TEXT);
		ck_assert(converted(all[i].from, all[i].to, &deep, VALUES_ERROR, true, &changed).kind == VALUE_ABSENT);
	}
	arena_free(arena);
}
END_TEST

/* ---- there and back ---- */

/* False: the value has no form there, and so makes no trip. */
static bool
round_trip(const struct coltype *home, const struct coltype *away, const struct value *v)
{
	const bool mysql = home->family == FAMILY_MYSQL;
	bool changed;
	struct value there = converted(home, away, v, VALUES_ERROR, true, &changed), printed_there, back;

	if (there.kind == VALUE_ABSENT)
		return false;
	printed_there = mysql ? pg_prints(away, &there) : my_prints(away, &there);
	back = converted(away, home, &printed_there, VALUES_ERROR, true, &changed);
	if (back.kind != VALUE_ABSENT)
		back = mysql ? my_prints(home, &back) : pg_prints(home, &back);
	if (home->base_oid == 17 && v->kind == VALUE_BINARY)
		return back.kind == VALUE_TEXT;
	if ((away->mariadb && strcmp((const char *)v->p, "-0") == 0) || strstr((const char *)v->p, "3.4028235e") != NULL)
		return false;	/* the same number in another form */
	if (value_same(&back, v))
		return true;
	ck_abort_msg("%s to %s and back: %.*s became %.*s and then %.*s (kind %d)", home->name, away->name, (int)v->len, (const char *)v->p,
	    (int)printed_there.len, (const char *)printed_there.p, back.kind >= VALUE_TEXT ? (int)back.len : 0, (const char *)back.p, back.kind);
	return false;
}

static size_t
trips_of(const struct row *rows_, size_t n, bool mariadb)
{
	size_t trips = 0;

	for (size_t i = 0; i < n; i++) {
		const struct coltype home = coltype_of(rows_[i].from), away = made_of(&home, mariadb);

		const char *p = rows_[i].values;
		struct cell cell;

		while (cell_next(&p, &cell)) {
			struct value v = cell_value(cell.in);

			v = home.family == FAMILY_POSTGRESQL ? pg_prints(&home, &v) : v;
			if (strstr(cell.in, "2106-") == NULL && strstr(cell.in, "BEEF") == NULL)
				trips += round_trip(&home, &away, &v);
		}
	}
	return trips;
}

START_TEST(convert_gives_each_value_back_that_has_a_form_on_the_other_side)
{
	size_t n = 0;

	arena = arena_new(65536, 0);
	n += trips_of(mysql_rows, sizeof(mysql_rows) / sizeof(mysql_rows[0]), false);
	n += trips_of(postgresql_rows, sizeof(postgresql_rows) / sizeof(postgresql_rows[0]), false);
	n += trips_of(postgresql_rows, sizeof(postgresql_rows) / sizeof(postgresql_rows[0]), true);
	printf("     %zu values there and back\n", n);
	ck_assert_uint_gt(n, 500);
	arena_free(arena);
}
END_TEST

/* ---- what is in no form at all ---- */

/* From a server such a value can't come; one that does is refused, whatever the policy says: nothing is made of it. */
START_TEST(convert_refuses_each_odd_form_of_a_value)
{
	static const struct {
		const char *from, *to, *values[20];
	} list[] = {
		{ "my int", "pg smallint", { "<>", "-", "5-", "1.0", "1/", "1:" } },
		{ "my int", "pg numeric(5,2)", { "<>", "-", ".", "-.", "1e2", "1.x", "x.1", "1.2.3" } },
		{ "my decimal(10,2)", "pg numeric(8,1)", { "<>", "1.5e1", "+1.5", " 1.5" } },
		{ "my decimal(10,2)", "pg integer", { "<>", "x" } },
		{ "my bigint", "pg double precision", { "<>", "1x", "nan" } },
		{ "pg boolean", "my tinyint(1)", { "<>", "x", "1" } },
		{ "my bit(1)", "pg boolean", { "<>", "01", "2", "t" } },
		{ "pg bytea", "my blob", { "<>", "\\", "x00", "\\y00", "\\x0", "\\x0g", "\\xg0", "\\x0/", "\\x0`", "\\x:0" } },
		{ "pg bytea", "my geometry", { "\\x0", "word" } },
		{ "pg bytea", "maria uuid", { "\\x0", "word" } },
		{ "pg public.geometry", "my geometry", { "0", "0g" } },
		{ "my geometry", "pg bytea", { "0x", "0x0000000001010000", "0x000000000001000000", "0x000000000201000000" } },
		{ "my vector(3)", "pg real[]", { "0x00", "0x000000", "0x0000000000" } },
		{ "maria uuid", "pg bytea", { "<>", "x", "123e4567-e89b-12d3-a456_426655440000", "123e4567-e89b-12d3-a456-42665544000/",
			"123e4567-e89b-12d3-a456-42665544000`", "123e4567-e89b-12d3-a456-4266554400g0" } },
		{ "maria uuid", "my binary(16)", { "x" } },
		{ "my datetime", "pg timestamp", { "2024", "2024-01-01 0", "2024/01-01 00:00:00", "2024-01/01 00:00:00", "2024-0a-01 00:00:00",
			"2024-a0-01 00:00:00", "2024-01-0a 00:00:00", "2024-01-01 0a:00:00", "2024-01-01 00-00:00", "2024-01-01 00:0a:00", "2024-01-01 00:00-00",
			"2024-01-01 00:00:0a", "2024-01-01 00:00:00+01", "12345678-01-01 00:00:00", "2024-01-01 00:00:00 AD", "123-01-01",
			"2024-01-01T00:00:00", "2024-01-01 x0:00:00" } },
		{ "my time", "pg time", { "<>", "-", "x", "1234567890123:00:00", "00:00", "00-00:00", "00:00-00", "00:0a:00", "00:00:0a", "00:a0:00", "00:00:a0",
			"00:00:00x", ":00:00" } },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		for (size_t k = 0; k < 20 && list[i].values[k] != NULL; k++) {
			const struct value v = cell_value(list[i].values[k]);

			expect_one(list[i].from, list[i].to, &v, VALUES_NULL, ERR_PROTOCOL, "not in the form that the type has");
		}
}
END_TEST

START_TEST(convert_gives_policy_to_what_other_columns_do_not_hold)
{
	static const struct row rows_[] = {
		{ "my int", "my year", "0 -> 0000 | 1901 | 1900 -> !1901 | 2155 | 2156 -> !2155 | -1 -> !1901 | 5 -> !1901" },
		{ "my year", "my year", "0000 | 2155" },
		{ "my decimal(5,2)", "pg integer", "-0.00 -> 0 | .00 -> 0 | -.00 -> 0 | 12.00 -> 12 | 12.50 -> !" },
		{ "my decimal(5,2)", "my decimal(5,2) unsigned", "-0.00 -> 0.00 | -1.00 -> !0 | 1.00" },
		{ "my int", "my decimal(5,2) unsigned", "-1 -> !0 | 0 | 999 | 1000 -> !999.99" },
		{ "my int", "my float unsigned", "-1 -> !0 | 7" },
		{ "my double", "my double unsigned", "-1.5 -> !0 | 1.5" },
		{ "my bigint", "my double", "9007199254740993 -> !" },
		{ "my decimal(65,0)", "pg double precision", "100000000000000000000 | 123456789012345678 -> !" },
		{ "pg real[]", "my vector(2)", "{1,2 -> ! | 1,2} -> ! | {1,2] -> ! | [1,2} -> ! | {} -> ! | {,} -> ! | {1,,2} -> ! | {1x} -> ! | {1e99} -> !"
					       " | [0:1]={1,2} -> ! | {1.0000000000000000000000000000000000000000} -> ! | {-0.5} -> 0x000000bf" },
		{ "my vector(4)", "pg real[]", "0x0000c07f -> {NaN} | 0x000080ff -> {-Infinity} | 0x0000807f -> {Infinity} | 0xdb0f4940 -> {3.1415927}"
					       " | 0x01008047 -> {65536.01}" },
		{ "pg bytea", "maria uuid", "\\x123E4567e89b12d3a456426655440000 -> 123e4567-e89b-12d3-a456-426655440000 | \\x -> ! | \\x00 -> !" },
		{ "pg bytea", "my binary(3)", "\\x010203 -> 0x010203 | \\x0102 -> !" },
		{ "my text", "my binary(3)", "abc -> 0x616263 | ab -> !" },
		{ "pg bytea", "my geometry", "\\x0101000000000000000000f03f00000000000000 -> 0x000000000101000000000000000000f03f00000000000000"
					     " | \\x010000000000000000 -> ! | \\x010800000000000000 -> ! | \\x010100008000000000 -> ! | \\x000000000100000000 -> !"
					     " | \\x01010000 -> !" },
		{ "pg inet", "maria inet4", "192.0.2.1 | ::1 -> ! | 192.0.2.0/24 -> !" },
		{ "pg inet", "maria inet6", "::1 | 192.0.2.1 -> ! | ::/0 -> ! | <> -> !" },
		{ "maria inet6", "maria inet6", "::1" },
		{ "maria inet4", "pg inet", "192.0.2.1" },
		{ "my varchar(5)", "my enum", "a | <> -> !" },
		{ "my varchar(5)", "my set", "a,b | <>" },
		{ "my enum", "pg text", "a | <> -> !" },
		{ "my set('a','b')", "my set('a','b','c')", "<> | a,b" },
		{ "my set('a')", "my enum('a','b')", "a | <> -> !" },
		{ "my varchar(5)", "my set('a','b')", "a,b | b,a -> ! | a,a -> ! | a, -> ! | , -> ! | c -> ! | <>" },
		{ "my set('\"','\\')", "pg text[]", "\",\\ -> {\"\\\"\",\"\\\\\"}" },
		{ "my varchar(24)", "pg timetz(3)", "<> | 12:00:00.1230+02 | 12:00:00.1234+02 -> !" },
		{ "my time(3)", "pg time(3)", "-00:00:00.000 -> 00:00:00.000 | -00:00:00.001 -> !00:00:00 | 00:00:00.500" },
		{ "my time(3)", "my time(3)", "-838:59:59.000" },
		{ "pg time(6)", "my time(3)", "12:00:00.1 | 12:00:00.123456 -> !" },
		{ "pg interval", "my time", "838:59:59 | 838:59:59.5 -> !838:59:59 | -839:00:00 -> !-838:59:59 | 1 day -> ! | 00:00:00" },
		{ "pg timestamp", "my timestamp", "1970-01-01 00:00:00 -> !1970-01-01 00:00:01 | 2038-01-19 03:14:08 -> !2038-01-19 03:14:07 | 2038-01-19 03:14:07" },
		{ "pg date", "my timestamp", "1970-01-01 -> !1970-01-01 00:00:01 | 1970-01-02 -> 1970-01-02 00:00:00 | 2038-01-20 -> !2038-01-19 03:14:07" },
		{ "pg date", "my datetime(3)", "infinity -> !9999-12-31 23:59:59.999 | 2024-01-01 -> 2024-01-01 00:00:00" },
		{ "pg text", "my varchar(5)", "\xc3\xa4\xc3\xa4\xc3\xa4   | abcdef | abcdefg  " },
		{ "my varchar(5)", "my tinytext", "abc  " },
		{ "my tinyint", "my decimal(5,0) unsigned", "-1 -> !0 | 5" },
		{ "my tinyint", "pg numeric(5,-2)", "100 | 127 -> !" },
		{ "my tinyint", "my double unsigned", "-1 -> !0 | 5" },
		{ "my decimal(5,2) unsigned", "my decimal(5,2) unsigned", "1.00" },
		{ "my double unsigned", "my double unsigned", "1.5" },
		{ "my double(53,30)", "my double(53,30)", "1.00000000000000000000000000000000000000000000000000000000000000 -> !" },
		{ "my float", "my float", "3.4028235e18 | 3.4028235e-8 | 3.4028235e37 | -3.4028235e38 -> -3.4028234663852886e38" },
		{ "pg double precision", "maria double", "-0 -> 0 | -1 | 0 | NaN -> ! | -Infinity -> !-1.7976931348623157e308" },
		{ "maria uuid", "my varbinary(20)", "123e4567-e89b-12d3-a456-426655440000 -> 0x123e4567e89b12d3a456426655440000" },
		{ "maria uuid", "my blob", "123e4567-e89b-12d3-a456-426655440000 -> 0x123e4567e89b12d3a456426655440000" },
		{ "pg boolean", "my bit(1)", "t -> 1 | f -> 0" },
		{ "pg boolean", "my varchar(5)", "t -> true | f -> false" },
		{ "my vector(2)", "my vector(2)", "0x0000803f00002040" },
		{ "my timestamp", "my timestamp(3)", "0000-00-00 00:00:00 | 2024-01-01 00:00:00" },
		{ "my time", "pg time", "-00:01:00 -> !00:00:00 | -01:00:00 -> !00:00:00 | 24:01:00 -> !24:00:00 | 24:00:00 | 23:59:59" },
		{ "pg interval", "my time(6)", "838:58:59.9 | 838:59:58.9 | 839:00:00 -> !838:59:59" },
		{ "pg real[]", "my longtext", "{1,2}" },
		{ "my tinytext", "my varchar(300)", "abc  " },
	};

	CHECK(rows_);
}
END_TEST

START_TEST(convert_reads_json_to_its_last_rule)
{
	static const struct row rows_[] = {
		{ "maria json", "pg jsonb", "1e+5 | 1E-5 | 1e -> ! | 1e+ -> ! | 1.x -> ! | .5 -> ! | 00 -> ! | -0 | - -> ! | \t[\n1\r,2 ]\n | \"\\u00e9\""
					    " | \"\\u00E9\" | \"\\u00g0\" -> ! | \"\\u00`0\" -> ! | \"\\u00/0\" -> ! | \"\\u12\" -> ! | \"\\u12 -> ! | \"\\ -> !"
					    " | \"\\x\" -> ! | \"\x01\" -> ! | \"\\ud83d\\ude00\" | \"\\uD83D\\uDE00\" | \"\\ud83d\" -> ! | \"\\ud83dxxxxxx\" -> !"
					    " | \"\\ud83d\\nxxxxx\" -> ! | \"\\ud83d\\ue000\" -> ! | \"\\ud83d\\uzzzz\" -> ! | \"\\ue000\" | \"\\udfff\" -> !"
					    " | tru -> ! | trux -> ! | falsy -> ! | nul -> ! | {\"a\" 1} -> ! | {\"a\" -> ! | {\"a\":1,} -> ! | {\"a\":1 -> ! | {\"a\":1] -> !"
					    " | {1:2} -> ! | { -> ! | [ -> ! | [} -> ! | {} {} -> ! | [1;2] -> ! | {\"a\":[{}],\"b\":{\"c\":[]}} | x -> ! | <> -> !" },
		{ "pg json", "my json", "1e308 | 1e309 -> ! | 18446744073709551615 | 18446744073709551616 -> ! | -9223372036854775808 | -9223372036854775809 -> ! | 1e-5" },
		{ "pg text", "my json", "{\"a\": 1} | {a} -> !" },
		{ "pg jsonb", "pg jsonb", "{}" },
		{ "maria json", "maria json", "{a}" },
	};
	static const struct value cut = { .kind = VALUE_TEXT, .len = 3, .p = (const uint8_t *)"\"\\\0" };

	CHECK(rows_);
	expect_one("maria json", "pg jsonb", &cut, VALUES_ERROR, ERR_DATA, "a text that is not JSON");
}
END_TEST

/* Each conversion that makes room asks for it, and says so where there is none. */
START_TEST(convert_says_where_no_conversion_has_room)
{
	static const char *const list[][3] = { { "my blob", "pg bytea", "0x00" }, { "pg bytea", "my blob", "\\x00" }, { "my binary(16)", "pg uuid", "0x00000000000000000000000000000000" },
		{ "maria uuid", "my binary(16)", "123e4567-e89b-12d3-a456-426655440000" }, { "maria uuid", "pg bytea", "123e4567-e89b-12d3-a456-426655440000" },
		{ "my geometry", "pg bytea", "0x0000000001010000000000" }, { "pg public.geometry", "my geometry", "010100000000000000" },
		{ "my vector(1)", "pg real[]", "0x00000000" }, { "pg real[]", "my vector(1)", "{1}" }, { "my set('a')", "pg text[]", "a" },
		{ "my timestamp", "pg timestamptz", "2024-01-01 00:00:00" } };

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		const struct coltype from = coltype_of(list[i][0]), to = coltype_of(list[i][1]);
		const struct value v = cell_value(list[i][2]);
		struct arena *room = arena_new(4096, 0), *none = arena_new(256, 1);
		const struct convert *c = NULL;
		struct err err = ERR_INIT;
		struct value out;
		bool changed = false;

		ck_ok(convert_choose(&from, &to, false, &(struct convert_options){ 0 }, room, &c, &err), &err);
		ck_assert_ptr_nonnull(c);
		ck_fails(convert_value(c, &v, none, &out, &changed, &err), &err, ERR_LIMIT);
		ck_assert_str_eq(err.msg, "no room for a converted value");
		arena_free(room);
		arena_free(none);
	}
}
END_TEST

UNIT_MAIN("convert", convert_takes_mysql_values_to_postgresql, convert_takes_postgresql_values_to_mysql,
    convert_takes_values_into_columns_of_other_types, convert_gives_each_value_back_that_has_a_form_on_the_other_side, convert_refuses_pairs_that_make_no_sense,
    convert_refuses_text_with_nul_under_each_policy_but_null, convert_refuses_blanks_that_a_shorter_column_would_drop,
    convert_says_what_is_not_in_its_types_form, convert_says_where_the_arena_is_full, convert_leaves_postgresql_to_postgresql_alone,
    convert_minds_how_deep_json_may_nest, convert_knows_what_a_column_with_digits_would_round, convert_knows_decimals_in_json_that_no_double_holds,
    convert_refuses_each_odd_form_of_a_value, convert_gives_policy_to_what_other_columns_do_not_hold, convert_reads_json_to_its_last_rule,
    convert_says_where_no_conversion_has_room)
