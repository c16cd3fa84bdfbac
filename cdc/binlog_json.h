/* binlog_json.h - MySQL's binary JSON -> the text that the server prints; and diffs of PARTIAL_UPDATE_ROWS applied to binary JSON.
 * A document: a type byte, then the value. Object and array: count, size (2 bytes each, 4 in the large form), then entries with offsets from
 * the container's own first byte; small scalars stand in their entry. Every offset and length is checked against its container.
 * Threads: any; pure. */
#ifndef REPLD_CDC_BINLOG_JSON_H
#define REPLD_CDC_BINLOG_JSON_H

#include "daemon/base/bytes.h"

#define BINLOG_JSON_MAX_DEPTH 100	/* as the server has it */

/* dst NULL: sets *ret_n to the exact size of the text; else writes it there. No bytes at all are the document null, as for the server.
 * ERR_PROTOCOL. */
bool binlog_json_text(const uint8_t *p, size_t n, uint8_t *dst, size_t *ret_n, struct err *err) MUST_CHECK;

/* The diffs (operation, path, value; one after the other) applied to a document in their order; out: the new document in binary form.
 * ERR_PROTOCOL: malformed, or a path that the document does not have. out is emptied first. */
bool binlog_json_apply(const uint8_t *p, size_t n, const uint8_t *diffs, size_t ndiffs, struct buf *out, struct err *err) MUST_CHECK;

#endif
