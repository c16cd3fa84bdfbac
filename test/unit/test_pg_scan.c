/* test_pg_scan.c - chunks, statements and the two forms of COPY's rows. */
#include "endpoints/pg_conn.h"

static int version_of_server = 150000;
#define pg_conn_version(c) ((void)(c), version_of_server)
#include "endpoints/pg_scan.c"

#include "test/unit/unit.h"

static int
text_of(const char *row, uint16_t ncols, struct value *vals, struct err *err)
{
	static char copy[200];
	struct source_scan s = { .ncols = ncols };

	snprintf(copy, sizeof(copy), "%s", row);
	return text_row(&s, copy, strlen(row), vals, err);
}

static void
is_text(const struct value *v, const char *want)
{
	ck_assert_int_eq(v->kind, VALUE_TEXT);
	ck_assert_uint_eq(v->len, strlen(want));
	ck_assert(memcmp(v->p, want, v->len) == 0);
}

START_TEST(pg_scan_text_row_tells_null_empty_and_escapes_apart)
{
	struct err err = ERR_INIT;
	struct value v[6];

	ck_assert_int_eq(text_of("\\N\t\tN\t\\\\N\ta\\tb\\nc\\\\\t\\b\\f\\r\\v\n", 6, v, &err), 1);
	ck_assert_int_eq(v[0].kind, VALUE_NULL);
	is_text(&v[1], "");
	is_text(&v[2], "N");
	is_text(&v[3], "\\N");
	is_text(&v[4], "a\tb\nc\\");
	is_text(&v[5], "\b\f\r\v");
	ck_assert_int_eq(text_of("\n", 1, v, &err), 1);
	is_text(&v[0], "");
	ck_assert_int_eq(text_of("\n", 0, v, &err), 1);
}
END_TEST

START_TEST(pg_scan_text_row_of_another_shape_is_refused)
{
	struct err err = ERR_INIT;
	struct value v[6];

	ck_fails(text_of("a\tb\n", 3, v, &err) != -1, &err, ERR_PROTOCOL);
	ck_fails(text_of("a\tb\n", 1, v, &err) != -1, &err, ERR_PROTOCOL);
	ck_fails(text_of("a\tb", 2, v, &err) != -1, &err, ERR_PROTOCOL);
	ck_fails(text_of("", 0, v, &err) != -1, &err, ERR_PROTOCOL);
	ck_fails(text_of("a\n", 0, v, &err) != -1, &err, ERR_PROTOCOL);
	ck_fails(text_of("a\\\n", 1, v, &err) != -1, &err, ERR_PROTOCOL);
	ck_fails(text_of("a\\x41\n", 1, v, &err) != -1, &err, ERR_PROTOCOL);
}
END_TEST

static void
put_header(struct buf *b)
{
	buf_put(b, "PGCOPY\n\377\r\n\0", 11);
	buf_u32(b, 0);
	buf_u32(b, 0);
}

static void
put_row(struct buf *b)
{
	buf_u16(b, 2);
	buf_u32(b, 3);
	buf_put(b, "abc", 3);
	buf_u32(b, UINT32_MAX);
}

START_TEST(pg_scan_binary_row_follows_the_header_and_ends_with_the_trailer)
{
	struct source_scan s = { .ncols = 2, .binary = true };
	struct err err = ERR_INIT;
	struct buf b = { 0 };
	struct value v[2];

	put_header(&b);
	put_row(&b);
	ck_assert_int_eq(binary_row(&s, rd_init(b.p, b.n), v, &err), 1);
	ck_assert_int_eq(v[0].kind, VALUE_BINARY);
	ck_assert(v[0].len == 3 && memcmp(v[0].p, "abc", 3) == 0);
	ck_assert_int_eq(v[1].kind, VALUE_NULL);
	ck_assert(!s.trailer_seen);
	ck_assert_int_eq(binary_row(&s, rd_init("\377\377", 2), v, &err), 0);
	ck_assert(s.trailer_seen);
	buf_reset(&b);
	put_row(&b);	/* after the trailer */
	ck_fails(binary_row(&s, rd_init(b.p, b.n), v, &err) != -1, &err, ERR_PROTOCOL);
	buf_done(&b);
}
END_TEST

START_TEST(pg_scan_binary_row_cut_anywhere_is_refused)
{
	struct err err = ERR_INIT;
	struct buf b = { 0 };
	struct value v[2];

	put_header(&b);
	put_row(&b);
	for (size_t n = 0; n < b.n; n++) {
		struct source_scan s = { .ncols = 2, .binary = true };

		if (n == BINARY_HEADER_BYTES)
			continue;	/* a header alone is fine */
		ck_fails(binary_row(&s, rd_init(b.p, n), v, &err) != -1, &err, ERR_PROTOCOL);
	}
	buf_u8(&b, 0);
	{
		struct source_scan s = { .ncols = 2, .binary = true };

		ck_fails(binary_row(&s, rd_init(b.p, b.n), v, &err) != -1, &err, ERR_PROTOCOL);
	}
	buf_done(&b);
}
END_TEST

START_TEST(pg_scan_finds_the_noted_filenode)
{
	ck_assert_uint_eq(noted_filenode("16384:20001,16390:16390", 16384), 20001);
	ck_assert_uint_eq(noted_filenode("16384:20001,16390:16390", 16390), 16390);
	ck_assert_uint_eq(noted_filenode("16384:20001,16390:16390", 1639), 0);
	ck_assert_uint_eq(noted_filenode("", 1), 0);
	ck_assert_uint_eq(noted_filenode("x", 1), 0);
	ck_assert_uint_eq(noted_filenode("1", 1), 0);
}
END_TEST

START_TEST(pg_scan_chunks_cover_each_leaf_without_an_upper_bound)
{
	struct leaf_desc leaves[] = { { .pages = 1000 }, { .pages = 0 }, { .pages = 105 } };
	const struct table_desc d = { .nleaves = 3, .leaves = leaves };
	const uint64_t per = pages_per_chunk(&d, 10, 8192);

	ck_assert_uint_eq(per, 111);
	ck_assert_uint_eq(leaf_chunks(&leaves[0], per), 9);
	ck_assert_uint_eq(leaf_chunks(&leaves[1], per), 1);
	ck_assert_uint_eq(leaf_chunks(&leaves[2], per), 1);
	ck_assert_uint_eq(pages_per_chunk(&d, 1000, 800 * 8192), 800);
	ck_assert_uint_eq(pages_per_chunk(&(struct table_desc){ .nleaves = 0 }, 4, 0), 1);
}
END_TEST

/* Ranges follow each other from page 0 on; a leaf's last one is open (end 0). */
static uint32_t
split_is_whole(struct table_desc *d, uint32_t want)
{
	struct arena *arena = arena_new(16 << 10, 0);
	struct source s = { .c = NULL };
	const struct table t = { .source = d };
	struct chunk *c;
	struct err err = ERR_INIT;
	uint32_t n;

	ck_ok(pg_scan_split(&s, &t, want, 8192, arena, &c, &n, &err), &err);
	for (uint32_t i = 0; i < n; i++) {
		const bool first = i == 0 || c[i - 1].leaf != c[i].leaf;
		const bool last = i + 1 == n || c[i + 1].leaf != c[i].leaf;

		ck_assert_uint_eq(c[i].number, i);
		ck_assert_uint_eq(c[i].first_page, first ? 0 : c[i - 1].end_page);
		ck_assert(last ? c[i].end_page == 0 : c[i].end_page > c[i].first_page);
	}
	arena_free(arena);
	return n;
}

START_TEST(pg_scan_split_leaves_the_last_range_open)
{
	struct leaf_desc leaves[] = { { .pages = 1000 }, { .pages = 0 }, { .pages = 105 } };
	struct table_desc d = { .nleaves = 3, .leaves = leaves };

	ck_assert_uint_eq(split_is_whole(&d, 10), 11);
	ck_assert_uint_eq(split_is_whole(&d, 1), 3);
	version_of_server = 130000;
	ck_assert_uint_eq(split_is_whole(&d, 10), 3);
}
END_TEST

START_TEST(pg_scan_statement_reads_by_name_and_leaves_generated_columns_out)
{
	struct column_desc cols[] = { { .name = "id" }, { .name = "g", .generated = true },
		{ .name = "Odd \"one" } };
	const struct table_desc d = { .ncols = 3, .cols = cols };
	const struct leaf_desc leaf = { .schema = "s", .name = "t1" };
	struct source_scan s = { .binary = true };
	struct chunk c = { .first_page = 5, .end_page = 9 };
	struct buf sql = { 0 };

	copy_sql(&s, &d, &leaf, &c, &sql);
	ck_assert_str_eq(buf_cstr(&sql),
	    "COPY (SELECT \"id\", \"Odd \"\"one\" FROM ONLY \"s\".\"t1\" WHERE ctid >= '(5,0)'::tid"
	    " AND ctid < '(9,0)'::tid) TO STDOUT (FORMAT binary)");
	ck_assert_uint_eq(s.ncols, 2);
	buf_reset(&sql);
	s.binary = false;
	c = (struct chunk){ .first_page = 0, .end_page = 0 };
	copy_sql(&s, &d, &leaf, &c, &sql);
	ck_assert_str_eq(buf_cstr(&sql),
	    "COPY (SELECT \"id\", \"Odd \"\"one\" FROM ONLY \"s\".\"t1\") TO STDOUT (FORMAT text)");
	buf_reset(&sql);
	c = (struct chunk){ .first_page = 7, .end_page = 0 };
	copy_sql(&s, &d, &leaf, &c, &sql);
	ck_assert(strstr(buf_cstr(&sql), "ctid >= '(7,0)'::tid)") != NULL);
	buf_done(&sql);
}
END_TEST

START_TEST(pg_scan_statement_of_a_range_quotes_bounds_and_leaves_the_ends_open)
{
	struct column_desc cols[] = { { .name = "k" } };
	const struct table_desc d = { .ncols = 1, .cols = cols };
	const struct leaf_desc leaf = { .schema = "s", .name = "t" };
	struct source_scan s = { .binary = true };
	struct chunk c = { .column = "k\"", .low = "it's", .high = "x" };
	struct buf sql = { 0 };

	copy_sql(&s, &d, &leaf, &c, &sql);
	ck_assert_str_eq(buf_cstr(&sql),
	    "COPY (SELECT \"k\" FROM ONLY \"s\".\"t\" WHERE \"k\"\"\" >= 'it''s' AND \"k\"\"\" < "
	    "'x') TO STDOUT (FORMAT binary)");
	buf_reset(&sql);
	c.low = NULL;
	copy_sql(&s, &d, &leaf, &c, &sql);
	ck_assert(strstr(buf_cstr(&sql), " WHERE \"k\"\"\" < 'x') TO") != NULL);
	buf_reset(&sql);
	c.low = "a";
	c.high = NULL;
	copy_sql(&s, &d, &leaf, &c, &sql);
	ck_assert(strstr(buf_cstr(&sql), " WHERE \"k\"\"\" >= 'a') TO") != NULL);
	buf_reset(&sql);
	c.low = NULL;
	copy_sql(&s, &d, &leaf, &c, &sql);
	ck_assert(strstr(buf_cstr(&sql), "\"t\") TO") != NULL);
	buf_done(&sql);
}
END_TEST

UNIT_MAIN("pg_scan", pg_scan_text_row_tells_null_empty_and_escapes_apart,
    pg_scan_text_row_of_another_shape_is_refused,
    pg_scan_binary_row_follows_the_header_and_ends_with_the_trailer,
    pg_scan_binary_row_cut_anywhere_is_refused, pg_scan_finds_the_noted_filenode,
    pg_scan_chunks_cover_each_leaf_without_an_upper_bound,
    pg_scan_split_leaves_the_last_range_open,
    pg_scan_statement_reads_by_name_and_leaves_generated_columns_out,
    pg_scan_statement_of_a_range_quotes_bounds_and_leaves_the_ends_open)
