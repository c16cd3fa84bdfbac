/* fake_intern.h - what the two halves of the fake target share: fake_target.c has sessions and
 * transactions, fake_steps.c writes rows.
 * Threads: under the world's lock. Owner: a session owns its work. */
#ifndef REPLD_TEST_FAKE_INTERN_H
#define REPLD_TEST_FAKE_INTERN_H

#include "cdc/gtid.h"
#include "fake.h"

/* The real reader of a stream at the other end of a wire (fake_wire.c). status: what its status messages say. */
struct fake_wire;
struct fake_wire *fake_wire_new(uint64_t from, uint64_t confirmed, struct change_sink sink, const struct stream_hooks *hooks,
    void (*status)(void *arg, uint64_t flushed, bool asks), void *arg, struct err *err);
void fake_wire_free(struct fake_wire *w);
bool fake_wire_data(struct fake_wire *w, uint64_t at, const void *p, size_t n, struct err *err);
bool fake_wire_keepalive(struct fake_wire *w, uint64_t end, bool wants_answer, struct err *err);
bool fake_wire_tick(struct fake_wire *w, struct err *err);
void fake_wire_confirm(struct fake_wire *w, const struct position *p);
void fake_wire_ask(struct fake_wire *w);
void fake_wire_close(struct fake_wire *w);

/* The log of a MySQL or MariaDB (fake_binlog.c). */
void fake_log_transaction(struct fake_txn *x); /* at its end: sets start and end */
void fake_log_alter(const struct fake_def *now); /* by its last column */
bool fake_log_names(void); /* columns, always */
void fake_log_done(void);
size_t fake_log_held(void);
const char *fake_log_file(uint32_t file, char out[BINLOG_NAME]);
unsigned fake_log_files(uint32_t *ret_first);
uint64_t fake_log_size(uint32_t file);
const char *fake_log_gtids(uint64_t place); /* what was executed there; NULL: there are none */
const char *fake_log_purged(void);
uint32_t fake_log_width(int column); /* in characters */
/* A dump of it. NULL: the log has no such place; what the reader has is not of this log. */
struct fake_dump;
struct fake_dump *fake_dump_at(const char *name, uint64_t offset);
struct fake_dump *fake_dump_behind(struct gtid_set *take_has, bool v2);
void fake_dump_free(struct fake_dump *d);
const void *fake_dump_next(struct fake_dump *d, size_t *ret_n); /* an event, until the next call; NULL: the log has ended */
const void *fake_dump_heartbeat(struct fake_dump *d, size_t *ret_n);
bool fake_dump_inside(const struct fake_dump *d); /* a transaction */

/* Reading tables as they were at a place, for both kinds. */
struct source_scan *fake_scan_new(uint64_t at, struct err *err);
bool fake_scan_start(struct source_scan *s, const struct table *t, const struct chunk *c, bool binary, const char *filenodes, struct err *err);
int fake_scan_next(struct source_scan *s, struct value *vals, size_t *ret_bytes, struct err *err);
void fake_scan_close(struct source_scan *s);
bool fake_split(struct arena *arena, struct chunk **ret_chunks, uint32_t *ret_n, struct err *err);
bool fake_sample(const struct table *t, struct arena *arena, const char ***ret_bounds, size_t *ret_n, struct err *err);

struct parked { /* of one batch */
	const struct plan *plan;
	uint32_t number;
	const struct fake_row *row;
};

struct target {
	struct target *next;
	struct stop *stop;
	bool lost; /* the connection is gone */
	bool open, failed;
	struct fake_commit work;
	struct parked *parked;
	size_t nparked, parked_cap;
	struct {
		const struct plan *plan;
		uint64_t epoch;
		uint32_t attempt;
		bool running;
		struct fake_rows rows;
	} load;
};

/* The plan's values over those of a former row. set: the columns that count; NULL: all present. */
const struct fake_row *fake_make_row(const struct plan *p, const struct value *vals,
    const uint64_t *set, const struct fake_row *was);
bool fake_refused(const struct fake_def *def, const struct fake_row *row, struct err *err);
/* Whether the row may be in the table; skip: the place that it takes. */
bool fake_may_stand(const struct fake_def *def, const struct fake_rows *rows,
    const struct fake_row *row, size_t skip, struct err *err);
bool fake_do_step(struct target *t, const struct step *st, struct err *err);

#endif
