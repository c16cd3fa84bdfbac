/* binlog_bytes.h - the bytes of binlog events, for tests that make a log: header, body, checksum. Include it behind
 * cdc/binlog_intern.h. */
#ifndef REPLD_TEST_BINLOG_BYTES_H
#define REPLD_TEST_BINLOG_BYTES_H

#include "cdc/binlog_intern.h"

#define ARTIFICIAL 0x20
#define IGNORABLE  0x80
#define STMT_END   1

/* Of the event's header. */
struct event_head {
	uint32_t when, server, log_pos;
	uint8_t type;
	uint16_t flags;
};

static inline void
put_le(struct buf *b, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buf_u8(b, i < 8 ? (uint8_t)(v >> 8 * i) : 0);
}

static inline struct buf
body_of(const void *p, size_t n)
{
	struct buf b = { 0 };

	buf_put(&b, p, n);
	return b;
}

static inline struct buf
event_made(const struct event_head *h, const struct buf *body, bool checksum)
{
	const size_t size = EVENT_HEADER + body->n + (checksum ? EVENT_CHECKSUM : 0);
	struct buf b = { 0 };

	buf_reserve(&b, size);
	put_le(&b, h->when, 4);
	buf_u8(&b, h->type);
	put_le(&b, h->server, 4);
	put_le(&b, size, 4);
	put_le(&b, h->log_pos, 4);
	put_le(&b, h->flags, 2);
	buf_put(&b, body->p, body->n);
	if (checksum)
		put_le(&b, inflate_crc32(b.p, b.n, 0), 4);
	return b;
}

static inline struct buf
format_bytes(bool mariadb, bool checksum, const char *version, uint32_t started)
{
	const int types = mariadb ? 171 : 42;
	struct buf b = { 0 };

	put_le(&b, 4, 2);
	buf_str(&b, version);
	for (size_t i = strlen(version); i < 50; i++)
		buf_u8(&b, 0);
	put_le(&b, started, 4);
	buf_u8(&b, EVENT_HEADER);
	for (int type = 1; type <= types; type++) {
		const bool map = type == EVENT_TABLE_MAP ||
				 (type >= EVENT_WRITE_ROWS_COMPRESSED_V1 && type <= EVENT_DELETE_ROWS_COMPRESSED_V1) ||
				 (type >= EVENT_WRITE_ROWS_V1 && type <= EVENT_DELETE_ROWS_V1);
		const bool rows = type >= EVENT_WRITE_ROWS && type <= EVENT_DELETE_ROWS;

		buf_u8(&b, type == EVENT_QUERY || type == EVENT_QUERY_COMPRESSED ? 13
			   : map						 ? 8
			   : rows						 ? 10
			   : type == EVENT_GTID || type == EVENT_ANONYMOUS_GTID	 ? 42
			   : type == EVENT_MARIADB_GTID				 ? 19
										 : 0);
	}
	buf_u8(&b, checksum);
	return b;
}

#endif
