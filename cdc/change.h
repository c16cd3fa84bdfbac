/* change.h - what travels from the decoder through the ring: one record, contiguous, self-contained but for its relation.
 * Layout of a row change: struct change, then nnew values, then nold values, then the values' bytes.
 * Flow: decoder -> sink.reserve(upper bound) -> fill in place -> sink.commit(real size) -> ring.
 * Threads: written by capture, read-only afterwards. Owner: the ring. */
#ifndef REPLD_CDC_CHANGE_H
#define REPLD_CDC_CHANGE_H

#include "cdc/gtid.h"
#include "cdc/position.h"
#include "cdc/relation.h"
#include "cdc/value.h"
#include "daemon/base/clock.h"

enum change_kind {
	CHANGE_BEGIN = 1,
	CHANGE_COMMIT,
	CHANGE_INSERT,
	CHANGE_UPDATE,
	CHANGE_DELETE,
	CHANGE_TRUNCATE,
	CHANGE_KEEPALIVE,	/* the source has nothing for us up to `position`; never inside a transaction */
	/* XA of MySQL and MariaDB. The rows since a BEGIN with CHANGE_PREPARES are prepared, not committed: they take effect at the
	 * XA_COMMIT of the same xid, which comes later in a group of its own (BEGIN is not repeated), or never (XA_ROLLBACK). Each of
	 * the three is a resume point like COMMIT, and carries GTIDs like it; the xid's bytes (gtrid, bqual) follow those: change_xid().
	 * What is prepared is told even where nothing captured changed, so that who has seen an XA_PREPARE knows each XA_COMMIT. */
	CHANGE_XA_PREPARE,	/* ends the transaction in place of COMMIT */
	CHANGE_XA_COMMIT,	/* outside a transaction */
	CHANGE_XA_ROLLBACK	/* outside a transaction */
};

/* struct change.flags */
#define CHANGE_CASCADES 1	/* UPDATE, DELETE of MySQL, MariaDB: the server may have changed rows of child tables by foreign keys
				 * without logging them */
#define CHANGE_PREPARES 2	/* BEGIN: XA_PREPARE ends the transaction; or COMMIT, where that was done in one phase. It names the xid */

enum old_image {
	OLD_NONE,	/* no old tuple: the identity did not change (UPDATE), or none is sent (INSERT) */
	OLD_KEY,	/* the identity's columns; the others are VALUE_ABSENT */
	OLD_FULL	/* the whole old row (REPLICA IDENTITY FULL) */
};

struct change {
	_Alignas(16) uint32_t size;	/* of the whole record in bytes, a multiple of 16; set by the sink's commit */
	uint8_t kind;			/* enum change_kind */
	uint8_t old;			/* enum old_image */
	uint16_t nnew, nold;		/* values that follow: the relation's column count, or 0 */
	uint8_t flags;			/* CHANGE_CASCADES, CHANGE_PREPARES */
	const struct relation *rel;	/* row changes; NULL otherwise */
	union {
		struct {			/* CHANGE_BEGIN */
			struct txn_mark mark;
			struct wall commit_time;
			uint32_t xid;
			/* CHANGE_PREPARES: the xid's bytes follow the header */
			uint8_t gtrid_len, bqual_len;	/* at most 64 each */
			uint32_t xid_format;
		} begin;
		struct {			/* CHANGE_COMMIT, CHANGE_KEEPALIVE, CHANGE_XA_*: ngtids runs follow the header */
			struct position position;	/* resume point: commit end */
			struct wall commit_time;	/* 0 for a keepalive */
			/* All GTIDs that the log has brought since the last record of these two kinds, those of transactions that
			 * brought nothing for us included. */
			uint16_t ngtids;
			uint8_t gtrid_len, bqual_len;	/* CHANGE_XA_*: at most 64 each */
			uint32_t xid_format;
		} commit;
		struct {			/* CHANGE_TRUNCATE: nrels pointers follow the header */
			uint16_t nrels;
			bool cascade, restart_identity;
		} truncate;
	} u;
};
_Static_assert(sizeof(struct change) % 16 == 0, "values follow the header, aligned");

static inline struct value *
change_new_values(const struct change *c)
{
	return (struct value *)(uintptr_t)(c + 1);
}

static inline struct value *
change_old_values(const struct change *c)
{
	return change_new_values(c) + c->nnew;
}

static inline const struct relation **
change_truncated(const struct change *c)
{
	return (const struct relation **)(uintptr_t)(c + 1);
}

static inline struct gtid_run *
change_gtids(const struct change *c)
{
	return (struct gtid_run *)(uintptr_t)(c + 1);
}

/* Of CHANGE_XA_* and of a BEGIN that prepares. */
static inline uint8_t *
change_xid(const struct change *c)
{
	return (uint8_t *)(change_gtids(c) + (c->kind == CHANGE_BEGIN ? 0 : c->u.commit.ngtids));
}

/* A resume point: u.commit holds. */
static inline bool
change_is_boundary(const struct change *c)
{
	return c->kind == CHANGE_COMMIT || (c->kind >= CHANGE_KEEPALIVE && c->kind <= CHANGE_XA_ROLLBACK);
}

/* Where a decoder puts its changes. reserve() may wait for room (it then keeps the source's connection alive) and returns
 * 16-byte aligned memory of at least max bytes, or NULL with err set. commit() publishes the record last reserved; size <= max.
 * A reservation that is not committed is given up by the next reserve. */
struct change_sink {
	void *(*reserve)(void *arg, size_t max, struct err *err);
	bool (*commit)(void *arg, struct change *c, size_t size, struct err *err);
	void *arg;
};

#endif
