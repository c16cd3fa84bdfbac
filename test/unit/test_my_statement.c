/* test_my_statement.c - rows as SQL text for MySQL and MariaDB, without a server. */
#include "endpoints/my_statement.c"

#include "cdc/change.h"
#include "daemon/base/arena.h"
#include "test/unit/unit.h"

/* A plan made by hand: plan column i is column i of relation and target. */
static struct made {
	struct plan plan;
	struct plan_column cols[8];
	struct coltype types[8];
	struct column_desc target_cols[8];
	struct table_desc desc;
	uint16_t key[8], hint[8];
} m;

static struct coltype *
column(const char *name, enum my_type_code code, enum logical_type logical)
{
	const uint16_t i = m.plan.ncols++;

	m.types[i] = (struct coltype){
		.family = FAMILY_MYSQL, .code = (uint8_t)code, .logical = logical, .length = 4
	};
	m.target_cols[i] = (struct column_desc){ .name = name,
		.collation = logical == LOGICAL_TEXT ? "utf8mb4_0900_ai_ci" : NULL };
	m.cols[i] = (struct plan_column){ .src = i,
		.target = i,
		.name = name,
		.source_type = &m.types[i],
		.target_type = &m.types[i] };
	m.desc.ncols = m.plan.ncols;
	return &m.types[i];
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
	m = (struct made){ .desc = { .schema = "s", .name = "t`x", .kind = 'r' } };
	m.desc.cols = m.target_cols;
	m.plan = (struct plan){
		.target = &m.desc, .cols = m.cols, .key = m.key, .hint = m.hint, .keyless = true
	};
}

static void
start_usual(void)
{
	start();
	column("id", MY_TYPE_LONGLONG, LOGICAL_I64);
	column("a", MY_TYPE_LONG, LOGICAL_I32);
	column("v", MY_TYPE_VARCHAR, LOGICAL_TEXT);
	key(0);
}

static struct value
textual(const char *s)
{
	return (struct value){
		.kind = VALUE_TEXT, .len = (uint32_t)strlen(s), .p = (const uint8_t *)s
	};
}

static struct value
binary(const char *p, uint32_t n)
{
	return (struct value){ .kind = VALUE_BINARY, .len = n, .p = (const uint8_t *)p };
}

static const struct value null_value = { .kind = VALUE_NULL };
static const struct value absent_value = { .kind = VALUE_ABSENT };

static struct buf out;
static struct err err;

static const char *
text(void)
{
	return buf_cstr(&out);
}

static const char *
written(enum my_type_code code, enum logical_type logical, struct value v)
{
	start();
	column("c", code, logical);
	buf_reset(&out);
	my_put_value(&out, &m.types[0], &v);
	return text();
}

static const char *
sought(enum my_type_code code, enum logical_type logical, struct value v)
{
	start();
	column("c", code, logical);
	buf_reset(&out);
	my_put_sought(&out, &m.types[0], &v);
	return text();
}

START_TEST(values_are_written_as_literals)
{
	ck_assert_str_eq(written(MY_TYPE_LONG, LOGICAL_I32, textual("-12")), "-12");
	ck_assert_str_eq(written(MY_TYPE_NEWDECIMAL, LOGICAL_DECIMAL, textual("1.50")), "'1.50'");
	ck_assert_str_eq(
	    written(MY_TYPE_VARCHAR, LOGICAL_TEXT, textual("it's \\ x")), "'it\\'s \\\\ x'");
	ck_assert_str_eq(
	    written(MY_TYPE_BLOB, LOGICAL_BYTES, binary("a\0'\xff", 4)), "_binary'a\\0\\'\xff'");
	ck_assert_str_eq(written(MY_TYPE_BIT, LOGICAL_BIT, textual("0101")), "b'0101'");
	ck_assert_str_eq(
	    written(MY_TYPE_DATE, LOGICAL_DATE, textual("0000-00-00")), "'0000-00-00'");
	ck_assert_str_eq(written(MY_TYPE_LONG, LOGICAL_I32, null_value), "NULL");
}
END_TEST

START_TEST(what_is_no_number_never_stands_without_quotes)
{
	ck_assert_str_eq(written(MY_TYPE_LONG, LOGICAL_I32, textual("1); DROP")), "'1); DROP'");
	ck_assert_str_eq(written(MY_TYPE_LONG, LOGICAL_I32, textual("")), "''");
	ck_assert_str_eq(written(MY_TYPE_LONG, LOGICAL_I32, textual("-")), "'-'");
	ck_assert_str_eq(written(MY_TYPE_BIT, LOGICAL_BIT, textual("012")), "'012'");
	ck_assert_str_eq(sought(MY_TYPE_LONG, LOGICAL_I32, textual("1 OR 1")), "'1 OR 1'");
	ck_assert_str_eq(sought(MY_TYPE_NEWDECIMAL, LOGICAL_DECIMAL, textual("1.2.3")), "'1.2.3'");
	ck_assert_str_eq(sought(MY_TYPE_DOUBLE, LOGICAL_F64, textual("1e5 OR 1")), "'1e5 OR 1'");
}
END_TEST

START_TEST(floats_are_given_as_the_double_that_they_are)
{
	ck_assert_str_eq(written(MY_TYPE_FLOAT, LOGICAL_F32, textual("3.4028235e38")),
	    "'3.4028234663852886e+38'");
	ck_assert_str_eq(
	    sought(MY_TYPE_FLOAT, LOGICAL_F32, textual("0.1")), "0.10000000149011612e0");
	ck_assert_str_eq(sought(MY_TYPE_DOUBLE, LOGICAL_F64, textual("0.1")), "0.1e0");
	ck_assert_str_eq(sought(MY_TYPE_DOUBLE, LOGICAL_F64, textual("1e300")), "1e300");
}
END_TEST

START_TEST(values_are_sought_as_the_column_has_them)
{
	ck_assert_str_eq(sought(MY_TYPE_NEWDECIMAL, LOGICAL_DECIMAL, textual("-1.50")), "-1.50");
	ck_assert_str_eq(sought(MY_TYPE_BIT, LOGICAL_BIT, textual("0101")), "5");
	ck_assert_str_eq(sought(MY_TYPE_STRING, LOGICAL_TEXT, textual("a  ")), "'a'");
	ck_assert_str_eq(sought(MY_TYPE_VARCHAR, LOGICAL_TEXT, textual("a ")), "'a '");
	ck_assert_str_eq(sought(MY_TYPE_STRING, LOGICAL_BYTES, binary("ab", 2)),
	    "concat(_binary'ab', _binary'\\0\\0')");
	ck_assert_str_eq(sought(MY_TYPE_VARCHAR, LOGICAL_BYTES, binary("ab", 2)), "_binary'ab'");
}
END_TEST

START_TEST(statements_of_one_row)
{
	const struct value v[] = { textual("1"), textual("2"), textual("x") },
			   moved[] = { textual("9"), absent_value, textual("y") },
			   same[] = { textual("1"), absent_value, absent_value };
	bool sets;

	start_usual();
	buf_reset(&out);
	my_put_insert(&out, &m.plan);
	ck_ok(my_put_insert_row(&out, &m.plan, v, &err), &err);
	ck_assert_str_eq(text(), "INSERT INTO `s`.`t``x` (`id`, `a`, `v`) VALUES (1,2,'x')");
	buf_reset(&out);
	ck_ok(my_put_delete(&out, &m.plan, v, &err), &err);
	ck_assert_str_eq(text(), "DELETE FROM `s`.`t``x` WHERE `id` = 1");
	buf_reset(&out);
	ck_ok(my_put_update(
		  &out, &m.plan, NULL, &(struct row){ .key = v, .vals = moved }, &sets, &err),
	    &err);
	ck_assert_str_eq(text(), "UPDATE `s`.`t``x` SET `id` = 9, `v` = 'y' WHERE `id` = 1");
	buf_reset(&out);
	ck_ok(my_put_update(
		  &out, &m.plan, NULL, &(struct row){ .key = v, .vals = same }, &sets, &err),
	    &err);
	ck_assert(!sets);
	ck_assert_str_eq(text(), "SELECT 1 FROM `s`.`t``x` WHERE `id` = 1 FOR UPDATE");
}
END_TEST

START_TEST(what_is_absent_or_null_where_it_may_not_be_is_refused)
{
	const struct value lacks[] = { textual("1"), absent_value, textual("x") },
			   null[] = { textual("1"), null_value, textual("secret") };

	start_usual();
	ck_assert(!my_put_insert_row(&out, &m.plan, lacks, &err));
	ck_assert_int_eq(err.kind, ERR_DATA);
	ck_assert_ptr_nonnull(strstr(err.msg, "\"a\" is missing"));
	m.cols[1].notnull = true;
	ck_assert(!my_put_insert_row(&out, &m.plan, null, &err));
	ck_assert_int_eq(err.kind, ERR_DATA);
	ck_assert_ptr_nonnull(strstr(err.msg, "not null on the target"));
	ck_assert_ptr_null(strstr(err.msg, "secret"));
	ck_assert(!my_put_load_row(&out, &m.plan, null, &err));
	ck_assert(!my_put_delete(&out, &m.plan, &(struct value){ .kind = VALUE_ABSENT }, &err));
}
END_TEST

START_TEST(many_rows_are_deleted_by_a_list_of_keys)
{
	const struct value one[] = { textual("1"), textual("2"), textual("x") },
			   two[] = { textual("3"), textual("4"), textual("y") };

	start_usual();
	for (int n = 1; n <= 2; n++)
		for (int tuples = 0; tuples < 2; tuples++) {
			if (n == 2 && tuples == 0)
				key(2);
			buf_reset(&out);
			my_put_delete_many(&out, &m.plan, tuples);
			ck_ok(my_put_delete_key(&out, &m.plan, tuples, true, one, &err), &err);
			ck_ok(my_put_delete_key(&out, &m.plan, tuples, false, two, &err), &err);
			my_put_delete_end(&out, &m.plan, tuples);
			ck_assert_str_eq(text(),
			    n == 1 ? "DELETE FROM `s`.`t``x` WHERE `id` IN (1,3)"
			    : tuples
				? "DELETE FROM `s`.`t``x` WHERE (`id`, `v`) IN ((1,'x'),(3,'y'))"
				: "DELETE FROM `s`.`t``x` WHERE (`id` = 1 AND `v` = 'x') OR (`id` "
				  "= 3 AND `v` = 'y')");
		}
}
END_TEST

START_TEST(many_rows_are_updated_by_a_join)
{
	const struct value one[] = { textual("1"), textual("2"), textual("x") },
			   two[] = { textual("3"), null_value, textual("y") };
	const uint64_t set = 2;
	bool wide;

	start_usual();
	key(2);
	m.types[0].is_unsigned = true;
	ck_assert(my_can_join(&m.plan, &set));
	buf_reset(&out);
	my_put_join(&out);
	ck_ok(my_put_join_row(
		  &out, &m.plan, &set, &(struct row){ .key = one, .vals = one }, true, &wide, &err),
	    &err);
	ck_ok(my_put_join_row(&out, &m.plan, &set, &(struct row){ .key = two, .vals = two }, false,
		  &wide, &err),
	    &err);
	my_put_join_end(&out, &m.plan, &set);
	ck_assert_str_eq(text(), "UPDATE (SELECT CAST(1 AS UNSIGNED) AS k0,'x' AS k2,2 AS v1 UNION "
				 "ALL SELECT CAST(3 AS UNSIGNED),'y',NULL) u"
				 " STRAIGHT_JOIN `s`.`t``x` t ON t.`id` = u.k0 AND t.`v` = u.k2 "
				 "COLLATE utf8mb4_0900_ai_ci SET t.`a` = u.v1");
}
END_TEST

START_TEST(rows_that_a_derived_table_would_spoil_go_alone)
{
	static char wide_text[600 * 40];
	struct value one[8] = { textual("1"), textual("2"), textual("x") };
	const uint64_t set = 6, none = 0;
	bool wide;

	start_usual();
	ck_assert(!my_can_join(&m.plan, &none));
	m.types[0].code = MY_TYPE_DOUBLE;
	ck_assert(!my_can_join(&m.plan, &set));
	m.types[0].code = MY_TYPE_ENUM;
	ck_assert(!my_can_join(&m.plan, &set));
	m.types[0] = (struct coltype){ .code = MY_TYPE_VARCHAR, .logical = LOGICAL_TEXT };
	m.target_cols[0].collation = "latin1_swedish_ci";
	ck_assert(!my_can_join(&m.plan, &set));
	m.target_cols[0].collation = "utf8mb4_bin";
	ck_assert(my_can_join(&m.plan, &set));
	buf_reset(&out);
	one[0] = null_value;
	ck_ok(my_put_join_row(
		  &out, &m.plan, &set, &(struct row){ .key = one, .vals = one }, true, &wide, &err),
	    &err);
	ck_assert(wide);
	start();
	for (int i = 0; i < 8; i++)
		column("c", MY_TYPE_VARCHAR, LOGICAL_TEXT);
	key(0);
	memset(wide_text, 'w', sizeof(wide_text) - 1);
	for (int i = 0; i < 8; i++)
		one[i] = textual(wide_text);
	ck_ok(my_put_join_row(&out, &m.plan, &(uint64_t){ 255 },
		  &(struct row){ .key = one, .vals = one }, true, &wide, &err),
	    &err);
	ck_assert(!wide); /* eight long ones are kept aside by the server */
}
END_TEST

START_TEST(rows_without_key_are_found_by_their_bytes)
{
	const struct value v[] = { textual("1"), textual("0.1"), textual("a "), binary("b", 1),
		null_value };

	start();
	column("i", MY_TYPE_LONG, LOGICAL_I32);
	column("f", MY_TYPE_DOUBLE, LOGICAL_F64);
	column("t", MY_TYPE_VARCHAR, LOGICAL_TEXT);
	column("b", MY_TYPE_GEOMETRY, LOGICAL_GEOMETRY);
	column("n", MY_TYPE_LONG, LOGICAL_I32);
	m.hint[m.plan.nhint++] = 0;
	buf_reset(&out);
	ck_ok(my_put_delete(&out, &m.plan, v, &err), &err);
	ck_assert_str_eq(text(), "DELETE FROM `s`.`t``x` WHERE `i` = 1 AND `i` <=> 1 AND `f` <=> "
				 "0.1e0 AND CAST(CONVERT(`t` USING utf8mb4) AS BINARY) <=>"
				 " CAST(CONVERT('a ' USING utf8mb4) AS BINARY) AND HEX(`b`) <=> "
				 "HEX(_binary'b') AND `n` IS NULL LIMIT 1");
}
END_TEST

/* Equal by `=`, and two rows. MariaDB stores the one as the other. */
START_TEST(the_sign_of_zero_tells_rows_without_key_apart)
{
	const struct value minus[] = { textual("-0"), textual("5") }, plus[] = { textual("0"), textual("-0") };

	start();
	column("f", MY_TYPE_DOUBLE, LOGICAL_F64);
	column("g", MY_TYPE_FLOAT, LOGICAL_F32);
	buf_reset(&out);
	ck_ok(my_put_delete(&out, &m.plan, minus, &err), &err);
	ck_assert_str_eq(text(), "DELETE FROM `s`.`t``x` WHERE `f` <=> -0e0 AND LEFT(`f`, 1) = '-' AND `g` <=> 5e0 LIMIT 1");
	buf_reset(&out);
	ck_ok(my_put_delete(&out, &m.plan, plus, &err), &err);
	ck_assert_str_eq(text(), "DELETE FROM `s`.`t``x` WHERE `f` <=> 0e0 AND LEFT(`f`, 1) <> '-' AND `g` <=> -0e0 AND LEFT(`g`, 1) = '-' LIMIT 1");
	m.types[0].mariadb = m.types[1].mariadb = true;
	buf_reset(&out);
	ck_ok(my_put_delete(&out, &m.plan, minus, &err), &err);
	ck_assert_str_eq(text(), "DELETE FROM `s`.`t``x` WHERE `f` <=> -0e0 AND `g` <=> 5e0 LIMIT 1");
}
END_TEST

START_TEST(rows_of_a_load_are_lines)
{
	const struct value v[] = { textual("1"), null_value, textual("a\tb\n\\ \xc3\xa9"),
		binary("\0\xff", 2), textual("101") };

	start();
	column("i", MY_TYPE_LONG, LOGICAL_I32);
	column("n", MY_TYPE_LONG, LOGICAL_I32);
	column("t", MY_TYPE_VARCHAR, LOGICAL_TEXT);
	column("y", MY_TYPE_BLOB, LOGICAL_BYTES);
	column("b", MY_TYPE_BIT, LOGICAL_BIT);
	m.types[3].collation = MY_COLLATION_BINARY;
	buf_reset(&out);
	ck_ok(my_put_load_row(&out, &m.plan, v, &err), &err);
	ck_assert_str_eq(text(), "1\t\\N\ta\\tb\\n\\\\ \xc3\xa9\t00FF\t5\n");
	buf_reset(&out);
	my_put_load(&out, &m.plan);
	ck_assert_str_eq(text(), "LOAD DATA LOCAL INFILE 'repld' INTO TABLE `s`.`t``x` CHARACTER "
				 "SET utf8mb4 FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\'"
				 " LINES TERMINATED BY '\\n' (`i`, `n`, `t`, @repld_3, @repld_4) "
				 "SET `y` = UNHEX(@repld_3), `b` = CAST(@repld_4 AS UNSIGNED)");
}
END_TEST

START_TEST(what_is_read_to_be_written_back_keeps_its_value)
{
	start();
	column("f", MY_TYPE_FLOAT, LOGICAL_F32);
	column("b", MY_TYPE_BIT, LOGICAL_BIT);
	column("t", MY_TYPE_VARCHAR, LOGICAL_TEXT);
	column("d", MY_TYPE_DOUBLE, LOGICAL_F64);
	column("r", MY_TYPE_DOUBLE, LOGICAL_F64);
	m.types[3].name = "double";
	m.types[4].name = "double(10,2)";
	buf_reset(&out);
	for (int i = 0; i < 5; i++)
		my_put_saved_column(&out, m.cols[i].name, &m.types[i]);
	ck_assert_str_eq(text(), "`f` * 1e0`b` + 0`t``d``r` * 1e0");
	buf_reset(&out);
	my_put_saved(&out, &m.types[1], "5", 1, false);
	my_put_saved(&out, &m.types[2], "a'", 2, false);
	my_put_saved(&out, &m.types[2], NULL, 0, true);
	ck_assert_str_eq(text(), "5'a\\''NULL");
}
END_TEST

UNIT_MAIN("my_statement", values_are_written_as_literals,
    what_is_no_number_never_stands_without_quotes, floats_are_given_as_the_double_that_they_are,
    values_are_sought_as_the_column_has_them, statements_of_one_row,
    what_is_absent_or_null_where_it_may_not_be_is_refused, many_rows_are_deleted_by_a_list_of_keys,
    many_rows_are_updated_by_a_join, rows_that_a_derived_table_would_spoil_go_alone,
    rows_without_key_are_found_by_their_bytes, the_sign_of_zero_tells_rows_without_key_apart,
    rows_of_a_load_are_lines,
    what_is_read_to_be_written_back_keeps_its_value)
