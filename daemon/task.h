/* task.h - one task inside its worker: the state machine, retry and backoff, the run thread, the answers to commands.
 * States as the status shows them; task_enter() is their only writer. One run at a time; every failure ends a run and is judged here, by its kind.
 * Threads: the worker's main thread; the run thread reaches it by the mailbox alone. libevent: timers. */
#ifndef REPLD_DAEMON_TASK_H
#define REPLD_DAEMON_TASK_H

#include <event2/event.h>
#include "daemon/conf.h"
#include "daemon/run.h"
#include "daemon/status.h"

struct task;

/* Answers a command: ok, and the text for the user. */
typedef void task_reply_fn(void *arg, uint32_t id, bool ok, const char *text);

/* Takes conf (of one task). Starts nothing yet. */
struct task *task_new(struct event_base *base, struct conf *take_conf, task_reply_fn *reply, void *arg, struct err *err) MUST_CHECK;
void task_free(struct task *t);				/* the run must have ended */

void task_start(struct task *t);			/* as the configuration and the checkpoint row say */
/* Ends the run at a transaction boundary, by force after 2.5 s, then calls done(arg). */
void task_stop(struct task *t, void (*done)(void *arg), void *arg);
void task_pause(struct task *t, uint32_t id);
void task_resume(struct task *t, uint32_t id);
void task_restart(struct task *t, uint32_t id, const char *how);	/* "", "reload", "from now|POSITION" */
/* tables: "schema.table" lines. Empties them on the target and loads them again; the list lasts until a run has stored it there. */
void task_resync(struct task *t, uint32_t id, const char *tables);
/* Looks whether a run with this configuration would pass its checks, in a thread, while the task goes on; where it would, the run ends at a
 * transaction boundary and the next one has it. The answer: when it takes effect, then what becomes of tables; or what is in the way. */
void task_prepare(struct task *t, uint32_t id, struct conf *take_conf);
void task_tune(struct task *t, uint32_t id, struct conf *take_conf);
void task_sync(struct task *t, uint32_t id, int64_t timeout_usec);	/* < 0: for ever */
/* Beside task_status(): what is due by itself. */
void task_tick(struct task *t, const struct status_task *now);
void task_status(struct task *t, struct status_task *ret);	/* all of it, for the shared block; keeps samples for rates: call 4 times a second */
uint32_t task_tables(struct task *t);
void task_table_status(struct task *t, uint32_t i, struct status_table *ret);
enum task_state task_state(const struct task *t);

#endif
