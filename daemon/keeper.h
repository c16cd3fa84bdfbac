/* keeper.h - keeps the worker of one task alive: when it starts, when it is asked to end, when it
 * is killed, when it starts again; and what it was asked for and has not answered yet.
 * Flow: the supervisor calls keeper_tick() a few times a second, keeper_readable() and
 * keeper_writable() for the socket, keeper_reap() after SIGCHLD.
 * States: OFF (disabled) - UP - ENDING (asked to stop) - WAITING (backoff) - REFUSED (exit status
 * 2: not before the configuration changes).
 * Invariant: a worker is started only with a configuration that conf_load() accepted, and that
 * the worker before did not refuse. Each answer is called exactly once. Threads: the supervisor's
 * only one. Nothing here blocks. */
#ifndef REPLD_DAEMON_KEEPER_H
#define REPLD_DAEMON_KEEPER_H

#include "daemon/child.h"
#include "daemon/conf.h"
#include "daemon/status.h"

/* Whom an answer goes to: lines of text for the user, without the last newline. */
struct answer {
	void (*done)(void *arg, bool ok, const char *text);
	void *arg;
};

struct keeper;
struct pending;

/* What a keeper needs of the supervisor. */
struct keeper_host {
	int program;		/* child_open_program() */
	void (*io)(void *arg, struct keeper *k);	/* its socket is new, or gone, or wants to write */
	void *arg;
};

enum keeper_life { KEEPER_OFF, KEEPER_UP, KEEPER_ENDING, KEEPER_WAITING, KEEPER_REFUSED };

/* What of the configuration a keeper remembers; its own copies. */
struct keeper_conf {
	char *source, *target, *slot, *publication;
	const char *mode;
	const char *plugin;	/* NULL: the source has none */
	char *env[3];		/* password_env of both endpoints, NULL-terminated */
	struct buf text;	/* conf_print() of the task */
	bool enabled;
};

#define KEEPER_SAMPLES 60	/* of the kept log, one each 10 s */

struct keeper {
	char *name;
	const struct keeper_host *host;
	struct keeper_conf conf;
	struct child child;
	enum keeper_life life;
	struct wall since;		/* of the life */
	char why[256];			/* OFF: why; WAITING, REFUSED: how the worker ended */
	bool again;			/* ENDING: start when it is gone */
	bool leave;			/* the task left the file: to be freed once OFF */
	struct usec kill_at;		/* SIGKILL then; 0: no */
	struct usec killed;		/* 0: no */
	struct usec awake;		/* no hang is counted from before */
	struct usec unheard;		/* its socket is closed since; 0: no */
	uint32_t attempt, restarts;
	struct usec next;		/* WAITING */
	struct answer ended;		/* once the worker is gone, or the new one runs; done NULL: nobody asks */
	struct pending *pending;
	size_t npending, pending_cap;
	struct keeper_conf offered;	/* sent with IPC_TUNE or IPC_PREPARE, not answered yet; text empty: none */
	enum ipc_type offer;		/* which */
	uint32_t offer_id;
	bool refused;			/* the worker goes on with other options than the file has */
	uint32_t last_id;
	struct status_task last;	/* the last that a worker said */
	bool has_last;
	struct {
		struct usec at;
		uint64_t bytes;
	} samples[KEEPER_SAMPLES];
	uint32_t nsamples;
	void *events;			/* the supervisor's: what it registered for the socket */
};

struct keeper *keeper_new(const struct keeper_host *host, const struct conf *conf, const struct task_conf *task);
void keeper_free(struct keeper *k);	/* kills; unanswered: "the daemon ends" */

void keeper_start(struct keeper *k);	/* nothing where the task is disabled or its worker lives */
/* Asks the worker to end, kills it `grace` later; again: with the configuration that holds then.
 * The answer says that it is done. */
void keeper_end(struct keeper *k, const char *why, int64_t grace, bool again, struct answer answer);
/* Another configuration of the same task. keeper_set_conf(): from the next start on.
 * keeper_tune(): the running worker is told as well. keeper_prepare(): the worker, started where it
 * waits, takes it for its next run or refuses it; a worker that dies meanwhile has refused. */
void keeper_set_conf(struct keeper *k, const struct conf *conf, const struct task_conf *task);
void keeper_tune(struct keeper *k, const struct conf *conf, const struct task_conf *task, struct answer answer);
void keeper_prepare(struct keeper *k, const struct conf *conf, const struct task_conf *task, struct answer answer);
bool keeper_can_prepare(const struct keeper *k, const struct task_conf *task);	/* a worker with what it needs is there, or will be */
bool keeper_differs(const struct keeper *k);	/* the worker has refused the file's options, or not decided yet */
/* Sends a command of the user. A worker that waits for its next start is started now. */
void keeper_command(struct keeper *k, enum ipc_type type, const char *payload, int64_t timeout, struct answer answer);
void keeper_log_level(struct keeper *k);	/* tells the worker the present one */
/* Whoever gave answers with this argument does not want them any more. */
void keeper_forget(struct keeper *k, void *arg);

void keeper_readable(struct keeper *k);
void keeper_writable(struct keeper *k);
void keeper_reap(struct keeper *k);
void keeper_tick(struct keeper *k);
void keeper_slept(struct keeper *k);	/* this process did not run for a while: workers may not have either */
bool keeper_stuck(const struct keeper *k);	/* killed long ago, and still there */

/* False: not fresh. What is not the worker's to say (its death, the backoff) is filled in here. */
bool keeper_status(struct keeper *k, struct status_task *ret);
struct maybe_u64 keeper_log_left(const struct keeper *k, const struct status_task *st);	/* usec until the source drops our log */
pid_t keeper_pid(const struct keeper *k);	/* 0: none */

#endif
