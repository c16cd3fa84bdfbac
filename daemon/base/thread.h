/* thread.h - threads, locks that abort on misuse, and the stop flag that every blocking wait watches.
 * Threads: any, as each function says. */
#ifndef REPLD_BASE_THREAD_H
#define REPLD_BASE_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include "daemon/base/clock.h"
#include "daemon/base/err.h"

struct thread {
	pthread_t id;
	bool started;
};

/* Starts fn(arg) with all signals blocked; name is at most 15 bytes (shown by ps -L). */
bool thread_start(struct thread *t, const char *name, void *(*fn)(void *), void *arg, struct err *err) MUST_CHECK;
void thread_join(struct thread *t);		/* nothing where it was not started */

/* Signs of life. thread_beat_at(): where this thread's are noted (monotonic usec), the first one now; NULL: nowhere any more. thread_beat(): one more;
 * called by whatever waits for a server in steps, so that a thread that waits is told from one that hangs. */
void thread_beat_at(_Atomic int64_t *at);
void thread_beat(void);

struct mutex { pthread_mutex_t m; };		/* errorcheck kind: misuse aborts */
void mutex_init(struct mutex *m);
void mutex_done(struct mutex *m);
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);

struct cond { pthread_cond_t c; };		/* on CLOCK_MONOTONIC */
void cond_init(struct cond *c);
void cond_done(struct cond *c);
void cond_broadcast(struct cond *c);
/* Waits at most usec microseconds (< 0: for ever); false: time is up. May wake for nothing. */
bool cond_wait(struct cond *c, struct mutex *m, int64_t usec);

/* The stop flag: set once, seen by polling the flag or by poll(2) on fd (readable when set). */
struct stop {
	atomic_bool set;
	int fd;			/* eventfd, O_CLOEXEC */
};
bool stop_init(struct stop *s, struct err *err) MUST_CHECK;
void stop_done(struct stop *s);
void stop_request(struct stop *s);		/* any thread; more than once is fine */
void stop_clear(struct stop *s);		/* only while no thread watches it */
static inline bool
stop_requested(const struct stop *s)
{
	return atomic_load_explicit(&s->set, memory_order_acquire);
}
/* Sleeps; false: the stop flag was set meanwhile. */
bool stop_sleep(struct stop *s, int64_t usec);

#endif
