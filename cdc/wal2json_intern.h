/* wal2json_intern.h - what the two halves of the decoder share: wal2json.c (messages, transactions) and wal2json_row.c (tables, their
 * versions, rows). Only these include it. */
#ifndef REPLD_CDC_WAL2JSON_INTERN_H
#define REPLD_CDC_WAL2JSON_INTERN_H

#include "cdc/json.h"
#include "cdc/wal2json.h"
#include "daemon/base/arena.h"
#include "daemon/base/map.h"

/* One column of one image, as it stands in the message. */
struct cell {
	struct json_text name;
	struct slice type;	/* its bytes in the message: not always JSON */
	uint32_t oid;
	enum json_kind kind;
	struct slice value;	/* of a string: between the quotes */
	bool escaped;
};

struct cells {
	struct cell *c;
	size_t n, cap;
	uint16_t *at;		/* each one's column in the version that was chosen; AT_GENERATED */
	size_t at_cap;
};
#define AT_GENERATED UINT16_MAX

/* One shape of a table that rows have shown, or the catalog's. */
struct version {
	struct relation *rel;
	struct slice *types;	/* by column: as the plugin writes the type */
	bool *fixed;
	bool resolved;		/* the resolver has seen it */
};

/* A captured table, by its name in the log. */
struct entry {
	const char *schema, *name;
	const struct wal2json_table *known;
	struct version **versions;
	size_t n, cap;
	size_t now;		/* the version of the last row */
};

enum {				/* members of a message */
	HAS_ACTION = 1, HAS_XID = 2, HAS_TIMESTAMP = 4, HAS_LSN = 8, HAS_NEXTLSN = 16, HAS_SCHEMA = 32, HAS_TABLE = 64, HAS_COLUMNS = 128,
	HAS_IDENTITY = 256, HAS_TRANSACTIONAL = 512, HAS_PREFIX = 1024, HAS_CONTENT = 2048
};

struct message {
	unsigned has;
	char action;
	uint32_t xid;
	struct wall time;
	uint64_t lsn, nextlsn;
	struct json_text schema, table;
	bool transactional;
	struct entry *entry;
	bool unread;		/* the rest was not looked at: a row of a table that is not captured */
};

struct wal2json {
	struct wal2json_params p;
	struct map *entries;	/* by schema, NUL, name */
	struct entry *last;	/* rows of one table come in runs */
	struct buf key;
	struct cells new_cells, old_cells;
	uint8_t *present;	/* by column, of the image at hand */
	size_t present_cap;
	struct {
		const struct relation **rels;
		size_t n, cap;
		uint64_t lsn;
	} truncated;		/* one TRUNCATE comes as a message for each table */
	struct commit_lsn final;	/* of the open transaction */
	struct end_lsn end;		/* of the last one that ended */
	uint32_t xid;
	bool in_txn, dead;
	bool strangers_known;	/* in this transaction rows of other tables are nobody's */
	uint64_t uncaptured;
};

/* wal2json.c */
struct change *w2j_reserve(struct wal2json *dec, enum change_kind kind, size_t more, struct err *err);
bool w2j_commit(struct wal2json *dec, struct change *c, uint8_t *end, struct err *err) MUST_CHECK;

/* wal2json_row.c */
bool w2j_entries_init(struct wal2json *dec, struct err *err) MUST_CHECK;
void w2j_entries_done(struct wal2json *dec);
/* The entry of the message's table, into m->entry; NULL where this stream is not about it. */
bool w2j_find(struct wal2json *dec, struct message *m, struct err *err) MUST_CHECK;
/* An array of columns. */
bool w2j_cells(struct json *j, struct cells *cells, struct err *err) MUST_CHECK;
bool w2j_row(struct wal2json *dec, const struct message *m, struct err *err) MUST_CHECK;
bool w2j_relation(struct wal2json *dec, struct entry *e, const struct relation **ret, struct err *err) MUST_CHECK;

#endif
