/* supervisor_int.h - the supervisor's own state, shared by supervisor.c, reload.c, ctl_cmd.c and
 * http.c alone.
 * Threads: one. Owner: supervisor_main(). */
#ifndef REPLD_DAEMON_SUPERVISOR_INT_H
#define REPLD_DAEMON_SUPERVISOR_INT_H

#include "daemon/conf.h"
#include "daemon/keeper.h"
#include "daemon/report.h"
#include "daemon/supervisor.h"

struct ctl_conn;
struct event;
struct event_base;
struct reload;

#define SUPERVISOR_SIGNALS 4

struct supervisor {
	const char *conf_path;
	struct conf *conf;		/* as it was accepted last */
	char *listening_at;		/* the control socket in use, whatever the file says by now */
	struct event_base *base;
	struct event *signals[SUPERVISOR_SIGNALS], *tick;
	struct keeper_host host;
	struct keeper **keepers;	/* in the order of the file; what has left it stays until its worker is gone */
	size_t nkeepers, keepers_cap;
	struct ctl *ctl;
	struct http *http;
	struct reload *reload;		/* under way; NULL */
	bool reload_again;		/* SIGHUP came meanwhile */
	struct wall started;
	struct usec ticked;
	bool stopping;
	struct usec stop_limit;
	bool watched;			/* by the service manager */
	int64_t watchdog;		/* usec between two signs of life */
	struct usec alive_at, said_at;
	char said[128];			/* to the service manager */
};

struct keeper *supervisor_keeper(const struct supervisor *s, const char *task);	/* NULL: no such task */
struct keeper *supervisor_add(struct supervisor *s, const struct conf *conf, const struct task_conf *task);
struct report_source supervisor_report(struct supervisor *s);
void supervisor_log_level(struct supervisor *s, enum log_level level);	/* its own and all workers' */

/* reload.c: the same file again. code: 0 all of it holds, 1 a task refused its part or did not
 * answer, 2 nothing was changed. */
struct reload_answer {
	void (*done)(void *arg, int code, const char *text);	/* exactly once; text: lines */
	void *arg;
};
void reload_start(struct supervisor *s, struct reload_answer answer);
void reload_tick(struct supervisor *s);		/* ends one that has waited long enough */
void reload_abort(struct supervisor *s);	/* the daemon ends */

/* ctl_cmd.c: one request line of the control socket. arg: the supervisor. */
void ctl_cmd_request(void *arg, struct ctl_conn *c, const char *line, size_t n);

/* http.c: /metrics and /healthz, read-only, on a local address such as "127.0.0.1:9786" or
 * "[::1]:9786". */
struct http *http_new(struct supervisor *s, const char *listen, struct err *err) MUST_CHECK;
void http_free(struct http *h);

#endif
