/* test_binlog_group.c - events made here, for what servers send seldom or never: places beyond 4 GiB, files that follow each other,
 * crashes, heartbeats, XA, identifiers, broken order, broken compression. */
#include "cdc/binlog_group.c"

#include "test/fake/binlog_maker.h"

#define WHEN  "2023-11-14T22:13:20.000Z"
#define USEC  "2023-11-14T22:13:20.123Z"
#define U1    "01010101-0101-0101-0101-010101010101"
#define U2    "02020202-0202-0202-0202-020202020202"
#define TABLE "  (table app.t: *id:3,0 not null)\n  (relation 1 app.t, identity d)\n"

/* ---- groups ---- */

START_TEST(group_emits_begin_with_the_first_row)
{
	struct maker m = { .checksum = true };

	maker_ready(&m, NULL);
	ok(gtid(&m, 1, 5));
	ok(query(&m, "BEGIN"));
	ck_assert(binlog_in_transaction(m.rig.dec));
	ok(table(&m, 9, "t"));
	expect_dump(&m, TABLE);
	ok(insert(&m, 9, 7));
	ok(table(&m, 9, "t"));
	ok(insert(&m, 9, 8));
	expect_dump(&m, "BEGIN log.000001:127 at " USEC
			"\n  INSERT app.t\n    new: id=\"7\"\n  INSERT app.t\n    new: id=\"8\"\n");
	ok(xid(&m));
	ck_assert(!binlog_in_transaction(m.rig.dec));
	expect_dump(&m, "COMMIT log.000001:463 at " USEC " " U1 ":5\n");
	ok(binlog_flush(m.rig.dec, &m.rig.err));
	expect_dump(&m, "");
	maker_end(&m);
}
END_TEST

static void
empty_transaction(struct maker *take_m, uint8_t source, uint64_t number)
{
	struct maker *m = take_m;

	ck_ok(gtid(m, source, number) && query(m, "BEGIN") && table(m, 9, "skipped") &&
		  insert(m, 9, 1) && xid(m),
	    &m->rig.err);
}

START_TEST(group_of_nothing_leaves_its_identifier)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	ok(binlog_flush(m.rig.dec, &m.rig.err));
	expect_dump(&m, "KEEPALIVE log.000001:127 at -\n");
	empty_transaction(&m, 1, 5);
	empty_transaction(&m, 1, 6);
	empty_transaction(&m, 2, 100);
	empty_transaction(&m, 1, 7);
	empty_transaction(&m, 1, 9);
	buf_reset(&m.rig.text);
	ok(binlog_flush(m.rig.dec, &m.rig.err));
	expect_dump(&m, "KEEPALIVE log.000001:1267 at - " U1 ":5-7 " U2 ":100 " U1 ":9\n");
	ok(binlog_flush(m.rig.dec, &m.rig.err));
	expect_dump(&m, "");
	ck_assert_uint_eq(binlog_uncaptured(m.rig.dec), 5);
	empty_transaction(&m, 1, 10);
	ok(gtid(&m, 1, 11) && query(&m, "BEGIN") && table(&m, 9, "t") && insert(&m, 9, 1));
	buf_reset(&m.rig.text);
	ok(binlog_flush(m.rig.dec, &m.rig.err));
	expect_dump(&m, "");
	ok(xid(&m));
	expect_dump(&m, "COMMIT log.000001:1717 at " USEC " " U1 ":10-11\n");
	maker_end(&m);
}
END_TEST

START_TEST(group_identifiers_never_overflow_a_record)
{
	struct maker m = { 0 };
	const char *keepalive;

	maker_ready(&m, NULL);
	for (uint64_t i = 1; i <= RUNS_MAX; i++)
		ok(gtid(&m, 1, 2 * i) && query(&m, "FLUSH TABLES"));
	keepalive = strstr(buf_cstr(&m.rig.text), "KEEPALIVE");
	ck_assert_ptr_nonnull(keepalive);
	ck_assert_uint_eq(m.rig.gtids, RUNS_MAX);
	ck_assert_uint_eq(m.rig.dec->nruns, 0);
	maker_end(&m);
}
END_TEST

START_TEST(group_order_is_held)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	no(xid(&m), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL);
	no(table(&m, 9, "t"), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL);
	no(insert(&m, 9, 1), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL);
	no(query(&m, "COMMIT"), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL);
	no(query(&m, "SAVEPOINT a"), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL);
	ok(gtid(&m, 1, 1) && query(&m, "BEGIN"));
	no(query(&m, "BEGIN"), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL);
	ok(gtid(&m, 1, 1));
	no(gtid(&m, 1, 2), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL);
	ok(gtid(&m, 1, 1));
	no(table(&m, 9, "t"), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL);
	ok(gtid(&m, 1, 1) && query(&m, "BEGIN"));
	no(query(&m, "XA COMMIT X'61'"), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL);
	no(mariadb_gtid(&m, 0, 1, 0), ERR_PROTOCOL);
	maker_end(&m);
}
END_TEST

START_TEST(group_rows_need_their_table_in_the_same_statement)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	ok(query(&m, "BEGIN") && table(&m, 9, "t") && insert(&m, 9, 1));
	no(insert(&m, 9, 2), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL);
	ok(query(&m, "BEGIN") && table(&m, 9, "t") && table(&m, 10, "skipped"));
	ok(insert_flags(&m, 9, 1, 0) && insert_flags(&m, 10, 1, 0) && insert(&m, 9, 2));
	ok(xid(&m) && query(&m, "BEGIN"));
	no(insert(&m, 9, 3), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL);
	ok(query(&m, "BEGIN") && table(&m, 9, "t") && insert_flags(&m, 0xffffff, 0, STMT_END));
	no(insert(&m, 9, 3), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL); /* the same id, another table */
	ok(query(&m, "BEGIN") && table(&m, 9, "t") && table(&m, 9, "u") && insert(&m, 9, 1));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&m.rig.text), "INSERT app.u"));
	maker_end(&m);
}
END_TEST

START_TEST(group_equal_tables_are_one_relation)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	ok(query(&m, "BEGIN") && table(&m, 9, "t") && insert(&m, 9, 1) && table(&m, 50, "t") &&
	    insert(&m, 50, 2) && xid(&m));
	binlog_forget_tables(m.rig.dec);
	ok(query(&m, "BEGIN") && table(&m, 9, "t") && insert(&m, 9, 3) && xid(&m));
	ck_assert_uint_eq(relmap_versions(m.rig.dec->relations), 1);
	ck_assert_ptr_nonnull(binlog_relation(m.rig.dec, "app", "t"));
	ck_assert_ptr_null(binlog_relation(m.rig.dec, "app", "T"));
	ck_assert_ptr_null(binlog_relation(m.rig.dec, "ap", "pt"));
	maker_end(&m);
}
END_TEST

START_TEST(group_table_captured_as_another_is_refused)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	ok(query(&m, "BEGIN") && table(&m, 9, "t") && xid(&m));
	binlog_forget_tables(m.rig.dec);
	m.rig.table = &m.end; /* not the rig, which is at &m */
	ok(query(&m, "BEGIN"));
	no(table(&m, 9, "t"), ERR_SCHEMA);
	maker_end(&m);
}
END_TEST

START_TEST(group_control_in_doubt_is_refused)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	ok(query(&m, "BEGIN"));
	no(query(&m, "COMMIT /*!99999 */"), ERR_PROTOCOL);
	maker_end(&m);
}
END_TEST

START_TEST(group_time_is_that_of_the_first_commit)
{
	struct maker m = { 0 };
	struct buf b = { 0 };

	put_le(&b, 0, 17);
	put_le(&b, 5, 8);
	put_le(&b, 0, 17);
	put_le(&b, UINT64_C(1800000000000000) | TIME_ORIGINAL, 7);
	put_le(&b, UINT64_C(1700000000123456), 7);
	maker_ready(&m, NULL);
	ok(send_event(&m, EVENT_GTID, &b) && query(&m, "BEGIN") && table(&m, 9, "t"));
	ok(insert(&m, 9, 1));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&m.rig.text), " at " USEC "\n"));
	maker_end(&m);
}
END_TEST

/* ---- anonymous transactions, hooks and sinks that refuse ---- */

START_TEST(group_without_gtid_is_a_hole_where_they_count)
{
	const struct binlog_options by_gtids = { .gtids = true };
	struct maker m = { 0 };

	maker_ready(&m, &by_gtids);
	ok(gtid(&m, 1, 0) && query(&m, "BEGIN") && table(&m, 9, "t"));
	no(insert(&m, 9, 1), ERR_HOLE);
	ck_assert_str_ne(m.rig.err.remedy, "");
	maker_end(&m);
	maker_ready(&m, &by_gtids);
	no(query(&m, "FLUSH TABLES"), ERR_HOLE);
	maker_end(&m);
	maker_ready(&m, &by_gtids);
	ok(query(&m, "BEGIN"));
	no(xid(&m), ERR_HOLE);
	maker_end(&m);
}
END_TEST

START_TEST(group_refusals_of_others_pass_through)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	ok(query(&m, "BEGIN"));
	no(table(&m, 9, "refused"), ERR_SCHEMA);
	maker_end(&m);
	for (size_t after = 1; after <= 2; after++) {
		maker_ready(&m, NULL);
		ok(query(&m, "BEGIN") && table(&m, 9, "t"));
		m.rig.sink.refuse_after = after;
		if (after > 1)
			ok(insert_flags(&m, 9, 1, 0));
		no(after > 1 ? xid(&m) : insert(&m, 9, 1), ERR_CANCELLED);
		maker_end(&m);
	}
}
END_TEST

START_TEST(group_truncate_is_a_transaction_of_its_own)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	ok(gtid(&m, 1, 1) && query(&m, "TRUNCATE t")); /* never seen */
	ok(gtid(&m, 1, 2) && query(&m, "BEGIN") && table(&m, 9, "t") && insert(&m, 9, 1) &&
	    xid(&m));
	buf_reset(&m.rig.text);
	ok(gtid(&m, 1, 3) && query_in(&m, "other", "TRUNCATE t") && gtid(&m, 1, 4) &&
	    query_in(&m, "other", "TRUNCATE app.t"));
	expect_dump(&m,
	    "  [TRUNCATE in other: .t; " U1 ":3 at log.000001:463] \"TRUNCATE t\"\n"
	    "  [TRUNCATE in other: app.t; " U1 ":4 at log.000001:579] \"TRUNCATE app.t\"\n"
	    "BEGIN log.000001:579 at " USEC "\n  TRUNCATE app.t\nCOMMIT log.000001:699 at " USEC
	    " " U1 ":3-4\n");
	maker_end(&m);
}
END_TEST

/* ---- what was rolled back ---- */

static void
rolled_back(struct maker *m)
{
	ck_ok(query(m, "BEGIN") && table(m, 9, "t") && insert(m, 9, 1) && table(m, 9, "t"),
	    &m->rig.err);
}

START_TEST(group_rolled_back_is_read_again_without_its_rows)
{
	struct binlog_void v;
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	ck_assert(!binlog_rolled_back(m.rig.dec, &v));
	rolled_back(&m);
	ok(insert(&m, 9, 2));
	no(query(&m, "ROLLBACK"), ERR_RETRY);
	ck_assert(rig_again(&m.rig));
	ck_assert_uint_eq(m.rig.voids[0].first, 0);
	ck_assert_uint_eq(m.rig.voids[0].last, 1);
	buf_reset(&m.rig.text);
	m.end = 0;
	ok(rotate(&m, "log.000001", 4, true) && format(&m, 1));
	rolled_back(&m);
	ok(insert(&m, 9, 2) && query(&m, "ROLLBACK"));
	ok(query(&m, "BEGIN") && table(&m, 9, "t") && insert(&m, 9, 3) && xid(&m));
	expect_dump(&m,
	    TABLE "BEGIN log.000001:384 at " WHEN
		  "\n  INSERT app.t\n    new: id=\"3\"\nCOMMIT log.000001:538 at " WHEN "\n");
	maker_end(&m);
}
END_TEST

START_TEST(group_rolled_back_in_part)
{
	struct maker m = { 0 };

	for (int round = 0; round < 2; round++) {
		if (round == 0)
			maker_ready(&m, NULL);
		else
			ok(rotate(&m, "log.000001", 4, true) && format(&m, 1));
		rolled_back(&m);
		ok(query(&m, "SAVEPOINT `a`") && insert(&m, 9, 2));
		ok(query(&m, "SAVEPOINT b") && query(&m, "ROLLBACK TO b") &&
		    query(&m, "ROLLBACK TO b"));
		if (round == 1)
			break;
		no(query(&m, "ROLLBACK TO SAVEPOINT `a`"), ERR_RETRY);
		ck_assert(rig_again(&m.rig));
		ck_assert_uint_eq(m.rig.voids[0].first, 1);
		ck_assert_uint_eq(m.rig.voids[0].last, 1);
	}
	buf_reset(&m.rig.text);
	ok(query(&m, "ROLLBACK TO `a`") && table(&m, 9, "t") && insert(&m, 9, 4) && xid(&m));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&m.rig.text), "id=\"4\""));
	ck_assert_uint_eq(m.rig.rows, 2);
	maker_end(&m);
}
END_TEST

START_TEST(group_savepoints_that_are_not_known)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	ok(query(&m, "BEGIN") && query(&m, "ROLLBACK TO nowhere"));
	ok(table(&m, 9, "t") && insert(&m, 9, 1));
	no(query(&m, "ROLLBACK TO nowhere"), ERR_HOLE);
	maker_end(&m);
	maker_ready(&m, NULL);
	rolled_back(&m);
	for (int i = 0; i < SAVEPOINTS + 1; i++) {
		char text[32];

		snprintf(text, sizeof(text), "SAVEPOINT s%d", i);
		ok(query(&m, text));
	}
	ok(query(&m, "ROLLBACK TO s1"));
	no(query(&m, "ROLLBACK TO s0"), ERR_HOLE);
	maker_end(&m);
}
END_TEST

/* A file ends within a transaction; the next begins with a start of the server. */
START_TEST(group_abandoned_by_a_crash)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	ok(gtid(&m, 1, 5) && query(&m, "BEGIN") && table(&m, 9, "t"));
	ok(rotate(&m, "log.000002", 4, true) && format(&m, 1700000001));
	ck_assert(!binlog_in_transaction(m.rig.dec));
	buf_reset(&m.rig.text);
	ok(binlog_flush(m.rig.dec, &m.rig.err));
	expect_dump(&m, "KEEPALIVE log.000002:127 at -\n");
	ok(gtid(&m, 1, 5) && query(&m, "BEGIN") && table(&m, 9, "t") && insert(&m, 9, 1));
	ok(rotate(&m, "log.000003", 4, true));
	no(format(&m, 1700000001), ERR_RETRY);
	ck_assert(rig_again(&m.rig));
	maker_end(&m);
	maker_ready(&m, NULL);
	ok(query(&m, "BEGIN") && rotate(&m, "log.000002", 4, true));
	no(format(&m, 0), ERR_PROTOCOL);
	maker_end(&m);
}
END_TEST

/* ---- XA ---- */

static bool
xa_prepare(struct maker *m, bool one_phase, uint32_t gtrid, uint32_t bqual)
{
	struct buf b = { 0 };

	buf_u8(&b, one_phase);
	put_le(&b, 1, 4);
	put_le(&b, gtrid, 4);
	put_le(&b, bqual, 4);
	for (uint32_t i = 0; i < gtrid + bqual; i++)
		buf_u8(&b, (uint8_t)('a' + i % 26));
	return send_event(m, EVENT_XA_PREPARE, &b);
}

/* What is prepared is told even where nothing captured is in it, and names its xid from the beginning. */
START_TEST(group_xa_is_told_without_captured_rows)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	ok(gtid(&m, 1, 1) && query(&m, "XA START X'61',X'',1") && table(&m, 9, "skipped") &&
	    insert(&m, 9, 1));
	buf_reset(&m.rig.text);
	ok(query(&m, "XA END X'61',X'',1") && xa_prepare(&m, false, 1, 0));
	expect_dump(&m, "BEGIN log.000001:127 at " USEC " prepares a,,1\n"
			"XA PREPARE log.000001:430 at " USEC " xid a,,1 " U1 ":1\n");
	ok(gtid(&m, 1, 2) && query(&m, "XA COMMIT X'61',X'',1"));
	expect_dump(&m, "XA COMMIT log.000001:555 at " USEC " xid a,,1 " U1 ":2\n");
	ok(query(&m, "XA START X'61',X'62',1") && table(&m, 9, "t") && insert(&m, 9, 1));
	ok(xa_prepare(&m, true, 1, 1));
	expect_dump(&m,
	    TABLE "BEGIN log.000001:555 at " WHEN " prepares a,b,1\n"
		  "  INSERT app.t\n    new: id=\"1\"\nCOMMIT log.000001:733 at " WHEN "\n");
	ok(query(&m, "XA ROLLBACK X'63',X'',1"));
	expect_dump(&m, "XA ROLLBACK log.000001:792 at " WHEN " xid c,,1\n");
	maker_end(&m);
}
END_TEST

START_TEST(group_xa_order_and_sizes)
{
	static const char *const starts[] = { "XA START X'61',X'',1", "BEGIN",
		"XA START X'62',X'',1", "XA START X'61',X'62',1", "XA START X'61',X'',2" };
	struct maker m = { 0 };
	char longest[128], start[160];

	maker_ready(&m, NULL);
	ok(query(&m, "XA START X'61',X'',1"));
	no(xid(&m), ERR_PROTOCOL);
	maker_end(&m);
	for (int i = 0; i < 5; i++) {
		maker_ready(&m, NULL);
		ok(query(&m, starts[i]));
		if (i == 0)
			ok(xa_prepare(&m, false, 1, 0));
		else
			no(xa_prepare(&m, false, 1, 0), ERR_PROTOCOL);
		maker_end(&m);
	}
	maker_ready(&m, NULL);
	for (int i = 0; i < 128; i++)
		longest[i] = (char)('a' + i % 26);
	snprintf(start, sizeof(start), "XA START '%.64s','%.64s'", longest, longest + 64);
	ok(query(&m, start) && table(&m, 9, "t") && insert(&m, 9, 1) && xa_prepare(&m, false, 64, 64));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&m.rig.text), "XA PREPARE log.000001:"));
	maker_end(&m);
	maker_ready(&m, NULL);
	ok(query(&m, "XA START X'61',X'',1"));
	no(xa_prepare(&m, false, 65, 0), ERR_PROTOCOL);
	maker_end(&m);
	for (uint32_t gtrid = 1; gtrid < 3; gtrid++) {	/* another name than the one that began */
		maker_ready(&m, NULL);
		ok(query(&m, "XA START X'6162',X'63',1") && table(&m, 9, "t") && insert(&m, 9, 1));
		no(xa_prepare(&m, false, gtrid, gtrid == 1 ? 2 : 0), ERR_PROTOCOL);
		maker_end(&m);
	}
}
END_TEST

/* ---- MariaDB ---- */

START_TEST(group_mariadb_counts_by_domain)
{
	struct maker m = { .mariadb = true };

	maker_ready(&m, NULL);
	ok(mariadb_gtid(&m, 0, 5, MARIADB_STANDALONE) && query(&m, "FLUSH TABLES"));
	ok(mariadb_gtid(&m, 3, 9, MARIADB_STANDALONE) && query(&m, "# Dum"));
	ok(mariadb_gtid(&m, 0, 7, 0) && table(&m, 9, "skipped") && xid(&m));
	buf_reset(&m.rig.text);
	ok(binlog_flush(m.rig.dec, &m.rig.err));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&m.rig.text), " at - 0-7-7 3-7-9\n"));
	ok(mariadb_gtid(&m, 0, 8, MARIADB_STANDALONE));
	no(table(&m, 9, "t"), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL);
	no(gtid(&m, 1, 1), ERR_PROTOCOL);
	maker_end(&m);
}
END_TEST

START_TEST(group_tagged_fields)
{
	/* version 1, size, last field that is needed: 0; flags 0, uuid, number 1, tag "t", then a field of later times */
	static const uint8_t head[] = { 0x02, 0x00, 0x00, 0x00, 0x00, 0x02 };
	static const uint8_t tail[] = { 0x04, 0x04, 0x06, 0x02, 't', 0x20, 0x02 };
	uint8_t bytes[sizeof(head) + 16 + sizeof(tail)];
	struct maker m = { 0 };

	memcpy(bytes, head, sizeof(head));
	memset(bytes + sizeof(head), 0x02, 16);
	memcpy(bytes + sizeof(head) + 16, tail, sizeof(tail));
	bytes[1] = sizeof(bytes) << 1;
	maker_ready(&m, NULL);
	ok(send_bytes(&m, EVENT_GTID_TAGGED, bytes, sizeof(bytes)) && query(&m, "FLUSH TABLES"));
	buf_reset(&m.rig.text);
	ok(binlog_flush(m.rig.dec, &m.rig.err));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&m.rig.text), U1 ":t:1\n"));
	bytes[2] = 0x20; /* now that field is needed */
	no(send_bytes(&m, EVENT_GTID_TAGGED, bytes, sizeof(bytes)), ERR_PROTOCOL);
	maker_end(&m);
	bytes[2] = 0;
	bytes[0] = 0x04; /* version 2 */
	maker_ready(&m, NULL);
	no(send_bytes(&m, EVENT_GTID_TAGGED, bytes, sizeof(bytes)), ERR_PROTOCOL);
	maker_end(&m);
}
END_TEST

START_TEST(group_packed_integers)
{
	static const struct {
		uint8_t bytes[9];
		size_t n;
		uint64_t want;
	} cases[] = { { { 0x00 }, 1, 0 }, { { 0xfe }, 1, 127 }, { { 0x01, 0x02 }, 2, 128 },
		{ { 0xfd, 0xff }, 2, 16383 }, { { 0x83, 0x12, 0x0b }, 3, 90704 },
		{ { 0x7f, 0x48, 0xb2, 0xe4, 0xfd, 0xde, 0x60, 0x06 }, 8, 0x0660defde4b248 },
		{ { 0x3f, 1, 0, 0, 0, 0, 0 }, 7, 2 },
		{ { 0xff, 1, 2, 3, 4, 5, 6, 7, 8 }, 9, 0x0807060504030201 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rd in = rd_init(cases[i].bytes, cases[i].n);

		ck_assert_uint_eq(rd_packed(&in), cases[i].want);
		ck_assert(!in.bad && rd_left(&in) == 0);
		in = rd_init(cases[i].bytes, cases[i].n - 1);
		rd_packed(&in);
		ck_assert(in.bad);
	}
}
END_TEST

UNIT_MAIN("binlog_group", group_emits_begin_with_the_first_row,
    group_of_nothing_leaves_its_identifier, group_identifiers_never_overflow_a_record,
    group_order_is_held, group_rows_need_their_table_in_the_same_statement,
    group_equal_tables_are_one_relation, group_control_in_doubt_is_refused,
    group_table_captured_as_another_is_refused, group_time_is_that_of_the_first_commit,
    group_without_gtid_is_a_hole_where_they_count, group_refusals_of_others_pass_through,
    group_truncate_is_a_transaction_of_its_own, group_rolled_back_is_read_again_without_its_rows,
    group_rolled_back_in_part, group_savepoints_that_are_not_known, group_abandoned_by_a_crash,
    group_xa_is_told_without_captured_rows, group_xa_order_and_sizes, group_mariadb_counts_by_domain,
    group_tagged_fields, group_packed_integers)
