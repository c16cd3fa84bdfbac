/* binlog_compressed.h - values of MariaDB's COMPRESSED columns: a byte that says how, the size of what comes out, a zlib stream.
 * Flow: column_inflated_size() for the room, column_inflate() into it. Threads: one at a time; the inflater is kept from value to value. */
#ifndef REPLD_CDC_BINLOG_COMPRESSED_H
#define REPLD_CDC_BINLOG_COMPRESSED_H

#include "daemon/base/bytes.h"

struct inflater;		/* malloc'ed by the first value that is compressed */

void inflater_free(struct inflater *in);	/* NULL is fine */
/* False: not a value of such a column. max: what the column can hold. */
bool column_inflated_size(struct slice value, size_t max, size_t *ret);
/* Writes exactly that many bytes to dst. ERR_PROTOCOL, ERR_SYSTEM. */
bool column_inflate(struct inflater **in, struct slice value, uint8_t *dst, size_t size, struct err *err) MUST_CHECK;

#endif
