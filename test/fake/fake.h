/* fake.h - the world of the scenario tests: a source and a target in memory, linked in place of the
 * servers' endpoints.
 * Flow: the player (test/scenario/scenario.c) commits transactions on the source; its slot and
 * streams hand them to the real capture as pgoutput bytes; or the source is a MySQL or MariaDB whose
 * log of real events the real source code reads (fake_binlog.c, fake_my.c). What the real apply
 * writes lands in the target's tables.
 * The world watches the promise by itself: at each target COMMIT every table equals the source as
 * it was at the checkpoint, positions never go back, nothing is confirmed past the durable
 * checkpoint. What breaks it is kept in fake.broken.
 * Threads: any; everything is under one lock. Owner: rows and definitions are immutable and live in
 * one arena until the end. */
#ifndef REPLD_TEST_FAKE_H
#define REPLD_TEST_FAKE_H

#include "daemon/base/thread.h"
#include "endpoints/source.h"
#include "endpoints/target.h"

enum { FAKE_COLS = 8, FAKE_LEAVES = 4, FAKE_TABLES = 8, FAKE_FAILS = 16, FAKE_GROUPS = 8, FAKE_MOMENTS = 8, FAKE_CHUNKS = 64, FAKE_PREPARED = 6 };

struct fake_column {
	char name[32];
	bool key, unique;
};

struct fake_leaf { /* holds the rows whose first column begins with prefix */
	char name[32], prefix[8];
};

struct fake_def { /* one shape of a table; all columns are text */
	char name[32];
	uint32_t oid; /* leaves: oid + 1, ... */
	char identity; /* 'd', 'f' */
	int ncols, nleaves;
	struct fake_column cols[FAKE_COLS];
	struct fake_leaf leaves[FAKE_LEAVES];
};

struct fake_row {
	int n;
	const char *v[FAKE_COLS]; /* NULL: null */
};

struct fake_rows {
	size_t n, cap;
	const struct fake_row **row;
};

struct fake_change {
	uint8_t kind; /* enum change_kind */
	unsigned unchanged; /* columns whose TOAST value is not sent, a bit each */
	int leaf; /* -1: the table itself */
	const struct fake_def *def;
	const struct fake_row *was, *is;
	int ntruncated;
	struct fake_truncated {
		const struct fake_def *def;
		int leaf;
	} truncated[FAKE_TABLES];
};

struct fake_txn {
	uint64_t start, end; /* of its commit record */
	struct wall time;
	size_t n, cap;
	struct fake_change *changes;
	uint8_t xa; /* CHANGE_XA_*; 0: an ordinary one */
	const char *xid;
};

struct fake_version { /* a table as it was from `end` on */
	uint64_t end;
	struct fake_rows rows;
};

struct fake_source_table {
	const struct fake_def *def;
	struct fake_rows rows;
	bool published, touched;
	uint64_t published_at; /* changes that were committed before are in no stream */
	uint64_t rewritten_at; /* older snapshots see no rows */
	uint32_t rewrites; /* each gives it another file */
	unsigned publishings, alters; /* how often */
	unsigned added; /* columns, by chance */
	uint64_t altered_at; /* the last one */
	size_t n, cap;
	struct fake_version *versions;
};

struct fake_slot {
	bool exists, lost, active;
	uint64_t confirmed;
};

enum fake_kind { FAKE_POSTGRESQL, FAKE_MYSQL, FAKE_MARIADB };

struct fake_source {
	enum fake_kind kind;
	uint64_t end; /* of the log: an LSN, or a place in a binlog */
	int ntables;
	struct fake_source_table tables[FAKE_TABLES];
	size_t ntxns, cap;
	struct fake_txn **txns, *open;
	int nprepared;
	struct fake_txn *prepared[FAKE_PREPARED]; /* and not ended */
	struct fake_slot slots[FAKE_GROUPS]; /* the task's own, then each load group's */
	uint64_t id; /* system identifier */
	uint32_t timeline;
	uint64_t left; /* where the former timeline was left */
	int64_t hold[2]; /* messages that may still pass, in the task's own stream and in others; < 0: no limit */
	unsigned keepalives; /* still to be sent */
	uint64_t keepalive_back; /* a resume point comes that lies so far before the log's end; 0: none */
	uint32_t chunks; /* of each table's load, or ranges of a key */
	uint64_t ticks, steps, sent, scans, snapshots;
	int frozen; /* sessions that let nobody commit (MySQL, MariaDB) */
	uint64_t xa_commits;
};

struct fake_target_table {
	const struct fake_def *def; /* NULL: not there */
	const struct fake_def *finished; /* with the unique columns that it gets after its load */
	struct fake_rows rows;
	uint32_t nledger; /* of its load */
	struct load_ledger ledger[FAKE_CHUNKS];
};

struct fake_part { /* of a prepared transaction's rows */
	uint32_t group, part;
	const char *xid;
	const void *p;
	size_t n;
};

struct fake_parts {
	size_t n, cap;
	struct fake_part *part;
};

struct fake_commit { /* what a transaction leaves */
	bool touched[FAKE_TABLES];
	struct fake_rows rows[FAKE_TABLES];
	struct checkpoint cp;
	struct table_states states; /* those that change with it */
	uint32_t handed; /* the load group that is handed over; 0: none */
	bool prepared_touched;
	struct fake_parts prepared;
};

struct fake_target {
	struct fake_target_table tables[FAKE_TABLES]; /* as the source's, by number */
	bool installed;
	struct checkpoint cp; /* the task's own row */
	struct checkpoint groups[FAKE_GROUPS]; /* of load groups, by number; the first is not used */
	struct table_states states;
	struct fake_parts prepared;
	struct target *sessions, *owner;
	bool owned_by_other, blocked, hold_durable;
	bool flying; /* a COMMIT whose session is lost and that has not happened yet */
	struct fake_commit inflight;
	uint64_t token, durable;
	struct position durable_position[FAKE_GROUPS];
	uint64_t commits, writes, waiting; /* waiting: calls that are blocked now */
	uint64_t by_mode[BATCH_SINGLE + 1]; /* writes */
	char refused_table[32], refused_key[32], refused_code[6];
};

struct fake_fail {
	char where[16], code[12];
	int skip, times;
};

struct fake_moment { /* what happens when the daemon comes to a place */
	char where[16], line[200];
	int skip; /* < 0: it is over */
};

struct fake_world {
	struct mutex lock;
	struct cond moved;
	struct arena *arena;
	bool dead; /* the daemon has crashed: nothing it does has an effect */
	bool unwatched; /* the promise can't hold in this scenario */
	char broken[512];
	int nfails;
	struct fake_fail fails[FAKE_FAILS];
	int nmoments;
	struct fake_moment moments[FAKE_MOMENTS];
	void (*on_moment)(char *line); /* the player's */
	unsigned (*chance)(unsigned n); /* 0 .. n - 1; NULL: nothing is left to chance */
	struct fake_source s;
	struct fake_target t;
};
extern struct fake_world fake;

/* All below are called under fake.lock, but for these two. */
void fake_init(void);
void fake_done(void);

size_t fake_held(void); /* bytes that the world itself has taken */
void fake_broken(const char *fmt, ...) PRINTF_LIKE(1, 2); /* the first one is kept */
void *fake_alloc(size_t n);
const struct fake_row *fake_row_new(int n, const char *const v[], const size_t len[]);
void fake_rows_add(struct fake_rows *rows, const struct fake_row *row);
void fake_rows_remove(struct fake_rows *rows, size_t i);
void fake_rows_copy(struct fake_rows *to, const struct fake_rows *from);
bool fake_rows_equal(const struct fake_rows *a, const struct fake_rows *b); /* as multisets */
struct checkpoint *fake_row_of(uint32_t group); /* of the checkpoint */
bool fake_same(const char *a, const char *b); /* NULL equals NULL */
bool fake_violates(const struct fake_def *def, const struct fake_row *a, const struct fake_row *b);
int fake_leaf_of(const struct fake_def *def, const struct fake_row *row); /* -1: no leaves */
int fake_table(const char *name); /* its number; -1: none */
void fake_describe(const struct fake_def *def, struct table_desc *d, struct arena *arena);

/* Errors on demand. code: an SQLSTATE, whose class decides the kind. */
void fake_fail_add(const char *where, const char *code, int nth, int times);
const char *fake_fail_take(const char *where); /* its code; NULL: none is due */
bool fake_error(struct err *err, const char *code, const char *what);
bool fake_lost(struct err *err); /* ERR_RETRY: the connection is gone */
bool fake_fails(const char *where, struct err *err);
void fake_moment(const char *where); /* the daemon is there */

/* The source as it was for those who have read its log up to lsn. */
const struct fake_rows *fake_source_at(int table, uint64_t lsn);
void fake_source_add(const struct fake_def *def);
void fake_source_begin(void);
struct fake_change *fake_source_change(uint8_t kind, int table);
void fake_source_insert(int table, const struct fake_row *row);
void fake_source_replace(int table, size_t i, const struct fake_row *row, unsigned unchanged);
void fake_source_delete(int table, size_t i);
void fake_source_truncate(int table, int leaf, struct fake_change *c);
void fake_source_commit(uint64_t bytes);

/* XA (fake_xa.c). The open transaction is prepared; a prepared one ends. */
void fake_xa_prepare(const char *name);
void fake_xa_end(const char *name, bool commit);
void fake_xa_end_nth(int i, bool commit);
bool fake_xa_locks(const struct fake_row *row); /* a prepared transaction has it */
bool fake_xa_fits(int table, const struct fake_row *row); /* beside the rows of prepared ones */
/* The source becomes a MySQL or MariaDB (fake_binlog.c), before it has tables. places: one without GTIDs (MySQL); else chance decides. */
void fake_log_start(enum fake_kind kind, bool places);
/* What a process of ours that has ended had open there is closed (fake_my.c). Not under the lock. */
void fake_my_leave(void);
struct fake_xa_sink { /* in front of the stream's own */
	struct change_sink to;
	const struct fake_txn *txn; /* whose messages are decoded */
};
struct change_sink fake_xa_sink(struct fake_xa_sink *s);
bool fake_xa_put_end(struct fake_xa_sink *s, const struct fake_txn *x, struct err *err);

/* Chance, from a seed: the same one, the same changes. */
void fake_storm_transaction(uint64_t *seed, bool xa); /* some changes of some tables; xa: of which some are prepared, and ended later */
void fake_storm_large(uint64_t *seed, size_t bytes); /* one of about so many bytes */
bool fake_storm_alter(uint64_t *seed); /* a table gets a column; false: not now */
bool fake_storm_follow(void); /* the tables of the target that lack one get it */
void fake_storm_end(uint64_t *seed); /* nothing is prepared any more */
void fake_storm_trouble(uint64_t *seed); /* a failure that will come soon */

void fake_target_create(int table, const struct fake_def *def);
void fake_target_kill(void); /* every session */
void fake_target_flush(void); /* all commits are durable */

#endif
