/* binlog_inflate.c - compressed parts of a log: MariaDB's blocks (zlib), MySQL's TRANSACTION_PAYLOAD (zstd), and the events in it.
 * Flow: block -> dec->inflated. Payload -> decompressed piece by piece -> one event at a time in dec->nested -> the dispatch.
 * Invariant: nothing larger than one event (max_event) is held, whatever the payload's size; sizes that are stated are checked.
 * Threads: the capture thread. Owner: the decoder; buffers are kept from event to event.
 *
 *   block                u8: 0x80 | algorithm << 4 (0: zlib) | bytes of the size; size, big-endian; a zlib stream
 *   TRANSACTION_PAYLOAD  parts: type, length (both length-encoded), value; 1 size of the payload, 2 compression (0: zstd, 255: none),
 *                        3 size of what comes out, 0 (without length) end; then the payload: events without checksums */
#include "cdc/binlog_intern.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define BLOCK_MARK     0x80
#define PAYLOAD_ZSTD   0
#define PAYLOAD_NONE   255
#define WINDOW_LOG_MAX 27 /* 128 MB: the most that zstd itself uses without being asked */

uint32_t
inflate_crc32(const uint8_t *p, size_t n, uint32_t before)
{
	return (uint32_t)crc32_z(before, p, n);
}

void
inflate_done(struct binlog *dec)
{
	ZSTD_freeDStream(dec->zstd);
}

/* ---- MariaDB's blocks ---- */

static bool
bad_block(struct err *err)
{
	return err_set(err, ERR_PROTOCOL, "a compressed event cannot be decompressed");
}

static bool
inflate_to(struct binlog *dec, const uint8_t *p, size_t n, size_t size, struct err *err)
{
	uLongf out = size;

	buf_reset(&dec->inflated);
	if (!buf_reserve(&dec->inflated, size + 1))
		return err_set(err, ERR_SYSTEM, "no memory for an event of %zu bytes", size);
	if (uncompress(dec->inflated.p, &out, p, n) != Z_OK || out != size)
		return bad_block(err);
	dec->inflated.n = size;
	return true;
}

bool
inflate_block(struct binlog *dec, const uint8_t *p, size_t n, struct err *err)
{
	const size_t bytes = n > 0 ? p[0] & 0x07 : 0;
	size_t size = 0;

	if (n == 0 || (p[0] & 0xf0) != BLOCK_MARK || bytes == 0 || bytes > 4 || n < 1 + bytes)
		return bad_block(err);
	for (size_t i = 1; i <= bytes; i++)
		size = size << 8 | p[i];
	if (size > dec->max_event)
		return err_set(err, ERR_LIMIT, "an event of %zu bytes, decompressed", size);
	return inflate_to(dec, p + 1 + bytes, n - 1 - bytes, size, err);
}

/* ---- events of a payload ---- */

struct payload {
	struct event *outer;
	uint64_t algorithm, size; /* size: of what comes out */
	bool size_known;
	uint64_t out; /* what has come out */
	struct rd in;
};

static bool
nested_event(struct binlog *dec, const struct payload *pl, struct err *err)
{
	const uint8_t *p = dec->nested.p;
	struct event ev = { .type = p[4],
		.nested = true,
		.flags = le16(p + 17),
		.when = le32(p),
		.server = le32(p + 5),
		.log_pos = le32(p + 13),
		.size = dec->nested.n,
		.start = pl->outer->start,
		.end = pl->outer->end };

	ev.body = rd_init(p + EVENT_HEADER, dec->nested.n - EVENT_HEADER);
	if (ev.type == EVENT_TRANSACTION_PAYLOAD || ev.type == EVENT_ROTATE ||
	    ev.type == EVENT_FORMAT_DESCRIPTION || dec->group.state == GROUP_NONE)
		return err_set(err, ERR_PROTOCOL, "%s (type %u) inside a compressed transaction",
		    binlog_event_name(ev.type), ev.type);
	return binlog_dispatch(dec, &ev, err);
}

/* How many bytes the event in the making still lacks; 0: it is whole. False: a size that none can have. */
static bool
lacking(struct binlog *dec, size_t *ret, struct err *err)
{
	size_t size = EVENT_HEADER;

	if (dec->nested.n >= EVENT_HEADER) {
		size = le32(dec->nested.p + 9);
		if (size < EVENT_HEADER)
			return err_set(err, ERR_PROTOCOL,
			    "an event of %zu bytes in a compressed transaction", size);
		if (size > dec->max_event)
			return err_set(err, ERR_LIMIT, "an event of %zu bytes, decompressed", size);
	}
	*ret = size > dec->nested.n ? size - dec->nested.n : 0;
	return true;
}

/* Bytes that came out: as many events as they complete. */
static bool
take_bytes(struct binlog *dec, struct payload *pl, const uint8_t *p, size_t n, struct err *err)
{
	size_t more = 0;

	pl->out += n;
	for (;;) {
		if (!lacking(dec, &more, err))
			return false;
		if (more == 0) {
			if (!nested_event(dec, pl, err))
				return false;
			buf_reset(&dec->nested);
			continue;
		}
		if (n == 0)
			return true;
		if (more > n)
			more = n;
		buf_put(&dec->nested, p, more);
		if (dec->nested.bad)
			return err_set(err, ERR_SYSTEM, "no memory for an event");
		p += more;
		n -= more;
	}
}

static bool
bad_payload(const char *why, struct err *err)
{
	return err_set(
	    err, ERR_PROTOCOL, "a compressed transaction cannot be decompressed: %s", why);
}

/* Between two payloads neither of these can fail. */
static void
start_zstd(ZSTD_DStream *zstd)
{
	const size_t was = ZSTD_DCtx_reset(zstd, ZSTD_reset_session_only);
	const size_t set = ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);

	assert(!ZSTD_isError(was) && !ZSTD_isError(set));
}

static bool
unpack_zstd(struct binlog *dec, struct payload *pl, struct err *err)
{
	const size_t step = ZSTD_DStreamOutSize();
	ZSTD_inBuffer in = { .src = pl->in.p + pl->in.off, .size = rd_left(&pl->in) };
	size_t rest = 1;

	buf_reset(&dec->unpacked);
	if (dec->zstd == NULL && (dec->zstd = ZSTD_createDStream()) == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for decompression");
	start_zstd(dec->zstd);
	if (!buf_reserve(&dec->unpacked, step))
		return err_set(err, ERR_SYSTEM, "no memory for decompression");
	while (rest != 0) {
		const size_t was = in.pos;
		uint8_t *dst = dec->unpacked.p;
		ZSTD_outBuffer out = { .dst = dst, .size = step };

		rest = ZSTD_decompressStream(dec->zstd, &out, &in);
		if (ZSTD_isError(rest))
			return bad_payload(ZSTD_getErrorName(rest), err);
		if (rest != 0 && out.pos == 0 && in.pos == was)
			return bad_payload("it is cut", err);
		if (!take_bytes(dec, pl, dst, out.pos, err))
			return false;
	}
	return in.pos == in.size || bad_payload("more follows its end", err);
}

static bool
unpack(struct binlog *dec, struct payload *pl, struct err *err)
{
	bool ok;

	buf_reset(&dec->nested);
	if (pl->algorithm == PAYLOAD_ZSTD)
		ok = unpack_zstd(dec, pl, err);
	else if (pl->algorithm == PAYLOAD_NONE)
		ok = take_bytes(dec, pl, pl->in.p + pl->in.off, rd_left(&pl->in), err);
	else
		return err_set(err, ERR_PROTOCOL,
		    "transactions compressed by method %u are not known", (unsigned)pl->algorithm);
	if (!ok)
		return false;
	if (dec->nested.n > 0 || (pl->size_known && pl->out != pl->size))
		return bad_payload("its size differs from what it says", err);
	return true;
}

bool
payload_on_event(struct binlog *dec, struct event *ev, struct err *err)
{
	struct payload pl = { .outer = ev, .algorithm = PAYLOAD_NONE };
	struct rd *in = &ev->body;
	uint64_t size = 0, part;

	while (!in->bad && (part = rd_lenenc(in)) != 0) {
		struct rd value = rd_part(in, rd_lenenc(in));

		if (part == 1)
			size = rd_lenenc(&value);
		else if (part == 2)
			pl.algorithm = rd_lenenc(&value);
		else if (part == 3)
			pl.size = rd_lenenc(&value);
		pl.size_known |= part == 3;
		if (value.bad)
			return binlog_cut(ev, err);
	}
	if (in->bad || size != rd_left(in))
		return binlog_cut(ev, err);
	if (dec->group.state != GROUP_BEGUN)
		return err_set(err, ERR_PROTOCOL, "TRANSACTION_PAYLOAD outside a group");
	pl.in = *in;
	return unpack(dec, &pl, err);
}
