/* prepared.h - the rows of a transaction that is prepared and not committed (XA of MySQL and MariaDB) as bytes that can be kept, and back.
 * Flow: writer: prepared_add() per row -> prepared_end(); its bytes are taken away whenever there are enough of them.
 *       reader: prepared_feed() with the bytes as they come, cut anywhere -> prepared_next() until it says MORE or END.
 * Invariant: what comes out is what was put in, in its order and in the source's form, absent values included; bytes that were cut, changed,
 * left out or put in twice are refused, at the end at the latest.
 * Threads: one at a time. Owner: rows that come out are the arena's; relations, the hook's. */
#ifndef REPLD_STAGING_PREPARED_H
#define REPLD_STAGING_PREPARED_H

#include "cdc/change.h"
#include "daemon/base/bytes.h"

/* "X'6731',X'',1": the transaction's name as XA COMMIT takes it. Of a BEGIN that prepares, and of CHANGE_XA_*. */
#define PREPARED_XID 288
const char *prepared_xid_text(const struct change *c, char out[PREPARED_XID]);

struct prepared_writer;

struct prepared_writer *prepared_writer_new(struct err *err) MUST_CHECK;
void prepared_writer_free(struct prepared_writer *w);	/* NULL is fine */
/* INSERT, UPDATE, DELETE. ERR_LIMIT: a row beyond 4 GB. */
bool prepared_add(struct prepared_writer *w, const struct change *c, struct err *err) MUST_CHECK;
/* Nothing may be added any more. */
bool prepared_end(struct prepared_writer *w, struct err *err) MUST_CHECK;
/* What was not taken yet. prepared_took(): the first n bytes of it are. */
struct slice prepared_bytes(const struct prepared_writer *w);
void prepared_took(struct prepared_writer *w, size_t n);

struct prepared_hooks {
	/* A relation as it was written, types included, but not the table, which lives for the call only; *ret: the one that rows shall point to, of
	 * as many columns. NULL: rows of it are left out. False: the reading ends with err. */
	bool (*relation)(void *arg, const struct relation *as_written, const struct relation **ret, struct err *err);
	void *arg;
};

enum prepared_found { PREPARED_ROW, PREPARED_MORE, PREPARED_END };

struct prepared_reader;

struct prepared_reader *prepared_reader_new(struct prepared_hooks hooks, struct err *err) MUST_CHECK;
void prepared_reader_free(struct prepared_reader *r);	/* NULL is fine */
bool prepared_feed(struct prepared_reader *r, const void *p, size_t n, struct err *err) MUST_CHECK;
/* *ret_c: a row, in the arena. MORE: the next record is not whole yet. END: all is there, and was read. ERR_PROTOCOL: these are not the bytes that
 * were written. */
bool prepared_next(struct prepared_reader *r, struct arena *arena, enum prepared_found *ret, const struct change **ret_c, struct err *err) MUST_CHECK;

#endif
