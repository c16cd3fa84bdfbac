/* binlog_intern.h - the decoder's parts among themselves: binlog.c (events, places), binlog_group.c (transactions), binlog_query.c
 * (statements), binlog_map.c (TABLE_MAP), binlog_tables.c (tables), binlog_rows.c (rows), binlog_inflate.c (compressed events).
 * Threads: the capture thread. */
#ifndef REPLD_CDC_BINLOG_INTERN_H
#define REPLD_CDC_BINLOG_INTERN_H

#include "cdc/binlog.h"
#include "cdc/binlog_row.h"
#include "daemon/base/bytes.h"

enum event_type {
	EVENT_START_V3 = 1,
	EVENT_QUERY = 2,
	EVENT_STOP = 3,
	EVENT_ROTATE = 4,
	EVENT_INTVAR = 5,
	EVENT_APPEND_BLOCK = 9,
	EVENT_DELETE_FILE = 11,
	EVENT_RAND = 13,
	EVENT_USER_VAR = 14,
	EVENT_FORMAT_DESCRIPTION = 15,
	EVENT_XID = 16,
	EVENT_BEGIN_LOAD_QUERY = 17,
	EVENT_EXECUTE_LOAD_QUERY = 18,
	EVENT_TABLE_MAP = 19,
	EVENT_WRITE_ROWS_V1 = 23,
	EVENT_UPDATE_ROWS_V1 = 24,
	EVENT_DELETE_ROWS_V1 = 25,
	EVENT_INCIDENT = 26,
	EVENT_HEARTBEAT = 27,
	EVENT_IGNORABLE = 28,
	EVENT_ROWS_QUERY = 29,
	EVENT_WRITE_ROWS = 30,
	EVENT_UPDATE_ROWS = 31,
	EVENT_DELETE_ROWS = 32,
	EVENT_GTID = 33,
	EVENT_ANONYMOUS_GTID = 34,
	EVENT_PREVIOUS_GTIDS = 35,
	EVENT_TRANSACTION_CONTEXT = 36,
	EVENT_VIEW_CHANGE = 37,
	EVENT_XA_PREPARE = 38,
	EVENT_PARTIAL_UPDATE_ROWS = 39,
	EVENT_TRANSACTION_PAYLOAD = 40,
	EVENT_HEARTBEAT_V2 = 41,
	EVENT_GTID_TAGGED = 42,
	EVENT_ANNOTATE_ROWS = 160,
	EVENT_BINLOG_CHECKPOINT = 161,
	EVENT_MARIADB_GTID = 162,
	EVENT_GTID_LIST = 163,
	EVENT_START_ENCRYPTION = 164,
	EVENT_QUERY_COMPRESSED = 165,
	EVENT_WRITE_ROWS_COMPRESSED_V1 = 166,
	EVENT_UPDATE_ROWS_COMPRESSED_V1 = 167,
	EVENT_DELETE_ROWS_COMPRESSED_V1 = 168,
	EVENT_WRITE_ROWS_COMPRESSED = 169,
	EVENT_UPDATE_ROWS_COMPRESSED = 170,
	EVENT_DELETE_ROWS_COMPRESSED = 171
};

#define EVENT_HEADER 19
#define EVENT_CHECKSUM 4

/* An event whose length and checksum have been verified. */
struct event {
	uint8_t type;
	bool nested;			/* in a TRANSACTION_PAYLOAD */
	uint16_t flags;
	uint32_t when, server, log_pos;
	size_t size;			/* in the log */
	struct rd body;			/* after the header, without the checksum */
	uint8_t post;			/* length of the type's post-header, as the server states it */
	uint64_t start, end;		/* places in the log; nested: those of the payload */
};

enum group_state {
	GROUP_NONE,			/* between groups */
	GROUP_BEGUN,			/* its identifier was read; a statement, or BEGIN, is next */
	GROUP_OPEN			/* in a transaction */
};

#define SAVEPOINTS 32
#define XID_PART   64			/* bytes, of gtrid and of bqual */

struct binlog_xid {
	uint32_t format;
	uint8_t gtrid_len, bqual_len;
	uint8_t bytes[2 * XID_PART];
};

struct savepoint {
	uint64_t name;			/* a hash */
	uint32_t rows_events;		/* what the group had when it was set */
	uint64_t emitted;
};

struct group {
	enum group_state state;
	struct gtid gtid;		/* flavour 0: none */
	uint64_t start;
	struct wall when;
	bool begun;			/* BEGIN was emitted */
	bool standalone;		/* MariaDB: one statement, no transaction */
	bool prepares;			/* ends with XA_PREPARE */
	struct binlog_xid xid;		/* where it prepares */
	uint8_t alter;			/* MariaDB: phase of an ALTER logged in two: ALTER_ */
	uint32_t rows_events;
	uint64_t emitted;		/* captured rows */
	uint16_t nsavepoints;
	bool savepoints_lost;		/* there were more */
	struct savepoint savepoints[SAVEPOINTS];
};

enum { ALTER_WHOLE, ALTER_START, ALTER_COMMIT, ALTER_ROLLBACK };

struct table_entry;

#define ACTIVE_TABLES 256		/* tables of one statement, triggers included */

struct binlog {
	struct binlog_hooks hooks;
	struct change_sink sink;
	enum gtid_flavour flavour;
	bool gtids;
	size_t max_event;
	bool dead;
	struct binlog_void *voids;
	size_t nvoids;
	bool rolled_back;
	struct binlog_void found;	/* where rolled_back */

	/* the log */
	bool format_known;		/* a FORMAT_DESCRIPTION was read */
	bool checksum;
	char version[51];
	uint8_t post[256];		/* post-header lengths; 0: the type is not listed */
	const char *log;		/* base name; NULL: not known yet */
	uint32_t born;			/* when the present file was made; 0: its FORMAT_DESCRIPTION has not come yet */
	uint64_t at;			/* place: the end of what was read */
	uint64_t done;			/* the end of the last complete group */
	uint64_t told;			/* done as last emitted */
	const char *reached_log;	/* interned; see struct binlog_options */
	uint64_t reached;
	bool any_group;			/* one has been read: the server steps over no more */
	struct wall last_time;

	/* the transaction */
	struct group group;
	struct gtid last_gtid;
	struct gtid_run *runs;		/* not emitted yet */
	size_t nruns, runs_cap;
	struct sql_text *sql;		/* scratch of binlog_query.c; NULL: not needed yet */
	bool folds_names;
	uint64_t *temporary;		/* tables that sessions have made for themselves: hashes of session and name */
	size_t ntemporary, temporary_cap;

	/* tables */
	struct map *by_content;		/* contents -> struct table_entry */
	struct map *by_name;		/* schema NUL name -> number of a table in relations */
	uint32_t names;
	struct relmap *relations;
	struct {
		uint64_t id;
		struct table_entry *entry;
	} active[ACTIVE_TABLES];	/* announced in this statement */
	uint16_t nactive;
	uint64_t uncaptured;

	/* scratch, kept from event to event */
	struct value *old_values;
	size_t old_cap;
	struct buf old_bytes, expanded;
	struct buf inflated;		/* of a compressed event; a statement's text */
	struct buf unpacked, nested;	/* of a payload: a piece, and one event */
	void *zstd;
};

/* ---- little-endian reading ---- */

static inline uint16_t
le16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, 2);
	return v;
}

static inline uint32_t
le32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

static inline uint64_t
le64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

/* n bytes, at most 8 */
static inline uint64_t
rd_le(struct rd *in, size_t n)
{
	const uint8_t *p = rd_bytes(in, n);
	uint64_t v = 0;

	if (p != NULL)
		memcpy(&v, p, n);
	return v;
}

/* A length-encoded integer: one byte below 251, or 252, 253, 254 and 2, 3, 8 bytes. */
static inline uint64_t
rd_lenenc(struct rd *in)
{
	const uint8_t first = rd_u8(in);

	if (first < 251)
		return first;
	if (first == 252)
		return rd_le(in, 2);
	if (first == 253)
		return rd_le(in, 3);
	if (first == 254)
		return rd_le(in, 8);
	in->bad = true;
	return 0;
}

/* A part of the message as a cursor of its own. */
static inline struct rd
rd_part(struct rd *in, uint64_t n)
{
	const uint8_t *p = n <= rd_left(in) ? rd_bytes(in, (size_t)n) : NULL;

	if (p == NULL) {
		in->bad = true;
		return (struct rd){ .p = in->p, .bad = true };
	}
	return rd_init(p, (size_t)n);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the log's integers are copied as they stand");

/* ---- binlog.c ---- */
const char *binlog_event_name(uint8_t type);
bool binlog_cut(const struct event *ev, struct err *err);	/* ERR_PROTOCOL */
bool binlog_dispatch(struct binlog *dec, struct event *ev, struct err *err) MUST_CHECK;
struct position binlog_place_position(const struct binlog *dec, uint64_t place);
/* The post-header is at least so long; what is longer than known is left to the caller to skip. */
bool binlog_need_post(const struct event *ev, uint8_t n, struct err *err) MUST_CHECK;

/* ---- binlog_group.c ---- */
struct change *binlog_reserve(struct binlog *dec, enum change_kind kind, size_t more, struct err *err);
bool binlog_commit_record(struct binlog *dec, struct change *c, uint8_t *end, struct err *err) MUST_CHECK;
bool group_on_gtid(struct binlog *dec, struct event *ev, struct err *err) MUST_CHECK;	/* MySQL's three, MariaDB's one */
bool group_on_xid(struct binlog *dec, struct event *ev, struct err *err) MUST_CHECK;
bool group_on_xa_prepare(struct binlog *dec, struct event *ev, struct err *err) MUST_CHECK;
/* A source that crashed left a group without an end; it did not happen. */
bool group_abandon(struct binlog *dec, struct err *err) MUST_CHECK;
bool group_need_open(const struct binlog *dec, const struct event *ev, struct err *err) MUST_CHECK;
bool group_begin_rows(struct binlog *dec, struct err *err) MUST_CHECK;	/* emits BEGIN where that was not done */
bool group_is_void(const struct binlog *dec);	/* the present rows event was rolled back later */
void group_open(struct binlog *dec, const struct event *ev, const struct binlog_xid *prepares);	/* NULL: an ordinary one */
bool group_commit(struct binlog *dec, const struct event *ev, struct err *err) MUST_CHECK;
bool group_rollback(struct binlog *dec, const struct event *ev, struct err *err) MUST_CHECK;
void group_savepoint(struct binlog *dec, struct slice name);
bool group_rollback_to(struct binlog *dec, struct slice name, struct err *err) MUST_CHECK;
bool group_xa_end(struct binlog *dec, const struct event *ev, enum change_kind kind, const struct binlog_xid *xid,
    struct err *err) MUST_CHECK;

/* ---- binlog_query.c ---- */
bool query_on_event(struct binlog *dec, struct event *ev, struct err *err) MUST_CHECK;

/* ---- binlog_map.c ---- */

/* Beside MY_TYPE_BLOB; logged by no server that is read here. */
enum {
	BLOB_TINY = 249,
	BLOB_MEDIUM = 250,
	BLOB_LONG = 251
};

/* Reads what follows the post-header. The table has an arena of its own; NULL: err. */
struct binlog_table *map_read(const struct slice *contents, bool mariadb, struct err *err) MUST_CHECK;
bool map_no_memory(struct err *err);

/* ---- binlog_tables.c ---- */

/* How the bytes of one column stand in an image. */
struct column_step {
	uint8_t prefix;			/* bytes of length before the value; 0: fixed */
	uint32_t fixed;
};

struct table_entry {
	const struct relation *rel;	/* NULL: not captured; then nothing else is set but arena */
	bool want_old;
	bool full_old;			/* old images are full: identity 'f', or want_old */
	uint16_t ncols;			/* in images; rel->ncols of them in records */
	const char *const *names;
	const uint16_t *columns;	/* of each column of the relation: its number in images */
	const uint8_t *wanted;		/* bitmap: columns of the relation */
	struct value *wide;		/* scratch for all columns of an image, where the relation has fewer; NULL: it has all */
	struct row_image *image;	/* where captured */
	const struct column_step *steps;
	const uint8_t *identity;	/* bitmap: columns of the identity */
	struct arena *arena;		/* owns this, but not the relation */
};

bool tables_init(struct binlog *dec, struct err *err) MUST_CHECK;
void tables_done(struct binlog *dec);
bool tables_on_event(struct binlog *dec, struct event *ev, struct err *err) MUST_CHECK;
struct table_entry *tables_find(struct binlog *dec, uint64_t table_id);	/* announced in this statement; NULL: not */
void tables_end_statement(struct binlog *dec);

/* ---- binlog_rows.c ---- */
bool rows_on_event(struct binlog *dec, struct event *ev, struct err *err) MUST_CHECK;

/* ---- binlog_inflate.c ---- */
/* MariaDB's compressed block -> dec->inflated. */
bool inflate_block(struct binlog *dec, const uint8_t *p, size_t n, struct err *err) MUST_CHECK;
bool payload_on_event(struct binlog *dec, struct event *ev, struct err *err) MUST_CHECK;
void inflate_done(struct binlog *dec);
uint32_t inflate_crc32(const uint8_t *p, size_t n, uint32_t before);

#endif
