/* covers: cdc/binlog.c cdc/binlog_group.c cdc/binlog_query.c cdc/binlog_map.c cdc/binlog_tables.c cdc/binlog_rows.c cdc/binlog_inflate.c */
/* options: -entropic=0 -max_len=4096 */
/* fuzz_binlog.c - any bytes as the events of a binary log: nothing but a clean refusal or records that keep the contract.
 * The input is a row of frames, as in test/corpus/binlog: u32 big-endian length, event; the last may be cut. Sizes and checksums in
 * the events are made to fit, so that what is behind them is reached. A first frame that is too short for an event says how the decoder
 * is made: u8 flags (OPTION_), u8 longest event in units of 8 bytes (0: 1 MB), u8 records until the sink refuses (0: never), then the name of
 * the log's file where the dump starts (none: the log tells). A second one says more: u8 flags (MORE_), then where the reader was in
 * log.000001, little-endian (none: not known). */
#include <stdlib.h>

#include "test/fake/binlog_rig.h"

#define OPTION_FLAVOUR 0x03 /* what the server is; 3: not said, as 0 */
#define OPTION_GTIDS   0x04
#define OPTION_LATE    0x08 /* the dump starts near 4 GB */
#define OPTION_AS_IT_IS 0x10 /* sizes and checksums */
#define OPTION_FLUSH   0x20 /* after each event */
#define OPTION_BEYOND  0x40 /* the dump starts where no log goes */
#define OPTION_PICKY   0x80 /* tables must be known by the log or the catalog */

#define MORE_FOLDS 0x01 /* the server keeps names in small letters */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	struct rd in;
	bool as_it_is;
	char log[EVENT_HEADER];
};

static struct slice
next_frame(struct rd *in)
{
	size_t n = rd_u32(in);

	if (n > rd_left(in))
		n = rd_left(in);
	return (struct slice){ rd_bytes(in, n), n };
}

/* The next frame, where it is none of the log. */
static bool
option_frame(struct input *input, struct rd *ret)
{
	struct rd look = input->in;
	struct slice frame;

	if (rd_left(&look) < 4 || (frame = next_frame(&look)).n == 0 || frame.n >= EVENT_HEADER || rd_left(&look) == 0)
		return false;
	input->in = look;
	*ret = rd_init(frame.p, frame.n);
	return true;
}

static void
take_more(struct rd in, struct binlog_rig *rig)
{
	rig->options.folds_names = (rd_u8(&in) & MORE_FOLDS) != 0;
	if (rd_left(&in) == 0)
		return;
	rig->options.reached_log = name_intern("log", 3);
	rig->options.reached = binlog_place(1, rd_le(&in, rd_left(&in) < 5 ? rd_left(&in) : 5));
}

static void
take_options(struct input *input, struct binlog_rig *rig)
{
	struct rd in, more;
	uint8_t flags;
	size_t n;

	rig->options.max_event = 1 << 20;
	rig->takes_all = true;
	if (!option_frame(input, &in))
		return;
	flags = rd_u8(&in);
	rig->options.flavour = (flags & OPTION_FLAVOUR) % 3;
	rig->options.gtids = (flags & OPTION_GTIDS) != 0;
	rig->flush_always = (flags & OPTION_FLUSH) != 0;
	rig->takes_all = (flags & OPTION_PICKY) == 0;
	input->as_it_is = (flags & OPTION_AS_IT_IS) != 0;
	if (rd_left(&in) > 0 && (n = rd_u8(&in)) > 0)
		rig->options.max_event = 8 * n;
	if (rd_left(&in) > 0)
		rig->sink.refuse_after = rd_u8(&in);
	if (option_frame(input, &more))
		take_more(more, rig);
	if ((n = rd_left(&in)) == 0)
		return;
	memcpy(input->log, rd_bytes(&in, n), n);
	rig->options.log = input->log;
	rig->options.offset = flags & OPTION_BEYOND ? BINLOG_OFFSET_MAX + 1 : flags & OPTION_LATE ? UINT64_C(0xfffffff0) : 4;
}

/* What the decoder says of itself holds together, whatever it has just read. */
static void
check_state(const struct binlog_rig *rig)
{
	const struct position done = binlog_position(rig->dec), at = binlog_read_position(rig->dec);
	const struct gtid gtid = binlog_gtid(rig->dec);
	char text[POSITION_TEXT], gtid_out[GTID_TEXT];

	sink_assert(done.kind == at.kind && (done.kind == POSITION_NONE || done.lsn.v <= at.lsn.v));
	sink_assert(position_text(&at, text)[0] != '\0' && gtid_text(&gtid, gtid_out)[0] != '\0');
	sink_assert(binlog_flavour(rig->dec) <= GTID_MARIADB && strlen(binlog_server_version(rig->dec)) <= 50);
	sink_assert(binlog_last_time(rig->dec).v >= 0 && (rig->sink.in_txn == false || binlog_in_transaction(rig->dec)));
	sink_assert(binlog_uncaptured(rig->dec) == 0 || done.kind != POSITION_NONE);
}

/* The log once, from its beginning to its end or to the first event that is refused. */
static bool
read_log(const struct input *input, struct binlog_rig *rig)
{
	struct rd in = input->in;

	while (rd_left(&in) >= 4) {
		const struct slice event = next_frame(&in);

		if (input->as_it_is ? !rig_event(rig, event.p, event.n) : !rig_event_cut(rig, event.p, event.n, event.n))
			return false;
		check_state(rig);
	}
	return binlog_flush(rig->dec, &rig->err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { .in = rd_init(data, size) };
	struct binlog_rig rig = { 0 };

	take_options(&input, &rig);
	rig.sink.seen = rig_seen;
	rig.sink.arg = &rig;
	if (rig_try(&rig))
		while (!read_log(&input, &rig) && rig_again(&rig))
			rig.sink.records = 0;
	rig_end(&rig);
	return 0;
}
