/* pgoutput.h - PostgreSQL's logical replication messages, protocol versions 1 and 2 with streaming off -> changes.
 * Pure: bytes in, changes out. One decoder a stream; it owns the relation versions, so it outlives the ring's contents.
 * Source: PostgreSQL manual, "Logical Replication Message Formats". Threads: the capture thread. */
#ifndef REPLD_CDC_PGOUTPUT_H
#define REPLD_CDC_PGOUTPUT_H

#include "cdc/change.h"
#include "cdc/relmap.h"

/* Called once for each new relation version. Sets *ret_table (NULL: not captured, its rows are counted and dropped undecoded).
 * False: the stream stops with err (a shape that differs). The relation's version has been sealed. */
struct relation_resolver {
	bool (*resolve)(void *arg, const struct relation *rel, const void **ret_table, struct err *err);
	void *arg;
};

struct pgoutput;

struct pgoutput *pgoutput_new(struct relation_resolver resolver, struct change_sink sink, struct err *err) MUST_CHECK;
void pgoutput_free(struct pgoutput *dec);
/* One message (the payload of one XLogData). Errors: ERR_PROTOCOL, the resolver's, the sink's. After an error the decoder is dead. */
bool pgoutput_decode(struct pgoutput *dec, const void *msg, size_t n, struct err *err) MUST_CHECK;
bool pgoutput_in_transaction(const struct pgoutput *dec);
struct end_lsn pgoutput_end(const struct pgoutput *dec);	/* of the last COMMIT; 0: none yet */
uint64_t pgoutput_uncaptured(const struct pgoutput *dec);	/* row changes of tables that are not captured */

#endif
