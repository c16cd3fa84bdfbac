/* fake_intern.h - what the two halves of the fake target share: fake_target.c has sessions and
 * transactions, fake_steps.c writes rows.
 * Threads: under the world's lock. Owner: a session owns its work. */
#ifndef REPLD_TEST_FAKE_INTERN_H
#define REPLD_TEST_FAKE_INTERN_H

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
