/* pg_source.h - what the parts of the PostgreSQL source share: pg_source.c (session, slot, log),
 * pg_source_check.c (preflight), pg_publication.c, pg_wal2json.c, pg_facts.c, pg_snapshot.c, pg_scan.c, pg_stream.c. Only
 * these include it. */
#ifndef REPLD_ENDPOINTS_PG_SOURCE_H
#define REPLD_ENDPOINTS_PG_SOURCE_H

#include "cdc/wal2json.h"
#include "endpoints/pg_conn.h"
#include "endpoints/source.h"

/* Statements of an ordinary session end after this. */
#define PG_SOURCE_DEADLINE_USEC 30000000

struct source {
	struct pg_conn *c;
	struct source_params p; /* strings are the configuration's */
};

/* pg_identity.c */
bool pg_source_identify(struct source *s, struct source_info *ret, struct err *err) MUST_CHECK;
/* The session has reached the server of p->identity: else ERR_RETRY. The second one is for
 * replication connections. */
bool pg_source_is_same(struct pg_conn *c, const struct source_params *p, struct err *err) MUST_CHECK;
bool pg_replication_is_same(
    struct pg_conn *c, const struct source_params *p, struct err *err) MUST_CHECK;
bool pg_source_continues(struct source *s, const struct source_identity *was,
    const struct source_identity *now, const struct position *checkpoint,
    struct err *err) MUST_CHECK;
/* The end of the log is not before the place: ERR_HOLE, on a standby ERR_RETRY. */
bool pg_source_reaches(struct source *s, struct end_lsn place, struct err *err) MUST_CHECK;
bool pg_identity_check(struct source *s, const struct source_log *log, struct findings *f,
    struct err *err) MUST_CHECK;

/* pg_source.c */
struct source *pg_source_open(const struct source_params *p, struct err *err) MUST_CHECK;
void pg_source_close(struct source *s);
bool pg_source_log_state(struct source *s, struct source_log *ret, struct err *err) MUST_CHECK;
/* The slot is the primary's, on a standby that is not promoted: ERR_RETRY, always false. */
bool pg_slot_is_copy(const char *slot, struct err *err);
bool pg_source_end(
    struct source *s, uint64_t *ret_lsn, bool *ret_standby, struct err *err) MUST_CHECK;
bool pg_source_drop_slot(struct source *s, struct err *err) MUST_CHECK;
/* pg_next_result() gave NULL where an answer was due: why says why, or nothing. Always false. */
bool pg_no_result(const struct err *why, const char *what, struct err *err);
/* A statement over the simple protocol, as replication connections want it. */
PGresult *pg_simple(struct pg_conn *c, const char *sql, struct err *err) MUST_CHECK;
/* {1,2,3}: the OIDs of a set's leaves, or of its tables, as an array literal. */
void pg_leaf_oids(struct buf *b, const struct tableset *set);
void pg_table_oids(struct buf *b, const struct tableset *set);

/* pg_source_check.c */
bool pg_source_check(struct source *s, const struct tableset *set, bool needs_slot, bool streams,
    struct findings *f, struct err *err) MUST_CHECK;

/* pg_publication.c */
bool pg_publication_prepare(struct source *s, const struct tableset *set,
    struct source_prepared *ret, struct err *err) MUST_CHECK;
bool pg_publication_check(struct source *s, const struct tableset *set, bool standby,
    struct findings *f, struct err *err) MUST_CHECK;
bool pg_publication_drop(struct source *s, struct err *err) MUST_CHECK;
bool pg_publication_exists(struct source *s, bool *ret, struct err *err) MUST_CHECK;

/* pg_wal2json.c */
struct pg_wal2json;

struct pg_wal2json *pg_wal2json_open(
    const struct source_params *p, const struct tableset *set, struct err *err) MUST_CHECK;
void pg_wal2json_close(struct pg_wal2json *w); /* after its decoder; NULL is fine */
/* The options of START_REPLICATION in parentheses. strings: numeric-data-types-as-string too. */
void pg_wal2json_options(const struct pg_wal2json *w, bool strings, struct buf *sql);
/* For when the plugin does not know that option. */
void pg_wal2json_warn(const struct pg_wal2json *w);
struct wal2json *pg_wal2json_decoder(struct pg_wal2json *w, bool strings,
    struct relation_resolver resolver, struct change_sink sink, struct err *err) MUST_CHECK;
/* What the server refused was the plugin or its options: err then says so. */
bool pg_wal2json_refused(const struct source_params *p, struct err *err);
bool pg_wal2json_check(struct source *s, const struct tableset *set, bool needs_slot,
    struct findings *f, struct err *err) MUST_CHECK;

/* pg_facts.c */
bool pg_facts(struct source *s, const struct tableset *set, struct arena *arena, struct table_facts *ret,
    struct err *err) MUST_CHECK;
bool pg_leaf_has_rows(struct source *s, const struct facts_leaf *leaf, enum facts_question question,
    const char *as_of, bool *ret, struct err *err) MUST_CHECK;

/* pg_snapshot.c */
struct source_snapshot *pg_snapshot_open(const struct source_params *p, bool permanent,
    void (*on_wait)(void *arg, const char *text), void *arg, struct err *err) MUST_CHECK;
struct snapshot_pos pg_snapshot_pos(const struct source_snapshot *s);
bool pg_snapshot_alive(struct source_snapshot *s, struct err *err) MUST_CHECK;
void pg_snapshot_close(struct source_snapshot *s);
const char *pg_snapshot_name(const struct source_snapshot *s);

/* pg_scan.c */
bool pg_scan_split(struct source *s, const struct table *t, uint32_t want, uint64_t min_bytes,
    struct arena *arena, struct chunk **ret_chunks, uint32_t *ret_n, struct err *err) MUST_CHECK;
bool pg_scan_splits_by_page(struct source *s);
bool pg_scan_sample(struct source *s, const struct table *t, const char *column, uint32_t want,
    struct arena *arena, const char ***ret_bounds, size_t *ret_n, struct err *err) MUST_CHECK;
struct source_scan *pg_scan_open(
    const struct source_params *p, const struct source_snapshot *snap, struct err *err) MUST_CHECK;
bool pg_scan_start(struct source_scan *s, const struct table *t, const struct chunk *c, bool binary,
    const char *filenodes, struct err *err) MUST_CHECK;
int pg_scan_next(struct source_scan *s, struct value *vals, size_t *ret_bytes, struct err *err);
void pg_scan_close(struct source_scan *s);

/* pg_proof.c: the stream has been started from `at`, the slot's place; it is ended again. The last
 * transaction that was applied must be in the log: else ERR_HOLE. */
bool pg_proof(struct pg_conn *c, const struct source_params *p, uint64_t at, struct err *err) MUST_CHECK;

/* pg_stream.c */
struct source_stream *pg_stream_open(const struct source_params *p, const struct position *from,
    bool binary, struct change_sink sink, const struct stream_hooks *hooks,
    struct err *err) MUST_CHECK;
bool pg_stream_step(struct source_stream *s, int64_t wait_usec, struct err *err) MUST_CHECK;
bool pg_stream_tick(struct source_stream *s, struct err *err) MUST_CHECK;
void pg_stream_confirm(struct source_stream *s, const struct position *p);
void pg_stream_ask(struct source_stream *s);
uint64_t pg_stream_bytes(const struct source_stream *s);
void pg_stream_close(struct source_stream *s);

#endif
