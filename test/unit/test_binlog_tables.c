/* test_binlog_tables.c - tables that the log announces and the rows that follow: columns that are left out, images that lack columns, types that
 * do not fit the log's, and what no server sends. */
#include "cdc/binlog_tables.c"

#include "test/fake/binlog_maker.h"

#define WHEN "2023-11-14T22:13:20.000Z"

/* ---- a table, and what the resolver says of it ---- */

static struct {
	const struct coltype *types;
	const bool *left_out;
	bool names;		/* they are said to be known */
	const char *name;	/* of the first column; NULL: as the log has it */
	bool want_old;
} given;

static bool
given_resolve(void *arg, struct binlog_table *t, struct binlog_capture *ret, struct err *err)
{
	(void)err;
	ret->table = arg;
	ret->types = given.types;
	ret->left_out = given.left_out;
	ret->want_old = given.want_old;
	if (given.names) {
		t->has_names = true;
		t->cols[0].name = given.name;
	}
	return true;
}

/* A transaction is open, and tables are resolved as `given` says. */
static void
start(struct maker *m, const struct binlog_options *options)
{
	const bool mariadb = m->mariadb;

	maker_ready(m, options);
	m->rig.dec->hooks.resolve = given_resolve;
	m->rig.dec->hooks.relation = NULL;
	if (mariadb)
		ck_ok(mariadb_gtid(m, 0, 1, 0), &m->rig.err);
	else
		ck_ok(query(m, "BEGIN"), &m->rig.err);
	buf_reset(&m->rig.text);
}

/* The table app.t with number 9: types and metadata as they stand in the log, names a, b, c ..., the first one is the key. */
static bool
announce_table(struct maker *m, const char *types, size_t n, const char *meta, size_t nmeta)
{
	struct buf b = { 0 };

	put_le(&b, 9, 6);
	put_le(&b, 1, 2);
	buf_put(&b, "\3app\0\1t\0", 8);
	buf_u8(&b, (uint8_t)n);
	buf_put(&b, types, n);
	buf_u8(&b, (uint8_t)nmeta);
	buf_put(&b, meta, nmeta);
	put_le(&b, 0xff, (int)(n + 7) / 8);
	if (n == 3 || types[0] == 3 || (uint8_t)types[0] == MY_TYPE_NEWDECIMAL)	/* numbers have signs */
		buf_put(&b, "\1\1\0", 3);
	buf_u8(&b, 4);
	buf_u8(&b, (uint8_t)(2 * n));
	for (size_t i = 0; i < n; i++) {
		buf_u8(&b, 1);
		buf_u8(&b, (uint8_t)('a' + i));
	}
	buf_put(&b, "\10\1\0", 3);
	return send_event(m, EVENT_TABLE_MAP, &b);
}

static bool
rows(struct maker *m, uint8_t type, const void *p, size_t n)
{
	struct buf b = { 0 };

	put_le(&b, 9, 6);
	put_le(&b, STMT_END, 2);
	put_le(&b, 2, 2);
	buf_put(&b, p, n);
	return send_event(m, type, &b);
}

#define TABLE(m, types, meta)  announce_table(m, types, sizeof(types) - 1, meta, sizeof(meta) - 1)
#define ROWS(m, type, bytes)   rows(m, EVENT_##type##_ROWS, bytes, sizeof(bytes) - 1)
#define INT3		       "\3\3\3"	/* three columns of int */
#define ROW(a, b, c)	       "\0" a "\0\0\0" b "\0\0\0" c "\0\0\0"

static void
expect_rows(struct maker *m, const char *want)
{
	const char *is = strchr(buf_cstr(&m->rig.text), '\n');

	is = strncmp(buf_cstr(&m->rig.text), "BEGIN", 5) == 0 ? is + 1 : buf_cstr(&m->rig.text);
	if (strcmp(is, want) != 0)
		ck_abort_msg("is:\n%s\nshould be:\n%s", is, want);
	buf_reset(&m->rig.text);
}

/* ---- columns that are left out ---- */

static const bool middle[] = { false, true, false };
static const struct coltype ints[] = { { .code = MY_TYPE_LONG, .name = "int" }, { .code = MY_TYPE_LONG, .name = "int" },
	{ .code = MY_TYPE_LONG, .name = "int" } };

START_TEST(tables_columns_left_out_are_in_no_row)
{
	struct maker m = { 0 };

	given.types = ints;
	given.left_out = middle;
	start(&m, NULL);
	ok(TABLE(&m, INT3, "") && ROWS(&m, WRITE, "\3\7" ROW("\1", "\2", "\3")));
	expect_rows(&m, "  INSERT app.t\n    new: a=\"1\" c=\"3\"\n");
	ok(TABLE(&m, INT3, "") && ROWS(&m, UPDATE, "\3\7\7" ROW("\1", "\2", "\3") ROW("\1", "\5", "\6")));
	expect_rows(&m, "  UPDATE app.t (may cascade)\n    new: a=\"1\" c=\"6\"\n");
	ok(TABLE(&m, INT3, "") && ROWS(&m, UPDATE, "\3\7\7" ROW("\1", "\2", "\3") ROW("\7", "\5", "\6")));
	expect_rows(&m, "  UPDATE app.t (may cascade)\n    old key: a=\"1\" c=absent\n    new: a=\"7\" c=\"6\"\n");
	/* an image that lacks nothing but what is left out is whole */
	ok(TABLE(&m, INT3, "") && ROWS(&m, WRITE, "\3\5\0\1\0\0\0\3\0\0\0"));
	expect_rows(&m, "  INSERT app.t\n    new: a=\"1\" c=\"3\"\n");
	/* before: all, after: what has changed; the column left out has not to be filled in */
	ok(TABLE(&m, INT3, "") && ROWS(&m, UPDATE, "\3\7\4" ROW("\1", "\2", "\3") "\0\6\0\0\0"));
	expect_rows(&m, "  UPDATE app.t (may cascade)\n    new: a=\"1\" c=\"6\"\n");
	ok(TABLE(&m, INT3, "") && ROWS(&m, UPDATE, "\3\7\5" ROW("\1", "\2", "\3") "\0\1\0\0\0\6\0\0\0"));
	expect_rows(&m, "  UPDATE app.t (may cascade)\n    new: a=\"1\" c=\"6\"\n");
	ok(TABLE(&m, INT3, "") && ROWS(&m, DELETE, "\3\7" ROW("\1", "\2", "\3")));
	expect_rows(&m, "  DELETE app.t (may cascade)\n    old key: a=\"1\" c=absent\n");
	no(TABLE(&m, INT3, "") && ROWS(&m, WRITE, "\3\3\0\1\0\0\0\3\0\0\0"), ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "column c: the image of an inserted row lacks it"));
	maker_end(&m);
}
END_TEST

START_TEST(tables_old_rows_are_whole_but_for_columns_left_out)
{
	struct maker m = { 0 };

	given.types = ints;
	given.left_out = middle;
	given.want_old = true;
	start(&m, NULL);
	ok(TABLE(&m, INT3, "") && ROWS(&m, UPDATE, "\3\7\7" ROW("\1", "\2", "\3") ROW("\7", "\5", "\6")));
	expect_rows(&m, "  UPDATE app.t (may cascade)\n    old row: a=\"1\" c=\"3\"\n    new: a=\"7\" c=\"6\"\n");
	ok(TABLE(&m, INT3, "") && ROWS(&m, UPDATE, "\3\5\1" "\0\1\0\0\0\3\0\0\0" "\0\7\0\0\0"));
	expect_rows(&m, "  UPDATE app.t (may cascade)\n    old row: a=\"1\" c=\"3\"\n    new: a=\"7\" c=\"3\"\n");
	ok(TABLE(&m, INT3, "") && ROWS(&m, DELETE, "\3\7" ROW("\1", "\2", "\3")));
	expect_rows(&m, "  DELETE app.t (may cascade)\n    old row: a=\"1\" c=\"3\"\n");
	no(TABLE(&m, INT3, "") && ROWS(&m, DELETE, "\3\1\0\1\0\0\0"), ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "column c: the image before the change lacks it"));
	maker_end(&m);
}
END_TEST

/* Where the key's own column is left out, the whole row is its identity. */
START_TEST(tables_key_that_is_left_out_is_none)
{
	static const bool first[] = { true, false, false };
	struct maker m = { 0 };

	given.types = ints;
	given.left_out = first;
	start(&m, NULL);
	ok(TABLE(&m, INT3, "") && ROWS(&m, DELETE, "\3\7" ROW("\1", "\2", "\3")));
	expect_rows(&m, "  DELETE app.t (may cascade)\n    old row: b=\"2\" c=\"3\"\n");
	maker_end(&m);
}
END_TEST

START_TEST(tables_rows_of_no_bytes_are_refused)
{
	static const bool all[] = { true, true, true };
	struct maker m = { 0 };

	given.types = ints;
	given.left_out = all;
	start(&m, NULL);
	no(TABLE(&m, INT3, "") && ROWS(&m, WRITE, "\3\0more"), ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "a row of no bytes"));
	maker_end(&m);
}
END_TEST

/* ---- what is known of the columns ---- */

START_TEST(tables_names_that_are_none_are_refused)
{
	struct maker m = { 0 };

	given.types = ints;
	given.names = true;
	for (int i = 0; i < 2; i++) {
		given.name = i == 0 ? NULL : "";
		start(&m, NULL);
		no(TABLE(&m, INT3, ""), ERR_SCHEMA);
		ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "does not tell the columns' names"));
		ck_assert_ptr_nonnull(strstr(m.rig.err.remedy, "binlog_row_metadata = FULL"));
		ck_assert_str_eq(m.rig.err.table, "app.t");
		maker_end(&m);
	}
}
END_TEST

static bool
refuses_relation(void *arg, const struct relation *rel, struct err *err)
{
	(void)arg, (void)rel;
	return err_set(err, ERR_CONFIG, "nobody wants it");
}

START_TEST(tables_relation_that_is_not_wanted_ends_the_stream)
{
	struct maker m = { 0 };

	start(&m, NULL);
	m.rig.dec->hooks.relation = refuses_relation;
	no(TABLE(&m, INT3, ""), ERR_CONFIG);
	maker_end(&m);
}
END_TEST

START_TEST(tables_names_too_long_are_refused)
{
	struct maker m = { 0 };
	struct buf b = { 0 };

	start(&m, NULL);
	put_le(&b, 9, 6);
	put_le(&b, 1, 2);
	for (int k = 0; k < 2; k++) {
		buf_u8(&b, 252);
		put_le(&b, 300, 2);
		for (int i = 0; i < 300; i++)
			buf_u8(&b, 'n');
		buf_u8(&b, 0);
	}
	buf_put(&b, "\1\3\0\0\1\1\0\4\3\2id\10\1\0", 15);
	no(send_event(&m, EVENT_TABLE_MAP, &b), ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "a name of 601 bytes"));
	maker_end(&m);
}
END_TEST

/* Types of the catalog that go with none of the log: a column's bytes must stand there as the log says. */
START_TEST(tables_metadata_that_no_type_has_is_refused)
{
	static const struct {
		const char *type, *meta;
		size_t nmeta;
		bool fine;
	} columns[] = { { "\23", "\6", 1, true }, { "\23", "\7", 1, false }, { "\21", "\7", 1, false }, { "\22", "\7", 1, false },
		{ "\366", "\5\5", 2, true }, { "\366", "\5\6", 2, false }, { "\366", "\102\2", 2, false }, { "\20", "\7\10", 2, true },
		{ "\20", "\10\1", 2, false }, { "\20", "\0\11", 2, false }, { "\376", "\367\2", 2, true }, { "\376", "\367\0", 2, false },
		{ "\376", "\370\10", 2, true }, { "\376", "\370\11", 2, false }, { "\374", "\4", 1, true }, { "\374", "\0", 1, false },
		{ "\374", "\5", 1, false }, { "\365", "\5", 1, false }, { "\0", "", 0, false }, { "\6", "", 0, false } };

	given.types = ints;
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		struct maker m = { 0 };
		bool taken;

		start(&m, NULL);
		taken = announce_table(&m, columns[i].type, 1, columns[i].meta, columns[i].nmeta);
		ck_assert_msg(taken == columns[i].fine, "column %zu: %s", i, m.rig.err.msg);
		if (!taken) {
			ck_assert_int_eq(m.rig.err.kind, ERR_PROTOCOL);
			ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "column a: type "));
			ck_assert_str_eq(m.rig.err.table, "app.t");
		}
		maker_end(&m);
	}
}
END_TEST

/* The catalog says less bytes than the log, or more: rows are refused, not read askew. */
START_TEST(tables_rows_that_do_not_fit_their_types_are_refused)
{
	static const struct coltype shorter[] = { { .code = MY_TYPE_SHORT, .name = "smallint" } },
		longer[] = { { .code = MY_TYPE_LONGLONG, .name = "bigint" } };
	struct maker m = { 0 };

	given.types = shorter;
	start(&m, NULL);
	no(TABLE(&m, "\3", "") && ROWS(&m, UPDATE, "\1\1\1\0\1\0\0\0\0\2\0"), ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "a row is cut, or not of this table"));
	maker_end(&m);
	given.types = longer;
	start(&m, NULL);
	no(TABLE(&m, "\3", "") && ROWS(&m, DELETE, "\1\1\0\1\0\0\0"), ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "column a"));
	maker_end(&m);
	start(&m, NULL);	/* the key moves, and the one before cannot be read */
	no(TABLE(&m, "\3", "") && ROWS(&m, UPDATE, "\1\1\1\0\1\0\0\0\0\2\0\0\0\0\0\0\0"), ERR_PROTOCOL);
	maker_end(&m);
}
END_TEST

/* Values that the type does not have, wherever they stand. */
START_TEST(tables_values_that_are_none_are_refused_wherever_they_stand)
{
	static const char *const labels[] = { "x", "y" };
	static const struct coltype types[] = { { .code = MY_TYPE_ENUM, .name = "enum", .length = 1, .labels = labels, .nlabels = 2 },
		{ .code = MY_TYPE_ENUM, .name = "enum", .length = 1, .labels = labels, .nlabels = 2 } };
	static const struct {
		uint8_t type;
		const char *bytes;
		size_t n;
		bool want_old;
		const char *column;	/* NULL: it is taken */
	} cases[] = {
		{ EVENT_UPDATE_ROWS, "\2\3\3\0\1\1\0\2\2", 9, false, NULL },
		{ EVENT_WRITE_ROWS, "\2\3\0\3\1", 5, false, "column a" },
		{ EVENT_UPDATE_ROWS, "\2\3\3\0\3\1\0\1\1", 9, false, "column a" },	/* the key before */
		{ EVENT_UPDATE_ROWS, "\2\3\3\0\1\1\0\1\3", 9, false, "column b" },
		{ EVENT_UPDATE_ROWS, "\2\3\1\0\1\3\0\1", 8, false, "column b" },	/* what is taken from before */
		{ EVENT_UPDATE_ROWS, "\2\3\1\0\1\1\0\3", 8, false, "column a" },
		{ EVENT_UPDATE_ROWS, "\2\3\3\0\1\3\0\1\1", 9, true, "column b" },
		{ EVENT_UPDATE_ROWS, "\2\3\3\0\1\1\0\1\3", 9, true, "column b" },
		{ EVENT_DELETE_ROWS, "\2\3\0\3\1", 5, false, "column a" },
		{ EVENT_DELETE_ROWS, "\2\3\0\1\3", 5, true, "column b" },
	};

	given.types = types;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct maker m = { 0 };
		bool taken;

		given.want_old = cases[i].want_old;
		start(&m, NULL);
		ok(TABLE(&m, "\376\376", "\367\1\367\1"));
		taken = rows(&m, cases[i].type, cases[i].bytes, cases[i].n);
		ck_assert_msg(taken == (cases[i].column == NULL), "case %zu: %s", i, m.rig.err.msg);
		if (!taken)
			ck_assert_msg(m.rig.err.kind == ERR_PROTOCOL && strstr(m.rig.err.msg, cases[i].column) != NULL, "case %zu: %s", i,
			    m.rig.err.msg);
		maker_end(&m);
	}
}
END_TEST

/* ---- events ---- */

START_TEST(tables_rows_events_that_are_cut_are_refused)
{
	struct maker m = { 0 };
	struct buf b = { 0 };

	for (int i = 0; i < 5; i++) {
		start(&m, NULL);
		ok(TABLE(&m, INT3, ""));
		put_le(&b, 9, 6);
		put_le(&b, 0, 2);
		put_le(&b, i == 0 ? 1 : i == 1 ? 9 : 2, 2);	/* what follows: less than its own length; more than is there */
		if (i >= 2)
			buf_put(&b, i == 2 ? "\2\3" : i == 3 ? "\374" : "\3\7", i == 3 ? 1 : 2);
		no(send_event(&m, i == 4 ? EVENT_UPDATE_ROWS : EVENT_WRITE_ROWS, &b), ERR_PROTOCOL);
		ck_assert_ptr_nonnull(strstr(m.rig.err.msg, i == 2 ? "rows of 2 columns, the table has 3" : " is cut"));
		ck_assert_str_eq(m.rig.err.table, i < 2 ? "" : "app.t");
		maker_end(&m);
	}
}
END_TEST

START_TEST(tables_number_of_none_ends_a_statement_only)
{
	struct maker m = { 0 };

	start(&m, NULL);
	ok(TABLE(&m, INT3, ""));
	ok(send_bytes(&m, EVENT_WRITE_ROWS, "\377\377\377\0\0\0\1\0\2\0", 10));
	no(ROWS(&m, WRITE, "\3\7" ROW("\1", "\2", "\3")), ERR_PROTOCOL);	/* it went with its statement */
	maker_end(&m);
	start(&m, NULL);
	no(send_bytes(&m, EVENT_WRITE_ROWS, "\377\377\377\0\0\0\0\0\2\0", 10), ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "rows of table 16777215"));
	maker_end(&m);
}
END_TEST

/* Servers older than 5.1.4 wrote table numbers of four bytes, which their FORMAT_DESCRIPTION tells. */
START_TEST(tables_numbers_of_four_bytes)
{
	struct maker m = { 0 };
	struct buf b = format_body(&m, "8.4.1", 1);

	b.p[2 + 50 + 4 + 1 + EVENT_TABLE_MAP - 1] = 6;
	b.p[2 + 50 + 4 + 1 + EVENT_WRITE_ROWS_V1 - 1] = 6;
	maker_start(&m, NULL);
	ok(rotate(&m, "log.000001", 4, true) && send_event(&m, EVENT_FORMAT_DESCRIPTION, &b));
	ok(query(&m, "BEGIN"));
	ok(send_bytes(&m, EVENT_TABLE_MAP, "\11\0\0\0\1\0\3app\0\1t\0\1\3\0\0\1\1\0\4\3\2id\10\1\0", 29));
	buf_reset(&m.rig.text);
	ok(send_bytes(&m, EVENT_WRITE_ROWS_V1, "\11\0\0\0\1\0\1\1\0\7\0\0\0", 13));
	expect_rows(&m, "  INSERT app.t\n    new: id=\"7\"\n");
	maker_end(&m);
}
END_TEST

START_TEST(tables_without_end_are_forgotten_in_time)
{
	struct maker m = { 0 };
	char name[16];

	maker_ready(&m, NULL);
	ok(query(&m, "BEGIN"));
	m.rig.dump = false;
	for (unsigned i = 0; i < ENTRIES_MAX + 5; i++) {
		snprintf(name, sizeof(name), "skip%u", i);
		ok(table(&m, i, name) && insert(&m, i, 1));
		ck_assert_uint_le(map_count(m.rig.dec->by_content), ENTRIES_MAX);
	}
	ck_assert_uint_eq(map_count(m.rig.dec->by_content), 5);
	ck_assert_uint_eq(binlog_uncaptured(m.rig.dec), ENTRIES_MAX + 5);
	maker_end(&m);
}
END_TEST

/* ---- a sink that takes no more, at each record of a transaction ---- */

START_TEST(tables_sink_that_refuses_ends_the_stream_at_once)
{
	static const struct {
		uint8_t type;
		const char *bytes;
		size_t n;
		bool want_old;
	} cases[] = { { EVENT_WRITE_ROWS, "\3\7" ROW("\1", "\2", "\3"), 15, false }, { EVENT_DELETE_ROWS, "\3\7" ROW("\1", "\2", "\3"), 15, false },
		{ EVENT_UPDATE_ROWS, "\3\7\7" ROW("\1", "\2", "\3") ROW("\1", "\2", "\4"), 29, false },
		{ EVENT_UPDATE_ROWS, "\3\7\3" ROW("\1", "\2", "\3") "\0\1\0\0\0\2\0\0\0", 25, false },
		{ EVENT_UPDATE_ROWS, "\3\7\7" ROW("\1", "\2", "\3") ROW("\1", "\2", "\4"), 29, true } };

	given.types = ints;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct maker m = { 0 };

		given.want_old = cases[i].want_old;
		for (size_t records = 1; records <= 2; records++) {
			start(&m, NULL);
			m.rig.sink.refuse_after = records;
			ok(TABLE(&m, INT3, ""));
			if (records == 1)	/* BEGIN has room, the row has none */
				no(rows(&m, cases[i].type, cases[i].bytes, cases[i].n), ERR_CANCELLED);
			else
				ok(rows(&m, cases[i].type, cases[i].bytes, cases[i].n));
			maker_end(&m);
		}
	}
}
END_TEST

UNIT_MAIN("binlog_tables", tables_columns_left_out_are_in_no_row, tables_old_rows_are_whole_but_for_columns_left_out,
    tables_key_that_is_left_out_is_none, tables_rows_of_no_bytes_are_refused, tables_names_that_are_none_are_refused,
    tables_relation_that_is_not_wanted_ends_the_stream, tables_names_too_long_are_refused,
    tables_metadata_that_no_type_has_is_refused, tables_rows_that_do_not_fit_their_types_are_refused,
    tables_values_that_are_none_are_refused_wherever_they_stand, tables_rows_events_that_are_cut_are_refused,
    tables_number_of_none_ends_a_statement_only, tables_numbers_of_four_bytes, tables_without_end_are_forgotten_in_time,
    tables_sink_that_refuses_ends_the_stream_at_once)
