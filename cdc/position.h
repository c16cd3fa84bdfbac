/* position.h - places in a source's log.
 * Two kinds of LSN exist and must never be compared with each other (they are different C types):
 *   struct commit_lsn  the START of a commit record; BEGIN carries it (final_lsn). Compared only with a snapshot.
 *   struct end_lsn     the END of a commit record, or of any log that was read: a resume point, a checkpoint, a confirmation.
 *   struct snap_lsn    a slot's consistent point S: a transaction is in the snapshot if and only if its commit_lsn < S.
 * A place in a binlog is a file and an offset in it. Both stand in the same 64 bits, the file's number above the offset, so that the order of
 * places is that of the numbers, as with LSNs, and the three types mean the same: the START of a transaction's first event; the END of its
 * last one; the place of a snapshot, which lies between two transactions.
 * Above cdc/ only struct position (a resume point), struct snapshot_pos and struct txn_mark are used; they hold what the source's kind needs.
 * Threads: plain values; their strings live as long as the process (name_intern), or as the holder says. */
#ifndef REPLD_CDC_POSITION_H
#define REPLD_CDC_POSITION_H

#include <stddef.h>
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

enum position_kind { POSITION_NONE, POSITION_LSN, POSITION_BINLOG };

/* Of a binlog: files of a server have one base name and rising numbers. An offset takes 40 bits (1 TB), the number of a file 24. */
#define BINLOG_OFFSET_BITS 40
#define BINLOG_OFFSET_MAX ((UINT64_C(1) << BINLOG_OFFSET_BITS) - 1)
#define BINLOG_FILE_MAX ((UINT32_C(1) << (64 - BINLOG_OFFSET_BITS)) - 1)
#define BINLOG_BASE_MAX 80		/* bytes of a base name; a longer one is refused */

static inline uint64_t
binlog_place(uint32_t file, uint64_t offset)
{
	return (uint64_t)file << BINLOG_OFFSET_BITS | offset;
}

static inline uint32_t
binlog_file(uint64_t place)
{
	return (uint32_t)(place >> BINLOG_OFFSET_BITS);
}

static inline uint64_t
binlog_offset(uint64_t place)
{
	return place & BINLOG_OFFSET_MAX;
}

/* "mysql-bin.000012": its base name, interned, and its number. ERR_LIMIT, ERR_PROTOCOL. */
bool binlog_name_parse(const char *name, size_t n, const char **ret_base, uint32_t *ret_file, struct err *err) MUST_CHECK;
#define BINLOG_NAME (BINLOG_BASE_MAX + 12)
const char *binlog_name(const char *base, uint32_t file, char out[BINLOG_NAME]);

/* A resume point: everything that ended at or before it is on the target. */
struct position {
	enum position_kind kind;
	struct end_lsn lsn;		/* of a binlog: 0 where only the GTIDs are known; the stream then finds the place */
	const char *log;		/* of a binlog: base name of its files; NULL where only the GTIDs are known */
	/* Of a binlog: the set (MariaDB: position) of GTIDs that have been applied here. NULL: not stated (positions of a stream), or the
	 * source has none. Not compared. */
	const char *gtids;
	/* Of a binlog: when the server made the file, in seconds, which tells it from another one of its name; 0: not known. Not compared. */
	uint32_t born;
};

/* Where a table's snapshot stands. */
struct snapshot_pos {
	enum position_kind kind;
	struct snap_lsn lsn;
	const char *log, *gtids;	/* as in struct position */
};

/* What identifies a transaction against a snapshot; BEGIN carries it. */
struct txn_mark {
	enum position_kind kind;
	struct commit_lsn lsn;
	const char *log;
};

/* One copy of each text for the life of the process: names, and sets of GTIDs where a run begins, ends, or meets a snapshot; never one for each transaction. */
const char *name_intern(const char *text, size_t n);

/* The number by which places of one kind are ordered; 0 for NONE. And back, for the kind that the source has (NONE where the number is 0). */
static inline uint64_t
position_place(const struct position *p)
{
	return p->kind == POSITION_NONE ? 0 : p->lsn.v;
}

static inline struct position
position_at(enum position_kind kind, uint64_t place)
{
	return (struct position){ .kind = place == 0 ? POSITION_NONE : kind, .lsn = { place } };
}

#define POSITION_TEXT 128
/* "-" for NONE; "mysql-bin.000012:4567"; the GTIDs where only these are known, the end of a long set left out ("..."). */
const char *position_text(const struct position *p, char out[POSITION_TEXT]);
/* The same as it is kept: FILE:OFFSET@BORN. */
const char *position_stored(const struct position *p, char out[POSITION_TEXT]);
/* The kind shows in the text: "-", X/X, FILE:OFFSET. ERR_CONFIG. */
bool position_parse(const char *text, struct position *ret, struct err *err) MUST_CHECK;
/* What a user may give: the same, or a set of GTIDs. */
bool position_parse_given(const char *text, struct position *ret, struct err *err) MUST_CHECK;
const char *txn_mark_text(const struct txn_mark *m, char out[POSITION_TEXT]);
/* a is at or before b (same kind; NONE is before everything). */
bool position_reached(const struct position *b, const struct position *a);
bool position_equal(const struct position *a, const struct position *b);
/* Bytes of log from a to b (0 where b is not ahead); false: not known: files of a binlog lie between. */
bool position_distance(const struct position *a, const struct position *b, uint64_t *ret_bytes);
/* The transaction is part of the snapshot. A snapshot of kind NONE holds nothing. */
bool snapshot_has(const struct snapshot_pos *s, const struct txn_mark *mark);
/* All that the snapshot holds has passed once the stream reached p. */
bool snapshot_passed(const struct snapshot_pos *s, const struct position *p);
/* The resume point from which a stream for a snapshot starts. */
struct position snapshot_start(const struct snapshot_pos *s);
/* All that ended at or before the resume point, as if it had been loaded from a snapshot: a commit's record that starts before p has ended there. */
struct snapshot_pos snapshot_at(const struct position *p);
bool snapshot_parse(const char *text, struct snapshot_pos *ret, struct err *err) MUST_CHECK;
const char *snapshot_text(const struct snapshot_pos *s, char out[POSITION_TEXT]);

#endif
