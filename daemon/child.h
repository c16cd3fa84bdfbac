/* child.h - the process of one worker as the supervisor holds it: start, messages, end. No
 * policy: keeper.c decides when.
 * Flow: child_start() -> child_send(), child_read() ... -> child_reap(), which says how it ended.
 * Invariant: pid > 0 from the start until the process has been reaped; sock >= 0 while messages
 * can travel. The shared block outlives the process, so that its last words can still be shown;
 * the next start replaces it.
 * Threads: the supervisor's only one. Nothing here blocks. */
#ifndef REPLD_DAEMON_CHILD_H
#define REPLD_DAEMON_CHILD_H

#include <sys/types.h>
#include "daemon/base/bytes.h"
#include "daemon/base/clock.h"
#include "daemon/ipc.h"
#include "daemon/shm.h"

struct child {
	pid_t pid;		/* 0: no process */
	int sock;		/* ours of the pair, non-blocking; -1 */
	struct shm *shm;	/* NULL: never started */
	struct buf in, out;
	struct usec started;
};

#define CHILD_INIT { .sock = -1 }

/* The running program itself, so that workers are of the same build even when the file has been
 * replaced (O_PATH, O_CLOEXEC). */
int child_open_program(struct err *err) MUST_CHECK;

/* fork and execute `program` as "repld-worker TASK". env_names: NULL-terminated, variables passed
 * on beside the fixed few. */
bool child_start(struct child *c, int program, const char *task, const char *const *env_names, struct err *err) MUST_CHECK;
void child_done(struct child *c);	/* frees; the process, if any, is killed and left to init */

/* Queues and sends what the socket takes; the rest goes with child_flush() when it is writable. */
void child_send(struct child *c, enum ipc_type type, uint32_t id, const char *payload, size_t n);
void child_flush(struct child *c);
static inline bool
child_wants_write(const struct child *c)
{
	return c->sock >= 0 && c->out.n > 0;
}

/* Takes what has come; each reply goes to fn. false: the worker closed its end or talks nonsense
 * (err; the socket is closed). */
bool child_read(struct child *c, void (*fn)(void *arg, const struct ipc_msg *m), void *arg, struct err *err) MUST_CHECK;

void child_kill(struct child *c);	/* SIGKILL */
/* true: it has ended; *ret_status as waitpid() gives it. child_close() then takes its last
 * replies and closes the socket. */
bool child_reap(struct child *c, int *ret_status);
void child_close(struct child *c, void (*fn)(void *arg, const struct ipc_msg *m), void *arg);
#define CHILD_END_TEXT 64
const char *child_end_text(int status, char out[CHILD_END_TEXT]);	/* "signal 9 (SIGKILL)", "exit status 1" */

#endif
