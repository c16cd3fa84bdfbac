/* covers: cdc/pgoutput.c */
/* fuzz_pgoutput.c - any bytes as a stream of pgoutput messages: nothing but a clean refusal or
 * records that keep the contract.
 * The input is a row of frames, as in test/corpus/pgoutput: u32 big-endian length, message. The
 * last may be cut.
 * Tables named skip* are not captured, a table named refuse* makes the resolver fail. */
#include <stdlib.h>

#include "cdc/pgoutput.h"
#include "daemon/base/bytes.h"
#include "test/fake/checking_sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
resolve(void *arg, const struct relation *rel, const void **ret_table, struct err *err)
{
	if (strncmp(rel->name, "refuse", 6) == 0)
		return err_set(err, ERR_SCHEMA, "the resolver was told to refuse");
	*ret_table = strncmp(rel->name, "skip", 4) == 0 ? NULL : arg;
	return true;
}

/* Each message in memory of its own, so that a read beyond its end is seen. */
static bool
decode_copy(struct pgoutput *dec, const uint8_t *p, size_t n, struct err *err)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);
	bool ok;

	if (copy == NULL)
		abort();
	memcpy(copy, p, n);
	ok = pgoutput_decode(dec, copy, n, err);
	free(copy);
	return ok;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	struct checking_sink sink = { 0 };
	struct rd in = rd_init(data, size);
	struct pgoutput *dec =
	    pgoutput_new((struct relation_resolver){ resolve, &sink }, checking_sink(&sink), &err);
	bool ok = dec != NULL;

	while (ok && rd_left(&in) >= 4) {
		size_t n = rd_u32(&in);

		if (n > rd_left(&in))
			n = rd_left(&in);
		ok = decode_copy(dec, rd_bytes(&in, n), n, &err);
		sink_assert(ok == (err.kind == ERR_NONE));
		sink_assert(ok || err.msg[0] != '\0');
		sink_assert(!ok || pgoutput_in_transaction(dec) == sink.in_txn);
	}
	pgoutput_free(dec);
	checking_sink_done(&sink);
	return 0;
}
