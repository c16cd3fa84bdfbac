/* binlog.c - events of a binary log: length, checksum, place in the log, and what belongs to no transaction.
 * Flow: binlog_event() -> header and checksum -> place -> dispatch -> binlog_group.c (transactions), binlog_query.c (statements),
 * binlog_tables.c (tables), binlog_rows.c (rows), binlog_inflate.c (compressed events, which come back to the dispatch).
 * Invariant: `at` is the end of the last event that stands in the log, `done` the end of the last complete group; neither goes back.
 * Threads: the capture thread. Owner: the decoder.
 *
 * All integers are little-endian. An event:
 *   u32 time, u8 type, u32 server id, u32 size (all of it), u32 end in its file, u16 flags; the type's post-header, whose length
 *   FORMAT_DESCRIPTION states; its body; CRC-32 of all before it, where FORMAT_DESCRIPTION says so.
 * The end is cut to 32 bits, so a file beyond 4 GiB is followed by counting. It is 0 in events that the server makes for the stream
 * (flag 0x20, and the first FORMAT_DESCRIPTION of a dump from the middle of a file), in those inside a TRANSACTION_PAYLOAD, and inside
 * the transactions of MariaDB 11.7 and later. It jumps ahead over events that are not sent: transactions that the reader has, and
 * ANNOTATE_ROWS that it did not ask for.
 *   FORMAT_DESCRIPTION  u16 4, char[50] server version, u32 time of the server's start (0: the file is not the first since), u8 19,
 *                       u8 length of each type's post-header from type 1 on, u8 checksum algorithm (0 none, 1 CRC-32), CRC-32 always
 *   ROTATE              u64 offset, name of a file: the next one, or (flag 0x20) the one that is now read
 *   HEARTBEAT           name; the offset is the header's, MariaDB beyond 4 GiB: 0 there, and u64 before the name
 *   HEARTBEAT_V2        parts: type, length (length-encoded), bytes; 1: name, 2: offset (length-encoded), 0: end
 *   INCIDENT            u16 number, u8 length, text */
#include "cdc/binlog_intern.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cdc/relmap.h"
#include "daemon/base/map.h"

#define FLAG_IN_USE                                                                                \
	0x0001 /* of FORMAT_DESCRIPTION: the file is being written; not part of its checksum */
#define FLAG_ARTIFICIAL	 0x0020
#define FLAG_IGNORABLE	 0x0080
#define FIRST_OFFSET	 4
#define MARIADB_TYPES	 160 /* MariaDB lists post-headers up to here and beyond, MySQL far fewer */
#define MAX_EVENT	 ((size_t)1 << 30)
#define MAX_EVENT_MARGIN ((size_t)64 << 10)
#define VERSION_SIZE	 50
#define FORMAT_MIN	 (EVENT_HEADER + 2 + VERSION_SIZE + 4 + 1 + 1 + EVENT_CHECKSUM)

/* ---- life ---- */

static bool
init_start(struct binlog *dec, const struct binlog_options *o, struct err *err)
{
	uint32_t file;

	if (o->log == NULL)
		return true;
	if (!binlog_name_parse(o->log, strlen(o->log), &dec->log, &file, err))
		return false;
	if (o->offset > BINLOG_OFFSET_MAX)
		return err_set(
		    err, ERR_LIMIT, "offset %" PRIu64 " in %s is beyond 1 TB", o->offset, o->log);
	/* Not told yet: the first flush says where the reader stands, even where the log does not go on. */
	dec->at = dec->done = binlog_place(file, o->offset < FIRST_OFFSET ? FIRST_OFFSET : o->offset);
	return true;
}

static bool
init(struct binlog *dec, const struct binlog_options *o, struct err *err)
{
	dec->flavour = o->flavour;
	dec->gtids = o->gtids;
	dec->reached_log = o->reached_log;
	dec->reached = o->reached;
	dec->folds_names = o->folds_names;
	dec->max_event = o->max_event > 0 ? o->max_event : MAX_EVENT + MAX_EVENT_MARGIN;
	if (o->nvoids > 0) {
		if ((dec->voids = mem_zalloc(o->nvoids * sizeof(*dec->voids), err)) == NULL)
			return false;
		memcpy(dec->voids, o->voids, o->nvoids * sizeof(*dec->voids));
		dec->nvoids = o->nvoids;
	}
	return init_start(dec, o, err) && tables_init(dec, err);
}

struct binlog *
binlog_new(const struct binlog_options *options, struct binlog_hooks hooks, struct change_sink sink,
    struct err *err)
{
	struct binlog *dec = mem_zalloc(sizeof(*dec), err);

	if (dec == NULL)
		return NULL;
	dec->hooks = hooks;
	dec->sink = sink;
	if (init(dec, options, err))
		return dec;
	binlog_free(dec);
	return NULL;
}

void
binlog_free(struct binlog *dec)
{
	if (dec == NULL)
		return;
	tables_done(dec);
	inflate_done(dec);
	free(dec->voids);
	free(dec->runs);
	free(dec->sql);
	free(dec->temporary);
	free(dec->old_values);
	buf_done(&dec->old_bytes);
	buf_done(&dec->expanded);
	buf_done(&dec->inflated);
	buf_done(&dec->unpacked);
	buf_done(&dec->nested);
	free(dec);
}

/* ---- what is asked of it ---- */

struct position
binlog_place_position(const struct binlog *dec, uint64_t place)
{
	if (dec->log == NULL)
		return (struct position){ .kind = POSITION_NONE };
	return (struct position){ .kind = POSITION_BINLOG,
		.lsn = { place },
		.log = dec->log,
		.born = binlog_file(place) == binlog_file(dec->at) ? dec->born : 0 };
}

struct position
binlog_position(const struct binlog *dec)
{
	return binlog_place_position(dec, dec->done);
}

struct position
binlog_read_position(const struct binlog *dec)
{
	return binlog_place_position(dec, dec->at);
}

bool
binlog_in_transaction(const struct binlog *dec)
{
	return dec->group.state != GROUP_NONE;
}

struct wall
binlog_last_time(const struct binlog *dec)
{
	return dec->last_time;
}

enum gtid_flavour
binlog_flavour(const struct binlog *dec)
{
	return dec->flavour;
}

const char *
binlog_server_version(const struct binlog *dec)
{
	return dec->version;
}

uint64_t
binlog_uncaptured(const struct binlog *dec)
{
	return dec->uncaptured;
}

struct gtid
binlog_gtid(const struct binlog *dec)
{
	return dec->group.state != GROUP_NONE ? dec->group.gtid : dec->last_gtid;
}

bool
binlog_rolled_back(const struct binlog *dec, struct binlog_void *ret)
{
	if (dec->rolled_back)
		*ret = dec->found;
	return dec->rolled_back;
}

/* ---- refusals ---- */

/* A flat switch over the types that messages may name. */
const char *
binlog_event_name(uint8_t type)
{
	switch (type) {
	case EVENT_START_V3: return "START_EVENT_V3";
	case EVENT_QUERY: return "QUERY";
	case EVENT_STOP: return "STOP";
	case EVENT_ROTATE: return "ROTATE";
	case EVENT_FORMAT_DESCRIPTION: return "FORMAT_DESCRIPTION";
	case EVENT_XID: return "XID";
	case EVENT_EXECUTE_LOAD_QUERY: return "EXECUTE_LOAD_QUERY";
	case EVENT_TABLE_MAP: return "TABLE_MAP";
	case EVENT_WRITE_ROWS_V1:
	case EVENT_WRITE_ROWS:
	case EVENT_WRITE_ROWS_COMPRESSED_V1:
	case EVENT_WRITE_ROWS_COMPRESSED: return "WRITE_ROWS";
	case EVENT_UPDATE_ROWS_V1:
	case EVENT_UPDATE_ROWS:
	case EVENT_UPDATE_ROWS_COMPRESSED_V1:
	case EVENT_UPDATE_ROWS_COMPRESSED: return "UPDATE_ROWS";
	case EVENT_DELETE_ROWS_V1:
	case EVENT_DELETE_ROWS:
	case EVENT_DELETE_ROWS_COMPRESSED_V1:
	case EVENT_DELETE_ROWS_COMPRESSED: return "DELETE_ROWS";
	case EVENT_INCIDENT: return "INCIDENT";
	case EVENT_HEARTBEAT: return "HEARTBEAT";
	case EVENT_GTID:
	case EVENT_MARIADB_GTID: return "GTID";
	case EVENT_ANONYMOUS_GTID: return "ANONYMOUS_GTID";
	case EVENT_XA_PREPARE: return "XA_PREPARE";
	case EVENT_PARTIAL_UPDATE_ROWS: return "PARTIAL_UPDATE_ROWS";
	case EVENT_TRANSACTION_PAYLOAD: return "TRANSACTION_PAYLOAD";
	case EVENT_HEARTBEAT_V2: return "HEARTBEAT_V2";
	case EVENT_GTID_TAGGED: return "GTID_TAGGED";
	case EVENT_QUERY_COMPRESSED: return "QUERY_COMPRESSED";
	default: return "event";
	}
}

bool
binlog_cut(const struct event *ev, struct err *err)
{
	return err_set(err, ERR_PROTOCOL, "%s (type %u) of %zu bytes is cut",
	    binlog_event_name(ev->type), ev->type, ev->size);
}

bool
binlog_need_post(const struct event *ev, uint8_t n, struct err *err)
{
	if (ev->post < n)
		return err_set(err, ERR_PROTOCOL,
		    "%s (type %u) with a post-header of %u bytes, %u are needed",
		    binlog_event_name(ev->type), ev->type, ev->post, n);
	return ev->post <= rd_left(&ev->body) || binlog_cut(ev, err);
}

/* ---- files and places ---- */

static bool
unlike_logs(const struct binlog *dec, const char *log, uint32_t file, struct err *err)
{
	char was[BINLOG_NAME], is[BINLOG_NAME];

	binlog_name(dec->log, binlog_file(dec->at), was);
	err_set(
	    err, ERR_HOLE, "the binary log went on from %s to %s", was, binlog_name(log, file, is));
	return err_remedy(err,
	    "the log was reset or renamed on the source, so what lies between is not known; "
	    "load the tables again (repld ctl restart TASK --reload)");
}

/* The server reads this file from here on. */
static bool
enter_file(struct binlog *dec, const char *log, uint32_t file, uint64_t offset, struct err *err)
{
	const uint64_t place = binlog_place(file, offset);

	if (dec->log != NULL && (dec->log != log || place < dec->at))
		return unlike_logs(dec, log, file, err);
	if (binlog_file(place) != binlog_file(dec->at))
		dec->born = 0;
	dec->log = log;
	dec->at = place;
	if (dec->group.state == GROUP_NONE)
		dec->done = place;
	return true;
}

static bool
on_rotate(struct binlog *dec, struct event *ev, struct err *err)
{
	const bool artificial = (ev->flags & FLAG_ARTIFICIAL) != 0 || ev->log_pos == 0;
	const uint64_t offset = rd_le(&ev->body, 8);
	const size_t n = rd_left(&ev->body);
	const uint8_t *name = rd_bytes(&ev->body, n);
	const char *log;
	uint32_t file;

	if (name == NULL)
		return binlog_cut(ev, err);
	if (!artificial && dec->group.state != GROUP_NONE)
		return err_set(err, ERR_PROTOCOL, "ROTATE inside a transaction");
	if (offset < FIRST_OFFSET || offset > BINLOG_OFFSET_MAX)
		return err_set(err, ERR_PROTOCOL, "ROTATE to offset %" PRIu64, offset);
	return binlog_name_parse((const char *)name, n, &log, &file, err) &&
	       enter_file(dec, log, file, offset, err);
}

/* Nothing but this has happened up to there. Never back: the offset of an old heartbeat is cut to 32 bits. */
static bool
heartbeat_at(
    struct binlog *dec, struct event *ev, struct slice name, uint64_t offset, struct err *err)
{
	const char *log;
	uint32_t file;
	uint64_t place;

	if (dec->log == NULL || dec->group.state != GROUP_NONE)
		return true;
	if (offset > BINLOG_OFFSET_MAX)
		return err_set(err, ERR_PROTOCOL, "%s at offset %" PRIu64,
		    binlog_event_name(ev->type), offset);
	if (!binlog_name_parse((const char *)name.p, name.n, &log, &file, err))
		return false;
	if (log != dec->log)
		return unlike_logs(dec, log, file, err);
	if (ev->type == EVENT_HEARTBEAT && file == binlog_file(dec->at) && offset <= UINT32_MAX)
		offset |= binlog_offset(dec->at) & ~(uint64_t)UINT32_MAX;
	place = binlog_place(file, offset);
	if (place > dec->at)
		dec->at = dec->done = place;
	return true;
}

static bool
on_heartbeat(struct binlog *dec, struct event *ev, struct err *err)
{
	uint64_t offset = ev->log_pos;
	struct slice name;

	if (offset == 0 && dec->flavour == GTID_MARIADB)
		offset = rd_le(&ev->body, 8);
	name.n = rd_left(&ev->body);
	name.p = rd_bytes(&ev->body, name.n);
	if (name.p == NULL)
		return binlog_cut(ev, err);
	return heartbeat_at(dec, ev, name, offset, err);
}

static bool
on_heartbeat_v2(struct binlog *dec, struct event *ev, struct err *err)
{
	struct slice name = { 0 };
	uint64_t offset = 0;

	while (rd_left(&ev->body) > 0) {
		const uint64_t part = rd_lenenc(&ev->body);
		struct rd value;

		if (part == 0)
			break;
		value = rd_part(&ev->body, rd_lenenc(&ev->body));
		if (part == 1)
			name = (struct slice){ value.p, value.n };
		else if (part == 2)
			offset = rd_lenenc(&value);
		if (ev->body.bad || value.bad)
			return binlog_cut(ev, err);
	}
	if (ev->body.bad || name.p == NULL || offset == 0)
		return binlog_cut(ev, err);
	return heartbeat_at(dec, ev, name, offset, err);
}

/* Events that the server made for this stream have no place in the log. */
static bool
stands_in_log(const struct event *ev)
{
	if ((ev->flags & FLAG_ARTIFICIAL) != 0 || ev->type == EVENT_HEARTBEAT ||
	    ev->type == EVENT_HEARTBEAT_V2)
		return false;
	return ev->log_pos != 0 ||
	       (ev->type != EVENT_FORMAT_DESCRIPTION && ev->type != EVENT_ROTATE &&
		   ev->type != EVENT_START_ENCRYPTION && ev->type != EVENT_GTID_LIST);
}

/* The end of an event that follows what the server has stepped over: next to where the reader was, if that is in this file. */
static bool
end_beyond(const struct binlog *dec, const struct event *ev, uint64_t least, uint64_t *ret)
{
	const uint64_t reached = binlog_offset(dec->reached);
	const int32_t away = (int32_t)(ev->log_pos - (uint32_t)reached);
	const uint64_t end = reached + (uint64_t)(int64_t)away;

	if (!dec->gtids || dec->any_group || dec->reached_log != dec->log || binlog_file(dec->reached) != binlog_file(dec->at) || reached < least ||
	    end < least || end > BINLOG_OFFSET_MAX)
		return false;
	*ret = end;
	return true;
}

static bool
find_place(struct binlog *dec, struct event *ev, struct err *err)
{
	uint64_t end;

	ev->start = ev->end = dec->at;
	if (!stands_in_log(ev))
		return true;
	if (dec->log == NULL)
		return err_set(
		    err, ERR_PROTOCOL, "type %u came before the name of the log's file", ev->type);
	end = binlog_offset(dec->at) + ev->size;
	if (ev->log_pos != 0 && ev->log_pos != (uint32_t)end && !end_beyond(dec, ev, end, &end)) {
		const uint32_t gap = ev->log_pos - (uint32_t)end;

		if (gap > INT32_MAX && (!dec->gtids || dec->any_group))
			return err_set(err, ERR_PROTOCOL,
			    "type %u ends at %u (in 32 bits), the log was read up to %" PRIu64
			    " already",
			    ev->type, ev->log_pos, binlog_offset(dec->at));
		end += gap;
	}
	if (end > BINLOG_OFFSET_MAX)
		return err_set(err, ERR_LIMIT, "a file of the binary log is larger than 1 TB");
	ev->end = binlog_place(binlog_file(dec->at), end);
	ev->start = ev->end - ev->size;
	dec->at = ev->end;
	return true;
}

/* ---- the format ---- */

/* The first two numbers of "10.11.19-MariaDB-log" or "5.6.24". */
static void
version_numbers(const char *text, unsigned *major, unsigned *minor)
{
	char *end;

	*major = (unsigned)strtoul(text, &end, 10);
	*minor = *end == '.' ? (unsigned)strtoul(end + 1, NULL, 10) : 0;
}

static bool
check_version(struct binlog *dec, bool mariadb, struct err *err)
{
	const enum gtid_flavour is = mariadb ? GTID_MARIADB : GTID_MYSQL;
	unsigned major, minor;

	if (dec->flavour != 0 && dec->flavour != is)
		return err_set(err, ERR_HOLE,
		    "the binary log was written by %s (%.50s), the server is %s",
		    mariadb ? "MariaDB" : "MySQL", dec->version,
		    dec->flavour == GTID_MARIADB ? "MariaDB" : "MySQL");
	dec->flavour = is;
	version_numbers(dec->version, &major, &minor);
	if (mariadb ? major < 10 && strncmp(dec->version, "5.5.5-", 6) != 0
		    : major * 100 + minor < 506) {
		err_set(
		    err, ERR_PROTOCOL, "the binary log was written by version %.50s", dec->version);
		return err_remedy(err, "logs of MySQL 5.6 and MariaDB 10.0 or later can be read");
	}
	return true;
}

/* Takes the post-header lengths and the checksum's algorithm; the body ends with the latter. */
static bool
take_format(struct binlog *dec, struct event *ev, struct err *err)
{
	const size_t types = rd_left(&ev->body) - 1;
	const uint8_t *lengths = rd_bytes(&ev->body, types);
	const uint8_t algorithm = rd_u8(&ev->body);

	if (types > 255)
		return err_set(
		    err, ERR_PROTOCOL, "FORMAT_DESCRIPTION of %zu types of events", types);
	if (algorithm > 1)
		return err_set(
		    err, ERR_PROTOCOL, "checksums by algorithm %u are not known", algorithm);
	memset(dec->post, 0, sizeof(dec->post));
	memcpy(dec->post + 1, lengths, types);
	dec->checksum = algorithm == 1;
	dec->format_known = true;
	return check_version(dec, types >= MARIADB_TYPES, err);
}

static bool
on_format(struct binlog *dec, struct event *ev, struct err *err)
{
	const uint16_t format = (uint16_t)rd_le(&ev->body, 2);
	const uint8_t *version = rd_bytes(&ev->body, VERSION_SIZE);
	const uint32_t started = (uint32_t)rd_le(&ev->body, 4);
	const uint8_t header = rd_u8(&ev->body);

	if (ev->body.bad || rd_left(&ev->body) < 1)
		return binlog_cut(ev, err);
	if (format != 4 || header != EVENT_HEADER)
		return err_set(err, ERR_PROTOCOL,
		    "a binary log of format %u with headers of %u bytes", format, header);
	memcpy(dec->version, version, VERSION_SIZE);
	dec->born = ev->when;
	tables_end_statement(dec);
	if (!take_format(dec, ev, err))
		return false;
	if (started != 0)
		dec->ntemporary = 0; /* they went with the server's sessions */
	if (dec->group.state == GROUP_NONE)
		return true;
	if (started == 0)
		return err_set(err, ERR_PROTOCOL, "FORMAT_DESCRIPTION inside a transaction");
	return group_abandon(dec, err);
}

static bool
on_incident(struct event *ev, struct err *err)
{
	const uint16_t number = (uint16_t)rd_le(&ev->body, 2);
	const size_t n = rd_u8(&ev->body);
	const uint8_t *text = rd_bytes(&ev->body, n);

	if (text == NULL)
		return binlog_cut(ev, err);
	err_set(err, ERR_HOLE,
	    "the source says that its binary log lacks events (incident %u: %.*s)", number,
	    (int)(n > 200 ? 200 : n), (const char *)text);
	return err_remedy(err, "load the tables again (repld ctl restart TASK --reload)");
}

/* ---- dispatch ---- */

static bool
refuse_old(const struct event *ev, struct err *err)
{
	return err_set(
	    err, ERR_PROTOCOL, "type %u was written by a server older than MySQL 5.1", ev->type);
}

static bool
on_unknown(const struct event *ev, struct err *err)
{
	if ((ev->flags & FLAG_IGNORABLE) != 0)
		return true;
	err_set(err, ERR_PROTOCOL, "events of type %u are not known", ev->type);
	return err_remedy(err, "the source is newer than this repld, or uses a feature that it does not read; with "
			       "that out of its log: repld ctl restart TASK --reload");
}

/* A flat switch. */
static bool
dispatch(struct binlog *dec, struct event *ev, struct err *err)
{
	switch (ev->type) {
	case EVENT_TABLE_MAP: return tables_on_event(dec, ev, err);
	case EVENT_WRITE_ROWS_V1:
	case EVENT_UPDATE_ROWS_V1:
	case EVENT_DELETE_ROWS_V1:
	case EVENT_WRITE_ROWS:
	case EVENT_UPDATE_ROWS:
	case EVENT_DELETE_ROWS:
	case EVENT_PARTIAL_UPDATE_ROWS:
	case EVENT_WRITE_ROWS_COMPRESSED_V1:
	case EVENT_UPDATE_ROWS_COMPRESSED_V1:
	case EVENT_DELETE_ROWS_COMPRESSED_V1:
	case EVENT_WRITE_ROWS_COMPRESSED:
	case EVENT_UPDATE_ROWS_COMPRESSED:
	case EVENT_DELETE_ROWS_COMPRESSED: return rows_on_event(dec, ev, err);
	case EVENT_GTID:
	case EVENT_ANONYMOUS_GTID:
	case EVENT_GTID_TAGGED:
	case EVENT_MARIADB_GTID: return group_on_gtid(dec, ev, err);
	case EVENT_QUERY:
	case EVENT_QUERY_COMPRESSED:
	case EVENT_EXECUTE_LOAD_QUERY: return query_on_event(dec, ev, err);
	case EVENT_XID: return group_on_xid(dec, ev, err);
	case EVENT_XA_PREPARE: return group_on_xa_prepare(dec, ev, err);
	case EVENT_TRANSACTION_PAYLOAD: return payload_on_event(dec, ev, err);
	case EVENT_ROTATE: return on_rotate(dec, ev, err);
	case EVENT_FORMAT_DESCRIPTION: return on_format(dec, ev, err);
	case EVENT_HEARTBEAT: return on_heartbeat(dec, ev, err);
	case EVENT_HEARTBEAT_V2: return on_heartbeat_v2(dec, ev, err);
	case EVENT_INCIDENT: return on_incident(ev, err);
	/* The statement that they belong to is judged by itself. */
	case EVENT_INTVAR:
	case EVENT_RAND:
	case EVENT_USER_VAR:
	case EVENT_BEGIN_LOAD_QUERY:
	case EVENT_APPEND_BLOCK:
	case EVENT_DELETE_FILE:
	/* For people. */
	case EVENT_ROWS_QUERY:
	case EVENT_ANNOTATE_ROWS:
	case EVENT_IGNORABLE:
	/* For the servers among themselves. */
	case EVENT_STOP:
	case EVENT_PREVIOUS_GTIDS:
	case EVENT_TRANSACTION_CONTEXT:
	case EVENT_VIEW_CHANGE:
	case EVENT_BINLOG_CHECKPOINT:
	case EVENT_GTID_LIST:
	case EVENT_START_ENCRYPTION: return true;
	case EVENT_START_V3:
	case 6:
	case 7:
	case 8:
	case 10:
	case 12:
	case 20:
	case 21:
	case 22: return refuse_old(ev, err);
	default: return on_unknown(ev, err);
	}
}

bool
binlog_dispatch(struct binlog *dec, struct event *ev, struct err *err)
{
	if (!dec->format_known && ev->type != EVENT_FORMAT_DESCRIPTION &&
	    ev->type != EVENT_ROTATE && ev->type != EVENT_HEARTBEAT &&
	    ev->type != EVENT_HEARTBEAT_V2)
		return err_set(err, ERR_PROTOCOL,
		    "type %u came before the log's FORMAT_DESCRIPTION", ev->type);
	ev->post = dec->post[ev->type];
	return dispatch(dec, ev, err);
}

/* ---- one event ---- */

static bool
checksum_right(const uint8_t *p, size_t n, uint8_t type)
{
	const uint32_t is = le32(p + n - EVENT_CHECKSUM);
	uint8_t head[EVENT_HEADER];

	n -= EVENT_CHECKSUM;
	if (type != EVENT_FORMAT_DESCRIPTION || (p[17] & FLAG_IN_USE) == 0)
		return inflate_crc32(p, n, 0) == is;
	memcpy(head, p, EVENT_HEADER);
	head[17] &= (uint8_t)~FLAG_IN_USE;
	return inflate_crc32(
		   p + EVENT_HEADER, n - EVENT_HEADER, inflate_crc32(head, EVENT_HEADER, 0)) == is;
}

/* A dump that begins inside a file has FORMAT_DESCRIPTION with the server's start set to 0. Where the file has no checksums, MariaDB 11.8
 * leaves the one that this event has nevertheless as it was before. */
static bool
checksum_left_behind(const uint8_t *p, size_t n, uint8_t type)
{
	return type == EVENT_FORMAT_DESCRIPTION && n >= FORMAT_MIN && p[n - EVENT_CHECKSUM - 1] == 0 &&
	    le32(p + EVENT_HEADER + 2 + VERSION_SIZE) == 0;
}

/* Whether a checksum ends the event: as FORMAT_DESCRIPTION says, which has one itself; before it, by trying. */
static bool
has_checksum(const struct binlog *dec, const uint8_t *p, size_t n, uint8_t type)
{
	if (type == EVENT_FORMAT_DESCRIPTION)
		return true;
	if (dec->format_known)
		return dec->checksum;
	return n >= EVENT_HEADER + EVENT_CHECKSUM && checksum_right(p, n, type);
}

static bool
open_event(const struct binlog *dec, const uint8_t *p, size_t n, struct event *ev, struct err *err)
{
	bool checksum;

	if (n < EVENT_HEADER)
		return err_set(err, ERR_PROTOCOL, "an event of %zu bytes", n);
	*ev = (struct event){ .type = p[4],
		.when = le32(p),
		.server = le32(p + 5),
		.log_pos = le32(p + 13),
		.flags = le16(p + 17),
		.size = le32(p + 9) };
	if (ev->size != n)
		return err_set(err, ERR_PROTOCOL, "type %u says that it has %zu bytes, and has %zu",
		    ev->type, ev->size, n);
	if (n > dec->max_event)
		return err_set(err, ERR_LIMIT, "an event of %zu bytes", n);
	checksum = has_checksum(dec, p, n, ev->type);
	if (checksum && n < EVENT_HEADER + EVENT_CHECKSUM)
		return binlog_cut(ev, err);
	if (checksum && !checksum_right(p, n, ev->type) && !checksum_left_behind(p, n, ev->type)) {
		err_set(err, ERR_RETRY, "the checksum of an event (type %u, %zu bytes) differs",
		    ev->type, n);
		err->once = true;	/* a bit may turn on the way */
		return err_remedy(err,
		    "the source's log file or the way to it is damaged, mysqlbinlog "
		    "--verify-binlog-checksum on the source tells which; where the file is, load the "
		    "tables again: repld ctl restart TASK --reload");
	}
	ev->body = rd_init(p + EVENT_HEADER, n - EVENT_HEADER - (checksum ? EVENT_CHECKSUM : 0));
	return true;
}

static void
say_where(const struct binlog *dec, struct err *err)
{
	char text[POSITION_TEXT];
	struct position p = binlog_place_position(dec, dec->at);

	if (err->position[0] != '\0')
		return;
	if (dec->group.state != GROUP_NONE)
		p = binlog_place_position(dec, dec->group.start);
	err_position(err, "%s", position_text(&p, text));
}

bool
binlog_event(struct binlog *dec, const void *event, size_t n, struct err *err)
{
	struct event ev;

	assert(!dec->dead);
	if (open_event(dec, event, n, &ev, err) && find_place(dec, &ev, err) &&
	    binlog_dispatch(dec, &ev, err)) {
		if (ev.when != 0 && (ev.flags & FLAG_ARTIFICIAL) == 0)
			dec->last_time = (struct wall){ (int64_t)ev.when * 1000000 };
		if (dec->group.state == GROUP_NONE && dec->done < dec->at)
			dec->done = dec->at;
		return true;
	}
	dec->dead = true;
	say_where(dec, err);
	if (err->kind == ERR_PROTOCOL)
		err_ctx(err, "binary log");
	return false;
}
