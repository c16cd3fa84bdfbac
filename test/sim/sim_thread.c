/* sim_thread.c - daemon/base/thread.h on contexts of one thread; see sim.h.
 * Invariants: only the current thread runs; a lock's owner stands in the lock itself; who waits for what stands in the waiting thread, so that
 * waking looks through all of them (they are few). */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

#include "daemon/base/arena.h"
#include "daemon/base/fault.h"
#include "daemon/base/thread.h"

enum { THREADS = 96, STACK = 512 << 10, RUNAWAY = 20000000 };
#define FOR_EVER INT64_MAX

struct sim_mutex {
	struct context *owner;
};
_Static_assert(sizeof(struct sim_mutex) <= sizeof(struct mutex), "it lies in the other");

struct context {
	ucontext_t uc;
	char *stack;
	void *(*fn)(void *);
	void *arg;
	bool used, ended, timed_out;
	struct sim_mutex *lock;		/* waits for it */
	struct cond *cond;		/* waits to be woken, or for its time */
	const struct stop *sleeps;	/* until it is set, or for its time */
	struct context *joins;
	int64_t until;			/* usec; FOR_EVER */
	_Atomic int64_t *beat_at;
#ifdef __SANITIZE_ADDRESS__
	void *fake_stack;
#endif
};

static struct context contexts[THREADS], *current, *first;
static uint64_t state, switches;
static int64_t now;
static unsigned gives_way;		/* at one of so many places */
void (*sim_stuck)(const char *why);
enum sim_fault (*sim_on_fault)(const char *name);
bool (*sim_on_memory)(void);
struct sim_point sim_points[SIM_POINTS];
unsigned sim_npoints;

/* ---- chance ---------------------------------------------------------------------------------------------------------- */

void
sim_seed(uint64_t seed)
{
	state = seed * 0x9e3779b97f4a7c15u + 0x2545f4914f6cdd1du;
	for (int i = 0; i < 4; i++)
		(void)sim_random();
}

/* SplitMix64. */
uint64_t
sim_random(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

unsigned
sim_chance(unsigned n)
{
	return n == 0 ? 0 : (unsigned)((sim_random() >> 32) * n >> 32);
}

/* ---- contexts ----------------------------------------------------------------------------------------------------------- */

int64_t
sim_now(void)
{
	return now;
}

uint64_t
sim_switches(void)
{
	return switches;
}

static void
set_time(int64_t to)
{
	now = to;
	clock_fake(true, 1000000000 + now, 1800000000000000 + now);
}

static bool
can_run(const struct context *c)
{
	if (!c->used || c->ended)
		return false;
	if (c->lock != NULL)
		return c->lock->owner == NULL;
	if (c->joins != NULL)
		return c->joins->ended;
	if (c->cond != NULL || c->sleeps != NULL || c->until != FOR_EVER)
		return c->until <= now || (c->sleeps != NULL && atomic_load(&c->sleeps->set));
	return true;
}

/* Where nobody can run, time goes to where the first of those that wait has had enough. */
static bool
leap(void)
{
	int64_t to = FOR_EVER;

	for (int i = 0; i < THREADS; i++)
		if (contexts[i].used && !contexts[i].ended && contexts[i].lock == NULL && contexts[i].joins == NULL && contexts[i].until < to)
			to = contexts[i].until;
	if (to == FOR_EVER)
		return false;
	set_time(to);
	return true;
}

static struct context *
pick(void)
{
	struct context *able[THREADS];
	unsigned n = 0;

	do {
		for (int i = 0; i < THREADS; i++)
			if (can_run(&contexts[i]))
				able[n++] = &contexts[i];
	} while (n == 0 && leap());
	if (n == 0)
		sim_stuck("all threads wait for each other");
	if (++switches > RUNAWAY)
		sim_stuck("it does not come to an end");
	return able[sim_chance(n)];
}

static void
enter(struct context *from, struct context *to)
{
	current = to;
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_start_switch_fiber(from->ended ? NULL : &from->fake_stack, to->stack, STACK);
#endif
	swapcontext(&from->uc, &to->uc);
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_finish_switch_fiber(from->fake_stack, NULL, NULL);
#endif
}

/* Lets another one run, or the same. */
static void
give_way(void)
{
	struct context *was = current, *next = pick();

	set_time(now + sim_chance(40));
	if (next != was)
		enter(was, next);
}

static void
maybe_give_way(void)
{
	if (sim_chance(gives_way) == 0)
		give_way();
}

#ifdef __SANITIZE_ADDRESS__
static void *outside_stack;
static const void *outside_bottom;
static size_t outside_size;
#endif

static void
context_main(void)
{
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_finish_switch_fiber(NULL, current == first ? &outside_bottom : NULL, current == first ? &outside_size : NULL);
#endif
	(void)current->fn(current->arg);
	current->ended = true;
	give_way();
	abort();
}

static struct context *
context_new(void *(*fn)(void *), void *arg)
{
	struct context *c = contexts;

	while (c < contexts + THREADS && c->used)
		c++;
	if (c == contexts + THREADS)
		sim_stuck("too many threads");
	if (c->stack == NULL)
		c->stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (c->stack == MAP_FAILED)
		abort();
	c->fn = fn;
	c->arg = arg;
	c->used = true;
	c->ended = c->timed_out = false;
	c->lock = NULL;
	c->cond = NULL;
	c->sleeps = NULL;
	c->joins = NULL;
	c->until = FOR_EVER;
	c->beat_at = NULL;
	getcontext(&c->uc);
	c->uc.uc_stack.ss_sp = c->stack;
	c->uc.uc_stack.ss_size = STACK;
	c->uc.uc_link = NULL;
	makecontext(&c->uc, context_main, 0);
	return c;
}

static void (*run_fn)(void *);
static ucontext_t outside;

static void *
run_first(void *arg)
{
	run_fn(arg);
	current->ended = true;
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_start_switch_fiber(NULL, outside_bottom, outside_size);
#endif
	setcontext(&outside);
	return NULL;
}

void
sim_run(void (*fn)(void *arg), void *arg)
{
	run_fn = fn;
	switches = 0;
	gives_way = 1u << sim_chance(8);
	set_time(0);
	first = current = context_new(run_first, arg);
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_start_switch_fiber(&outside_stack, first->stack, STACK);
#endif
	swapcontext(&outside, &first->uc);
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_finish_switch_fiber(outside_stack, NULL, NULL);
#endif
	for (int i = 0; i < THREADS; i++)
		contexts[i].used = false;
}

unsigned
sim_threads(void)
{
	unsigned n = 0;

	for (int i = 0; i < THREADS; i++)
		n += contexts[i].used && !contexts[i].ended && &contexts[i] != current;
	return n;
}

bool
sim_is_first(void)
{
	return current == first;
}

void
sim_sleep(int64_t usec)
{
	current->until = now + (usec < 0 ? 0 : usec);
	give_way();
	current->until = FOR_EVER;
}

/* ---- thread.h ------------------------------------------------------------------------------------------------------------- */

bool
thread_start(struct thread *t, const char *name, void *(*fn)(void *), void *arg, struct err *err)
{
	struct context *c = context_new(fn, arg);

	(void)name;
	(void)err;
	memcpy(&t->id, &c, sizeof(c));
	t->started = true;
	maybe_give_way();
	return true;
}

void
thread_join(struct thread *t)
{
	struct context *c;

	if (!t->started)
		return;
	memcpy(&c, &t->id, sizeof(c));
	current->joins = c;
	while (!c->ended)
		give_way();
	current->joins = NULL;
	c->used = false;
	t->started = false;
}

void
thread_beat(void)
{
	if (current->beat_at != NULL)
		atomic_store_explicit(current->beat_at, clock_mono().v, memory_order_relaxed);
}

void
thread_beat_at(_Atomic int64_t *at)
{
	current->beat_at = at;
	thread_beat();
}

static struct sim_mutex *
of(struct mutex *m)
{
	return (struct sim_mutex *)(void *)m;
}

bool
sim_holds(const struct mutex *m)
{
	return ((const struct sim_mutex *)(const void *)m)->owner == current;
}

void
mutex_init(struct mutex *m)
{
	of(m)->owner = NULL;
}

void
mutex_done(struct mutex *m)
{
	if (of(m)->owner != NULL)
		sim_stuck("mutex_done: the lock is held");
}

static void
take(struct sim_mutex *m)
{
	current->lock = m;
	while (m->owner != NULL)
		give_way();
	current->lock = NULL;
	m->owner = current;
}

void
mutex_lock(struct mutex *m)
{
	maybe_give_way();
	if (of(m)->owner == current)
		sim_stuck("mutex_lock: this thread holds the lock");
	take(of(m));
}

void
mutex_unlock(struct mutex *m)
{
	if (of(m)->owner != current)
		sim_stuck("mutex_unlock: this thread does not hold the lock");
	of(m)->owner = NULL;
	maybe_give_way();
}

void
cond_init(struct cond *c)
{
	(void)c;
}

void
cond_done(struct cond *c)
{
	for (int i = 0; i < THREADS; i++)
		if (contexts[i].used && !contexts[i].ended && contexts[i].cond == c)
			sim_stuck("cond_done: somebody waits");
}

void
cond_broadcast(struct cond *c)
{
	for (int i = 0; i < THREADS; i++)
		if (contexts[i].cond == c) {
			contexts[i].cond = NULL;
			contexts[i].until = FOR_EVER;
		}
	maybe_give_way();
}

/* Now and then it wakes for nothing. */
bool
cond_wait(struct cond *c, struct mutex *m, int64_t usec)
{
	const int64_t until = usec < 0 ? FOR_EVER : now + usec;
	bool woken;

	if (of(m)->owner != current)
		sim_stuck("cond_wait: this thread does not hold the lock");
	of(m)->owner = NULL;
	if (sim_chance(64) != 0) {
		current->cond = c;
		current->until = until;
	}
	give_way();
	woken = current->cond == NULL;
	current->cond = NULL;
	current->until = FOR_EVER;
	take(of(m));
	return woken;
}

bool
stop_init(struct stop *s, struct err *err)
{
	(void)err;
	atomic_init(&s->set, false);
	s->fd = -1;
	return true;
}

void
stop_done(struct stop *s)
{
	(void)s;
}

void
stop_request(struct stop *s)
{
	atomic_store(&s->set, true);
	maybe_give_way();
}

void
stop_clear(struct stop *s)
{
	atomic_store(&s->set, false);
}

bool
stop_sleep(struct stop *s, int64_t usec)
{
	current->sleeps = s;
	current->until = usec < 0 ? FOR_EVER : now + usec;
	give_way();
	current->sleeps = NULL;
	current->until = FOR_EVER;
	return !stop_requested(s);
}

/* ---- fault points ------------------------------------------------------------------------------------------------------------ */

#ifdef REPLD_FAULTS
static struct sim_point *
point_of(const char *name)
{
	for (unsigned i = 0; i < sim_npoints; i++)
		if (strcmp(sim_points[i].name, name) == 0)
			return &sim_points[i];
	if (sim_npoints == SIM_POINTS)
		sim_stuck("too many fault points");
	sim_points[sim_npoints] = (struct sim_point){ .name = name };
	return &sim_points[sim_npoints++];
}

bool
fault_hit(const char *name, struct err *err)
{
	struct sim_point *p = point_of(name);

	p->passed++;
	maybe_give_way();
	switch (sim_on_fault(name)) {
	case SIM_ERROR: p->acted++; return err_set(err, ERR_RETRY, "fault %s", name);
	case SIM_DELAY: p->acted++; sim_sleep(1 + sim_chance(2000000)); break;
	case SIM_PASS: break;
	}
	return true;
}

bool
fault_memory(void)
{
	return sim_on_memory == NULL || sim_on_memory();
}
#endif
