/* binlog_maker.h - binlog events made by a test, sent to a decoder at the end of a log that grows. Include it behind the .c file under
 * test. */
#ifndef REPLD_TEST_BINLOG_MAKER_H
#define REPLD_TEST_BINLOG_MAKER_H

#include "test/fake/binlog_bytes.h"
#include "test/fake/binlog_rig.h"
#include "test/unit/unit.h"

/* ---- making events ---- */

struct maker {
	struct binlog_rig rig;
	uint64_t end; /* where the log ends, without its upper 32 bits in events */
	bool zero_pos; /* as MariaDB 11.7 inside transactions */
	bool mariadb;
	bool checksum;
};

static inline struct buf
event_bytes(uint8_t type, uint16_t flags, uint32_t log_pos, const struct buf *body, bool checksum)
{
	const struct event_head h = {
		.when = 1700000000, .server = 7, .log_pos = log_pos, .type = type, .flags = flags
	};

	return event_made(&h, body, checksum);
}

/* An event at the end of the log; true where the decoder takes it. */
static inline bool
send_as(struct maker *m, uint8_t type, uint16_t flags, bool stands, struct buf *take_body)
{
	const bool checksum = m->checksum || type == EVENT_FORMAT_DESCRIPTION;
	struct buf b;
	bool ok;

	if (stands)
		m->end += EVENT_HEADER + take_body->n + (checksum ? EVENT_CHECKSUM : 0);
	b = event_bytes(
	    type, flags, stands && !m->zero_pos ? (uint32_t)m->end : 0, take_body, checksum);
	ok = rig_event(&m->rig, b.p, b.n);
	buf_done(&b);
	buf_done(take_body);
	return ok;
}

static inline bool
send_event(struct maker *m, uint8_t type, struct buf *take_body)
{
	return send_as(m, type, 0, true, take_body);
}

static inline bool
send_bytes(struct maker *m, uint8_t type, const void *p, size_t n)
{
	struct buf b = body_of(p, n);

	return send_event(m, type, &b);
}

static inline bool
rotate(struct maker *m, const char *name, uint64_t offset, bool artificial)
{
	struct buf b = { 0 };

	put_le(&b, offset, 8);
	buf_str(&b, name);
	if (!send_as(m, EVENT_ROTATE, artificial ? ARTIFICIAL : 0, !artificial, &b))
		return false;
	m->end = offset;
	return true;
}

static inline struct buf
format_body(const struct maker *m, const char *version, uint32_t started)
{
	return format_bytes(m->mariadb, m->checksum, version, started);
}

static inline bool
format(struct maker *m, uint32_t started)
{
	struct buf b = format_body(m, m->mariadb ? "10.11.9-MariaDB-log" : "8.4.1", started);

	return send_event(m, EVENT_FORMAT_DESCRIPTION, &b);
}

static inline void
maker_start(struct maker *m, const struct binlog_options *options)
{
	const bool mariadb = m->mariadb, checksum = m->checksum;

	memset(m, 0, sizeof(*m));
	m->mariadb = mariadb;
	m->checksum = checksum;
	m->rig.dump = true;
	m->rig.takes_all = true;
	m->rig.sink.seen = rig_seen;
	m->rig.sink.arg = &m->rig;
	if (options != NULL)
		m->rig.options = *options;
	rig_decoder(&m->rig);
}

/* A stream that has come to its first event: file 1, offset 4 + FORMAT_DESCRIPTION. */
static inline void
maker_ready(struct maker *m, const struct binlog_options *options)
{
	maker_start(m, options);
	ck_ok(rotate(m, "log.000001", 4, true), &m->rig.err);
	ck_ok(format(m, 1), &m->rig.err);
}

static inline bool
query_in(struct maker *m, const char *schema, const char *text)
{
	struct buf b = { 0 };

	put_le(&b, 0, 8);
	buf_u8(&b, (uint8_t)strlen(schema));
	put_le(&b, 0, 4);
	buf_str(&b, schema);
	buf_u8(&b, 0);
	buf_str(&b, text);
	return send_event(m, EVENT_QUERY, &b);
}

static inline bool
query(struct maker *m, const char *text)
{
	return query_in(m, "app", text);
}

static inline bool
gtid(struct maker *m, uint8_t source, uint64_t number)
{
	struct buf b = { 0 };

	buf_u8(&b, 0);
	for (int i = 0; i < 16; i++)
		buf_u8(&b, source);
	put_le(&b, number, 8);
	put_le(&b, 0, 17);
	put_le(&b, UINT64_C(1700000000123456), 7);
	return send_event(m, number != 0 ? EVENT_GTID : EVENT_ANONYMOUS_GTID, &b);
}

static inline bool
mariadb_gtid(struct maker *m, uint32_t domain, uint64_t number, uint8_t flags)
{
	struct buf b = { 0 };

	put_le(&b, number, 8);
	put_le(&b, domain, 4);
	buf_u8(&b, flags);
	put_le(&b, 0, 6);
	return send_event(m, EVENT_MARIADB_GTID, &b);
}

/* A table of one int, its key; its number is the id. */
static inline bool
table(struct maker *m, uint64_t id, const char *name)
{
	struct buf b = { 0 };

	put_le(&b, id, 6);
	put_le(&b, 1, 2);
	buf_u8(&b, 3);
	buf_str(&b, "app");
	buf_u8(&b, 0);
	buf_u8(&b, (uint8_t)strlen(name));
	buf_str(&b, name);
	buf_put(&b, "\0\1\3\0\0", 5); /* one column, LONG, no metadata, not null */
	buf_put(&b, "\1\1\0\4\3\2id\10\1\0", 11); /* signed; name; key */
	return send_event(m, EVENT_TABLE_MAP, &b);
}

static inline bool
insert_flags(struct maker *m, uint64_t id, uint32_t value, uint16_t flags)
{
	struct buf b = { 0 };

	put_le(&b, id, 6);
	put_le(&b, flags, 2);
	put_le(&b, 2, 2);
	buf_put(&b, "\1\1\0", 3); /* one column, present, not NULL */
	put_le(&b, value, 4);
	return send_event(m, EVENT_WRITE_ROWS, &b);
}

static inline bool
insert(struct maker *m, uint64_t id, uint32_t value)
{
	return insert_flags(m, id, value, STMT_END);
}

static inline bool
xid(struct maker *m)
{
	return send_bytes(m, EVENT_XID, "\1\0\0\0\0\0\0\0", 8);
}

#define ok(call)       ck_ok(call, &m.rig.err)
#define no(call, kind) ck_fails(call, &m.rig.err, kind)

static inline void
expect_dump(struct maker *m, const char *want)
{
	if (strcmp(buf_cstr(&m->rig.text), want) != 0)
		ck_abort_msg("is:\n%s\nshould be:\n%s", buf_cstr(&m->rig.text), want);
	buf_reset(&m->rig.text);
}

static inline void
maker_end(struct maker *m)
{
	rig_end(&m->rig);
}

#endif
