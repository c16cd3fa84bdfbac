/* covers: cdc/wal2json.c cdc/wal2json_row.c */
/* options: -entropic=0 -max_len=4096 */
/* fuzz_wal2json.c - any bytes as a stream of wal2json messages: nothing but a clean refusal or records that keep the contract.
 * The input is as in test/corpus/wal2json (test/fake/wal2json_frames.h); the last frame may be cut. */
#include <stdlib.h>

#include "test/fake/checking_sink.h"
#include "test/fake/wal2json_frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each message in memory of its own, so that a read beyond its end is seen. */
static bool
decode_copy(struct wal2json *dec, const struct slice *msg, struct err *err)
{
	uint8_t *copy = malloc(msg->n > 0 ? msg->n : 1);
	struct wal2json_edge edge;
	struct err edge_err = ERR_INIT;
	bool ok;

	if (copy == NULL)
		abort();
	memcpy(copy, msg->p, msg->n);
	ok = wal2json_decode(dec, copy, msg->n, err);
	if (wal2json_edge(copy, msg->n, &edge, &edge_err))
		sink_assert(edge.action == 0 || edge.action == 'B' || edge.action == 'C');
	else
		sink_assert(edge_err.msg[0] != '\0');
	free(copy);
	return ok;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct checking_sink sink = { 0 };
	struct err err = ERR_INIT;
	struct buf list = { 0 };
	struct w2j_frames frames;
	struct wal2json *dec;
	struct slice msg;
	bool ok;

	w2j_frames_init(&frames, data, size);
	sink.refuse_after = frames.records;
	for (size_t i = 0; i < frames.ntables; i++)
		wal2json_list_table(&list, frames.tables[i].schema, frames.tables[i].name);
	buf_done(&list);
	dec = w2j_frames_decoder(&frames, checking_sink(&sink), &err);
	ok = dec != NULL;
	while (ok && w2j_next(&frames.in, &msg)) {
		ok = decode_copy(dec, &msg, &err);
		sink_assert(ok == (err.kind == ERR_NONE));
		sink_assert(ok || err.msg[0] != '\0');
		sink_assert(!ok || wal2json_in_transaction(dec) == sink.in_txn);
	}
	sink_assert(dec == NULL || wal2json_uncaptured(dec) <= size);
	wal2json_free(dec);
	checking_sink_done(&sink);
	w2j_frames_done(&frames);
	return 0;
}
