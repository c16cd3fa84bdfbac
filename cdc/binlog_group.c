/* binlog_group.c - transactions of a binary log: where they begin and end, their identifiers, and the records around rows.
 * Flow: GTID event (before MySQL 5.7 without GTIDs: BEGIN alone) -> statement or rows -> XID, COMMIT, ROLLBACK, XA_PREPARE.
 * Invariant: BEGIN is emitted with the first captured row, of a group that is prepared at the latest with its end; another group
 * without captured rows leaves its identifier for the next COMMIT or KEEPALIVE; each identifier is emitted once, after all of its group.
 * Threads: the capture thread. Owner: the decoder.
 *
 * Groups, as the servers log them:
 *   MySQL    GTID, QUERY BEGIN, (TABLE_MAP... rows...)..., XID; or QUERY COMMIT, where the engine has no transactions
 *            GTID, QUERY statement                               (DDL and what else is text: commits by itself)
 *            GTID, QUERY XA START, rows, QUERY XA END, XA_PREPARE; later: GTID, QUERY XA COMMIT or XA ROLLBACK
 *   MariaDB  GTID, rows, XID or QUERY COMMIT; with flag 1 (standalone): GTID, QUERY statement; with flag 64: GTID with the xid,
 *            rows, QUERY XA END, XA_PREPARE; with flag 128: GTID with the xid, QUERY XA COMMIT or XA ROLLBACK
 * XA COMMIT ... ONE PHASE is an XA_PREPARE with its first byte set (MySQL), or an ordinary transaction (MariaDB). What was rolled back
 * is not logged; but after a statement that cannot be undone (a temporary table was made or dropped, a table without transactions was
 * changed) the rows of tables with transactions stand there all the same, followed by QUERY ROLLBACK, or between QUERY SAVEPOINT and
 * QUERY ROLLBACK TO. What a server logged until it crashed has no end at all; the next file's FORMAT_DESCRIPTION tells.
 *   GTID, ANONYMOUS_GTID  post-header: u8 flags, 16 bytes uuid, u64 number, and from 5.7 u8 2, u64 last committed, u64 sequence; from
 *                         8.0 then: 7 bytes immediate commit time in usec, bit 55: 7 bytes original commit time follow; more
 *   GTID_TAGGED           fields, see take_tagged()
 *   MariaDB's GTID        u64 number, u32 domain, u8 flags, with flag 2 u64 commit id; with flags 64, 128 u32 format, u8, u8 lengths,
 *                         xid; u8 extra flags, 1: u8 engines, 2, 4, 8: START, COMMIT, ROLLBACK of an ALTER logged in two phases; zeros
 *                         up to 19 bytes, which is what is stated as the post-header
 *   XID                   u64
 *   XA_PREPARE            u8 one phase, u32 format, u32, u32 lengths, xid */
#include "cdc/binlog_intern.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define GTID_POST	     25
#define GTID_POST_57	     42
#define TIME_ORIGINAL	     (UINT64_C(1) << 55)
#define MARIADB_GTID_POST    13
#define MARIADB_STANDALONE   1
#define MARIADB_GROUP_COMMIT 2
#define MARIADB_XA_PREPARED  64
#define MARIADB_XA_COMPLETED 128
#define EXTRA_ENGINES	     1
#define EXTRA_START_ALTER    2
#define EXTRA_COMMIT_ALTER   4
#define EXTRA_ROLLBACK_ALTER 8
#define RUNS_MAX	     4096	/* then a KEEPALIVE takes them along; a record counts them in 16 bits */
#define RUNS_LOOK	     16		/* how far back a run is looked for that goes on */

/* ---- records ---- */

static size_t
round16(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

struct change *
binlog_reserve(struct binlog *dec, enum change_kind kind, size_t more, struct err *err)
{
	const size_t max = round16(sizeof(struct change) + more);
	struct change *c;

	if (max > UINT32_MAX) {
		err_set(err, ERR_LIMIT, "a row of %zu bytes", max);
		return NULL;
	}
	if ((c = dec->sink.reserve(dec->sink.arg, max, err)) == NULL)
		return NULL;
	assert((uintptr_t)c % 16 == 0);
	memset(c, 0, sizeof(*c));
	c->kind = (uint8_t)kind;
	return c;
}

/* The record ends at `end`; what rounding adds is zeros, never old memory. */
bool
binlog_commit_record(struct binlog *dec, struct change *c, uint8_t *end, struct err *err)
{
	const size_t used = (size_t)(end - (uint8_t *)c), size = round16(used);

	memset(end, 0, size - used);
	return dec->sink.commit(dec->sink.arg, c, size, err);
}

/* COMMIT, KEEPALIVE and XA_*: a resume point with all identifiers up to it. */
static bool
emit_end(struct binlog *dec, enum change_kind kind, uint64_t place, struct wall when,
    const struct binlog_xid *xid, struct err *err)
{
	const size_t runs = dec->nruns * sizeof(*dec->runs),
		     bytes = xid != NULL ? xid->gtrid_len + xid->bqual_len : 0;
	struct change *c = binlog_reserve(dec, kind, runs + bytes, err);

	if (c == NULL)
		return false;
	c->u.commit.position = binlog_place_position(dec, place);
	c->u.commit.commit_time = when;
	c->u.commit.ngtids = (uint16_t)dec->nruns;
	if (runs > 0)
		memcpy(change_gtids(c), dec->runs, runs);
	if (xid != NULL) {
		c->u.commit.xid_format = xid->format;
		c->u.commit.gtrid_len = xid->gtrid_len;
		c->u.commit.bqual_len = xid->bqual_len;
		memcpy(change_xid(c), xid->bytes, bytes);
	}
	dec->nruns = 0;
	dec->told = place;
	return binlog_commit_record(dec, c, change_xid(c) + bytes, err);
}

/* A dump by GTIDs begins with the head of a file, before the place where the reader was: what the
 * server has stepped over until then is no place that is new. */
static bool
before_reached(const struct binlog *dec)
{
	return !dec->any_group && dec->nruns == 0 && dec->reached_log == dec->log &&
	       dec->done < dec->reached;
}

bool
binlog_flush(struct binlog *dec, struct err *err)
{
	assert(!dec->dead);
	if (before_reached(dec))
		return true;
	if (dec->group.state != GROUP_NONE || (dec->done == dec->told && dec->nruns == 0) ||
	    dec->log == NULL)
		return true;
	if (emit_end(dec, CHANGE_KEEPALIVE, dec->done, (struct wall){ 0 }, NULL, err))
		return true;
	dec->dead = true;
	return false;
}

/* ---- identifiers ---- */

static bool
run_continues(struct gtid_run *run, const struct gtid *g)
{
	if (g->flavour == GTID_MARIADB) {
		if (run->first.domain != g->domain)
			return false;
		run->first = *g;
		run->last = g->number;
		return true;
	}
	if (run->last + 1 != g->number || memcmp(run->first.uuid, g->uuid, sizeof(g->uuid)) != 0 ||
	    strcmp(run->first.tag, g->tag) != 0)
		return false;
	run->last++;
	return true;
}

static bool
add_run(struct binlog *dec, const struct gtid *g, struct err *err)
{
	const size_t stop = dec->nruns > RUNS_LOOK ? dec->nruns - RUNS_LOOK : 0;

	if (g->flavour == 0)
		return true;
	for (size_t i = dec->nruns; i > stop; i--)
		if (run_continues(&dec->runs[i - 1], g))
			return true;
	if (!mem_grow(&dec->runs, &dec->runs_cap, dec->nruns + 1, sizeof(*dec->runs), err))
		return false;
	dec->runs[dec->nruns++] = (struct gtid_run){ .first = *g, .last = g->number };
	return true;
}

/* ---- a group's life ---- */

static void
group_close(struct binlog *dec)
{
	dec->last_gtid = dec->group.gtid;
	dec->group.state = GROUP_NONE;
	tables_end_statement(dec);
}

/* The group has come to its end, with what it had emitted, or without a trace. */
static bool
group_end(struct binlog *dec, const struct event *ev, enum change_kind kind,
    const struct binlog_xid *xid, struct err *err)
{
	const bool emits =
	    dec->group.begun || kind == CHANGE_XA_COMMIT || kind == CHANGE_XA_ROLLBACK;
	const struct wall when = dec->group.when;

	if (!add_run(dec, &dec->group.gtid, err))
		return false;
	group_close(dec);
	dec->done = ev->end;
	if (emits)
		return emit_end(dec, kind, ev->end, when, xid, err);
	return dec->nruns < RUNS_MAX ||
	       emit_end(dec, CHANGE_KEEPALIVE, ev->end, (struct wall){ 0 }, NULL, err);
}

/* A new group starts with this event. */
static void
group_start(struct binlog *dec, const struct event *ev, const struct gtid *gtid)
{
	struct group *g = &dec->group;

	memset(g, 0, offsetof(struct group, savepoints));
	g->state = GROUP_BEGUN;
	dec->any_group = true;
	g->gtid = *gtid;
	g->start = ev->start;
	g->when = (struct wall){ (int64_t)ev->when * 1000000 };
}

static bool
need_gtid(const struct binlog *dec, struct err *err)
{
	if (!dec->gtids || dec->group.gtid.flavour != 0)
		return true;
	err_set(err, ERR_HOLE, "a transaction has no GTID, and the checkpoint counts by GTIDs");
	return err_remedy(err, "set gtid_mode = ON on the source, then load the tables again "
			       "(repld ctl restart TASK --reload)");
}

/* A transaction begins with this event; before MySQL 5.7 it may be the group's first. */
void
group_open(struct binlog *dec, const struct event *ev, const struct binlog_xid *prepares)
{
	const struct gtid none = { 0 };

	if (dec->group.state == GROUP_NONE)
		group_start(dec, ev, &none);
	dec->group.state = GROUP_OPEN;
	dec->group.prepares = prepares != NULL;
	if (prepares != NULL)
		dec->group.xid = *prepares;
}

bool
group_need_open(const struct binlog *dec, const struct event *ev, struct err *err)
{
	if (dec->group.state != GROUP_OPEN)
		return err_set(err, ERR_PROTOCOL, "%s (type %u) outside a transaction",
		    binlog_event_name(ev->type), ev->type);
	return true;
}

bool
group_begin_rows(struct binlog *dec, struct err *err)
{
	const struct binlog_xid *xid = &dec->group.xid;
	const size_t bytes = dec->group.prepares ? xid->gtrid_len + xid->bqual_len : 0;
	struct change *c;

	if (dec->group.begun)
		return true;
	if (!need_gtid(dec, err) || (c = binlog_reserve(dec, CHANGE_BEGIN, bytes, err)) == NULL)
		return false;
	c->u.begin.mark = (struct txn_mark){
		.kind = POSITION_BINLOG, .lsn = { dec->group.start }, .log = dec->log
	};
	c->u.begin.commit_time = dec->group.when;
	if (dec->group.prepares) {
		c->flags = CHANGE_PREPARES;
		c->u.begin.xid_format = xid->format;
		c->u.begin.gtrid_len = xid->gtrid_len;
		c->u.begin.bqual_len = xid->bqual_len;
		memcpy(change_xid(c), xid->bytes, bytes);
	}
	dec->group.begun = true;
	return binlog_commit_record(dec, c, (uint8_t *)(c + 1) + bytes, err);
}

bool
group_commit(struct binlog *dec, const struct event *ev, struct err *err)
{
	return need_gtid(dec, err) && group_end(dec, ev, CHANGE_COMMIT, NULL, err);
}

/* ---- what was rolled back ---- */

bool
group_is_void(const struct binlog *dec)
{
	for (size_t i = 0; i < dec->nvoids; i++) {
		const struct binlog_void *v = &dec->voids[i];

		if (v->group.lsn.v == dec->group.start && dec->group.rows_events >= v->first &&
		    dec->group.rows_events <= v->last)
			return true;
	}
	return false;
}

/* Rows from number `first` on were emitted, but did not happen. */
static bool
found_void(struct binlog *dec, uint32_t first, uint32_t last, struct err *err)
{
	dec->rolled_back = true;
	dec->found = (struct binlog_void){
		.group = binlog_place_position(dec, dec->group.start), .first = first, .last = last
	};
	return err_set(err, ERR_RETRY,
	    "the source rolled back rows that stand in its log: it is read again without them");
}

bool
group_rollback(struct binlog *dec, const struct event *ev, struct err *err)
{
	if (dec->group.emitted > 0)
		return found_void(dec, 0, dec->group.rows_events - 1, err);
	return group_end(dec, ev, CHANGE_COMMIT, NULL, err);
}

void
group_savepoint(struct binlog *dec, struct slice name)
{
	struct group *g = &dec->group;

	if (g->nsavepoints == SAVEPOINTS) {
		memmove(
		    g->savepoints, g->savepoints + 1, (SAVEPOINTS - 1) * sizeof(*g->savepoints));
		g->nsavepoints--;
		g->savepoints_lost = true;
	}
	g->savepoints[g->nsavepoints++] = (struct savepoint){ .name = hash_bytes(name.p, name.n, 0),
		.rows_events = g->rows_events,
		.emitted = g->emitted };
}

bool
group_rollback_to(struct binlog *dec, struct slice name, struct err *err)
{
	struct group *g = &dec->group;
	const uint64_t hash = hash_bytes(name.p, name.n, 0);

	for (uint16_t i = g->nsavepoints; i > 0; i--) {
		const struct savepoint *s = &g->savepoints[i - 1];

		if (s->name != hash)
			continue;
		g->nsavepoints = i;
		if (g->emitted > s->emitted)
			return found_void(dec, s->rows_events, g->rows_events - 1, err);
		return true;
	}
	if (g->emitted == 0)
		return true;
	err_set(err, ERR_HOLE, "rows were rolled back to a savepoint that %s",
	    g->savepoints_lost ? "lies too far back" : "the log does not hold");
	return err_remedy(err, "load the tables again (repld ctl restart TASK --reload)");
}

bool
group_abandon(struct binlog *dec, struct err *err)
{
	if (dec->group.emitted > 0)
		return found_void(dec, 0, UINT32_MAX, err);
	group_close(dec);
	dec->done = dec->at;
	return true;
}

/* ---- GTID events ---- */

/* MySQL 8.0 and later: when the transaction was committed where it was first. */
static void
take_times(struct rd *in, struct wall *when)
{
	uint64_t t;

	if (rd_left(in) < 7)
		return;
	t = rd_le(in, 7);
	if ((t & TIME_ORIGINAL) != 0)
		t = rd_le(in, 7);
	t &= TIME_ORIGINAL - 1;
	if (!in->bad && t != 0)
		when->v = (int64_t)t;
}

static bool
take_gtid(struct event *ev, struct gtid *g, struct wall *when, struct err *err)
{
	struct rd post;
	const uint8_t *uuid;

	if (!binlog_need_post(ev, GTID_POST, err))
		return false;
	post = rd_part(&ev->body, ev->post);
	rd_u8(&post);
	uuid = rd_bytes(&post, sizeof(g->uuid));
	g->number = rd_le(&post, 8);
	if (ev->type == EVENT_GTID) {
		g->flavour = GTID_MYSQL;
		memcpy(g->uuid, uuid, sizeof(g->uuid));
	}
	take_times(&ev->body, when);
	return !ev->body.bad || binlog_cut(ev, err);
}

/* Integers of GTID_TAGGED: the lowest bits that are 1, up to the first 0, tell how many bytes follow the first; the value stands
 * above them. */
static uint64_t
rd_packed(struct rd *in)
{
	const uint8_t first = rd_u8(in);
	const unsigned more = first == 0xff ? 8 : (unsigned)__builtin_ctz(~(unsigned)first);
	const uint64_t rest = more > 0 ? rd_le(in, more) : 0;

	return more >= 7 ? rest : (uint64_t)(first >> (more + 1)) | rest << (7 - more);
}

static int64_t
rd_packed_signed(struct rd *in)
{
	const uint64_t v = rd_packed(in);

	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

/* One field of GTID_TAGGED. */
static void
take_field(struct rd *in, uint64_t field, struct gtid *g, uint64_t times[2])
{
	struct rd tag;

	switch (field) {
	case 0: rd_packed(in); break; /* flags */
	case 1: /* uuid */
		for (int i = 0; i < 16; i++)
			g->uuid[i] = (uint8_t)rd_packed(in);
		break;
	case 2: g->number = (uint64_t)rd_packed_signed(in); break;
	case 3: /* tag */
		tag = rd_part(in, rd_packed(in));
		if (tag.bad || tag.n > GTID_TAG_MAX)
			in->bad = true;
		else
			memcpy(g->tag, tag.p, tag.n);
		break;
	case 4: /* last committed */
	case 5: rd_packed_signed(in); break; /* sequence number */
	case 6: times[0] = rd_packed(in); break; /* immediate commit time */
	case 7: times[1] = rd_packed(in); break; /* original, where it differs */
	default: rd_packed(in); break; /* length, server versions, commit group: 8 to 11 */
	}
}

/* Version 1: packed version, packed size of all, packed number of the last field that must be understood; fields: packed number,
 * value; in their order, and left out where they are 0 or the same as another. */
static bool
take_tagged(struct event *ev, struct gtid *g, struct wall *when, struct err *err)
{
	struct rd *in = &ev->body;
	const uint64_t version = rd_packed(in), size = rd_packed(in), needed = rd_packed(in);
	uint64_t times[2] = { 0 };

	if (in->bad || size > in->n)
		return binlog_cut(ev, err);
	if (version != 1)
		return err_set(err, ERR_PROTOCOL, "GTID_TAGGED of version %" PRIu64, version);
	while (rd_left(in) > 0 && in->off < size) {
		const uint64_t field = rd_packed(in);

		if (field > 11 && field <= needed)
			return err_set(
			    err, ERR_PROTOCOL, "GTID_TAGGED with the field %" PRIu64, field);
		if (field > 11)
			break;
		take_field(in, field, g, times);
	}
	if (in->bad)
		return binlog_cut(ev, err);
	g->flavour = GTID_MYSQL;
	if (times[0] != 0 || times[1] != 0)
		when->v = (int64_t)(times[1] != 0 ? times[1] : times[0]);
	return true;
}

static bool
take_extra(struct event *ev, struct group *group)
{
	struct rd *in = &ev->body;
	const uint8_t extra = rd_left(in) > 0 ? rd_u8(in) : 0;

	if (extra & EXTRA_ENGINES)
		rd_u8(in);
	if (extra & (EXTRA_COMMIT_ALTER | EXTRA_ROLLBACK_ALTER))
		rd_le(in, 8);
	group->alter = extra & EXTRA_START_ALTER      ? ALTER_START
		       : extra & EXTRA_COMMIT_ALTER   ? ALTER_COMMIT
		       : extra & EXTRA_ROLLBACK_ALTER ? ALTER_ROLLBACK
						      : ALTER_WHOLE;
	return !in->bad;
}

/* format, two lengths of `width` bytes, the bytes of both parts. */
static bool
take_xid(struct rd *in, size_t width, struct binlog_xid *ret)
{
	const uint32_t format = (uint32_t)rd_le(in, 4), gtrid = (uint32_t)rd_le(in, width), bqual = (uint32_t)rd_le(in, width);
	const uint8_t *bytes;

	*ret = (struct binlog_xid){ .format = format };
	if (in->bad || gtrid > XID_PART || bqual > XID_PART || (bytes = rd_bytes(in, gtrid + bqual)) == NULL)
		return false;
	ret->gtrid_len = (uint8_t)gtrid;
	ret->bqual_len = (uint8_t)bqual;
	memcpy(ret->bytes, bytes, gtrid + bqual);
	return true;
}

static bool
on_mariadb_gtid(struct binlog *dec, struct event *ev, struct err *err)
{
	struct rd *in = &ev->body;
	struct gtid g = { .flavour = GTID_MARIADB, .server = ev->server };
	struct binlog_xid xid;
	uint8_t flags;

	if (!binlog_need_post(ev, MARIADB_GTID_POST, err))
		return false;
	g.number = rd_le(in, 8);
	g.domain = (uint32_t)rd_le(in, 4);
	flags = rd_u8(in);
	if (flags & MARIADB_GROUP_COMMIT)
		rd_le(in, 8);
	if ((flags & (MARIADB_XA_PREPARED | MARIADB_XA_COMPLETED)) != 0 && !take_xid(in, 1, &xid))
		return binlog_cut(ev, err);
	if (in->bad)
		return binlog_cut(ev, err);
	group_start(dec, ev, &g);
	if (!take_extra(ev, &dec->group))
		return binlog_cut(ev, err);
	dec->group.standalone = (flags & MARIADB_STANDALONE) != 0;
	if (!dec->group.standalone)
		group_open(dec, ev, (flags & MARIADB_XA_PREPARED) != 0 ? &xid : NULL);
	return true;
}

bool
group_on_gtid(struct binlog *dec, struct event *ev, struct err *err)
{
	struct wall when = { (int64_t)ev->when * 1000000 };
	struct gtid g = { 0 };

	if (dec->group.state != GROUP_NONE)
		return err_set(
		    err, ERR_PROTOCOL, "%s inside a transaction", binlog_event_name(ev->type));
	if (ev->nested || (ev->type == EVENT_MARIADB_GTID) != (dec->flavour == GTID_MARIADB))
		return err_set(err, ERR_PROTOCOL, "%s (type %u) where it cannot be",
		    binlog_event_name(ev->type), ev->type);
	if (ev->type == EVENT_MARIADB_GTID)
		return on_mariadb_gtid(dec, ev, err);
	if (ev->type == EVENT_GTID_TAGGED ? !take_tagged(ev, &g, &when, err)
					  : !take_gtid(ev, &g, &when, err))
		return false;
	if (g.flavour != 0 && (g.number == 0 || g.number >= INT64_MAX))
		return err_set(err, ERR_PROTOCOL, "a GTID with the number %" PRIu64, g.number);
	group_start(dec, ev, &g);
	dec->group.when = when;
	return true;
}

/* ---- ends ---- */

bool
group_on_xid(struct binlog *dec, struct event *ev, struct err *err)
{
	if (rd_left(&ev->body) < 8)
		return binlog_cut(ev, err);
	if (!group_need_open(dec, ev, err))
		return false;
	if (dec->group.prepares)
		return err_set(err, ERR_PROTOCOL, "XID in a transaction that is to be prepared");
	return group_commit(dec, ev, err);
}

static bool
same_xid(const struct binlog_xid *a, const struct binlog_xid *b)
{
	return a->format == b->format && a->gtrid_len == b->gtrid_len && a->bqual_len == b->bqual_len &&
	    memcmp(a->bytes, b->bytes, a->gtrid_len + a->bqual_len) == 0;
}

bool
group_on_xa_prepare(struct binlog *dec, struct event *ev, struct err *err)
{
	struct rd *in = &ev->body;
	const bool one_phase = rd_u8(in) != 0;
	struct binlog_xid xid;

	if (!take_xid(in, 4, &xid))
		return binlog_cut(ev, err);
	if (!group_need_open(dec, ev, err))
		return false;
	if (!dec->group.prepares)
		return err_set(err, ERR_PROTOCOL, "XA_PREPARE of a transaction that is none of XA");
	if (!same_xid(&xid, &dec->group.xid))
		return err_set(err, ERR_PROTOCOL, "XA_PREPARE of another transaction than the one that XA START began");
	if (one_phase)
		return group_commit(dec, ev, err);
	return group_begin_rows(dec, err) && group_end(dec, ev, CHANGE_XA_PREPARE, &xid, err);
}

/* XA COMMIT and XA ROLLBACK, in a group of their own. */
bool
group_xa_end(struct binlog *dec, const struct event *ev, enum change_kind kind, const struct binlog_xid *xid, struct err *err)
{
	return need_gtid(dec, err) && group_end(dec, ev, kind, xid, err);
}
