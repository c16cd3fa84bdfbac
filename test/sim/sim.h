/* sim.h - threads that run one at a time, in an order that a seed decides, on a clock of their own: everything that daemon/base/thread.h and the
 * fault points offer, linked in their place. The same seed, the same run, to the last switch.
 * A thread gives way where it takes or gives back a lock, wakes others, waits, or passes a fault point; time passes while threads run, a little by
 * chance, and leaps where all wait.
 * Threads: one of the system; what is called a thread here is a context of it. */
#ifndef REPLD_TEST_SIM_H
#define REPLD_TEST_SIM_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include "daemon/base/err.h"

struct mutex;

/* Chance. */
void sim_seed(uint64_t seed);
uint64_t sim_random(void);
unsigned sim_chance(unsigned n);	/* 0 .. n - 1; 0 for n = 0 */

/* Runs fn(arg) as the first thread, until it returns. What the others then do is not awaited. */
void sim_run(void (*fn)(void *arg), void *arg);
int64_t sim_now(void);			/* usec since the run began */
void sim_sleep(int64_t usec);
uint64_t sim_switches(void);
unsigned sim_threads(void);		/* that have not ended, but for the caller */

/* Called with a text where no thread can go on, or one runs without end; does not return. */
extern void (*sim_stuck)(const char *why);

/* Fault points. Each passage asks; the answer is what happens there. */
enum sim_fault { SIM_PASS, SIM_ERROR, SIM_DELAY };
extern enum sim_fault (*sim_on_fault)(const char *name);
enum { SIM_POINTS = 64 };
struct sim_point {
	const char *name;
	uint64_t passed, acted;
};
extern bool (*sim_on_memory)(void);	/* asked for each allocation; false: it fails. NULL: none does */
bool sim_is_first(void);		/* the caller is the thread that sim_run() began */
bool sim_holds(const struct mutex *m);
extern struct sim_point sim_points[SIM_POINTS];
extern unsigned sim_npoints;

#endif
