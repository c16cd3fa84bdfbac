/* binlog_compressed.c - values of MariaDB's COMPRESSED columns.
 *   no bytes at all      the empty string
 *   u8 0, bytes          as they are
 *   u8 0x80 | raw << 3 | bytes of the size; size, big-endian; a zlib stream (raw: deflate without
 *       zlib's header)
 * Invariant: no more than the stated size comes out, and no less; a size that no stream of that
 * length could give is refused.
 * Threads: one at a time. Owner: the caller has the inflater. */
#include "cdc/binlog_compressed.h"

#include <assert.h>
#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

#include "daemon/base/arena.h"

#define METHOD_NONE   0
#define METHOD_ZLIB   8
#define RAW	      0x08
#define EXPANSION_MAX 1040 /* of deflate: 1032, and a little for the smallest streams */

struct inflater {
	z_stream z;
};

void
inflater_free(struct inflater *in)
{
	if (in == NULL)
		return;
	inflateEnd(&in->z);
	free(in);
}

static struct inflater *
inflater_new(struct err *err)
{
	struct inflater *in = mem_zalloc(sizeof(*in), err);

	if (in != NULL && inflateInit2(&in->z, MAX_WBITS) != Z_OK) {
		free(in);
		in = NULL;
		err_set(err, ERR_SYSTEM, "no memory to decompress a column");
	}
	return in;
}

bool
column_inflated_size(struct slice value, size_t max, size_t *ret)
{
	const size_t width = value.n > 0 ? value.p[0] & 0x07 : 0;
	size_t size = 0;

	if (value.n == 0 || value.p[0] == METHOD_NONE) {
		*ret = value.n > 0 ? value.n - 1 : 0;
		return *ret <= max;
	}
	if (value.p[0] >> 4 != METHOD_ZLIB || width == 0 || width > 4 || width >= value.n)
		return false;
	for (size_t i = 1; i <= width; i++)
		size = size << 8 | value.p[i];
	*ret = size;
	return size > 0 && size <= max && size / EXPANSION_MAX <= value.n;
}

bool
column_inflate(struct inflater **in, struct slice value, uint8_t *dst, size_t size, struct err *err)
{
	const size_t header = value.n > 0 ? 1u + (value.p[0] & 0x07) : 0;
	z_stream *z;
	int is;

	if (value.n == 0 || value.p[0] == METHOD_NONE) {
		assert(size == (value.n > 0 ? value.n - 1 : 0));
		if (size > 0)
			memcpy(dst, value.p + 1, size);
		return true;
	}
	if (*in == NULL && (*in = inflater_new(err)) == NULL)
		return false;
	z = &(*in)->z;
	is = inflateReset2(z, value.p[0] & RAW ? -MAX_WBITS : MAX_WBITS);
	assert(is == Z_OK);	/* it allocates nothing */
	z->next_in = value.p + header;
	z->avail_in = (uInt)(value.n - header);
	z->next_out = dst;
	z->avail_out = (uInt)size;
	if (inflate(z, Z_FINISH) != Z_STREAM_END || z->avail_out != 0)
		return err_set(
		    err, ERR_PROTOCOL, "a compressed value that can not be decompressed");
	return true;
}
