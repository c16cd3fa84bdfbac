/* test_position.c - positions: text, order, and the two kinds of LSN that must not be mixed. */
#include "cdc/position.c"

#include "test/unit/unit.h"

static struct position
at(uint64_t lsn)
{
	return (struct position){ .kind = POSITION_LSN, .lsn = { lsn } };
}

static struct snapshot_pos
snap(uint64_t lsn)
{
	return (struct snapshot_pos){ .kind = POSITION_LSN, .lsn = { lsn } };
}

static struct txn_mark
mark(uint64_t lsn)
{
	return (struct txn_mark){ .kind = POSITION_LSN, .lsn = { lsn } };
}

static const struct position none = { .kind = POSITION_NONE };

START_TEST(position_prints_and_parses_lsns)
{
	static const struct {
		const char *text;
		uint64_t v;
	} good[] = { { "0/0", 0 }, { "0/16B3748", 0x16b3748 }, { "16/B374D848", 0x16b374d848 },
		{ "FFFFFFFF/FFFFFFFF", UINT64_MAX }, { "1/0", UINT64_C(1) << 32 } };
	struct err err = ERR_INIT;
	char out[LSN_TEXT];
	uint64_t v;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_ok(lsn_parse(good[i].text, &v, &err), &err);
		ck_assert(v == good[i].v);
		ck_assert_str_eq(lsn_text(v, out), good[i].text);
	}
	ck_ok(lsn_parse("16/b374d848", &v, &err), &err);
	ck_assert(v == 0x16b374d848);
	ck_ok(lsn_parse("00000016/0000000a", &v, &err), &err);
	ck_assert(v == UINT64_C(0x160000000a));
}
END_TEST

START_TEST(position_refuses_what_is_no_lsn)
{
	static const char *const bad[] = { "", "/", "0", "0/", "/0", "0/0 ", " 0/0", "0/0/0",
		"0x0/0", "g/0", "0/g", "-1/0", "000000000/0", "0/000000000", "123456789/0",
		"now", "-" };
	struct err err = ERR_INIT;
	uint64_t v = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_fails(lsn_parse(bad[i], &v, &err), &err, ERR_CONFIG);
	ck_assert(v == 7);
}
END_TEST

START_TEST(position_text_can_be_read_back)
{
	struct err err = ERR_INIT;
	char out[POSITION_TEXT];
	struct position p = at(0x16b374d848), q;
	struct snapshot_pos s = snap(0x20), t;

	ck_assert_str_eq(position_text(&p, out), "16/B374D848");
	ck_ok(position_parse(out, &q, &err), &err);
	ck_assert(position_equal(&p, &q));
	ck_assert_str_eq(position_text(&none, out), "-");
	ck_ok(position_parse(out, &q, &err), &err);
	ck_assert(position_equal(&none, &q));
	ck_ok(position_parse(out, &q, &err), &err);
	ck_assert(position_equal(&none, &q));
	ck_assert_str_eq(snapshot_text(&s, out), "0/20");
	ck_ok(snapshot_parse(out, &t, &err), &err);
	ck_assert(t.kind == POSITION_LSN && t.lsn.v == 0x20);
}
END_TEST

START_TEST(position_of_a_binlog_is_its_file_and_offset)
{
	struct err err = ERR_INIT;
	char out[POSITION_TEXT];
	struct position p, q;
	uint64_t bytes;

	ck_ok(position_parse("mysql-bin.000012:4567", &p, &err), &err);
	ck_assert_str_eq(position_text(&p, out), "mysql-bin.000012:4567");
	ck_assert(p.kind == POSITION_BINLOG && p.lsn.v == binlog_place(12, 4567));
	ck_ok(position_parse("a.b.1234567:4", &q, &err), &err);
	ck_assert_str_eq(position_text(&q, out), "a.b.1234567:4");
	ck_assert(position_reached(&q, &p) && !position_reached(&p, &q));
	ck_assert(!position_distance(&p, &q, &bytes));	/* files between: nobody knows their lengths here */
	ck_ok(position_parse("mysql-bin.000012:8589934592", &q, &err), &err);	/* beyond 32 bits */
	ck_assert(position_distance(&p, &q, &bytes) && bytes == 8589934592 - 4567);
	ck_ok(position_parse_given("0-1-5,1-1-7", &q, &err), &err);
	ck_assert(q.kind == POSITION_BINLOG && q.lsn.v == 0);
	ck_assert_str_eq(q.gtids, "0-1-5,1-1-7");
	ck_ok(position_parse_given("0/5", &q, &err), &err);
	ck_assert(q.kind == POSITION_LSN);
}
END_TEST

START_TEST(position_parse_leaves_the_result_alone_when_it_refuses)
{
	struct err err = ERR_INIT;
	struct position p = at(5);
	struct snapshot_pos s = snap(6);

	ck_fails(position_parse("5", &p, &err), &err, ERR_CONFIG);
	ck_fails(position_parse("mysql-bin.x:5", &p, &err), &err, ERR_CONFIG);
	ck_fails(position_parse("mysql-bin.000001:1099511627776", &p, &err), &err, ERR_CONFIG);
	ck_fails(snapshot_parse("x", &s, &err), &err, ERR_CONFIG);
	ck_assert(p.kind == POSITION_LSN && p.lsn.v == 5);
	ck_assert(s.kind == POSITION_LSN && s.lsn.v == 6);
}
END_TEST

START_TEST(position_reached_counts_the_end_itself)
{
	const struct position a = at(0x100), b = at(0x101);

	ck_assert(position_reached(&a, &a));
	ck_assert(position_reached(&b, &a));
	ck_assert(!position_reached(&a, &b));
	ck_assert(position_reached(&a, &none));
	ck_assert(!position_reached(&none, &a));
	ck_assert(position_reached(&none, &none));
}
END_TEST

START_TEST(position_none_is_equal_to_none_only)
{
	const struct position zero = at(0), odd = { .kind = POSITION_NONE, .lsn = { 9 } };

	ck_assert(position_equal(&none, &odd));
	ck_assert(!position_equal(&none, &zero));
	ck_assert(!position_equal(&zero, &odd));
}
END_TEST

START_TEST(position_distance_is_never_negative)
{
	const struct position a = at(0x100), b = at(0x180);
	uint64_t n = 7;

	ck_assert(position_distance(&a, &b, &n) && n == 0x80);
	ck_assert(position_distance(&b, &a, &n) && n == 0);
	n = 7;
	ck_assert(!position_distance(&none, &a, &n));
	ck_assert(!position_distance(&a, &none, &n));
	ck_assert(n == 7);
}
END_TEST

/* A commit record may start exactly at S: it is not in the snapshot, so it must be streamed. */
START_TEST(snapshot_does_not_hold_a_commit_that_starts_at_it)
{
	const struct snapshot_pos s = snap(0x1000), nothing = { .kind = POSITION_NONE };
	const struct txn_mark before = mark(0xfff), exactly = mark(0x1000), after = mark(0x1001);

	ck_assert(snapshot_has(&s, &before));
	ck_assert(!snapshot_has(&s, &exactly));
	ck_assert(!snapshot_has(&s, &after));
	ck_assert(!snapshot_has(&nothing, &before));
}
END_TEST

/* Every transaction is either in the snapshot or in the stream that starts from it, whatever the
 * sizes of the records. */
START_TEST(snapshot_and_its_stream_share_no_transaction)
{
	const struct snapshot_pos s = snap(0x1000);
	const struct position start = snapshot_start(&s);

	ck_assert(start.kind == POSITION_LSN && start.lsn.v == 0x1000);
	for (uint64_t begin = 0xf00; begin < 0x1100; begin += 0x10) {
		const struct txn_mark m = mark(begin);
		const struct position end = at(begin + 0x10);

		ck_assert(snapshot_has(&s, &m) == position_reached(&start, &end));
	}
}
END_TEST

START_TEST(snapshot_has_passed_once_the_stream_reached_it)
{
	const struct snapshot_pos s = snap(0x1000), nothing = { .kind = POSITION_NONE };
	const struct position before = at(0xfff), exactly = at(0x1000), after = at(0x1001);

	ck_assert(!snapshot_passed(&s, &before));
	ck_assert(snapshot_passed(&s, &exactly));
	ck_assert(snapshot_passed(&s, &after));
	ck_assert(!snapshot_passed(&s, &none));
	ck_assert(snapshot_passed(&nothing, &before));
	ck_assert(snapshot_passed(&nothing, &none));
}
END_TEST

static void
compare_with_another_kind(void)
{
	const struct snapshot_pos s = snap(1);
	const struct txn_mark m = { .kind = POSITION_NONE };

	snapshot_has(&s, &m);
}

START_TEST(position_kinds_are_never_compared)
{
	ck_assert(unit_aborts(compare_with_another_kind));
}
END_TEST

UNIT_MAIN("position", position_prints_and_parses_lsns, position_refuses_what_is_no_lsn,
    position_text_can_be_read_back, position_of_a_binlog_is_its_file_and_offset,
    position_parse_leaves_the_result_alone_when_it_refuses,
    position_reached_counts_the_end_itself, position_none_is_equal_to_none_only,
    position_distance_is_never_negative, snapshot_does_not_hold_a_commit_that_starts_at_it,
    snapshot_and_its_stream_share_no_transaction, snapshot_has_passed_once_the_stream_reached_it,
    position_kinds_are_never_compared)
