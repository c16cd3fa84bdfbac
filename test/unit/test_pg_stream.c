/* test_pg_stream.c - when a status message is due, what a keepalive becomes, and which slots a stream may not start from. */
#include "endpoints/pg_stream.c"

#include <stdio.h>
#include "test/unit/unit.h"

static union {
	struct change c;
	uint8_t room[4096];
} record;
static int begins, keepalives;
static uint64_t keepalive_end;

static void *
reserve(void *arg, size_t max, struct err *err)
{
	(void)arg;
	(void)err;
	ck_assert(max <= sizeof(record));
	return &record;
}

static bool
commit(void *arg, struct change *c, size_t size, struct err *err)
{
	(void)arg;
	(void)size;
	(void)err;
	begins += c->kind == CHANGE_BEGIN;
	if (c->kind == CHANGE_KEEPALIVE) {
		keepalives++;
		keepalive_end = c->u.commit.position.lsn.v;
		ck_assert_int_eq(c->u.commit.position.kind, POSITION_LSN);
		ck_assert_int_eq(c->u.commit.commit_time.v, 0);
	}
	return true;
}

static bool
resolve(void *arg, const struct relation *rel, const void **ret_table, struct err *err)
{
	(void)arg;
	(void)rel;
	(void)err;
	*ret_table = NULL;
	return true;
}

static void
stream_init(struct source_stream *s, uint64_t from)
{
	struct err err = ERR_INIT;

	clock_fake(true, 1000000000, 1000000000);
	memset(s, 0, sizeof(*s));
	s->p.slot = "repld_orders";
	s->p.task = "orders";
	s->p.publication = "it's \"mine\"";
	s->sink = (struct change_sink){ reserve, commit, NULL };
	s->received = s->told = s->confirmed = s->sent_received = s->sent_confirmed = from;
	s->last_sent = clock_mono();
	s->dec = pgoutput_new((struct relation_resolver){ resolve, NULL }, s->sink, &err);
	ck_assert_ptr_nonnull(s->dec);
	begins = keepalives = 0;
}

static bool
keepalive(struct source_stream *s, uint64_t end, struct err *err)
{
	struct buf b = { 0 };
	bool ok;

	buf_u8(&b, 'k');
	buf_u64(&b, end);
	buf_u64(&b, 0);
	buf_u8(&b, 0);
	ok = take_message(s, (const char *)b.p, b.n, err);
	buf_done(&b);
	return ok;
}

/* Begin or commit of a transaction, in an XLogData message. */
static bool
data(struct source_stream *s, char tag, uint64_t lsn, struct err *err)
{
	struct buf b = { 0 };
	bool ok;

	buf_u8(&b, 'w');
	buf_u64(&b, lsn);
	buf_u64(&b, lsn);
	buf_u64(&b, 0);
	buf_u8(&b, (uint8_t)tag);
	if (tag == 'C')
		buf_u8(&b, 0);
	buf_u64(&b, lsn);
	buf_u64(&b, tag == 'C' ? lsn + 50 : 0);
	if (tag == 'B')
		buf_u32(&b, 7);
	else
		buf_u64(&b, 0);
	ok = take_message(s, (const char *)b.p, b.n, err);
	buf_done(&b);
	return ok;
}

START_TEST(pg_stream_keepalive_moves_only_forward_and_only_outside_a_transaction)
{
	struct source_stream s;
	struct err err = ERR_INIT;

	stream_init(&s, 1000);
	ck_ok(keepalive(&s, 1000, &err), &err);
	ck_ok(keepalive(&s, 900, &err), &err);
	ck_assert_int_eq(keepalives, 0);
	ck_ok(keepalive(&s, 2000, &err), &err);
	ck_assert_int_eq(keepalives, 1);
	ck_assert_uint_eq(keepalive_end, 2000);
	ck_ok(data(&s, 'B', 3000, &err), &err);
	ck_ok(keepalive(&s, 3500, &err), &err);
	ck_assert_int_eq(keepalives, 1);
	ck_assert_uint_eq(s.received, 3500);
	ck_ok(data(&s, 'C', 3000, &err), &err);
	ck_ok(keepalive(&s, 3500, &err), &err);
	ck_assert_int_eq(keepalives, 2);
	ck_assert_int_eq(begins, 1);
	pgoutput_free(s.dec);
}
END_TEST

/* The server says where it had sent to while it waits for room for a COMMIT, behind that COMMIT. */
static void
late_keepalive(struct source_stream *s)
{
	struct err err = ERR_INIT;
	const uint64_t end = decoded_end(s);

	ck_assert_uint_eq(end, 3050);
	ck_ok(keepalive(s, 3000, &err), &err);
	ck_ok(keepalive(s, 3050, &err), &err);
	ck_assert_int_eq(keepalives, 0);
	s->asked = true;
	ck_ok(keepalive(s, 3000, &err), &err);
	ck_assert_int_eq(keepalives, 0);
	ck_assert(s->ask);
	s->ask = false;
	s->asked = true;
	ck_ok(keepalive(s, 3050, &err), &err);
	ck_assert_int_eq(keepalives, 1);
	ck_assert_uint_eq(keepalive_end, 3050);
	ck_assert(!s->ask && !s->asked);
	ck_ok(keepalive(s, 3060, &err), &err);
	ck_assert_uint_eq(keepalive_end, 3060);
}

START_TEST(pg_stream_keepalive_behind_a_commit_does_not_go_back_before_it)
{
	struct source_stream s;
	struct err err = ERR_INIT;

	stream_init(&s, 1000);
	ck_ok(data(&s, 'B', 3000, &err), &err);
	ck_ok(data(&s, 'C', 3000, &err), &err);
	late_keepalive(&s);
	pgoutput_free(s.dec);
}
END_TEST

static void
json(struct source_stream *s, const char *text)
{
	struct err err = ERR_INIT;
	struct buf b = { 0 };

	buf_u8(&b, 'w');
	buf_u64(&b, 3000);
	buf_u64(&b, 3000);
	buf_u64(&b, 0);
	buf_str(&b, text);
	ck_ok(take_message(s, (const char *)b.p, b.n, &err), &err);
	buf_done(&b);
}

START_TEST(pg_stream_keepalive_of_wal2json_does_not_go_back_either)
{
	struct source_stream s;
	struct err err = ERR_INIT;
	struct wal2json_params p;

	stream_init(&s, 1000);
	pgoutput_free(s.dec);
	s.dec = NULL;
	p = (struct wal2json_params){ .strings = true, .resolver = { resolve, NULL }, .sink = s.sink };
	ck_assert_ptr_nonnull(s.json = wal2json_new(&p, &err));
	json(&s, "{\"action\":\"B\",\"xid\":7,\"timestamp\":\"2026-01-02 03:04:05.678901+00\",\"lsn\":\"0/BB8\",\"nextlsn\":\"0/BEA\"}");
	json(&s, "{\"action\":\"C\",\"xid\":7,\"timestamp\":\"2026-01-02 03:04:05.678901+00\",\"lsn\":\"0/BB8\",\"nextlsn\":\"0/BEA\"}");
	late_keepalive(&s);
	wal2json_free(s.json);
}
END_TEST

START_TEST(pg_stream_asked_for_keepalive_comes_though_nothing_moved)
{
	struct source_stream s;
	struct err err = ERR_INIT;

	stream_init(&s, 1000);
	s.asked = true;
	ck_ok(keepalive(&s, 1000, &err), &err);
	ck_assert_int_eq(keepalives, 1);
	ck_assert(!s.asked);
	ck_ok(keepalive(&s, 1000, &err), &err);
	ck_assert_int_eq(keepalives, 1);
	/* Inside a transaction the question is put again, once it has ended. */
	s.asked = true;
	ck_ok(data(&s, 'B', 3000, &err), &err);
	ck_ok(keepalive(&s, 2000, &err), &err);
	ck_assert(!s.ask && keepalives == 1);
	ck_ok(data(&s, 'C', 3000, &err), &err);
	ck_assert(s.ask);
	pgoutput_free(s.dec);
}
END_TEST

START_TEST(pg_stream_refuses_messages_it_does_not_know)
{
	struct source_stream s;
	struct err err = ERR_INIT;

	stream_init(&s, 1000);
	ck_fails(take_message(&s, "x", 1, &err), &err, ERR_PROTOCOL);
	ck_fails(take_message(&s, "k1234567", 8, &err), &err, ERR_PROTOCOL);
	ck_fails(take_message(&s, "w1234567", 8, &err), &err, ERR_PROTOCOL);
	ck_assert_str_eq(err.position, "0/3E8");
	pgoutput_free(s.dec);
}
END_TEST

START_TEST(pg_stream_status_is_due_by_what_moved)
{
	struct source_stream s;

	stream_init(&s, 1000);
	ck_assert_int_eq(status_due(&s), STATUS_IDLE_USEC);
	s.received = 2000;
	ck_assert_int_eq(status_due(&s), STATUS_MOVED_USEC);
	pg_stream_confirm(&s, &(struct position){ .kind = POSITION_LSN, .lsn = { 1500 } });
	ck_assert_int_eq(status_due(&s), STATUS_CONFIRM_USEC);
	clock_fake(true, 1000000000 + STATUS_CONFIRM_USEC, 1000000000);
	ck_assert_int_eq(status_due(&s), 0);
	s.sent_confirmed = 1500;
	s.sent_received = 2000;
	s.last_sent = clock_mono();
	ck_assert_int_eq(status_due(&s), STATUS_IDLE_USEC);
	pg_stream_ask(&s);
	ck_assert_int_eq(status_due(&s), 0);
	pgoutput_free(s.dec);
}
END_TEST

START_TEST(pg_stream_confirmation_never_goes_back)
{
	struct source_stream s;

	stream_init(&s, 1000);
	pg_stream_confirm(&s, &(struct position){ .kind = POSITION_LSN, .lsn = { 1500 } });
	pg_stream_confirm(&s, &(struct position){ .kind = POSITION_LSN, .lsn = { 1200 } });
	ck_assert_uint_eq(s.confirmed, 1500);
	pgoutput_free(s.dec);
}
END_TEST

START_TEST(pg_stream_slot_must_stand_at_or_before_the_checkpoint)
{
	const struct source_log good = { .exists = true, .ours = true,
		.confirmed = { .kind = POSITION_LSN, .lsn = { 1000 } } };
	struct source_stream s;
	struct err err = ERR_INIT;
	struct source_log log = good;

	stream_init(&s, 1000);
	ck_ok(check_slot(&s, &log, 1000, &err), &err);
	ck_ok(check_slot(&s, &log, 1001, &err), &err);
	ck_fails(check_slot(&s, &log, 999, &err), &err, ERR_HOLE);
	ck_assert(strstr(err.remedy, "restart orders --reload") != NULL);
	log.exists = false;
	ck_fails(check_slot(&s, &log, 1000, &err), &err, ERR_HOLE);
	log = good;
	log.lost = true;
	ck_fails(check_slot(&s, &log, 1000, &err), &err, ERR_HOLE);
	log = good;
	log.confirmed.kind = POSITION_NONE;
	ck_fails(check_slot(&s, &log, 1000, &err), &err, ERR_HOLE);
	log = good;
	log.ours = false;
	ck_fails(check_slot(&s, &log, 1000, &err), &err, ERR_HOLE);
	ck_assert(strstr(err.remedy, "restart orders --reload") != NULL);
	log = good;
	log.is_copy = true;
	ck_fails(check_slot(&s, &log, 1000, &err), &err, ERR_RETRY);
	ck_assert(strstr(err.msg, "promoted") != NULL && err.remedy[0] != '\0');
	log = good;
	log.active = true;
	log.active_pid = 4711;
	ck_fails(check_slot(&s, &log, 1000, &err), &err, ERR_RETRY);
	ck_assert(strstr(err.msg, "4711") != NULL);
	/* Ahead and active: it is the hole that counts. */
	ck_fails(check_slot(&s, &log, 999, &err), &err, ERR_HOLE);
	pgoutput_free(s.dec);
}
END_TEST

START_TEST(pg_stream_once_started_its_own_session_holds_the_slot)
{
	struct source_log log = { .exists = true, .ours = true, .active = true, .active_pid = 4711,
		.confirmed = { .kind = POSITION_LSN, .lsn = { 1000 } } };
	struct source_stream s;
	struct err err = ERR_INIT;

	stream_init(&s, 1000);
	s.pid = 4711;
	ck_ok(check_slot(&s, &log, 1000, &err), &err);
	ck_fails(check_slot(&s, &log, 999, &err), &err, ERR_HOLE);
	s.pid = 4712;
	ck_fails(check_slot(&s, &log, 1000, &err), &err, ERR_RETRY);
	s.pid = 4711;
	log.active = false;
	ck_fails(check_slot(&s, &log, 1000, &err), &err, ERR_RETRY);
	pgoutput_free(s.dec);
}
END_TEST

START_TEST(pg_stream_names_are_quoted_for_the_replication_grammar)
{
	struct pg_conn c = { .pg = NULL };
	struct source_stream s;
	struct buf sql = { 0 };

	stream_init(&s, 0);
	s.c = &c;
	start_sql(&s, 0x100000abcULL, true, &sql);
	ck_assert_str_eq(buf_cstr(&sql),
	    "START_REPLICATION SLOT \"repld_orders\" LOGICAL 1/ABC (proto_version '1', "
	    "publication_names '\"it''s \"\"mine\"\"\"')");
	buf_done(&sql);
	pgoutput_free(s.dec);
}
END_TEST

UNIT_MAIN("pg_stream", pg_stream_keepalive_moves_only_forward_and_only_outside_a_transaction,
    pg_stream_keepalive_behind_a_commit_does_not_go_back_before_it,
    pg_stream_keepalive_of_wal2json_does_not_go_back_either,
    pg_stream_asked_for_keepalive_comes_though_nothing_moved,
    pg_stream_refuses_messages_it_does_not_know, pg_stream_status_is_due_by_what_moved,
    pg_stream_confirmation_never_goes_back,
    pg_stream_slot_must_stand_at_or_before_the_checkpoint,
    pg_stream_once_started_its_own_session_holds_the_slot,
    pg_stream_names_are_quoted_for_the_replication_grammar)
