/* supervisor.c - the daemon's first process: the order of start, the loop, signals, the workers'
 * sockets, the watchdog, the end.
 * Flow: signals, sockets and a tick five times a second -> keepers. Nothing in here waits for
 * anything but the loop. */
#include <assert.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "daemon/base/arena.h"
#include "daemon/base/log.h"
#include "daemon/ctl.h"
#include "daemon/notify.h"
#include "daemon/supervisor_int.h"

#define SECOND	   ((int64_t)1000000)
#define TICK	   (SECOND / 5)
#define STOP_GRACE (SECOND * 9 / 2)	/* then SIGKILL */
#define STOP_LIMIT (SECOND * 49 / 10)	/* then without those that can't even be killed */
#define SLEPT                                                                                      \
	(SECOND * 5) /* a tick that comes so late means that the machine, or we, stood still */

/* ---- the workers' sockets ---- */

struct watch {
	int fd;
	struct event *readable, *writable;
};

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct keeper *k = arg;

	(void)fd;
	(void)what;
	keeper_readable(k);
	reload_tick(k->host->arg);	/* it may have been the answer that a reload waits for */
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct keeper *k = arg;
	struct watch *w = k->events;

	(void)fd;
	(void)what;
	keeper_writable(k);
	if (w->fd >= 0 && child_wants_write(&k->child))
		event_add(w->writable, NULL);
}

static void
watch_end(struct watch *w)
{
	if (w->fd < 0)
		return;
	event_free(w->readable);
	event_free(w->writable);
	w->fd = -1;
}

static bool
watch_begin(struct supervisor *s, struct watch *w, struct keeper *k)
{
	w->readable = event_new(s->base, k->child.sock, EV_READ | EV_PERSIST, on_readable, k);
	w->writable = event_new(s->base, k->child.sock, EV_WRITE, on_writable, k);
	w->fd = k->child.sock;
	if (w->readable != NULL && w->writable != NULL && event_add(w->readable, NULL) == 0)
		return true;
	if (w->readable != NULL)
		event_free(w->readable);
	if (w->writable != NULL)
		event_free(w->writable);
	w->fd = -1;
	return false;
}

/* A keeper says that its socket is another, or wants to write. */
static void
on_io(void *arg, struct keeper *k)
{
	struct supervisor *s = arg;
	struct watch *w = k->events;

	if (w == NULL) {
		k->events = w = xzalloc(sizeof(*w));
		w->fd = -1;
	}
	if (w->fd != k->child.sock) {
		watch_end(w);
		if (k->child.sock >= 0 && !watch_begin(s, w, k)) {
			log_error("task=%s no memory to watch its worker; killed", k->name);
			child_kill(&k->child);
		}
	}
	if (w->fd >= 0 && child_wants_write(&k->child))
		event_add(w->writable, NULL);
}

/* ---- keepers ---- */

struct keeper *
supervisor_keeper(const struct supervisor *s, const char *task)
{
	for (size_t i = 0; i < s->nkeepers; i++)
		if (strcmp(s->keepers[i]->name, task) == 0)
			return s->keepers[i];
	return NULL;
}

struct keeper *
supervisor_add(struct supervisor *s, const struct conf *conf, const struct task_conf *task)
{
	struct keeper *k = keeper_new(&s->host, conf, task);
	struct err err = ERR_INIT;

	if (!mem_grow(&s->keepers, &s->keepers_cap, s->nkeepers + 1, sizeof(*s->keepers), &err)) {
		log_error("%s", err.msg);
		abort();
	}
	s->keepers[s->nkeepers++] = k;
	return k;
}

static void
keeper_gone(struct keeper *k)
{
	struct watch *w = k->events;

	if (w != NULL)
		watch_end(w);
	free(w);
	keeper_free(k);
}

/* Those whose task has left the file, once their worker is gone. */
static void
sweep(struct supervisor *s)
{
	size_t left = 0;

	for (size_t i = 0; i < s->nkeepers; i++) {
		struct keeper *k = s->keepers[i];

		if (k->leave && k->life == KEEPER_OFF)
			keeper_gone(k);
		else
			s->keepers[left++] = k;
	}
	s->nkeepers = left;
}

void
supervisor_log_level(struct supervisor *s, enum log_level level)
{
	log_set_level(level);
	for (size_t i = 0; i < s->nkeepers; i++)
		keeper_log_level(s->keepers[i]);
}

/* ---- what is known ---- */

static void
report_one(void *arg, size_t i, struct report_task *ret)
{
	struct supervisor *s = arg;
	struct keeper *k = s->keepers[i];

	snprintf(ret->name, sizeof(ret->name), "%s", k->name);
	snprintf(ret->source, sizeof(ret->source), "%s", k->conf.source);
	snprintf(ret->target, sizeof(ret->target), "%s", k->conf.target);
	snprintf(ret->slot, sizeof(ret->slot), "%s", k->conf.slot);
	ret->mode = k->conf.mode;
	ret->plugin = k->conf.plugin;
	ret->stale = !keeper_status(k, &ret->status);
	ret->pid = keeper_pid(k);
	ret->restarts = k->restarts;
	ret->log_left = keeper_log_left(k, &ret->status);
	ret->ntables = k->child.shm != NULL ? shm_tables(k->child.shm) : 0;
}

static bool
report_table(void *arg, const char *task, uint32_t i, struct status_table *ret)
{
	struct keeper *k = supervisor_keeper(arg, task);

	if (k == NULL || k->child.shm == NULL || i >= shm_tables(k->child.shm))
		return false;
	return shm_get_table(k->child.shm, i, ret) || ret->source[0] != '\0';
}

struct report_source
supervisor_report(struct supervisor *s)
{
	return (struct report_source){ .arg = s,
		.started = s->started,
		.ntasks = s->nkeepers,
		.task = report_one,
		.table = report_table };
}

/* ---- the service manager ---- */

static void
say_status(struct supervisor *s)
{
	char text[sizeof(s->said)];
	size_t bad = 0, waiting = 0;

	for (size_t i = 0; i < s->nkeepers; i++) {
		struct status_task st;

		keeper_status(s->keepers[i], &st);
		bad += st.state == TASK_ERROR;
		waiting += st.state == TASK_RETRYING;
	}
	snprintf(text, sizeof(text), "%zu task%s, %zu in error, %zu retrying", s->nkeepers,
	    s->nkeepers == 1 ? "" : "s", bad, waiting);
	if (strcmp(text, s->said) == 0)
		return;
	snprintf(s->said, sizeof(s->said), "%s", text);
	notify_status(text);
}

/* As long as the loop turns, and no worker stands that could not be ended. */
static void
say_alive(struct supervisor *s)
{
	for (size_t i = 0; i < s->nkeepers; i++)
		if (keeper_stuck(s->keepers[i]))
			return;
	notify_alive();
}

static void
tell_service_manager(struct supervisor *s)
{
	if (s->watched && usec_since(s->alive_at) >= s->watchdog / 3) {
		s->alive_at = clock_mono();
		say_alive(s);
	}
	if (!s->stopping && usec_since(s->said_at) >= SECOND) {
		s->said_at = clock_mono();
		say_status(s);
	}
}

/* ---- the loop ---- */

static bool
all_gone(const struct supervisor *s)
{
	for (size_t i = 0; i < s->nkeepers; i++)
		if (s->keepers[i]->child.pid != 0)
			return false;
	return true;
}

static void
stop_if_done(struct supervisor *s)
{
	if (!s->stopping)
		return;
	if (!all_gone(s) && usec_since(s->stop_limit) < 0)
		return;
	if (!all_gone(s))
		log_error(
		    "some workers could not be ended in time; they are killed with this process");
	event_base_loopbreak(s->base);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct supervisor *s = arg;
	bool slept = usec_since(s->ticked) > SLEPT;

	(void)fd;
	(void)what;
	s->ticked = clock_mono();
	for (size_t i = 0; i < s->nkeepers; i++) {
		if (slept)
			keeper_slept(s->keepers[i]);
		keeper_tick(s->keepers[i]);
	}
	reload_tick(s);
	sweep(s);
	tell_service_manager(s);
	stop_if_done(s);
}

static void
on_child(evutil_socket_t fd, short what, void *arg)
{
	struct supervisor *s = arg;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < s->nkeepers; i++)
		keeper_reap(s->keepers[i]);
	reload_tick(s);
	sweep(s);
	stop_if_done(s);
}

static void
on_stop(evutil_socket_t sig, short what, void *arg)
{
	struct supervisor *s = arg;
	int64_t grace = s->stopping ? 0 : STOP_GRACE;	/* a second signal: at once */

	(void)what;
	log_info("%s: the daemon ends%s", sig == SIGINT ? "SIGINT" : "SIGTERM",
	    s->stopping ? " now" : "");
	if (!s->stopping) {
		s->stopping = true;
		s->stop_limit.v = clock_mono().v + STOP_LIMIT;
		notify_stopping();
		reload_abort(s);
	}
	for (size_t i = 0; i < s->nkeepers; i++)
		keeper_end(s->keepers[i], "the daemon ends", grace, false, (struct answer){ 0 });
	stop_if_done(s);
}

static void
on_reload(evutil_socket_t sig, short what, void *arg)
{
	struct supervisor *s = arg;

	(void)sig;
	(void)what;
	if (s->stopping)
		return;
	log_info("SIGHUP: reload");
	if (s->reload != NULL)
		s->reload_again = true;		/* when this one is through */
	else
		reload_start(s, (struct reload_answer){ 0 });
}

/* ---- start and end ---- */

static bool
start_configuration(struct supervisor *s, struct err *err)
{
	struct conf_errors errors = { 0 };

	s->conf = conf_load(s->conf_path, &errors);
	if (s->conf == NULL) {
		fputs(buf_cstr(&errors.text), stderr);
		err_set(err, ERR_CONFIG, "%s is not accepted (%u error%s); nothing was started",
		    s->conf_path, errors.n, errors.n == 1 ? "" : "s");
	}
	conf_errors_done(&errors);
	if (s->conf != NULL)
		log_set_level(s->conf->log_level);
	return s->conf != NULL;
}

static bool
start_program(struct supervisor *s, struct err *err)
{
	s->host.program = child_open_program(err);
	s->host.io = on_io;
	s->host.arg = s;
	return s->host.program >= 0;
}

static bool
start_loop(struct supervisor *s, struct err *err)
{
	static const struct {
		int sig;
		event_callback_fn fn;
	} handled[SUPERVISOR_SIGNALS] = { { SIGTERM, on_stop }, { SIGINT, on_stop },
		{ SIGHUP, on_reload }, { SIGCHLD, on_child } };
	const struct timeval tick = { 0, TICK };

	if ((s->base = event_base_new()) == NULL)
		return err_set(err, ERR_SYSTEM, "event loop: no memory or no descriptors");
	for (int i = 0; i < SUPERVISOR_SIGNALS; i++) {
		s->signals[i] = evsignal_new(s->base, handled[i].sig, handled[i].fn, s);
		if (s->signals[i] == NULL || event_add(s->signals[i], NULL) < 0)
			return err_set(err, ERR_SYSTEM, "event loop: signal %d can't be watched",
			    handled[i].sig);
	}
	s->tick = event_new(s->base, -1, EV_PERSIST, on_tick, s);
	if (s->tick == NULL || event_add(s->tick, &tick) < 0)
		return err_set(err, ERR_SYSTEM, "event loop: no timer");
	s->ticked = clock_mono();
	return true;
}

static bool
start_control_socket(struct supervisor *s, struct err *err)
{
	struct ctl_handler handler = { ctl_cmd_request, s };

	s->listening_at = xstrdup(s->conf->control_socket);
	s->ctl = ctl_new(s->base, s->listening_at, handler, err);
	return s->ctl != NULL;
}

static bool
start_http(struct supervisor *s, struct err *err)
{
	if (s->conf->http_listen == NULL || s->conf->http_listen[0] == '\0')
		return true;
	s->http = http_new(s, s->conf->http_listen, err);
	return s->http != NULL;
}

static bool
start_workers(struct supervisor *s, struct err *err)
{
	(void)err;
	for (uint32_t i = 0; i < s->conf->ntasks; i++)
		keeper_start(supervisor_add(s, s->conf, s->conf->tasks[i]));
	return true;
}

static bool
start_ready(struct supervisor *s, struct err *err)
{
	(void)err;
	s->watched = notify_watchdog(&s->watchdog);
	s->started = clock_wall();
	log_info("repld " REPLD_VERSION " runs: %zu task%s, %s, control socket %s%s%s", s->nkeepers,
	    s->nkeepers == 1 ? "" : "s", s->conf_path, s->listening_at,
	    s->http != NULL ? ", metrics at " : "", s->http != NULL ? s->conf->http_listen : "");
	notify_ready();
	return true;
}

static void
supervisor_done(struct supervisor *s)
{
	reload_abort(s);
	http_free(s->http);
	for (size_t i = 0; i < s->nkeepers; i++)
		keeper_gone(s->keepers[i]);
	free(s->keepers);
	ctl_free(s->ctl);
	for (int i = 0; i < SUPERVISOR_SIGNALS; i++)
		if (s->signals[i] != NULL)
			event_free(s->signals[i]);
	if (s->tick != NULL)
		event_free(s->tick);
	if (s->base != NULL)
		event_base_free(s->base);
	if (s->host.program >= 0)
		close(s->host.program);
	conf_free(s->conf);
	free(s->listening_at);
}

int
supervisor_main(const char *conf_path)
{
	/* each needs those before it; all of them end in supervisor_done() */
	static bool (*const order[])(struct supervisor *, struct err *) = {
		start_program,
		start_configuration,
		start_loop,
		start_control_socket,
		start_http,
		start_workers,
		start_ready,
	};
	struct supervisor s = { .conf_path = conf_path, .host.program = -1 };
	struct err err = ERR_INIT;
	bool ok = true;

	log_init(LOG_LEVEL_INFO);
	for (size_t i = 0; ok && i < sizeof(order) / sizeof(order[0]); i++)
		ok = order[i](&s, &err);
	if (!ok)
		log_err(LOG_LEVEL_ERROR, "start", &err);
	else
		event_base_dispatch(s.base);
	supervisor_done(&s);
	if (ok)
		log_info("repld ended");
	return ok ? 0 : err.kind == ERR_CONFIG ? 2 : 1;
}
