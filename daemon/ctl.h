/* ctl.h - the control socket: connections, one request line each, an answer that is sent as fast
 * as its reader takes it.
 * Flow: accept -> line (64 KiB, 10 s) -> handler -> ctl_say() or ctl_pull() -> ctl_ok() or
 * ctl_err() -> drained -> closed.
 * Invariant: each request gets exactly one verdict; the handler's connection stays valid until
 * then, also where the client has gone. One daemon a socket: an flock on PATH.lock says so.
 * Threads: the supervisor's only one. Nothing here blocks. */
#ifndef REPLD_DAEMON_CTL_H
#define REPLD_DAEMON_CTL_H

#include "daemon/base/bytes.h"

struct event_base;
struct ctl;
struct ctl_conn;

/* What a client asked: the line without its newline. */
struct ctl_handler {
	void (*request)(void *arg, struct ctl_conn *c, const char *line, size_t n);
	void *arg;
};

struct ctl *ctl_new(struct event_base *base, const char *path, struct ctl_handler handler, struct err *err) MUST_CHECK;
void ctl_free(struct ctl *ctl);		/* what is queued is sent as far as it goes at once; the socket is removed */

const char *ctl_peer(const struct ctl_conn *c);		/* "root (uid 0, pid 4711)" */
void ctl_say(struct ctl_conn *c, const char *text);	/* lines; the last newline is added where it lacks */
void ctl_say_bytes(struct ctl_conn *c, const void *p, size_t n);
/* The answer is made while it is sent: next() appends a part, false at the last; then, or when
 * the client has gone, done() must give the verdict. */
void ctl_pull(struct ctl_conn *c, bool (*next)(void *arg, struct buf *out), void (*done)(void *arg, struct ctl_conn *c), void *arg);
/* The verdict. The connection is not the caller's any more. */
void ctl_ok(struct ctl_conn *c, int code);
void ctl_err(struct ctl_conn *c, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
