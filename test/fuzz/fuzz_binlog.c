/* covers: cdc/binlog.c cdc/binlog_group.c cdc/binlog_query.c cdc/binlog_map.c cdc/binlog_tables.c cdc/binlog_rows.c cdc/binlog_inflate.c */
/* fuzz_binlog.c - any bytes as the events of a binary log: nothing but a clean refusal or records that keep the contract.
 * The input is a row of frames, as in test/corpus/binlog: u32 big-endian length, event; the last may be cut. Lengths and checksums in
 * the events are made to fit, so that what is behind them is reached. */
#include <stdlib.h>

#include "test/fake/binlog_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_init(data, size);
	struct binlog_rig rig = { 0 };
	bool ok = true;

	rig.options.max_event = 1 << 20;
	rig.takes_all = true;
	rig.sink.seen = rig_seen;
	rig.sink.arg = &rig;
	rig_decoder(&rig);
	while (ok && rd_left(&in) >= 4) {
		size_t n = rd_u32(&in);

		if (n > rd_left(&in))
			n = rd_left(&in);
		ok = rig_event_cut(&rig, rd_bytes(&in, n), n, n);
		if (!ok && rig_again(&rig))
			break;
	}
	if (ok)
		ok = binlog_flush(rig.dec, &rig.err);
	rig_end(&rig);
	return 0;
}
