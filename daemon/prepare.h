/* prepare.h - the first half of a reload, in the worker: would the task run with this configuration? It goes on meanwhile, untouched.
 * Flow: configuration -> thread with sessions of its own on both servers (check.h) -> accepted, and what it means; or refused, and why -> done().
 * Invariant: nothing is written to either server; a server that can't be asked is a refusal.
 * Threads: prepare_start() makes one, whose last act is done(); all else is the worker's main thread. Owner: the task. */
#ifndef REPLD_DAEMON_PREPARE_H
#define REPLD_DAEMON_PREPARE_H

#include "daemon/conf.h"

struct prepare;

struct prepare *prepare_start(struct conf *take_conf, void (*done)(void *arg), void *arg, struct err *err) MUST_CHECK;
void prepare_cancel(struct prepare *p);		/* it ends soon, refused */
void prepare_free(struct prepare *p);		/* ends the thread where it still runs; NULL is fine */

/* Once it is finished. */
bool prepare_finished(const struct prepare *p);
bool prepare_accepted(const struct prepare *p);
const char *prepare_text(struct prepare *p);	/* lines: what becomes of tables; or what is in the way, each with its fix */
struct conf *prepare_take_conf(struct prepare *p);

#endif
