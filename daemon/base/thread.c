/* thread.c - pthreads with their errors turned into aborts where they can only be our bug.
 * Waits use the real monotonic clock, also while a test fakes time. */
#include "daemon/base/thread.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static void
must(int rc, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "repld: %s: %s\n", what, strerror(rc));
	abort();
}

/* Signals belong to the main thread. Faults of the thread's own code stay unblocked: they kill. */
static void
block_signals(sigset_t *old)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigdelset(&set, faults[i]);
	must(pthread_sigmask(SIG_SETMASK, &set, old), "pthread_sigmask");
}

bool
thread_start(struct thread *t, const char *name, void *(*fn)(void *), void *arg, struct err *err)
{
	char shown[16];
	sigset_t old;
	int rc;

	must(t->started ? EBUSY : 0, "thread_start: started twice");
	block_signals(&old);
	rc = pthread_create(&t->id, NULL, fn, arg);
	must(pthread_sigmask(SIG_SETMASK, &old, NULL), "pthread_sigmask");
	if (rc != 0)
		return err_errno(err, rc, "cannot start thread %s", name);
	t->started = true;
	snprintf(shown, sizeof(shown), "%.15s", name);
	(void)pthread_setname_np(t->id, shown);	/* only for people */
	return true;
}

void
thread_join(struct thread *t)
{
	if (!t->started)
		return;
	must(pthread_join(t->id, NULL), "pthread_join");
	t->started = false;
}

static _Thread_local _Atomic int64_t *beat_at;

void
thread_beat(void)
{
	if (beat_at != NULL)
		atomic_store_explicit(beat_at, clock_mono().v, memory_order_relaxed);
}

void
thread_beat_at(_Atomic int64_t *at)
{
	beat_at = at;
	thread_beat();
}

void
mutex_init(struct mutex *m)
{
	pthread_mutexattr_t attr;

	must(pthread_mutexattr_init(&attr), "pthread_mutexattr_init");
	must(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK), "mutex_init");
	must(pthread_mutex_init(&m->m, &attr), "pthread_mutex_init");
	pthread_mutexattr_destroy(&attr);
}

void
mutex_done(struct mutex *m)
{
	must(pthread_mutex_destroy(&m->m), "mutex_done: the lock is held");
}

void
mutex_lock(struct mutex *m)
{
	must(pthread_mutex_lock(&m->m), "mutex_lock: this thread holds the lock");
}

void
mutex_unlock(struct mutex *m)
{
	must(pthread_mutex_unlock(&m->m), "mutex_unlock: this thread does not hold the lock");
}

void
cond_init(struct cond *c)
{
	pthread_condattr_t attr;

	must(pthread_condattr_init(&attr), "pthread_condattr_init");
	must(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC), "pthread_condattr_setclock");
	must(pthread_cond_init(&c->c, &attr), "pthread_cond_init");
	pthread_condattr_destroy(&attr);
}

void
cond_done(struct cond *c)
{
	must(pthread_cond_destroy(&c->c), "pthread_cond_destroy");
}

void
cond_broadcast(struct cond *c)
{
	must(pthread_cond_broadcast(&c->c), "pthread_cond_broadcast");
}

static struct timespec
mono_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts;
}

static struct timespec
time_after(struct timespec ts, int64_t usec)
{
	ts.tv_sec += usec / 1000000;
	ts.tv_nsec += usec % 1000000 * 1000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_nsec -= 1000000000;
		ts.tv_sec++;
	}
	return ts;
}

bool
cond_wait(struct cond *c, struct mutex *m, int64_t usec)
{
	static const char not_held[] = "cond_wait: this thread does not hold the lock";
	struct timespec until;
	int rc;

	if (usec < 0) {
		must(pthread_cond_wait(&c->c, &m->m), not_held);
		return true;
	}
	until = time_after(mono_now(), usec);
	rc = pthread_cond_timedwait(&c->c, &m->m, &until);
	if (rc == ETIMEDOUT)
		return false;
	must(rc, not_held);
	return true;
}

bool
stop_init(struct stop *s, struct err *err)
{
	atomic_init(&s->set, false);
	s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->fd < 0)
		return err_errno(err, errno, "cannot create the stop flag");
	return true;
}

void
stop_done(struct stop *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void
stop_request(struct stop *s)
{
	uint64_t one = 1;

	if (atomic_exchange_explicit(&s->set, true, memory_order_acq_rel))
		return;
	while (write(s->fd, &one, sizeof(one)) < 0)
		must(errno == EINTR ? 0 : errno, "stop_request: write");
}

void
stop_clear(struct stop *s)
{
	uint64_t n;

	while (read(s->fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
	atomic_store_explicit(&s->set, false, memory_order_release);
}

/* What is left until `until`; zero when it has passed. */
static struct timespec
time_left(struct timespec until)
{
	struct timespec now = mono_now();
	struct timespec left = { until.tv_sec - now.tv_sec, until.tv_nsec - now.tv_nsec };

	if (left.tv_nsec < 0) {
		left.tv_nsec += 1000000000;
		left.tv_sec--;
	}
	return left.tv_sec < 0 ? (struct timespec){ 0 } : left;
}

bool
stop_sleep(struct stop *s, int64_t usec)
{
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN };
	struct timespec until = time_after(mono_now(), usec < 0 ? 0 : usec), left;
	int n;

	do {
		left = time_left(until);
		n = ppoll(&pfd, 1, usec < 0 ? NULL : &left, NULL);
		must(n < 0 && errno != EINTR ? errno : 0, "stop_sleep: ppoll");
	} while (n < 0 && !stop_requested(s));
	return !stop_requested(s);
}
