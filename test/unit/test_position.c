/* test_position.c - positions: text, order, and the two kinds of LSN that must not be mixed. */
#include "cdc/position.c"

#include "daemon/base/thread.h"
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

/* Each is refused, with a word of why; the second of them names what is too large. */
START_TEST(position_of_a_binlog_that_is_none)
{
	static const struct {
		const char *text, *why;
	} bad[] = { { ":5", "expected FILE:OFFSET" }, { "log.000001:", "expected FILE:OFFSET" }, { "log.000001:5x", "expected FILE:OFFSET" },
		{ "log.000001:-5", "expected FILE:OFFSET" }, { "log.000001:5:", "expected FILE:OFFSET" },
		{ "log:5", "not the name of a binlog file" }, { ".000001:5", "not the name of a binlog file" },
		{ "log.:5", "not the name of a binlog file" }, { "log.12345678901:5", "not the name of a binlog file" },
		{ "log.00000x:5", "not the name of a binlog file" }, { "log.00000/:5", "not the name of a binlog file" },
		{ "log.4294967295:5", "is too large" }, { "log.9999999999:5", "is too large" },
		{ "log.000001:1099511627776", "offset in" }, { "log.000001:10995116277750", "offset in" },
		{ "log.000001:99999999999999999999", "offset in" }, { "log.000001:18446744073709551621", "offset in" },
		{ "a-name-of-a-log-that-goes-on-and-on-and-on-until-it-is-as-long-as-one-may-be-123.x:5",
		    "\"a-name-of-a-log-that-goes-on-and-on-and-on-until-it-is-as-long-as-one-may-be-123\"" },
		{ "a-name-of-a-log-that-goes-on-and-on-and-on-until-it-is-longer-than-a-message-wants-to-show-it:5",
		    "\"a-name-of-a-log-that-goes-on-and-on-and-on-until-it-is-longer-than-a-message-wan\"" },
		{ "0/5@7", "is not a position" } };
	struct err err = ERR_INIT;
	struct position p = at(7);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_fails(position_parse(bad[i].text, &p, &err), &err, ERR_CONFIG);
		ck_assert_msg(strstr(err.msg, bad[i].why) != NULL, "%s: %s", bad[i].text, err.msg);
	}
	ck_assert(p.kind == POSITION_LSN && p.lsn.v == 7);
}
END_TEST

START_TEST(position_of_a_binlog_has_a_longest_name_and_a_largest_number)
{
	struct err err = ERR_INIT;
	char text[BINLOG_BASE_MAX + 40], out[POSITION_TEXT];
	struct position p;

	memset(text, 'b', sizeof(text));
	snprintf(text + BINLOG_BASE_MAX, 40, ".%u:%" PRIu64, BINLOG_FILE_MAX, BINLOG_OFFSET_MAX);
	ck_ok(position_parse(text, &p, &err), &err);
	ck_assert(binlog_file(p.lsn.v) == BINLOG_FILE_MAX && binlog_offset(p.lsn.v) == BINLOG_OFFSET_MAX);
	ck_assert_str_eq(position_text(&p, out), text);
	p.born = UINT32_MAX;
	ck_assert_str_eq(strchr(position_stored(&p, out), '@'), "@4294967295");
	snprintf(text + BINLOG_BASE_MAX, 40, "b.000001:4");
	ck_fails(position_parse(text, &p, &err), &err, ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, "bytes before its number"));
	snprintf(text, sizeof(text), "log.%u:4", BINLOG_FILE_MAX + 1);
	ck_fails(position_parse(text, &p, &err), &err, ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, "is too large"));
}
END_TEST

/* What stands behind the last @ is when the file was made, if it is a number; else it is part of the name. */
START_TEST(position_stored_says_when_its_file_was_made)
{
	static const struct {
		const char *text, *log;
		uint32_t born;
	} good[] = { { "log.000001:4@1700000000", "log", 1700000000 }, { "log.000001:4@4294967295", "log", UINT32_MAX },
		{ "log.000001:4", "log", 0 }, { "a@b.000001:4", "a@b", 0 }, { "a@7.000001:4", "a@7", 0 }, { "a@b.000001:4@9", "a@b", 9 } };
	static const char *const bad[] = { "log.000001:4@", "log.000001:4@x", "log.000001:4@4294967296", "log.000001:4@7x", "log.000001:4@/",
		"log.000001:4@:" };
	struct err err = ERR_INIT;
	char out[POSITION_TEXT];
	struct position p;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_ok(position_parse(good[i].text, &p, &err), &err);
		ck_assert_str_eq(p.log, good[i].log);
		ck_assert_uint_eq(p.born, good[i].born);
		ck_assert_str_eq(position_stored(&p, out), good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_fails(position_parse(bad[i], &p, &err), &err, ERR_CONFIG);
	p = (struct position){ .kind = POSITION_BINLOG, .gtids = "0-1-5", .born = 7 };
	ck_assert_str_eq(position_stored(&p, out), "0-1-5");
	p = at(0x20);
	ck_assert_str_eq(position_stored(&p, out), "0/20");
}
END_TEST

START_TEST(position_by_gtids_shows_as_many_as_fit)
{
	char out[POSITION_TEXT], many[2 * POSITION_TEXT];
	struct position p = { .kind = POSITION_BINLOG, .gtids = "" };
	const struct txn_mark m = { .kind = POSITION_BINLOG, .lsn = { binlog_place(7, 4) } };

	ck_assert_str_eq(position_text(&p, out), "the empty set of GTIDs");
	p.gtids = "0-1-5";
	ck_assert_str_eq(position_text(&p, out), "0-1-5");
	memset(many, '1', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	p.gtids = many;
	ck_assert_uint_eq(strlen(position_text(&p, out)), POSITION_TEXT - 1);
	ck_assert_str_eq(out + POSITION_TEXT - 5, "1...");
	p.lsn.v = binlog_place(1, 4);	/* where the place is known, too, it is shorter */
	p.log = "log";
	ck_assert_str_eq(position_text(&p, out), "log.000001:4");
	p.lsn.v = 0;
	p.gtids = NULL;
	ck_assert_str_eq(position_text(&p, out), "log.000000:0");
	ck_assert_str_eq(txn_mark_text(&m, out), "?.000007:4");
}
END_TEST

START_TEST(position_given_as_gtids_is_a_set_of_them)
{
	struct err err = ERR_INIT;
	struct position p = at(7);

	ck_fails(position_parse_given("0-1-5,0-1-6", &p, &err), &err, ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, "each domain once"));
	ck_fails(position_parse_given("11111111-2222-3333-4444-555555555555:5-4", &p, &err), &err, ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, "not a set of GTIDs"));
	ck_fails(position_parse_given("", &p, &err), &err, ERR_CONFIG);
	ck_assert_uint_eq(p.lsn.v, 7);
}
END_TEST

#define NAMES 300

static void *
intern_many(void *arg)
{
	const char **ret = arg;

	for (int i = 0; i < NAMES; i++) {
		char text[16];

		snprintf(text, sizeof(text), "n%d", i);
		ret[i] = name_intern(text, strlen(text));
	}
	return NULL;
}

START_TEST(position_names_are_one_for_all_threads)
{
	static const char *names[8][NAMES];
	struct thread threads[8] = { { 0 } };
	struct err err = ERR_INIT;

	for (int i = 0; i < 8; i++)
		ck_ok(thread_start(&threads[i], "names", intern_many, names[i], &err), &err);
	for (int i = 0; i < 8; i++)
		thread_join(&threads[i]);
	for (int i = 1; i < 8; i++)
		ck_assert_int_eq(memcmp(names[i], names[0], sizeof(names[0])), 0);
	ck_assert_str_eq(names[0][NAMES - 1], "n299");
	ck_assert_ptr_ne(name_intern("n29", 3), names[0][299]);
	ck_assert_ptr_eq(name_intern("n29", 3), names[0][29]);
}
END_TEST

UNIT_MAIN("position", position_prints_and_parses_lsns, position_refuses_what_is_no_lsn,
    position_text_can_be_read_back, position_of_a_binlog_is_its_file_and_offset,
    position_parse_leaves_the_result_alone_when_it_refuses,
    position_reached_counts_the_end_itself, position_none_is_equal_to_none_only,
    position_distance_is_never_negative, snapshot_does_not_hold_a_commit_that_starts_at_it,
    snapshot_and_its_stream_share_no_transaction, snapshot_has_passed_once_the_stream_reached_it,
    position_kinds_are_never_compared, position_of_a_binlog_that_is_none,
    position_of_a_binlog_has_a_longest_name_and_a_largest_number, position_stored_says_when_its_file_was_made,
    position_by_gtids_shows_as_many_as_fit, position_given_as_gtids_is_a_set_of_them,
    position_names_are_one_for_all_threads)
