/* test_binlog_place.c - events made here: places in the log, files, heartbeats, formats, compressed transactions, tables as no server
 * sends them, limits. */
#include "cdc/binlog_inflate.c"

#include "test/fake/binlog_maker.h"

static void
expect_at(struct maker *m, const char *want)
{
	struct position p = binlog_position(m->rig.dec);
	char text[POSITION_TEXT];

	ck_assert_str_eq(position_text(&p, text), want);
}

static void
expect_read(struct maker *m, const char *want)
{
	struct position p = binlog_read_position(m->rig.dec);
	char text[POSITION_TEXT];

	ck_assert_str_eq(position_text(&p, text), want);
}

/* ---- places ---- */

START_TEST(place_goes_on_beyond_4_gb)
{
	const struct binlog_options late = { .log = "log.000007", .offset = UINT64_C(0xfffffff0) };
	struct maker m = { 0 };
	struct buf b;

	maker_start(&m, &late);
	expect_at(&m, "log.000007:4294967280");
	ok(rotate(&m, "log.000007", 0xfffffff0, true));
	b = format_body(&m, "8.4.1", 0);
	ok(send_as(&m, EVENT_FORMAT_DESCRIPTION, 0, false, &b));
	expect_at(&m, "log.000007:4294967280");
	ok(query(&m, "BEGIN"));
	expect_at(&m, "log.000007:4294967280");
	expect_read(&m, "log.000007:4294967321");
	ok(table(&m, 9, "t") && insert(&m, 9, 1) && xid(&m));
	expect_at(&m, "log.000007:4294967434");
	ck_assert_ptr_nonnull(strstr(buf_cstr(&m.rig.text), "BEGIN log.000007:4294967280"));
	ck_assert_ptr_nonnull(strstr(buf_cstr(&m.rig.text), "COMMIT log.000007:4294967434"));
	m.end += INT32_MAX; /* not sent: what the reader has */
	ok(query(&m, "FLUSH TABLES"));
	expect_at(&m, "log.000007:6442451129");
	m.end -= 100; /* back */
	no(query(&m, "FLUSH TABLES"), ERR_PROTOCOL);
	maker_end(&m);
}
END_TEST

/* A dump by GTIDs from the file's beginning, in which all up to `reached` is stepped over; the next transaction begins at `next`. */
static void
expect_reached(uint64_t reached, uint64_t next, const char *want)
{
	const struct binlog_options o = { .gtids = true,
		.reached_log = reached != 0 ? name_intern("log", 3) : NULL,
		.reached = binlog_place(1, reached) };
	struct maker m = { .mariadb = true };

	maker_ready(&m, &o);
	m.end = next;
	ok(mariadb_gtid(&m, 0, 1, 0) && xid(&m));
	expect_at(&m, want);
	m.end += UINT64_C(3000000000); /* from here on all is sent */
	no(mariadb_gtid(&m, 0, 1, 0), ERR_PROTOCOL);
	maker_end(&m);
}

START_TEST(place_behind_what_was_stepped_over)
{
	expect_reached(0, 5000, "log.000001:5065");
	expect_reached(0, 3000000000, "log.000001:3000000065");
	expect_reached(5000, 5000, "log.000001:5065");
	expect_reached(3000000000, 3000000000, "log.000001:3000000065");
	expect_reached(UINT64_C(4608014463), UINT64_C(4608014463), "log.000001:4608014528");
	expect_reached(UINT64_C(4608014463), UINT64_C(4608014000), "log.000001:4608014065");
	expect_reached(UINT64_C(4294967290), UINT64_C(4294967290), "log.000001:4294967355");
	expect_reached(UINT64_C(9000000000), UINT64_C(9000000000), "log.000001:9000000065");
}
END_TEST

START_TEST(place_where_a_reader_begins_is_told_once)
{
	const struct binlog_options o = { .log = "log.000001", .offset = 500 };
	struct maker m = { .mariadb = true };

	maker_start(&m, &o);
	ok(binlog_flush(m.rig.dec, &m.rig.err));
	expect_dump(&m, "KEEPALIVE log.000001:500 at -\n");
	ok(binlog_flush(m.rig.dec, &m.rig.err));
	expect_dump(&m, "");
	maker_end(&m);
}
END_TEST

START_TEST(place_without_positions_is_counted)
{
	struct maker m = { .mariadb = true };

	maker_ready(&m, NULL);
	ok(mariadb_gtid(&m, 0, 1, 0));
	m.zero_pos = true;
	ok(table(&m, 9, "t") && insert(&m, 9, 1));
	expect_read(&m, "log.000001:380");
	m.zero_pos = false;
	m.end += 50; /* an ANNOTATE_ROWS that was not asked for */
	ok(xid(&m));
	expect_at(&m, "log.000001:457");
	maker_end(&m);
}
END_TEST

START_TEST(place_of_made_events_does_not_count)
{
	struct maker m = { .mariadb = true };
	struct buf list = body_of("\0\0\0\0", 4), key = body_of("", 0), format_again, made;

	maker_ready(&m, NULL);
	expect_at(&m, "log.000001:256");
	made = event_bytes(EVENT_GTID_LIST, ARTIFICIAL, 99999, &list, false);
	ok(rig_event(&m.rig, made.p, made.n));
	buf_done(&made);
	ok(send_as(&m, EVENT_GTID_LIST, ARTIFICIAL, false, &list));
	ok(send_as(&m, EVENT_START_ENCRYPTION, 0, false, &key));
	format_again = format_body(&m, "10.11.9-MariaDB", 0);
	ok(send_as(&m, EVENT_FORMAT_DESCRIPTION, 0, false, &format_again));
	expect_at(&m, "log.000001:256");
	maker_end(&m);
}
END_TEST

START_TEST(place_follows_the_files)
{
	struct maker m = { .checksum = true };

	maker_ready(&m, NULL);
	ok(rotate(&m, "log.000002", 4, false));
	expect_at(&m, "log.000002:4");
	ok(rotate(&m, "log.000002", 4, true) && format(&m, 0));
	ok(query(&m, "FLUSH TABLES"));
	expect_at(&m, "log.000002:179");
	ok(rotate(&m, "log.1000000", 4, false));
	expect_at(&m, "log.1000000:4");
	no(rotate(&m, "log.000003", 4, true), ERR_HOLE);
	ck_assert_str_ne(m.rig.err.remedy, "");
	maker_end(&m);
	maker_ready(&m, NULL);
	no(rotate(&m, "gol.000002", 4, true), ERR_HOLE);
	maker_end(&m);
	maker_ready(&m, NULL);
	ok(query(&m, "BEGIN"));
	no(rotate(&m, "log.000002", 4, false), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL);
	no(rotate(&m, "log.000002", 3, true), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL);
	no(rotate(&m, "log.000002", BINLOG_OFFSET_MAX + 1, true), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL);
	no(rotate(&m, "log.16777216", 4, true), ERR_LIMIT);
	maker_end(&m);
}
END_TEST

START_TEST(place_start_is_checked)
{
	struct binlog_options o = { .log = "log.x" };
	struct maker m = { 0 };
	struct err err = ERR_INIT;

	ck_fails(
	    binlog_new(&o, (struct binlog_hooks){ 0 }, (struct change_sink){ 0 }, &err) != NULL,
	    &err, ERR_PROTOCOL);
	o = (struct binlog_options){ .log = "log.000001", .offset = BINLOG_OFFSET_MAX + 1 };
	ck_fails(
	    binlog_new(&o, (struct binlog_hooks){ 0 }, (struct change_sink){ 0 }, &err) != NULL,
	    &err, ERR_LIMIT);
	o.offset = 500;
	maker_start(&m, &o);
	no(rotate(&m, "log.000001", 400, true), ERR_HOLE);
	maker_end(&m);
	maker_start(&m, NULL);
	ck_assert(binlog_position(m.rig.dec).kind == POSITION_NONE);
	ok(binlog_flush(m.rig.dec, &m.rig.err));
	no(format(&m, 0), ERR_PROTOCOL);
	maker_end(&m);
	maker_start(&m, NULL);
	ok(rotate(&m, "log.000001", 4, true));
	no(query(&m, "BEGIN"), ERR_PROTOCOL);
	maker_end(&m);
}
END_TEST

/* ---- heartbeats ---- */

static bool
heartbeat(struct maker *m, const char *name, uint32_t log_pos, uint64_t mariadb_pos)
{
	struct buf body = { 0 }, b;
	bool taken;

	if (mariadb_pos != 0)
		put_le(&body, mariadb_pos, 8);
	buf_str(&body, name);
	b = event_bytes(EVENT_HEARTBEAT, 0, log_pos, &body, m->checksum);
	taken = rig_event(&m->rig, b.p, b.n);
	buf_done(&b);
	buf_done(&body);
	return taken;
}

static bool
heartbeat_v2(struct maker *m, const char *name, uint64_t offset)
{
	struct buf b = { 0 };

	buf_u8(&b, 1);
	buf_u8(&b, (uint8_t)strlen(name));
	buf_str(&b, name);
	buf_u8(&b, 2);
	buf_u8(&b, 9);
	buf_u8(&b, 254);
	put_le(&b, offset, 8);
	buf_u8(&b, 0);
	return send_as(m, EVENT_HEARTBEAT_V2, 0, false, &b);
}

static bool
format_with_another_checksum(struct maker *m, uint32_t started)
{
	struct buf body = format_body(m, "11.8.3-MariaDB-log", started);
	struct buf b = event_bytes(EVENT_FORMAT_DESCRIPTION, 0, 0, &body, true);
	bool taken;

	b.p[b.n - 1] ^= 1;
	taken = rig_event(&m->rig, b.p, b.n);
	buf_done(&b);
	buf_done(&body);
	return taken;
}

START_TEST(format_of_a_dump_inside_a_file_without_checksums)
{
	struct maker m = { .mariadb = true };

	maker_ready(&m, NULL);
	ok(rotate(&m, "log.000002", 4, false) && rotate(&m, "log.000002", 900, true));
	ok(format_with_another_checksum(&m, 0));
	ok(query(&m, "FLUSH TABLES"));
	no(format_with_another_checksum(&m, 1), ERR_RETRY);
	maker_end(&m);
	m = (struct maker){ .mariadb = true, .checksum = true };
	maker_ready(&m, NULL);
	no(format_with_another_checksum(&m, 0), ERR_RETRY);
	maker_end(&m);
}
END_TEST

/* The first event may come late: the server looks for the place, through a large file. */
START_TEST(place_before_what_was_stepped_over_is_not_told)
{
	const struct binlog_options o = { .gtids = true, .reached_log = name_intern("log", 3), .reached = binlog_place(1, 5000) };
	struct maker m = { .mariadb = true };

	maker_ready(&m, &o);
	ck_assert(binlog_flush(m.rig.dec, &m.rig.err));
	ck_assert_str_eq(buf_cstr(&m.rig.text), "");
	ok(heartbeat(&m, "log.000001", 4900, 0));
	ck_assert(binlog_flush(m.rig.dec, &m.rig.err));
	ck_assert_str_eq(buf_cstr(&m.rig.text), "");
	ok(heartbeat(&m, "log.000001", 5100, 0));
	ck_assert(binlog_flush(m.rig.dec, &m.rig.err));
	ck_assert_str_eq(buf_cstr(&m.rig.text), "KEEPALIVE log.000001:5100 at -\n");
	maker_end(&m);
}
END_TEST

START_TEST(place_moves_by_heartbeats)
{
	struct maker m = { .checksum = true };

	maker_ready(&m, NULL);
	ok(heartbeat(&m, "log.000001", 500, 0));
	expect_at(&m, "log.000001:500");
	ok(heartbeat(&m, "log.000001", 400, 0));
	expect_at(&m, "log.000001:500");
	ok(heartbeat_v2(&m, "log.000001", UINT64_C(5000000000)));
	expect_at(&m, "log.000001:5000000000");
	ok(heartbeat(&m, "log.000001", 1000000000, 0)); /* cut to 32 bits: 5294967296 */
	expect_at(&m, "log.000001:5294967296");
	m.end = UINT64_C(5294967296);
	ok(query(&m, "BEGIN"));
	ok(heartbeat_v2(&m, "log.000001", UINT64_C(6000000000)));
	expect_at(&m, "log.000001:5294967296");
	ok(query(&m, "COMMIT"));
	buf_reset(&m.rig.text);
	ok(heartbeat_v2(&m, "log.000002", 4) && binlog_flush(m.rig.dec, &m.rig.err));
	ck_assert_str_eq(buf_cstr(&m.rig.text), "KEEPALIVE log.000002:4 at -\n");
	no(heartbeat(&m, "other.000002", 5, 0), ERR_HOLE);
	maker_end(&m);
	maker_ready(&m, NULL);
	no(heartbeat_v2(&m, "log.000001", UINT64_C(1) << 40), ERR_PROTOCOL);
	maker_end(&m);
	maker_ready(&m, NULL);
	no(heartbeat_v2(&m, "log.000001", 0), ERR_PROTOCOL);
	maker_end(&m);
}
END_TEST

START_TEST(place_moves_by_heartbeats_of_mariadb)
{
	struct maker m = { .mariadb = true };

	maker_ready(&m, NULL);
	ok(heartbeat(&m, "log.000001", 0, UINT64_C(5000000000)));
	expect_at(&m, "log.000001:5000000000");
	maker_end(&m);
}
END_TEST

/* ---- formats ---- */

static void
expect_format(
    const char *version, bool mariadb, enum gtid_flavour wanted, int algorithm, enum err_kind kind)
{
	const struct binlog_options o = { .flavour = wanted };
	struct maker m = { .mariadb = mariadb };
	struct buf b;

	maker_start(&m, &o);
	ok(rotate(&m, "log.000001", 4, true));
	b = format_body(&m, version, 1);
	b.p[b.n - 1] = (uint8_t)algorithm;
	if (kind == ERR_NONE) {
		ok(send_event(&m, EVENT_FORMAT_DESCRIPTION, &b));
		ck_assert_int_eq(binlog_flavour(m.rig.dec), mariadb ? GTID_MARIADB : GTID_MYSQL);
		ck_assert_str_eq(binlog_server_version(m.rig.dec), version);
	} else {
		no(send_event(&m, EVENT_FORMAT_DESCRIPTION, &b), kind);
	}
	maker_end(&m);
}

START_TEST(format_tells_the_server)
{
	expect_format("5.6.24-log", false, 0, 1, ERR_NONE);
	expect_format("9.7.4", false, GTID_MYSQL, 0, ERR_NONE);
	expect_format("10.5.1-MariaDB", true, GTID_MARIADB, 1, ERR_NONE);
	expect_format("5.5.5-10.6.1-MariaDB", true, 0, 1, ERR_NONE);
	expect_format("5.5.62", false, 0, 1, ERR_PROTOCOL);
	expect_format("5.5.60-MariaDB", true, 0, 1, ERR_PROTOCOL);
	expect_format("8.0.1", false, GTID_MARIADB, 1, ERR_HOLE);
	expect_format("10.5.1-MariaDB", true, GTID_MYSQL, 1, ERR_HOLE);
	expect_format("8.0.1", false, 0, 2, ERR_PROTOCOL);
}
END_TEST

START_TEST(format_of_another_version_is_refused)
{
	struct maker m = { 0 };
	struct buf b;

	for (int at = 0; at < 2; at++) {
		maker_start(&m, NULL);
		ok(rotate(&m, "log.000001", 4, true));
		b = format_body(&m, "8.4.1", 1);
		b.p[at == 0 ? 0 : 56]++;
		no(send_event(&m, EVENT_FORMAT_DESCRIPTION, &b), ERR_PROTOCOL);
		maker_end(&m);
	}
}
END_TEST

/* ---- what is not understood, or cannot go on ---- */

START_TEST(event_of_unknown_type)
{
	struct maker m = { 0 };
	struct buf body = body_of("what is this", 12);

	maker_ready(&m, NULL);
	ok(send_as(&m, 99, IGNORABLE, true, &body));
	expect_at(&m, "log.000001:158");
	no(send_bytes(&m, 99, "x", 1), ERR_PROTOCOL);
	maker_end(&m);
	for (uint8_t old = 20; old <= 22; old++) {
		maker_ready(&m, NULL);
		no(send_bytes(&m, old, "x", 1), ERR_PROTOCOL);
		maker_end(&m);
	}
}
END_TEST

START_TEST(event_incident_is_a_hole)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	no(send_bytes(&m, EVENT_INCIDENT, "\1\0\4oops", 7), ERR_HOLE);
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "oops"));
	ck_assert_str_ne(m.rig.err.remedy, "");
	maker_end(&m);
	maker_ready(&m, NULL);
	no(send_bytes(&m, EVENT_INCIDENT, "\1\0\5oops", 7), ERR_PROTOCOL);
	maker_end(&m);
}
END_TEST

START_TEST(event_of_another_length_than_it_says)
{
	struct buf body = body_of("text", 4), b;
	struct maker m = { 0 };

	for (int change = -1; change <= 1; change += 2) {
		maker_ready(&m, NULL);
		b = event_bytes(EVENT_ROWS_QUERY, 0, 0, &body, false);
		b.p[9] = (uint8_t)(b.p[9] + change);
		no(rig_event(&m.rig, b.p, b.n), ERR_PROTOCOL);
		buf_done(&b);
		maker_end(&m);
	}
	buf_done(&body);
}
END_TEST

START_TEST(event_larger_than_allowed)
{
	const struct binlog_options small = { .max_event = 200 };
	struct maker m = { 0 };
	char text[300];

	memset(text, 'x', sizeof(text));
	maker_ready(&m, &small);
	no(send_bytes(&m, EVENT_ROWS_QUERY, text, sizeof(text)), ERR_LIMIT);
	maker_end(&m);
}
END_TEST

/* ---- compressed transactions ---- */

/* The events of a transaction, without checksums. */
static struct buf
inner_events(const char *name, uint32_t value)
{
	struct buf all = { 0 }, parts[4] = { { 0 } };
	static const uint8_t types[] = { EVENT_QUERY, EVENT_TABLE_MAP, EVENT_WRITE_ROWS,
		EVENT_XID };

	put_le(&parts[0], 0, 13);
	buf_str(&parts[0], "");
	buf_u8(&parts[0], 0);
	buf_str(&parts[0], "BEGIN");
	put_le(&parts[1], 9, 6);
	put_le(&parts[1], 1, 2);
	buf_u8(&parts[1], 3);
	buf_str(&parts[1], "app");
	buf_u8(&parts[1], 0);
	buf_u8(&parts[1], (uint8_t)strlen(name));
	buf_str(&parts[1], name);
	buf_put(&parts[1], "\0\1\3\0\0\1\1\0\4\3\2id\10\1\0", 16);
	put_le(&parts[2], 9, 6);
	put_le(&parts[2], STMT_END, 2);
	put_le(&parts[2], 2, 2);
	buf_put(&parts[2], "\1\1\0", 3);
	put_le(&parts[2], value, 4);
	put_le(&parts[3], 1, 8);
	for (int i = 0; i < 4; i++) {
		struct buf e = event_bytes(types[i], 0, 12345, &parts[i], false);

		buf_put(&all, e.p, e.n);
		buf_done(&e);
		buf_done(&parts[i]);
	}
	return all;
}

static bool
payload_and(
    struct maker *m, uint8_t algorithm, uint64_t size, const struct buf *events, size_t more)
{
	struct buf b = { 0 }, packed = { 0 };
	size_t n = events->n;

	buf_reserve(&packed, ZSTD_compressBound(events->n));
	if (algorithm == PAYLOAD_ZSTD)
		n = ZSTD_compress(packed.p, packed.cap, events->p, events->n, 3);
	else
		memcpy(packed.p, events->p, n);
	buf_put(&b, "\2\3\374", 3);
	put_le(&b, algorithm, 2);
	buf_put(&b, "\3\3\374", 3);
	put_le(&b, size, 2);
	buf_put(&b, "\1\3\374", 3);
	put_le(&b, n + more, 2);
	buf_u8(&b, 0);
	buf_put(&b, packed.p, n);
	put_le(&b, 0, (int)more);
	buf_done(&packed);
	return send_event(m, EVENT_TRANSACTION_PAYLOAD, &b);
}

static bool
payload(struct maker *m, uint8_t algorithm, uint64_t size, const struct buf *events)
{
	return payload_and(m, algorithm, size, events, 0);
}

START_TEST(payload_is_a_transaction)
{
	struct buf events = inner_events("t", 5);
	struct maker m = { .checksum = true };
	char at[POSITION_TEXT], line[160];
	struct position end;

	for (int algorithm = 0; algorithm < 256; algorithm += PAYLOAD_NONE) {
		maker_ready(&m, NULL);
		ok(gtid(&m, 1, 5) && payload(&m, (uint8_t)algorithm, events.n, &events));
		end = binlog_position(m.rig.dec);
		snprintf(line, sizeof(line), "COMMIT %s at", position_text(&end, at));
		ck_assert_ptr_nonnull(strstr(
		    buf_cstr(&m.rig.text), "BEGIN log.000001:127 at 2023-11-14T22:13:20.123Z\n"));
		ck_assert_ptr_nonnull(strstr(buf_cstr(&m.rig.text), line));
		ck_assert_uint_eq(binlog_offset(end.lsn.v), m.end);
		maker_end(&m);
	}
	buf_done(&events);
}
END_TEST

static void
expect_payload_refused(
    uint8_t algorithm, uint64_t size, const struct buf *events, enum err_kind kind)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	ok(gtid(&m, 1, 5));
	no(payload(&m, algorithm, size, events), kind);
	maker_end(&m);
}

/* The compressed stream ends before its end; and what stands before it is cut, or no length. */
static void
expect_cut_payload(const struct buf *events)
{
	static const char *const heads[] = { "\3\1", "\373", "\2\373", "\2\1\374", "\2\0", "\1\1\7" };
	uint8_t packed[1000];
	const size_t n = ZSTD_compress(packed, sizeof(packed), events->p, events->n, 3);
	struct maker m = { 0 };

	ck_assert(!ZSTD_isError(n));
	for (size_t cut = 0; cut < n; cut++) {
		struct buf b = { 0 };

		buf_put(&b, "\2\1\0\1\3\374", 6);
		put_le(&b, cut, 2);
		buf_u8(&b, 0);
		buf_put(&b, packed, cut);
		maker_ready(&m, NULL);
		ok(gtid(&m, 1, 5));
		no(send_event(&m, EVENT_TRANSACTION_PAYLOAD, &b), ERR_PROTOCOL);
		ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "cannot be decompressed"));
		maker_end(&m);
	}
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		maker_ready(&m, NULL);
		ok(gtid(&m, 1, 5));
		no(send_bytes(&m, EVENT_TRANSACTION_PAYLOAD, heads[i], strlen(heads[i]) + (i == 4)), ERR_PROTOCOL);
		ck_assert_msg(strstr(m.rig.err.msg, "TRANSACTION_PAYLOAD (type 40)") != NULL, "%zu: %s", i, m.rig.err.msg);
		maker_end(&m);
	}
}

START_TEST(payload_that_is_broken)
{
	struct buf events = inner_events("t", 5), two = { 0 }, nested, body;
	struct maker m = { 0 };

	expect_payload_refused(7, events.n, &events, ERR_PROTOCOL);
	expect_payload_refused(PAYLOAD_ZSTD, events.n + 1, &events, ERR_PROTOCOL);
	expect_payload_refused(PAYLOAD_NONE, events.n - 1, &events, ERR_PROTOCOL);
	events.n--;
	expect_payload_refused(PAYLOAD_ZSTD, events.n, &events, ERR_PROTOCOL);
	events.n++;
	events.p[9] = 18; /* a size that none can have */
	expect_payload_refused(PAYLOAD_ZSTD, events.n, &events, ERR_PROTOCOL);
	memset(events.p + 9, 0xff, 4);
	expect_payload_refused(PAYLOAD_ZSTD, events.n, &events, ERR_LIMIT);
	buf_done(&events);
	events = inner_events("t", 5); /* more after its end */
	buf_put(&two, events.p, events.n);
	buf_put(&two, events.p, events.n);
	expect_payload_refused(PAYLOAD_ZSTD, two.n, &two, ERR_PROTOCOL);
	body = body_of("", 0);
	for (size_t i = 0; i < 4; i++) {
		static const uint8_t types[] = { EVENT_TRANSACTION_PAYLOAD, EVENT_ROTATE, EVENT_FORMAT_DESCRIPTION, EVENT_GTID };

		nested = event_bytes(types[i], 0, 0, &body, false);
		expect_payload_refused(PAYLOAD_NONE, nested.n, &nested, ERR_PROTOCOL);
		buf_done(&nested);
	}
	maker_ready(&m, NULL);
	no(payload(&m, PAYLOAD_ZSTD, events.n, &events), ERR_PROTOCOL); /* no GTID before it */
	maker_end(&m);
	maker_ready(&m, NULL);
	ok(gtid(&m, 1, 5));
	no(payload_and(&m, PAYLOAD_ZSTD, events.n, &events, 3), ERR_PROTOCOL);
	maker_end(&m);
	expect_cut_payload(&events);
	buf_done(&events);
	buf_done(&two);
}
END_TEST

/* Larger than a step of decompression, events across its edges. */
START_TEST(payload_of_many_events)
{
	struct buf events = { 0 }, parts = inner_events("t", 0);
	struct rd in = rd_init(parts.p, parts.n);
	const uint8_t *rows = NULL, *end = NULL;
	struct maker m = { 0 };
	size_t n_rows = 0, n_end = 0, head = 0, n;
	struct buf packed = { 0 }, body = { 0 };

	for (int i = 0; i < 4; i++) {
		const uint8_t *p;

		n = le32(parts.p + in.off + 9);
		p = rd_bytes(&in, n);

		if (i < 2)
			head += n;
		rows = i == 2 ? p : rows;
		n_rows = i == 2 ? n : n_rows;
		end = i == 3 ? p : end;
		n_end = i == 3 ? n : n_end;
	}
	buf_put(&events, parts.p, head);
	for (uint32_t i = 0; i < 20000; i++) {
		buf_put(&events, rows, n_rows);
		events.p[events.n - n_rows + EVENT_HEADER + 6] =
		    i == 19999; /* the statement's end */
		memcpy(events.p + events.n - 4, &i, 4);
	}
	buf_put(&events, end, n_end);
	buf_reserve(&packed, ZSTD_compressBound(events.n));
	n = ZSTD_compress(packed.p, packed.cap, events.p, events.n, 3);
	buf_put(&body, "\2\1\0\1\4\375", 6);
	put_le(&body, n, 3);
	buf_u8(&body, 0);
	buf_put(&body, packed.p, n);
	maker_ready(&m, NULL);
	m.rig.dump = false;
	ok(gtid(&m, 1, 5) && send_event(&m, EVENT_TRANSACTION_PAYLOAD, &body));
	ck_assert_uint_eq(m.rig.rows, 20000);
	ck_assert_uint_eq(m.rig.commits, 1);
	maker_end(&m);
	buf_done(&packed);
	buf_done(&events);
	buf_done(&parts);
}
END_TEST

/* ---- MariaDB's blocks ---- */

static bool
compressed_query(struct maker *m, uint8_t mark, size_t size, const void *p, size_t n)
{
	struct buf b = { 0 };

	put_le(&b, 0, 13);
	buf_u8(&b, 0);
	buf_u8(&b, mark);
	buf_u8(&b, (uint8_t)size);
	buf_put(&b, p, n);
	return send_event(m, EVENT_QUERY_COMPRESSED, &b);
}

START_TEST(block_is_decompressed_or_refused)
{
	static const char text[] = "FLUSH TABLES t, t, t, t, t, t, t, t";
	const size_t size = sizeof(text) - 1;
	struct maker m = { .mariadb = true };
	uint8_t packed[100];
	uLongf n = sizeof(packed);

	ck_assert_int_eq(compress(packed, &n, (const uint8_t *)text, size), Z_OK);
	for (int i = 0; i < 6; i++) {
		const uint8_t mark = i == 1 ? 0x01 : i == 2 ? 0x91 : i == 3 ? 0x80 : 0x81;
		const size_t says = i == 4 ? size + 1 : size, bytes = i == 5 ? n - 1 : n;

		maker_ready(&m, NULL);
		ok(mariadb_gtid(&m, 0, 1, 1));
		if (i == 0) {
			ok(compressed_query(&m, mark, says, packed, bytes));
			ck_assert_ptr_nonnull(strstr(buf_cstr(&m.rig.text), text));
		} else {
			no(compressed_query(&m, mark, says, packed, bytes), ERR_PROTOCOL);
		}
		maker_end(&m);
	}
}
END_TEST

START_TEST(block_larger_than_allowed_or_of_an_odd_width)
{
	const struct binlog_options small = { .max_event = 1000 };
	struct maker m = { .mariadb = true };

	maker_ready(&m, &small);
	ok(mariadb_gtid(&m, 0, 1, 1));
	no(compressed_query(&m, 0x82, 0x03, "\xe9x", 2), ERR_LIMIT);	/* 1001 bytes */
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "an event of 1001 bytes, decompressed"));
	maker_end(&m);
	maker_ready(&m, NULL);
	ok(mariadb_gtid(&m, 0, 1, 1));
	no(compressed_query(&m, 0x85, 0, "\0\0\0\1x", 5), ERR_PROTOCOL);	/* five bytes of size */
	ck_assert_ptr_nonnull(strstr(m.rig.err.msg, "cannot be decompressed"));
	maker_end(&m);
	maker_ready(&m, NULL);
	ok(mariadb_gtid(&m, 0, 1, 1));
	no(send_bytes(&m, EVENT_QUERY_COMPRESSED, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 14), ERR_PROTOCOL);	/* none at all */
	maker_end(&m);
}
END_TEST

/* ---- tables as no server sends them ---- */

static bool
odd_table(struct maker *m, const char *name, const void *columns, size_t n)
{
	struct buf b = { 0 };

	put_le(&b, 9, 6);
	put_le(&b, 1, 2);
	buf_put(&b, "\3app\0", 5);
	buf_u8(&b, (uint8_t)strlen(name));
	buf_put(&b, name, strlen(name) + 1);
	buf_put(&b, columns, n);
	return send_event(m, EVENT_TABLE_MAP, &b);
}

static void
expect_table(const char *name, const void *columns, size_t n, bool takes_all, enum err_kind kind)
{
	struct maker m = { 0 };

	maker_ready(&m, NULL);
	m.rig.takes_all = takes_all;
	ok(query(&m, "BEGIN"));
	if (kind == ERR_NONE)
		ok(odd_table(&m, name, columns, n));
	else
		no(odd_table(&m, name, columns, n), kind);
	maker_end(&m);
}

#define TABLE_IS(name, columns, all, kind)                                                         \
	expect_table(name, columns, sizeof(columns) - 1, all, kind)

START_TEST(table_of_odd_columns)
{
	TABLE_IS("t", "\1\3\0\0\1\1\0\4\3\2id\10\1\0", true, ERR_NONE);
	TABLE_IS("t", "\1\310\0\0", true, ERR_PROTOCOL); /* type 200 */
	TABLE_IS("skipped", "\1\310\0\0", true, ERR_NONE);
	TABLE_IS("skipped", "\1\310\5abcde\0 and more", true, ERR_NONE);
	TABLE_IS("t", "\0\0", true, ERR_PROTOCOL); /* no columns */
	TABLE_IS("t", "\374\1\20", true, ERR_PROTOCOL); /* 4097 */
	TABLE_IS("t", "\1\3\1x\0", true, ERR_PROTOCOL); /* metadata too long */
	TABLE_IS("t", "\1\17\1x\0", true, ERR_PROTOCOL); /* too short */
	TABLE_IS("t", "\1\3\0", true, ERR_PROTOCOL); /* no bitmap */
	TABLE_IS("t", "\1\3\0\0\143\3abc\1\1\0\4\3\2id", true, ERR_NONE); /* an unknown field */
	TABLE_IS("t", "\1\3\0\0\1\2\0\0", true, ERR_PROTOCOL); /* signs of two columns */
	TABLE_IS("t", "\1\3\0\0\4\2\2id", true, ERR_PROTOCOL); /* name cut */
	TABLE_IS("t", "\1\3\0\0\4\1\0", true, ERR_PROTOCOL); /* a name of nothing */
	TABLE_IS("t", "\1\3\0\0\4\6\2id\2ie", true, ERR_PROTOCOL); /* two names */
	TABLE_IS("t", "\1\3\0\0\10\1\1", true, ERR_PROTOCOL); /* a key of column 1 of 1 */
	TABLE_IS("t", "\1\3\0\0\10\1\0", false, ERR_SCHEMA); /* nobody knows the name */
	TABLE_IS("t", "\1\3\0\0\4\3\2id", false, ERR_SCHEMA); /* nor the sign */
	TABLE_IS("t", "\1\17\2\12\0\0\2\3\10\0\10\4\3\2id", true, ERR_NONE);
	TABLE_IS("t", "\1\17\2\12\0\0\2\3\10\1\10\4\3\2id", true,
	    ERR_PROTOCOL); /* the collation of column 1 of 1 */
	TABLE_IS("t", "\1\17\2\12\0\0\2\5\10\0\10\0\10\4\3\2id", true, ERR_PROTOCOL); /* twice */
	TABLE_IS("t", "\1\20\2\10\11\0\1\0\4\3\2id", true, ERR_SCHEMA); /* bit(80) */
	TABLE_IS("t", "\1\14\0\0\14\2\0\0", true, ERR_PROTOCOL); /* visibility of more columns */
	TABLE_IS("a name that is much longer than any server lets a table have, so that it does "
		 "not go through; and some more, to be sure",
	    "\1\3\0\0\1\1\0\4\3\2id\10\1\0", true, ERR_NONE);
}
END_TEST

START_TEST(table_that_is_too_wide)
{
	struct buf b = { 0 };

	buf_u8(&b, 252);
	put_le(&b, RELATION_MAX_COLUMNS + 1, 2);
	for (int i = 0; i <= RELATION_MAX_COLUMNS; i++)
		buf_u8(&b, 1);
	buf_u8(&b, 0);
	put_le(&b, 0, 8);
	for (int i = 8; i < RELATION_MAX_COLUMNS / 8 + 1; i++)
		buf_u8(&b, 0);
	expect_table("skipped", b.p, b.n, true, ERR_NONE);
	expect_table("t", b.p, b.n, true, ERR_LIMIT);
	buf_done(&b);
}
END_TEST

START_TEST(table_count_of_a_statement_is_bounded)
{
	struct maker m = { 0 };
	char name[16];

	maker_ready(&m, NULL);
	ok(query(&m, "BEGIN"));
	for (uint64_t id = 1; id <= ACTIVE_TABLES; id++) {
		snprintf(name, sizeof(name), "skip%u", (unsigned)id);
		ok(table(&m, id, name));
	}
	no(table(&m, ACTIVE_TABLES + 1, "skip"), ERR_LIMIT);
	maker_end(&m);
}
END_TEST

UNIT_MAIN("binlog_place", place_goes_on_beyond_4_gb, place_behind_what_was_stepped_over,
    place_before_what_was_stepped_over_is_not_told, place_where_a_reader_begins_is_told_once, place_without_positions_is_counted,
    place_of_made_events_does_not_count, place_follows_the_files, place_start_is_checked,
    place_moves_by_heartbeats, place_moves_by_heartbeats_of_mariadb, format_tells_the_server,
    format_of_a_dump_inside_a_file_without_checksums,
    format_of_another_version_is_refused, event_of_unknown_type, event_incident_is_a_hole,
    event_larger_than_allowed, event_of_another_length_than_it_says, payload_is_a_transaction,
    payload_that_is_broken, payload_of_many_events, block_is_decompressed_or_refused, block_larger_than_allowed_or_of_an_odd_width,
    table_of_odd_columns, table_that_is_too_wide, table_count_of_a_statement_is_bounded)
