/* binlog_row.h - one row image of a rows event (WRITE, UPDATE, DELETE and PARTIAL_UPDATE of MySQL and MariaDB) -> values.
 * Flow: row_image_new() once for each relation version; for each row: row_image_measure(), reserve ret_bound bytes, row_image_fill().
 * An image: a bitmap of NULLs, a bit for each column present, then the values that are not NULL, each in its type's packed form.
 * Invariants: nothing is read beyond p + n, nothing written beyond ret_bound; nothing is allocated for a row. Bytes that do not fit the
 * types are refused (ERR_PROTOCOL), and text that is not valid in its character set (ERR_DATA); both name the column, never a value.
 * Threads: a row_image belongs to one thread (it has scratch memory). Owner: the arena, but for the decompressor, which row_image_done() ends. */
#ifndef REPLD_CDC_BINLOG_ROW_H
#define REPLD_CDC_BINLOG_ROW_H

#include "cdc/type.h"
#include "cdc/value.h"
#include "daemon/base/arena.h"
#include "daemon/base/bytes.h"

struct row_image;

/* types: one a column, complete (my_type_complete()); copied, but for their strings. names: for messages; NULL, or NULL in it: by number. */
struct row_image *row_image_new(const struct coltype *types, const char *const *names, uint16_t ncols, struct arena *arena,
    struct err *err) MUST_CHECK;
void row_image_done(struct row_image *im);	/* before the arena goes; NULL is fine */

/* How many bytes the image takes, and how many the values' bytes can take at most. present: bit i (least significant first) for column i. */
bool row_image_measure(const struct row_image *im, const uint8_t *p, size_t n, const uint8_t *present, size_t *ret_used, size_t *ret_bound,
    struct err *err) MUST_CHECK;

/* The same bytes again: fills vals[ncols], their bytes in dst (ret_bound bytes). Columns not present become VALUE_ABSENT. */
bool row_image_fill(struct row_image *im, const uint8_t *p, size_t n, const uint8_t *present, struct value *vals, uint8_t *dst,
    size_t *ret_written, struct err *err) MUST_CHECK;

/* An after image of PARTIAL_UPDATE_ROWS (p: its value options, then the image) -> an ordinary image of the same columns in out, its JSON
 * diffs applied to the JSON of the before image. ERR_DATA where that image lacks the column. ret_used: of p. */
bool row_image_expand(const struct row_image *im, const uint8_t *before, size_t nbefore, const uint8_t *before_present, const uint8_t *p,
    size_t n, const uint8_t *present, struct buf *out, size_t *ret_used, struct err *err) MUST_CHECK;

#endif
