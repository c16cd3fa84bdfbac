/* test_binlog_event.c - single events at the edges: heartbeats that say little or too much, places at the largest offset, ends behind what was
 * stepped over, identifiers in parts, what comes before the format, names in messages. */
#include "cdc/binlog.c"

#include "test/fake/binlog_maker.h"

static void
expect_at(struct maker *m, const char *want)
{
	const struct position p = binlog_position(m->rig.dec);
	char text[POSITION_TEXT];

	ck_assert_str_eq(position_text(&p, text), want);
}

/* Of any type, not at the log's end. */
static bool
made(struct maker *m, uint8_t type, uint32_t log_pos, const void *p, size_t n)
{
	struct buf body = body_of(p, n), b = event_bytes(type, 0, log_pos, &body, m->checksum);
	const bool ok = rig_event(&m->rig, b.p, b.n);

	buf_done(&b);
	buf_done(&body);
	return ok;
}

/* ---- names ---- */

START_TEST(event_names_are_those_of_the_servers)
{
	static const struct {
		uint8_t type;
		const char *name;
	} names[] = { { 1, "START_EVENT_V3" }, { 2, "QUERY" }, { 3, "STOP" }, { 4, "ROTATE" }, { 15, "FORMAT_DESCRIPTION" }, { 16, "XID" },
		{ 18, "EXECUTE_LOAD_QUERY" }, { 19, "TABLE_MAP" }, { 23, "WRITE_ROWS" }, { 24, "UPDATE_ROWS" }, { 25, "DELETE_ROWS" },
		{ 26, "INCIDENT" }, { 27, "HEARTBEAT" }, { 30, "WRITE_ROWS" }, { 31, "UPDATE_ROWS" }, { 32, "DELETE_ROWS" }, { 33, "GTID" },
		{ 34, "ANONYMOUS_GTID" }, { 38, "XA_PREPARE" }, { 39, "PARTIAL_UPDATE_ROWS" }, { 40, "TRANSACTION_PAYLOAD" },
		{ 41, "HEARTBEAT_V2" }, { 42, "GTID_TAGGED" }, { 162, "GTID" }, { 165, "QUERY_COMPRESSED" }, { 166, "WRITE_ROWS" },
		{ 168, "DELETE_ROWS" }, { 170, "UPDATE_ROWS" }, { 99, "event" }, { 0, "event" }, { 255, "event" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_str_eq(binlog_event_name(names[i].type), names[i].name);
}
END_TEST

/* ---- heartbeats ---- */

START_TEST(event_heartbeat_that_is_cut_is_refused)
{
	static const struct {
		uint8_t type;
		const char *bytes;
		size_t n;
	} cases[] = { { EVENT_HEARTBEAT, "\1\2\3\4\5\6\7", 7 }, { EVENT_HEARTBEAT_V2, "", 0 }, { EVENT_HEARTBEAT_V2, "\373", 1 },
		{ EVENT_HEARTBEAT_V2, "\1\3log\2\0", 7 }, { EVENT_HEARTBEAT_V2, "\1\3log\2\1\376", 8 }, { EVENT_HEARTBEAT_V2, "\1\11log", 5 },
		{ EVENT_HEARTBEAT_V2, "\2\1\4", 3 }, { EVENT_HEARTBEAT_V2, "\1\12log.000001\2\1\4\374", 16 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct maker m = { .mariadb = true };

		maker_ready(&m, NULL);
		no(made(&m, cases[i].type, 0, cases[i].bytes, cases[i].n), ERR_PROTOCOL);
		ck_assert_msg(strstr(m.rig.err.msg, "is cut") != NULL, "case %zu: %s", i, m.rig.err.msg);
		maker_end(&m);
	}
}
END_TEST

START_TEST(event_heartbeat_that_says_nothing_new_changes_nothing)
{
	struct maker m = { 0 };

	maker_start(&m, NULL);	/* of a log that is not known yet, and before the format is */
	ok(made(&m, EVENT_HEARTBEAT, 500, "log.000001", 10));
	ok(made(&m, EVENT_HEARTBEAT_V2, 0, "\1\12log.000001\2\1\4\0", 16));
	ck_assert_int_eq(binlog_position(m.rig.dec).kind, POSITION_NONE);
	no(send_bytes(&m, EVENT_STOP, "", 0), ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "type 3 came before"));
	maker_end(&m);
	maker_ready(&m, NULL);
	ok(made(&m, EVENT_HEARTBEAT, 0, "log.000001", 10));	/* MySQL has no offset elsewhere */
	expect_at(&m, "log.000001:127");
	no(made(&m, EVENT_HEARTBEAT_V2, 0, "\3\1x\1\12log.000001\2\2\374\1\0", 19), ERR_PROTOCOL);	/* cut in its offset */
	maker_end(&m);
	maker_ready(&m, NULL);
	ok(made(&m, EVENT_HEARTBEAT_V2, 0, "\3\1x\1\12log.000001\2\3\374\1\2\0", 21));	/* a part that is not known */
	expect_at(&m, "log.000001:513");
	ok(made(&m, EVENT_HEARTBEAT, 7, "log.000003", 10));	/* of a file that the reader has not seen */
	expect_at(&m, "log.000003:7");
	no(made(&m, EVENT_HEARTBEAT, 8, "nonsense", 8), ERR_PROTOCOL);
	maker_end(&m);
}
END_TEST

/* ---- places ---- */

START_TEST(event_beyond_the_largest_offset_is_refused)
{
	const struct binlog_options last = { .log = "log.000001", .offset = BINLOG_OFFSET_MAX - 200 };
	struct maker m = { 0 };

	maker_start(&m, &last);
	ok(rotate(&m, "log.000001", BINLOG_OFFSET_MAX - 200, true) && format(&m, 0));
	m.zero_pos = true;
	ok(query(&m, "BEGIN"));
	no(query(&m, "a statement of more than there is room for in a file of which the end of each event is told in forty bits"), ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "larger than 1 TB"));
	maker_end(&m);
}
END_TEST

/* MariaDB makes one without a place for a dump by GTIDs. */
START_TEST(event_list_of_gtids_that_is_made_has_no_place)
{
	struct maker m = { .mariadb = true };

	maker_ready(&m, NULL);
	ok(made(&m, EVENT_GTID_LIST, 0, "\0\0\0\0", 4));
	expect_at(&m, "log.000001:256");
	ok(send_bytes(&m, EVENT_GTID_LIST, "\0\0\0\0", 4));
	expect_at(&m, "log.000001:279");
	maker_end(&m);
}
END_TEST

/* Where the reader was helps with the first group alone, in the same file of the same log, and where the end lies beyond it. */
START_TEST(event_end_behind_what_was_stepped_over)
{
	static const struct {
		const char *log;
		uint64_t reached;
		uint32_t log_pos;
		const char *at;
	} cases[] = { { "log", 5000000000, 5000000500 - 4294967296, "log.000001:5000000500" }, { "other", 5000000000, 705033204, "log.000001:705033204" },
		{ "log", BINLOG_OFFSET_MAX + 1 + 5000000000, 705033204, "log.000001:705033204" },	/* file 2 */
		{ "log", 200, 705033204, "log.000001:705033204" },	/* where the reader is already */
		{ "log", 2147483700, 300, "log.000001:300" }, { "log", 1000, 100, "log.000001:4294967396" },
		{ "log", BINLOG_OFFSET_MAX - 5, 9, "log.000001:4294967305" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct binlog_options o = { .gtids = true,
			.reached_log = name_intern(cases[i].log, strlen(cases[i].log)),
			.reached = binlog_place(1, 0) + cases[i].reached };
		struct maker m = { .mariadb = true };
		char text[POSITION_TEXT];
		struct position p;
		struct buf b = { 0 };

		maker_ready(&m, &o);
		put_le(&b, 1, 8);
		put_le(&b, 0, 11);
		ok(made(&m, EVENT_MARIADB_GTID, cases[i].log_pos, b.p, b.n));
		p = binlog_read_position(m.rig.dec);
		ck_assert_str_eq(position_text(&p, text), cases[i].at);
		buf_done(&b);
		maker_end(&m);
	}
}
END_TEST

START_TEST(event_place_is_none_before_a_log_is_known)
{
	struct maker m = { 0 };

	maker_start(&m, NULL);
	ok(binlog_flush(m.rig.dec, &m.rig.err));
	expect_dump(&m, "");
	ck_assert_int_eq(binlog_read_position(m.rig.dec).kind, POSITION_NONE);
	maker_end(&m);
}
END_TEST

/* ---- formats and incidents ---- */

START_TEST(event_format_of_too_many_types_is_refused)
{
	struct maker m = { 0 };
	struct buf b;

	maker_start(&m, NULL);
	ok(rotate(&m, "log.000001", 4, true));
	b = format_body(&m, "8.4.1", 1);
	for (int i = 0; i < 300; i++)
		buf_u8(&b, 0);
	no(send_event(&m, EVENT_FORMAT_DESCRIPTION, &b), ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "FORMAT_DESCRIPTION of 342 types of events"));
	maker_end(&m);
}
END_TEST

START_TEST(event_incident_is_told_in_short)
{
	struct maker m = { 0 };
	struct buf b = { 0 };

	maker_ready(&m, NULL);
	put_le(&b, 7, 2);
	buf_u8(&b, 250);
	for (int i = 0; i < 250; i++)
		buf_u8(&b, i < 200 ? 'a' : 'b');
	no(send_event(&m, EVENT_INCIDENT, &b), ERR_HOLE);
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "incident 7: aaa"));
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "aaa)"));
	ck_assert_ptr_null(strchr(strstr(m.rig.err.msg, "incident"), 'b'));
	maker_end(&m);
}
END_TEST

/* ---- identifiers ---- */

static bool
tagged(struct maker *m, uint64_t number, const char *tag, uint8_t says)
{
	struct buf b = { 0 };

	buf_put(&b, "\2\0\0\0\0\2", 6);	/* version 1; size, below; no field is needed; flags; uuid */
	for (int i = 0; i < 16; i++)
		buf_u8(&b, 2);
	buf_u8(&b, 4);
	buf_u8(&b, (uint8_t)(number << 2));
	buf_u8(&b, 6);
	buf_u8(&b, (uint8_t)(says << 1));
	buf_str(&b, tag);
	b.p[1] = (uint8_t)(b.n << 1);
	return send_event(m, EVENT_GTID_TAGGED, &b);
}

START_TEST(event_identifier_of_another_tag_is_another)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	ok(tagged(&m, 1, "a", 1) && query(&m, "FLUSH TABLES"));
	ck_assert_str_eq(binlog_gtid(m.rig.dec).tag, "a");
	ok(tagged(&m, 2, "b", 1));
	ck_assert_str_eq(binlog_gtid(m.rig.dec).tag, "b");
	ok(query(&m, "FLUSH TABLES"));
	ok(tagged(&m, 2, "a", 1) && query(&m, "FLUSH TABLES"));
	ck_assert_uint_eq(binlog_gtid(m.rig.dec).number, 2);
	buf_reset(&m.rig.text);
	ok(binlog_flush(m.rig.dec, &m.rig.err));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&m.rig.text), ":a:1-2 01010101-0101-0101-0101-010101010101:b:2\n"));
	no(tagged(&m, 3, "a2345678901234567890123456789012x", 33), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL);
	no(tagged(&m, 1, "a", 2), ERR_PROTOCOL);	/* a tag that is cut */
	maker_end(&m);
}
END_TEST

/* The time that it was committed at first is announced, but not there. */
START_TEST(event_identifier_without_the_time_it_announces)
{
	struct maker m = { 0 };
	struct buf b = { 0 };

	maker_ready(&m, NULL);
	buf_u8(&b, 0);
	put_le(&b, 1, 16);
	put_le(&b, 5, 8);
	put_le(&b, 0, 17);
	put_le(&b, UINT64_C(1700000000123456) | UINT64_C(1) << 55, 7);
	no(send_event(&m, EVENT_GTID, &b), ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "is cut"));
	maker_end(&m);
}
END_TEST

START_TEST(event_ends_of_xa_need_their_order)
{
	const struct binlog_options by_gtids = { .gtids = true };
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	no(send_bytes(&m, EVENT_XA_PREPARE, "\0\1\0\0\0\1\0\0\0\0\0\0\0a", 14), ERR_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "outside a transaction"));
	maker_end(&m);
	maker_ready(&m, &by_gtids);
	no(query(&m, "XA COMMIT X'61',X'',1"), ERR_HOLE);
	maker_end(&m);
	maker_ready(&m, &by_gtids);
	ok(query(&m, "XA START X'61',X'',1"));
	no(send_bytes(&m, EVENT_XA_PREPARE, "\0\1\0\0\0\1\0\0\0\0\0\0\0a", 14), ERR_HOLE);
	maker_end(&m);
	maker_ready(&m, NULL);	/* BEGIN finds no room */
	ok(binlog_flush(m.rig.dec, &m.rig.err) && query(&m, "BEGIN") && table(&m, 9, "t"));
	m.rig.sink.refuse_after = 1;
	no(insert(&m, 9, 1), ERR_CANCELLED);
	maker_end(&m);
}
END_TEST

UNIT_MAIN("binlog_event", event_names_are_those_of_the_servers, event_heartbeat_that_is_cut_is_refused,
    event_heartbeat_that_says_nothing_new_changes_nothing, event_beyond_the_largest_offset_is_refused,
    event_list_of_gtids_that_is_made_has_no_place, event_end_behind_what_was_stepped_over,
    event_place_is_none_before_a_log_is_known, event_format_of_too_many_types_is_refused, event_incident_is_told_in_short,
    event_identifier_of_another_tag_is_another, event_identifier_without_the_time_it_announces, event_ends_of_xa_need_their_order)
