/* wal2json.h - the messages of the output plugin wal2json, format version 2 -> changes, as cdc/pgoutput.h gives them.
 * The plugin is to be asked for: format-version 2, include-transaction, include-lsn, include-xids, include-timestamp, include-types,
 * include-typmod, include-type-oids, and numeric-data-types-as-string where it knows that one (2.6); session settings as pg_conn.c pins them.
 * It announces no relations: a row names its table, its columns and their types. So the caller says what the captured tables look like, and each
 * row is held against that: a row of another shape is a new version of the relation, which the resolver is asked for.
 * Pure: bytes in, changes out. One decoder a stream; it owns the relation versions, so it outlives the ring's contents.
 * Threads: the capture thread. */
#ifndef REPLD_CDC_WAL2JSON_H
#define REPLD_CDC_WAL2JSON_H

#include "cdc/change.h"
#include "cdc/pgoutput.h"

struct wal2json_column {
	const char *name;
	uint32_t oid;
	int32_t typmod;		/* as in the relation: -1 for a domain */
	const char *type;	/* as format_type() says it */
	bool identity, generated;
	bool fixed;		/* of fixed length: never stored apart, so never left out of a row */
};

/* A captured table, or a leaf of one, by its own name. */
struct wal2json_table {
	uint32_t id;
	const char *schema, *name;
	char replica_identity;
	bool any_order;		/* a partition: its columns may stand in another order than that of cols */
	uint16_t ncols;
	const struct wal2json_column *cols;
};

struct wal2json_params {
	const struct wal2json_table *tables;	/* outlive the decoder */
	size_t ntables;
	bool strings;		/* numeric-data-types-as-string is on: else a null in a floating point or numeric column is refused */
	struct relation_resolver resolver;
	/* The modifier that a type's text says; -1: none, or the type is a domain, or not known any more. */
	bool (*typmod)(void *arg, uint32_t oid, const char *type, int32_t *ret, struct err *err);
	/* Transaction `xid` has a row of a table that is none of `tables`; asked once for each. True: at its time they were all that should be
	 * captured, so the row is nobody's. NULL: so it is always. */
	bool (*strangers)(void *arg, uint32_t xid, struct err *err);
	void *arg;
	struct change_sink sink;
};

struct wal2json;

struct wal2json *wal2json_new(const struct wal2json_params *p, struct err *err) MUST_CHECK;
void wal2json_free(struct wal2json *dec);
/* One message. Errors: ERR_PROTOCOL; ERR_CONFIG: a null that may stand for NaN; the resolver's, the sink's. After an error the decoder is dead. */
bool wal2json_decode(struct wal2json *dec, const void *msg, size_t n, struct err *err) MUST_CHECK;
bool wal2json_in_transaction(const struct wal2json *dec);
struct end_lsn wal2json_end(const struct wal2json *dec);	/* of the last COMMIT; 0: none yet */
uint64_t wal2json_uncaptured(const struct wal2json *dec);	/* row changes of tables that are not captured */

/* Which end of a transaction a message is, without a decoder. */
struct wal2json_edge {
	char action;		/* 'B', 'C'; 0: neither */
	struct end_lsn end;
	struct wall time;
};
bool wal2json_edge(const void *msg, size_t n, struct wal2json_edge *ret, struct err *err) MUST_CHECK;

/* Adds schema.name as the plugin's option add-tables wants it; a comma before where the list has something. */
void wal2json_list_table(struct buf *list, const char *schema, const char *name);

#endif
