/* test_pg_copy.c - COPY's two formats as bytes, and the size of the pieces. */
#include "endpoints/pg_copy.c"

#include "daemon/base/arena.h"
#include "test/unit/unit.h"

static struct coltype number = { .wire = WIRE_BINARY, .name = "integer" };
static struct coltype label = { .wire = WIRE_LABEL, .name = "public.mood" };
static struct table_desc desc = { .schema = "s", .name = "t" };
static struct plan_column cols[] = {
	{ .src = 1,
	    .name = "a",
	    .source_type = &number,
	    .target_type = &number,
	    .binary_ok = true },
	{ .src = 0, .name = "b", .source_type = &label, .target_type = &label },
};
static const struct plan plan = { .ncols = 2, .cols = cols, .target = &desc };

static struct buf out;
static size_t biggest;

static bool
collect(void *arg, const void *p, size_t n, struct err *err)
{
	(void)arg;
	(void)err;
	buf_put(&out, p, n);
	biggest = n > biggest ? n : biggest;
	return true;
}

static struct value
value(enum value_kind kind, const void *p, size_t n)
{
	return (struct value){ .kind = (uint8_t)kind, .len = (uint32_t)n, .p = p };
}

static void
run(bool binary, const struct value *rows, size_t n)
{
	struct pg_copy c = { .put = collect };
	struct err err = ERR_INIT;

	buf_reset(&out);
	biggest = 0;
	pg_copy_start(&c, &plan, binary);
	for (size_t i = 0; i < n; i++)
		ck_ok(pg_copy_row(&c, rows + 2 * i, &err), &err);
	ck_ok(pg_copy_finish(&c, &err), &err);
	pg_copy_done(&c);
}

START_TEST(copy_escapes_what_text_would_read_otherwise)
{
	const struct value rows[] = { value(VALUE_TEXT, "\\N", 2),
		value(VALUE_TEXT, "a\tb\nc\rd\\", 8), value(VALUE_NULL, NULL, 0),
		value(VALUE_TEXT, "", 0), value(VALUE_TEXT, "\\.", 2),
		value(VALUE_TEXT, "\b\f\v\"',", 6) };

	run(false, rows, 3);
	ck_assert_str_eq(buf_cstr(&out), "a\\tb\\nc\\rd\\\\\t\\\\N\n\t\\N\n\b\f\v\"',\t\\\\.\n");
}
END_TEST

START_TEST(copy_frames_binary_rows)
{
	static const char want[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\2\0\0\0\4abcd\0\0\0\2ok\0"
				   "\2\377\377\377\377\0\0\0\3"
				   "sad\377\377";
	const struct value rows[] = { value(VALUE_BINARY, "ok", 2), value(VALUE_BINARY, "abcd", 4),
		value(VALUE_TEXT, "sad", 3), value(VALUE_NULL, NULL, 0) };

	run(true, rows, 2);
	ck_assert_uint_eq(out.n, sizeof(want) - 1);
	ck_assert_mem_eq(out.p, want, sizeof(want) - 1);
}
END_TEST

START_TEST(copy_cuts_big_values_into_pieces)
{
	const size_t n = 3u << 20;
	char *big = mem_zalloc(n, &(struct err)ERR_INIT);
	struct value rows[] = { value(VALUE_TEXT, "ok", 2), value(VALUE_BINARY, big, n) };

	memset(big, '\\', n);
	run(true, rows, 1);
	ck_assert_uint_eq(out.n, 19 + 2 + 4 + n + 4 + 2 + 2);
	ck_assert_uint_le(biggest, PG_COPY_PIECE + 64);
	rows[1].kind = VALUE_TEXT;
	run(false, rows, 1);
	ck_assert_uint_eq(out.n, 2 * n + 4);
	ck_assert_uint_le(biggest, 2 * PG_COPY_PIECE);
	free(big);
}
END_TEST

START_TEST(copy_says_in_which_form_a_row_can_go)
{
	const struct value text[] = { value(VALUE_BINARY, "ok", 2), value(VALUE_TEXT, "1", 1) },
			   binary[] = { value(VALUE_TEXT, "ok", 2),
				   value(VALUE_BINARY, "abcd", 4) },
			   absent[] = { value(VALUE_TEXT, "ok", 2), value(VALUE_ABSENT, NULL, 0) };
	const unsigned all = 1u << PG_COPY_TEXT | 1u << PG_COPY_BINARY;
	unsigned kinds = all;

	pg_copy_can(&plan, text, &kinds);
	ck_assert_uint_eq(kinds, 1u << PG_COPY_TEXT);
	pg_copy_can(&plan, binary, &kinds);
	ck_assert_uint_eq(kinds, 0);
	kinds = all;
	pg_copy_can(&plan, binary, &kinds);
	ck_assert_uint_eq(kinds, 1u << PG_COPY_BINARY);
	pg_copy_can(&plan, absent, &kinds);
	ck_assert_uint_eq(kinds, 0);
}
END_TEST

START_TEST(copy_refuses_a_form_it_is_not_in_and_never_makes_absent_null)
{
	const struct value text[] = { value(VALUE_TEXT, "ok", 2), value(VALUE_TEXT, "1", 1) },
			   absent[] = { value(VALUE_ABSENT, NULL, 0), value(VALUE_TEXT, "1", 1) };
	struct pg_copy c = { .put = collect };
	struct err err = ERR_INIT;

	pg_copy_start(&c, &plan, true);
	ck_fails(pg_copy_row(&c, text, &err), &err, ERR_SCHEMA);
	pg_copy_start(&c, &plan, false);
	ck_fails(pg_copy_row(&c, absent, &err), &err, ERR_DATA);
	ck_assert_str_eq(err.table, "s.t");
	pg_copy_done(&c);
}
END_TEST

UNIT_MAIN("pg_copy", copy_escapes_what_text_would_read_otherwise, copy_frames_binary_rows,
    copy_cuts_big_values_into_pieces, copy_says_in_which_form_a_row_can_go,
    copy_refuses_a_form_it_is_not_in_and_never_makes_absent_null)
