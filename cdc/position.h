/* position.h - places in a source's log.
 * Two kinds of LSN exist and must never be compared with each other (they are different C types):
 *   struct commit_lsn  the START of a commit record; BEGIN carries it (final_lsn). Compared only with a snapshot.
 *   struct end_lsn     the END of a commit record, or of any log that was read: a resume point, a checkpoint, a confirmation.
 *   struct snap_lsn    a slot's consistent point S: a transaction is in the snapshot if and only if its commit_lsn < S.
 * Above cdc/ only struct position (a resume point), struct snapshot_pos and struct txn_mark are used; they hold what the
 * source's kind needs (PostgreSQL: an LSN; binlog positions and GTID sets join here).
 * Threads: plain values. */
#ifndef REPLD_CDC_POSITION_H
#define REPLD_CDC_POSITION_H

#include <stdint.h>
#include "daemon/base/err.h"

struct commit_lsn { uint64_t v; };
struct end_lsn { uint64_t v; };
struct snap_lsn { uint64_t v; };

static inline bool
snap_lsn_has(struct snap_lsn s, struct commit_lsn c)
{
	return c.v < s.v;
}

static inline bool
end_lsn_reached(struct end_lsn checkpoint, struct end_lsn end)
{
	return end.v <= checkpoint.v;
}

#define LSN_TEXT 24
const char *lsn_text(uint64_t v, char out[LSN_TEXT]);		/* X/X */
bool lsn_parse(const char *text, uint64_t *ret, struct err *err) MUST_CHECK;	/* ERR_CONFIG */

enum position_kind { POSITION_NONE, POSITION_LSN };

/* A resume point: everything that ended at or before it is on the target. */
struct position {
	enum position_kind kind;
	struct end_lsn lsn;
};

/* Where a table's snapshot stands. */
struct snapshot_pos {
	enum position_kind kind;
	struct snap_lsn lsn;
};

/* What identifies a transaction against a snapshot; BEGIN carries it. */
struct txn_mark {
	enum position_kind kind;
	struct commit_lsn lsn;
};

#define POSITION_TEXT 128
const char *position_text(const struct position *p, char out[POSITION_TEXT]);	/* "-" for NONE */
bool position_parse(enum position_kind kind, const char *text, struct position *ret, struct err *err) MUST_CHECK;
/* a is at or before b (same kind; NONE is before everything). */
bool position_reached(const struct position *b, const struct position *a);
bool position_equal(const struct position *a, const struct position *b);
/* Bytes of log from a to b (0 where b is not ahead); false: not known for this kind. */
bool position_distance(const struct position *a, const struct position *b, uint64_t *ret_bytes);
/* The transaction is part of the snapshot. A snapshot of kind NONE holds nothing. */
bool snapshot_has(const struct snapshot_pos *s, const struct txn_mark *mark);
/* All that the snapshot holds has passed once the stream reached p. */
bool snapshot_passed(const struct snapshot_pos *s, const struct position *p);
/* The resume point from which a stream for a snapshot starts. */
struct position snapshot_start(const struct snapshot_pos *s);
/* All that ended at or before the resume point, as if it had been loaded from a snapshot: a commit's record that starts before p has ended there. */
struct snapshot_pos snapshot_at(const struct position *p);
bool snapshot_parse(enum position_kind kind, const char *text, struct snapshot_pos *ret, struct err *err) MUST_CHECK;
const char *snapshot_text(const struct snapshot_pos *s, char out[POSITION_TEXT]);

#endif
