/* my_source.h - what the parts of the MySQL and MariaDB source share: my_source.c (session, log), my_identity.c, my_source_check.c (preflight),
 * my_snapshot.c, my_scan.c, my_stream.c. Only these include it.
 * There is no slot: the server keeps its binlog as long as its own settings say, so a place in it can be gone, which is a hole.
 * A place is a file and an offset. Where the source has GTIDs, a stream begins by them: the place only orders what this server's log holds. */
#ifndef REPLD_ENDPOINTS_MY_SOURCE_H
#define REPLD_ENDPOINTS_MY_SOURCE_H

#include "cdc/binlog.h"
#include "cdc/gtid.h"
#include "endpoints/my_conn.h"
#include "endpoints/source.h"

/* Statements of an ordinary session end after this. */
#define MY_SOURCE_DEADLINE_USEC 30000000

struct source {
	struct my_conn *c;
	struct source_params p;	/* strings are the configuration's */
	struct position opened;	/* the end of the log when the session began: before anything was read of the catalog */
};

/* my_source.c */
struct source *my_source_open(const struct source_params *p, struct err *err) MUST_CHECK;
void my_source_close(struct source *s);
/* The end of the log, with the GTIDs executed there where the source has them. ERR_CONFIG: it writes none. */
bool my_log_end(struct my_conn *c, struct position *ret, struct err *err) MUST_CHECK;
/* The place alone: for GTIDs MariaDB reads the file from its beginning. */
bool my_log_place(struct my_conn *c, struct position *ret, struct err *err) MUST_CHECK;
/* Transactions have GTIDs: MySQL gtid_mode ON; always on MariaDB. */
bool my_has_gtids(struct my_conn *c, bool *ret, struct err *err) MUST_CHECK;

struct my_log_file {
	uint32_t number;
	uint64_t size;
};
/* The files of the log that are there, rising; malloc'ed. */
bool my_log_files(struct my_conn *c, struct my_log_file **ret, size_t *ret_n, struct err *err) MUST_CHECK;
/* Bytes of log from one place to another; false: a file between them is not in the list. */
bool my_log_distance(const struct my_log_file *files, size_t n, const struct position *from, const struct position *to, uint64_t *ret);

/* my_identity.c */
bool my_source_identify(struct source *s, struct source_info *ret, struct err *err) MUST_CHECK;
/* The session has reached the server of p->identity: else ERR_RETRY. */
bool my_source_is_same(struct my_conn *c, const struct source_params *p, struct err *err) MUST_CHECK;
bool my_source_continues(struct source *s, const struct source_identity *was, const struct source_identity *now,
    const struct position *checkpoint, struct err *err) MUST_CHECK;

/* my_source_check.c */
bool my_source_check(struct source *s, const struct tableset *set, bool needs_slot, bool streams, struct findings *f, struct err *err) MUST_CHECK;

/* my_xa.c */
/* No transaction of XA is prepared now, as far as we may know. */
bool my_xa_none(struct my_conn *c, bool *ret, struct err *err) MUST_CHECK;
bool my_xa_commits(struct my_conn *c, uint64_t *ret, struct err *err) MUST_CHECK;	/* how many XA COMMIT have begun on the server */
/* Until that is so; on_wait says who is waited for. */
bool my_xa_wait(struct my_conn *c, void (*on_wait)(void *arg, const char *text), void *arg, struct err *err) MUST_CHECK;
bool my_xa_may_ask(struct my_conn *c, bool *ret, struct err *err) MUST_CHECK;	/* MySQL 8: takes a privilege */

/* my_snapshot.c */
struct source_snapshot *my_snapshot_open(const struct source_params *p, bool permanent, void (*on_wait)(void *arg, const char *text), void *arg,
    struct err *err) MUST_CHECK;
struct snapshot_pos my_snapshot_pos(const struct source_snapshot *s);
bool my_snapshot_alive(struct source_snapshot *s, struct err *err) MUST_CHECK;
void my_snapshot_close(struct source_snapshot *s);
/* Tables of this engine can be read as they were at a moment. Others are locked against writes while they are loaded. */
bool my_engine_has_snapshots(const char *engine);
/* The tables of other engines are what they were when the snapshot was taken. Any thread. */
bool my_snapshot_stood_still(struct source_snapshot *s, struct err *err) MUST_CHECK;
/* One of the sessions that hold the snapshot, for one thread; NULL: none is left. Any thread. */
struct my_conn *my_snapshot_take(struct source_snapshot *s);
/* The dump that was opened with the snapshot, for the stream that begins there; NULL: none, or it is from elsewhere. */
struct my_conn *my_snapshot_dump(uint32_t server_id, const struct position *from, bool *ret_from_start);
void my_snapshot_give(struct source_snapshot *s, struct my_conn *c);	/* back; a lost one is closed */

/* my_scan.c */
bool my_scan_split(struct source *s, const struct table *t, uint32_t want, uint64_t min_bytes, struct arena *arena, struct chunk **ret_chunks,
    uint32_t *ret_n, struct err *err) MUST_CHECK;
bool my_scan_sample(struct source *s, const struct table *t, const char *column, uint32_t want, struct arena *arena, const char ***ret_bounds,
    size_t *ret_n, struct err *err) MUST_CHECK;
struct source_scan *my_scan_open(const struct source_params *p, const struct source_snapshot *snap, struct err *err) MUST_CHECK;
bool my_scan_start(struct source_scan *s, const struct table *t, const struct chunk *c, bool binary, const char *filenodes, struct err *err) MUST_CHECK;
int my_scan_next(struct source_scan *s, struct value *vals, size_t *ret_bytes, struct err *err);
void my_scan_close(struct source_scan *s);

/* my_shape.c: what the columns of a captured table are at a place of the log */
struct my_shapes;
struct my_shapes *my_shapes_new(const struct source_params *p, const struct position *from, const struct stream_hooks *hooks, struct err *err) MUST_CHECK;
void my_shapes_free(struct my_shapes *s);	/* NULL is fine */
/* The table's changes at this place are left out, whatever they are. */
bool my_shapes_left_out(const struct my_shapes *s, const struct table *t, uint64_t place);
/* The first place from which on a table is needed that was left out at `place`; 0: none. */
uint64_t my_shapes_next(const struct my_shapes *s, uint64_t place);
/* Names, types and what is left out, for a table that is captured at this place. ERR_HOLE: not known. */
bool my_shapes_resolve(struct my_shapes *s, const struct table *table, uint64_t place, struct binlog_table *t, struct binlog_capture *ret,
    struct err *err) MUST_CHECK;

/* my_stream.c */
/* Dumps that only look have a server_id that is theirs alone: of two readers with one number the server ends the older, and those of load groups
 * look at the same time. */
enum my_look { MY_LOOK_PLACE = 1, MY_LOOK_AHEAD };
uint32_t my_look_id(const struct source_params *p, enum my_look what);
/* When the server made a file of its log. ERR_HOLE: it has none of that name. */
bool my_log_born(const struct source_params *p, const struct position *in, uint32_t *ret, struct err *err) MUST_CHECK;
/* A dump from a position, for a reader that does not stream: events come by my_packet(). block: wait at the log's end. */
struct my_conn *my_dump_open(const struct source_params *p, const struct position *from, uint32_t server_id, bool block, bool *ret_from_start,
    struct err *err) MUST_CHECK;
struct source_stream *my_stream_open(const struct source_params *p, const struct position *from, bool binary, struct change_sink sink,
    const struct stream_hooks *hooks, struct err *err) MUST_CHECK;
bool my_stream_step(struct source_stream *s, int64_t wait_usec, struct err *err) MUST_CHECK;
bool my_stream_tick(struct source_stream *s, struct err *err) MUST_CHECK;
void my_stream_confirm(struct source_stream *s, const struct position *p);
void my_stream_ask(struct source_stream *s);
uint64_t my_stream_bytes(const struct source_stream *s);
void my_stream_close(struct source_stream *s);
/* The place on this server from which the log holds what follows the GTIDs of p: fills p->log and p->lsn. */
bool my_source_locate(struct source *s, struct position *p, struct err *err) MUST_CHECK;

#endif
