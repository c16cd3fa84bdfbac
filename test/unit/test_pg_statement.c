/* test_pg_statement.c - shapes, SQL text and parameters of the PostgreSQL target, without a server.
 * */
#include "endpoints/pg_statement.c"

#include "cdc/change.h"
#include "test/unit/unit.h"

/* A plan made by hand: plan column i is column i of relation and target. */
struct made {
	struct plan plan;
	struct plan_column cols[8];
	struct coltype source[8], target[8];
	struct column_desc target_cols[8];
	struct table_desc desc;
	uint16_t key[8];
	uint8_t forms[8];
};

static struct made m;

static void
column(const char *name, uint32_t oid, int32_t typmod, const char *type)
{
	const uint16_t i = m.plan.ncols++;

	pg_type_fill(&m.source[i], 'b', oid, 0, typmod, type);
	pg_type_fill(&m.target[i], 'b', oid, 0, typmod, type);
	m.target_cols[i] = (struct column_desc){ .name = name, .type = m.target[i] };
	m.cols[i] = (struct plan_column){ .src = i,
		.target = i,
		.name = name,
		.source_type = &m.source[i],
		.target_type = &m.target[i],
		.binary_ok = pg_type_binary_ok(&m.source[i], &m.target[i]) };
	m.desc.ncols = m.plan.ncols;
}

static void
key(uint16_t col)
{
	m.key[m.plan.nkey++] = col;
	m.cols[col].key = true;
	m.plan.keyless = false;
}

static void
start(void)
{
	m = (struct made){ .desc = { .oid = 99, .schema = "s", .name = "t", .kind = 'r' } };
	m.desc.cols = m.target_cols;
	m.plan = (struct plan){ .target = &m.desc, .cols = m.cols, .key = m.key, .keyless = true };
}

static void
start_usual(void)
{
	start();
	column("id", 20, -1, "bigint");
	column("a", 23, -1, "integer");
	column("v", 1043, 24, "character varying(20)");
	key(0);
}

static struct value
binary(const char *bytes, uint32_t n)
{
	return (struct value){ .kind = VALUE_BINARY, .len = n, .p = (const uint8_t *)bytes };
}

static struct value
textual(const char *s)
{
	return (struct value){
		.kind = VALUE_TEXT, .len = (uint32_t)strlen(s), .p = (const uint8_t *)s
	};
}

static const struct value null_value = { .kind = VALUE_NULL };
static const struct value absent = { .kind = VALUE_ABSENT };

static char sql_text[8192];
static bool either, in_place; /* of the shapes that sql_of() makes */

/* The text for one row of this shape. */
static const char *
sql_of(enum pg_verb verb, bool many, const uint64_t *colset, const struct value *old,
    const struct value *vals)
{
	const struct row row = { .key = old, .vals = vals };
	struct err err = ERR_INIT;
	struct pg_statement *st;
	struct pg_shape s;
	size_t bytes;
	bool fits;

	pg_shape_start(&s, verb, &m.plan);
	s.either = either;
	s.in_place = in_place;
	ck_ok(pg_shape_add(&s, &m.plan, colset, &row, &fits, &bytes, &err), &err);
	ck_assert(fits);
	s.many = pg_shape_finish(&s, &m.plan, m.forms) && many;
	ck_assert_int_eq(s.many, many);
	st = pg_statement_new(&m.plan, &s, 7, 3, NULL, &err);
	ck_assert_ptr_nonnull(st);
	snprintf(sql_text, sizeof(sql_text), "%s", st->sql);
	pg_statement_free(st);
	return sql_text;
}

START_TEST(statement_updates_by_unnest_in_binary)
{
	const struct value v[] = { binary("12345678", 8), binary("1234", 4), binary("abc", 3) };
	const uint64_t set = 7;

	start_usual();
	ck_assert_str_eq(sql_of(PG_VERB_UPDATE, true, &set, v, v),
	    "UPDATE ONLY \"s\".\"t\" t SET \"a\" = u.v1, \"v\" = u.v2 FROM unnest($1::pg_catalog.int8[],"
	    "$2::pg_catalog.int4[],$3::pg_catalog.varchar[]) u(k0,v1,v2) WHERE t.\"id\" = u.k0");
}
END_TEST

START_TEST(statement_casts_text_without_typmod)
{
	const struct value v[] = { textual("1"), textual("2"), textual("x") };
	const uint64_t set = 6;

	start_usual();
	ck_assert_str_eq(sql_of(PG_VERB_UPDATE, true, &set, v, v),
	    "UPDATE ONLY \"s\".\"t\" t SET \"a\" = u.v1::pg_catalog.int4, \"v\" = "
	    "u.v2::pg_catalog.varchar"
	    " FROM unnest($1::pg_catalog.text[],$2::pg_catalog.text[],$3::pg_catalog.text[]) "
	    "u(k0,v1,v2)"
	    " WHERE t.\"id\" = u.k0::pg_catalog.int8");
	ck_assert_str_eq(sql_of(PG_VERB_UPDATE, false, &set, v, v),
	    "UPDATE ONLY \"s\".\"t\" t SET \"a\" = $2::pg_catalog.text::pg_catalog.int4,"
	    " \"v\" = $3::pg_catalog.text::pg_catalog.varchar WHERE t.\"id\" = "
	    "$1::pg_catalog.text::pg_catalog.int8");
}
END_TEST

START_TEST(statement_takes_typmods_out_of_foreign_types)
{
	static const struct {
		const char *name, *cast;
	} types[] = {
		{ "public.geo(Point,4326)[]", "public.geo[]" },
		{ "public.\"odd(1)\"(2)", "public.\"odd(1)\"" },
		{ "public.mood", "public.mood" },
	};

	for (size_t i = 0; i < 3; i++) {
		const struct coltype type = {
			.oid = 70000, .base_oid = 70000, .name = types[i].name
		};
		struct buf b = { 0 };

		pg_cast_name(&b, &type);
		ck_assert_str_eq(buf_cstr(&b), types[i].cast);
		buf_done(&b);
	}
}
END_TEST

START_TEST(statement_deletes_by_any_where_one_binary_column_is_the_key)
{
	const struct value b[] = { binary("12345678", 8), absent, absent },
			   t[] = { textual("1"), absent, absent };

	start_usual();
	ck_assert_str_eq(sql_of(PG_VERB_DELETE, true, NULL, b, NULL),
	    "DELETE FROM ONLY \"s\".\"t\" t WHERE t.\"id\" = ANY ($1::pg_catalog.int8[])");
	ck_assert_str_eq(sql_of(PG_VERB_DELETE, false, NULL, b, NULL),
	    "DELETE FROM ONLY \"s\".\"t\" t WHERE t.\"id\" = $1::pg_catalog.int8");
	ck_assert_str_eq(sql_of(PG_VERB_DELETE, true, NULL, t, NULL),
	    "DELETE FROM ONLY \"s\".\"t\" t USING unnest($1::pg_catalog.text[]) u(k0) WHERE t.\"id\" = "
	    "u.k0::pg_catalog.int8");
}
END_TEST

START_TEST(statement_deletes_by_all_key_columns_in_the_indexs_order)
{
	const struct value v[] = { binary("12345678", 8), binary("1234", 4), absent };

	start_usual();
	m.plan.nkey = 0;
	key(1);
	key(0);
	ck_assert_str_eq(sql_of(PG_VERB_DELETE, true, NULL, v, NULL),
	    "DELETE FROM ONLY \"s\".\"t\" t USING unnest($1::pg_catalog.int8[],$2::pg_catalog.int4[]) "
	    "u(k0,k1)"
	    " WHERE t.\"a\" = u.k1 AND t.\"id\" = u.k0");
}
END_TEST

START_TEST(statement_finds_a_key_by_the_indexs_own_operator)
{
	const char *const equals[] = { "ext\"n", NULL, NULL };
	const struct value v[] = { textual("1"), absent, absent };
	const struct row row = { .key = v };
	struct err err = ERR_INIT;
	struct pg_statement *st;
	struct pg_shape s;
	size_t bytes;
	bool fits;

	start_usual();
	m.target[0] = (struct coltype){ .oid = 70000, .base_oid = 70000, .name = "public.citext" };
	pg_shape_start(&s, PG_VERB_DELETE, &m.plan);
	ck_ok(pg_shape_add(&s, &m.plan, NULL, &row, &fits, &bytes, &err), &err);
	pg_shape_finish(&s, &m.plan, m.forms);
	st = pg_statement_new(&m.plan, &s, 1, 1, equals, &err);
	ck_assert_str_eq(st->sql, "DELETE FROM ONLY \"s\".\"t\" t WHERE t.\"id\" "
				  "OPERATOR(\"ext\"\"n\".=) $1::pg_catalog.text::public.citext");
	pg_statement_free(st);
}
END_TEST

START_TEST(statement_inserts_over_identity_columns)
{
	const struct value v[] = { binary("12345678", 8), null_value, textual("x") };

	start_usual();
	m.cols[1].name = "we\"ird";
	m.plan.overriding = true;
	m.forms[1] = PG_FORM_BINARY;
	ck_assert_str_eq(sql_of(PG_VERB_INSERT, true, NULL, NULL, v),
	    "INSERT INTO \"s\".\"t\" (\"id\", \"we\"\"ird\", \"v\") OVERRIDING SYSTEM VALUE"
	    " SELECT u.v0, u.v1, u.v2::pg_catalog.varchar FROM"
	    " unnest($1::pg_catalog.int8[],$2::pg_catalog.int4[],$3::pg_catalog.text[]) "
	    "u(v0,v1,v2)");
}
END_TEST

START_TEST(statement_replaces_a_row_whose_identity_column_is_always_generated)
{
	const struct value v[] = { textual("1"), textual("2"), absent };
	const uint64_t set = 2;

	start_usual();
	m.target_cols[1].identity = 'a';
	m.target_cols[3] = (struct column_desc){ .name = "gen", .generated = true };
	m.target_cols[4] = (struct column_desc){ .name = "more" };
	m.desc.ncols = 5;
	ck_assert_str_eq(sql_of(PG_VERB_UPDATE, false, &set, v, v),
	    "WITH d AS (DELETE FROM ONLY \"s\".\"t\" t WHERE t.\"id\" = "
	    "$1::pg_catalog.text::pg_catalog.int8 RETURNING"
	    " t.\"id\" AS c0, $2::pg_catalog.text::pg_catalog.int4 AS c1, t.\"v\" AS c2, "
	    "t.\"more\" AS c4)"
	    " INSERT INTO \"s\".\"t\" (\"id\", \"a\", \"v\", \"more\") OVERRIDING SYSTEM VALUE "
	    "SELECT * FROM d");
}
END_TEST

START_TEST(statement_touches_a_row_of_which_nothing_is_set)
{
	const struct value v[] = { textual("1"), absent, absent };

	start_usual();
	ck_assert_str_eq(sql_of(PG_VERB_UPDATE, false, NULL, v, v),
	    "SELECT 1 FROM ONLY \"s\".\"t\" t WHERE t.\"id\" = $1::pg_catalog.text::pg_catalog.int8 FOR "
	    "UPDATE OF t");
}
END_TEST

START_TEST(statement_moves_a_key_only_where_it_changed)
{
	const struct value old[] = { textual("1"), absent, absent },
			   v[] = { textual("9"), absent, textual("x") };

	start_usual();
	ck_assert_str_eq(sql_of(PG_VERB_UPDATE, false, NULL, old, v),
	    "UPDATE ONLY \"s\".\"t\" t SET \"id\" = $2::pg_catalog.text::pg_catalog.int8,"
	    " \"v\" = $3::pg_catalog.text::pg_catalog.varchar WHERE t.\"id\" = "
	    "$1::pg_catalog.text::pg_catalog.int8");
}
END_TEST

/* A referential action of the target may have moved the key already. */
START_TEST(statement_finds_a_row_that_moves_by_either_key)
{
	const struct value old[] = { binary("12345678", 8), binary("1234", 4), absent },
			   v[] = { binary("12345678", 8), binary("9999", 4), null_value };

	start_usual();
	key(1);
	either = true;
	ck_assert_str_eq(sql_of(PG_VERB_UPDATE, false, NULL, old, v),
	    "UPDATE ONLY \"s\".\"t\" t SET \"a\" = $3::pg_catalog.int4,"
	    " \"v\" = $4::pg_catalog.text::pg_catalog.varchar WHERE (t.\"id\" = $1::pg_catalog.int8 "
	    "AND t.\"a\" = $2::pg_catalog.int4"
	    " OR t.\"id\" = $1::pg_catalog.int8 AND t.\"a\" = $3::pg_catalog.int4)");
	ck_assert_str_eq(sql_of(PG_VERB_UPDATE, false, NULL, v, v),
	    "UPDATE ONLY \"s\".\"t\" t SET \"v\" = $3::pg_catalog.text::pg_catalog.varchar"
	    " WHERE t.\"id\" = $1::pg_catalog.int8 AND t.\"a\" = $2::pg_catalog.int4");
	either = false;
}
END_TEST

/* Without an old image nothing says that the column is what it was; where the row can't be replaced,
 * it has to be. */
START_TEST(statement_minds_an_identity_column_that_may_have_changed)
{
	const struct value v[] = { binary("12345678", 8), binary("1234", 4), binary("x", 1) };

	start_usual();
	m.target_cols[1].identity = 'a';
	ck_assert_str_eq(sql_of(PG_VERB_UPDATE, false, NULL, v, v),
	    "WITH d AS (DELETE FROM ONLY \"s\".\"t\" t WHERE t.\"id\" = $1::pg_catalog.int8 RETURNING"
	    " t.\"id\" AS c0, $2::pg_catalog.int4 AS c1, $3::pg_catalog.varchar AS c2)"
	    " INSERT INTO \"s\".\"t\" (\"id\", \"a\", \"v\") OVERRIDING SYSTEM VALUE SELECT * FROM d");
	in_place = true;
	ck_assert_str_eq(sql_of(PG_VERB_UPDATE, false, NULL, v, v),
	    "UPDATE ONLY \"s\".\"t\" t SET \"v\" = $3::pg_catalog.varchar WHERE t.\"id\" = "
	    "$1::pg_catalog.int8 AND t.\"a\" = $2::pg_catalog.int4");
	in_place = false;
}
END_TEST

START_TEST(statement_seeks_keyless_rows_by_a_hint_and_minds_trailing_blanks)
{
	const struct value v[] = { binary("1234", 4), textual("x ") };
	uint16_t hint[] = { 0 };

	start();
	column("a", 23, -1, "integer");
	column("c", 1042, 8, "character(4)");
	m.plan.hint = hint;
	m.plan.nhint = 1;
	ck_assert_str_eq(sql_of(PG_VERB_DELETE, false, NULL, v, NULL),
	    "DELETE FROM ONLY \"s\".\"t\" t WHERE t.ctid = (SELECT x.ctid FROM ONLY \"s\".\"t\" x WHERE"
	    " x.\"a\" = $1::pg_catalog.int4 AND (x.\"a\") IS NOT DISTINCT FROM ($1::pg_catalog.int4)"
	    " AND pg_catalog.bpcharsend(x.\"c\") IS NOT DISTINCT FROM"
	    " pg_catalog.bpcharsend($2::pg_catalog.text::pg_catalog.bpchar::character(4)) LIMIT 1)");
}
END_TEST

START_TEST(statement_parks_and_unparks_whole_rows)
{
	const struct value old[] = { binary("12345678", 8), absent, absent };
	const struct value v[] = { binary("12345678", 8), absent, binary("x", 1) };
	const uint64_t set = 5;

	start_usual();
	m.target_cols[3] = (struct column_desc){ .name = "gen", .generated = true };
	m.target_cols[4] = (struct column_desc){ .name = "more" };
	m.desc.ncols = 5;
	ck_assert_str_eq(sql_of(PG_VERB_PARK, true, NULL, old, v),
	    "WITH d AS (DELETE FROM ONLY \"s\".\"t\" t USING "
	    "unnest($1::pg_catalog.int8[],$2::pg_catalog.int8[]) u(n,k0)"
	    " WHERE t.\"id\" = u.k0 RETURNING u.n, t.\"id\" AS c0, t.\"a\" AS c1, t.\"v\" AS c2, "
	    "t.\"more\" AS c4)"
	    " INSERT INTO pg_temp.repld_park_3 SELECT * FROM d");
	ck_assert_str_eq(sql_of(PG_VERB_UNPARK, true, &set, old, v),
	    "WITH d AS (DELETE FROM pg_temp.repld_park_3 p USING"
	    " unnest($1::pg_catalog.int8[],$2::pg_catalog.int8[],$3::pg_catalog.varchar[]) "
	    "u(n,v0,v2) WHERE p.n = u.n"
	    " RETURNING u.v0 AS c0, p.c1 AS c1, u.v2 AS c2, p.c4 AS c4)"
	    " INSERT INTO \"s\".\"t\" (\"id\", \"a\", \"v\", \"more\") OVERRIDING SYSTEM VALUE "
	    "SELECT * FROM d");
}
END_TEST

START_TEST(statement_finds_keyless_rows_by_exact_content)
{
	const struct value v[] = { binary("1234", 4), textual("x"), null_value };

	start();
	column("a", 23, -1, "integer");
	column("n", 1700, ((10 << 16) | 2) + 4, "numeric(10,2)");
	column("d", 1114, 3, "timestamp(3) without time zone");
	ck_assert_str_eq(sql_of(PG_VERB_DELETE, false, NULL, v, NULL),
	    "DELETE FROM ONLY \"s\".\"t\" t WHERE t.ctid = (SELECT x.ctid FROM ONLY \"s\".\"t\" x WHERE"
	    " (x.\"a\") IS NOT DISTINCT FROM ($1::pg_catalog.int4)"
	    " AND (x.\"n\")::pg_catalog.text COLLATE \"C\" IS NOT DISTINCT FROM"
	    " ($2::pg_catalog.text::pg_catalog.numeric::numeric(10,2))::pg_catalog.text COLLATE "
	    "\"C\""
	    " AND (x.\"d\") IS NOT DISTINCT FROM"
	    " ($3::pg_catalog.text::pg_catalog.timestamp::timestamp(3) without time zone) LIMIT "
	    "1)");
	m.plan.ncols = m.desc.ncols = 1;
	m.desc.kind = 'p';
	ck_assert_str_eq(sql_of(PG_VERB_UPDATE, false, NULL, v, v),
	    "UPDATE \"s\".\"t\" t SET \"a\" = $2::pg_catalog.int4 FROM (SELECT x.tableoid AS o, "
	    "x.ctid AS c FROM \"s\".\"t\" x"
	    " WHERE (x.\"a\") IS NOT DISTINCT FROM ($1::pg_catalog.int4) LIMIT 1) f"
	    " WHERE t.tableoid = f.o AND t.ctid = f.c");
}
END_TEST

static bool
add(struct pg_shape *s, const struct value *vals, bool *fits, struct err *err)
{
	const struct row row = { .vals = vals };
	size_t bytes;

	return pg_shape_add(s, &m.plan, NULL, &row, fits, &bytes, err);
}

START_TEST(shape_ends_where_the_form_changes)
{
	const struct value n[] = { textual("1"), null_value, textual("x") },
			   t[] = { textual("1"), textual("2"), null_value },
			   b[] = { textual("1"), binary("1234", 4), null_value };
	struct err err = ERR_INIT;
	struct pg_shape s;
	bool fits;

	start_usual();
	pg_shape_start(&s, PG_VERB_INSERT, &m.plan);
	ck_ok(add(&s, n, &fits, &err) && fits, &err);
	ck_ok(add(&s, t, &fits, &err) && fits, &err);
	ck_ok(add(&s, b, &fits, &err), &err);
	ck_assert(!fits);
	pg_shape_finish(&s, &m.plan, m.forms);
	ck_assert_int_eq(s.code[1], PG_FORM_TEXT);
	ck_assert_int_eq(s.code[2], PG_FORM_TEXT);
}
END_TEST

START_TEST(shape_of_nulls_takes_the_form_seen_last)
{
	const struct value n[] = { textual("1"), null_value, null_value };
	struct err err = ERR_INIT;
	struct pg_shape s;
	bool fits;

	start_usual();
	m.forms[1] = PG_FORM_BINARY;
	pg_shape_start(&s, PG_VERB_INSERT, &m.plan);
	ck_ok(add(&s, n, &fits, &err) && fits, &err);
	pg_shape_finish(&s, &m.plan, m.forms);
	ck_assert_int_eq(s.code[1], PG_FORM_BINARY);
	ck_assert_int_eq(s.code[2], PG_FORM_TEXT);
	ck_assert_int_eq(m.forms[0], PG_FORM_TEXT);
	ck_assert_int_eq(m.forms[2], PG_FORM_NONE);
}
END_TEST

START_TEST(shape_takes_an_enums_binary_for_text)
{
	struct value v = binary("happy", 5);
	struct err err = ERR_INIT;
	enum pg_form form;

	start_usual();
	pg_type_fill(&m.source[2], 'e', 70000, 0, -1, "public.mood");
	ck_ok(pg_value_form(&m.plan, 2, &v, &form, &err), &err);
	ck_assert_int_eq(form, PG_FORM_TEXT);
}
END_TEST

START_TEST(shape_refuses_binary_that_the_target_cannot_take)
{
	struct value v = binary("12", 2);
	struct err err = ERR_INIT;
	enum pg_form form;

	start_usual();
	m.cols[1].binary_ok = false;
	ck_fails(pg_value_form(&m.plan, 1, &v, &form, &err), &err, ERR_SCHEMA);
	ck_assert_ptr_nonnull(strstr(err.msg, "\"a\""));
	ck_assert_str_eq(err.table, "s.t");
}
END_TEST

START_TEST(shape_refuses_an_absent_value_in_an_insert)
{
	const struct value v[] = { textual("1"), absent, textual("x") };
	struct err err = ERR_INIT;
	struct pg_shape s;
	bool fits;

	start_usual();
	pg_shape_start(&s, PG_VERB_INSERT, &m.plan);
	ck_fails(add(&s, v, &fits, &err), &err, ERR_DATA);
}
END_TEST

START_TEST(shape_goes_row_by_row_where_an_array_is_binary)
{
	const struct value b[] = { textual("1"), binary("....", 4) },
			   t[] = { textual("1"), textual("{}") };
	struct err err = ERR_INIT;
	struct pg_shape s;
	bool fits;

	start();
	column("id", 20, -1, "bigint");
	column("a", 1007, -1, "integer[]");
	key(0);
	pg_shape_start(&s, PG_VERB_INSERT, &m.plan);
	ck_ok(add(&s, b, &fits, &err), &err);
	ck_assert(!pg_shape_finish(&s, &m.plan, m.forms));
	pg_shape_start(&s, PG_VERB_INSERT, &m.plan);
	ck_ok(add(&s, t, &fits, &err), &err);
	ck_assert(pg_shape_finish(&s, &m.plan, m.forms));
}
END_TEST

static struct pg_statement *
insert_statement(bool many, const struct value *vals)
{
	const struct row row = { .vals = vals };
	struct err err = ERR_INIT;
	struct pg_shape s;
	size_t bytes;
	bool fits;

	pg_shape_start(&s, PG_VERB_INSERT, &m.plan);
	ck_ok(pg_shape_add(&s, &m.plan, NULL, &row, &fits, &bytes, &err), &err);
	pg_shape_finish(&s, &m.plan, m.forms);
	s.many = many;
	return pg_statement_new(&m.plan, &s, 1, 1, NULL, &err);
}

START_TEST(params_are_binary_arrays)
{
	static const uint8_t want[] = { 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1,
		0, 0, 0, 4, 'a', 'b', 'c', 'd', 0xff, 0xff, 0xff, 0xff };
	const struct value one[] = { textual("1"), binary("abcd", 4), textual("") },
			   two[] = { textual("22"), null_value, null_value };
	struct row r1 = { .vals = one }, r2 = { .vals = two }, *rows[] = { &r1, &r2 };
	struct pg_params ps = { 0 };
	struct err err = ERR_INIT;
	struct pg_statement *st;

	start_usual();
	st = insert_statement(true, one);
	ck_ok(pg_params_set(&ps, st, &m.plan, rows, NULL, 2, &err), &err);
	ck_assert_int_eq(ps.lengths[1], sizeof(want));
	ck_assert_mem_eq(ps.values[1], want, sizeof(want));
	ck_assert_int_eq(ps.formats[1], 1);
	ck_assert_int_eq(ps.lengths[0], 20 + 4 + 1 + 4 + 2);
	ck_assert_int_eq(ps.values[0][7], 0);
	pg_params_trim(&ps, 0);
	ck_assert_uint_eq(ps.bufs[0].cap, 0);
	pg_params_done(&ps);
	pg_statement_free(st);
}
END_TEST

START_TEST(params_of_one_row_are_borrowed_and_tell_empty_from_null)
{
	const struct value one[] = { textual("1"), null_value, { .kind = VALUE_TEXT } };
	struct row r1 = { .vals = one }, *rows[] = { &r1 };
	struct pg_params ps = { 0 };
	struct err err = ERR_INIT;
	struct pg_statement *st;

	start_usual();
	st = insert_statement(false, one);
	ck_ok(pg_params_set(&ps, st, &m.plan, rows, NULL, 1, &err), &err);
	ck_assert_ptr_eq(ps.values[0], one[0].p);
	ck_assert_int_eq(ps.lengths[0], 1);
	ck_assert_ptr_null(ps.values[1]);
	ck_assert_ptr_nonnull(ps.values[2]);
	ck_assert_int_eq(ps.lengths[2], 0);
	pg_params_done(&ps);
	pg_statement_free(st);
}
END_TEST

START_TEST(park_table_has_every_column_that_is_written)
{
	struct buf create = { 0 }, primary = { 0 };

	start_usual();
	m.target_cols[1].generated = true;
	pg_park_ddl(&create, &primary, &m.plan, 12);
	ck_assert_str_eq(buf_cstr(&create),
	    "CREATE TEMPORARY TABLE pg_temp.repld_park_12 ON COMMIT DELETE ROWS AS SELECT "
	    "0::pg_catalog.int8 AS n,"
	    " t.\"id\" AS c0, t.\"v\" AS c2 FROM \"s\".\"t\" t WITH NO DATA");
	ck_assert_str_eq(
	    buf_cstr(&primary), "ALTER TABLE pg_temp.repld_park_12 ADD PRIMARY KEY (n)");
	buf_done(&create);
	buf_done(&primary);
}
END_TEST

UNIT_MAIN("pg_statement", statement_updates_by_unnest_in_binary,
    statement_casts_text_without_typmod, statement_takes_typmods_out_of_foreign_types,
    statement_deletes_by_any_where_one_binary_column_is_the_key,
    statement_deletes_by_all_key_columns_in_the_indexs_order,
    statement_finds_a_key_by_the_indexs_own_operator, statement_inserts_over_identity_columns,
    statement_replaces_a_row_whose_identity_column_is_always_generated,
    statement_touches_a_row_of_which_nothing_is_set, statement_moves_a_key_only_where_it_changed,
    statement_finds_a_row_that_moves_by_either_key,
    statement_minds_an_identity_column_that_may_have_changed,
    statement_seeks_keyless_rows_by_a_hint_and_minds_trailing_blanks, statement_parks_and_unparks_whole_rows, statement_finds_keyless_rows_by_exact_content,
    shape_ends_where_the_form_changes, shape_of_nulls_takes_the_form_seen_last,
    shape_takes_an_enums_binary_for_text, shape_refuses_binary_that_the_target_cannot_take,
    shape_refuses_an_absent_value_in_an_insert, shape_goes_row_by_row_where_an_array_is_binary,
    params_are_binary_arrays, params_of_one_row_are_borrowed_and_tell_empty_from_null,
    park_table_has_every_column_that_is_written)
