/* binlog.h - the binary log of MySQL 5.6 to 9.x and MariaDB 10.5 to 11.8 -> changes.
 * Flow: one event as the server sends it -> length, checksum -> place in the log -> group (transaction) -> rows -> sink.
 * Invariants: rows reach the sink between one BEGIN and its end only, decoded by the TABLE_MAP that came before them in the same
 * statement; a group of which nothing is captured emits nothing (one that is prepared: its BEGIN and XA_PREPARE), but its identifier is
 * part of the next COMMIT or KEEPALIVE; a resume point is the end of a group, never a place inside one; what is not fully understood is refused.
 * One decoder a stream; it owns the relations, so it outlives the ring's contents. Pure. Threads: the capture thread. */
#ifndef REPLD_CDC_BINLOG_H
#define REPLD_CDC_BINLOG_H

#include "cdc/binlog_table.h"
#include "cdc/change.h"
#include "cdc/sql_text.h"

/* Rows that stand in the log, but were rolled back on the source: in the group that starts at `group`, its rows events number first
 * (from 0) to last. It shows only when the ROLLBACK comes, when they have been emitted already. */
struct binlog_void {
	struct position group;
	uint32_t first, last;
};

struct binlog_options {
	enum gtid_flavour flavour;	/* 0: taken from the first FORMAT_DESCRIPTION; else that must agree */
	bool gtids;			/* the stream resumes by GTIDs: a transaction that has none is refused */
	bool folds_names;		/* the server keeps names of tables in small letters; statements have them as they were written */
	const char *log;		/* where the dump starts; copied. NULL: the server's first ROTATE says it (dump by GTIDs) */
	uint64_t offset;
	/* By GTIDs: where the reader stands in this server's log, as far as it knows. The server steps over what lies before it without a word, be it
	 * more than the 32 bits of an event's end can tell. NULL: not known. */
	const char *reached_log;
	uint64_t reached;
	size_t max_event;		/* bytes of one event, decompressed; 0: 1 GiB + 64 KiB */
	const struct binlog_void *voids;	/* copied: found by the decoders of this stream before (binlog_rolled_back) */
	size_t nvoids;
};

/* What the resolver says of a table. */
struct binlog_capture {
	const void *table;		/* goes into relation.table; NULL: not captured, its rows are stepped over */
	bool want_old;			/* old images are always full ones (OLD_FULL): foreign keys of other tables need them */
	/* One a column, complete (my_type_complete()), in t->arena or longer-lived. NULL: as the log has them, which with
	 * binlog_row_metadata = FULL is enough but for MariaDB's uuid, inet4, inet6 and json. */
	const struct coltype *types;
	/* One a column: not part of the relation, as generated ones, which each server computes for itself. NULL: all are. In t->arena or longer-lived. */
	const bool *left_out;
};

/* A statement in the log as text. Strings are borrowed for the call. */
struct binlog_statement {
	const struct sql_text *sql;	/* kind, object, names (without schema: `schema`) */
	const char *schema;		/* default schema of the session; "": none */
	const char *text;		/* n bytes, then a NUL; never to be logged */
	size_t n;
	bool dbs_known;			/* MySQL lists the databases that it changed; false: not said, or too many */
	uint16_t ndbs;
	const char *const *dbs;
	uint16_t error;			/* of the statement on the source; 0: it succeeded */
	bool in_transaction;		/* rows may stand before and after it in one transaction */
	bool rows_seen;			/* captured rows of the same transaction came before it */
	struct gtid gtid;
	struct position position;	/* where its group starts */
	struct wall when;
};

enum binlog_answer {
	BINLOG_IGNORE,		/* nothing for us in it */
	BINLOG_TRUNCATE		/* *ret_rel is emptied in the target, in this place */
};

struct binlog_hooks {
	/* For each TABLE_MAP whose contents are new (or asked for again: binlog_forget_tables). May complete the table: names, keys,
	 * signedness, collations, labels, in t->arena, and set the has_ flags. A captured table that then lacks names, or signs where
	 * types is NULL, is refused. False: the stream stops with err. */
	bool (*resolve)(void *arg, struct binlog_table *t, struct binlog_capture *ret, struct err *err);
	/* The relation that came of a captured table's contents, where it is a new one. NULL: nobody wants to know. */
	bool (*relation)(void *arg, const struct relation *rel, struct err *err);
	/* For each statement but transaction control. False: the stream stops with err. */
	bool (*statement)(void *arg, const struct binlog_statement *st, enum binlog_answer *ret,
	    const struct relation **ret_rel, struct err *err);
	void *arg;
};

struct binlog;

struct binlog *binlog_new(const struct binlog_options *options, struct binlog_hooks hooks,
    struct change_sink sink, struct err *err) MUST_CHECK;
void binlog_free(struct binlog *dec);	/* NULL is fine */
/* One event: the packet without its first byte (0x00). ERR_RETRY: the checksum differs, or rows that were emitted have been rolled back
 * (binlog_rolled_back): read again from the checkpoint. ERR_HOLE: an incident, a transaction without GTID, what cannot be followed.
 * ERR_PROTOCOL: not understood. Also the hooks' and the sink's. After an error the decoder is dead. */
bool binlog_event(struct binlog *dec, const void *event, size_t n, struct err *err) MUST_CHECK;
/* Nothing more has arrived, or 200 ms are over: emits what has passed without captured rows as a KEEPALIVE, outside transactions. */
bool binlog_flush(struct binlog *dec, struct err *err) MUST_CHECK;

/* After ERR_RETRY: the rows to leave out when the log is read again, together with all that were found before. */
bool binlog_rolled_back(const struct binlog *dec, struct binlog_void *ret);

bool binlog_in_transaction(const struct binlog *dec);	/* a group is open */
/* The end of the last complete group: where a dump by file and offset resumes. NONE before the first ROTATE or options.log. */
struct position binlog_position(const struct binlog *dec);
/* How far the log has been read, inside a transaction too: for lag, not for resuming. */
struct position binlog_read_position(const struct binlog *dec);
struct wall binlog_last_time(const struct binlog *dec);	/* of the last event that had one */
enum gtid_flavour binlog_flavour(const struct binlog *dec);	/* 0: no FORMAT_DESCRIPTION yet */
const char *binlog_server_version(const struct binlog *dec);	/* of the last FORMAT_DESCRIPTION; "" */
uint64_t binlog_uncaptured(const struct binlog *dec);	/* rows events of tables that are not captured */
/* The identifier of the transaction that is open, or else of the last one. */
struct gtid binlog_gtid(const struct binlog *dec);

/* The newest relation of a table that this stream has seen; NULL: none. For the answer BINLOG_TRUNCATE. */
const struct relation *binlog_relation(const struct binlog *dec, const char *schema, const char *name);
/* Every table is given to resolve() again at its next TABLE_MAP: after DDL, where names come from a catalog. An equal answer makes no
 * new relation. */
void binlog_forget_tables(struct binlog *dec);

#endif
