/* fake_intern.h - what the two halves of the fake target share: fake_target.c has sessions and
 * transactions, fake_steps.c writes rows.
 * Threads: under the world's lock. Owner: a session owns its work. */
#ifndef REPLD_TEST_FAKE_INTERN_H
#define REPLD_TEST_FAKE_INTERN_H

#include "fake.h"

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
