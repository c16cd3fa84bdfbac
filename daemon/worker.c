/* worker.c - see worker.h. The main thread of a worker: a libevent loop over the supervisor's socket, the task's mailbox and a timer that
 * writes the shared block. It calls no client library and waits for nothing. */
#include "daemon/worker.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/base/fault.h"
#include "daemon/base/log.h"
#include "daemon/base/num.h"
#include "daemon/ipc.h"
#include "daemon/shm.h"
#include "daemon/task.h"

#define PUBLISH_EVERY 250000		/* usec */

struct worker {
	struct event_base *base;
	struct bufferevent *socket;
	struct event *publish;
	struct shm *shm;
	struct task *task;
	const char *name;
	uint64_t beats;
	int status;			/* exit status */
	bool stopping;
};

/* ---- the shared block ------------------------------------------------------------------------------------------------ */

static void
on_publish(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	struct status_task st;
	struct status_table tab;
	struct err err = ERR_INIT;
	uint32_t n;

	(void)fd;
	if (w->task == NULL)
		return;
	task_status(w->task, &st);
	if ((what & EV_TIMEOUT) != 0)
		task_tick(w->task, &st);
	st.beats = ++w->beats;
	n = task_tables(w->task);
	for (uint32_t i = 0; i < n; i++) {
		task_table_status(w->task, i, &tab);
		if (!shm_put_table(w->shm, i, &tab, &err))
			n = i;		/* no memory for more of them now */
	}
	shm_set_tables(w->shm, n);
	shm_put_task(w->shm, &st);
}

/* ---- messages ---------------------------------------------------------------------------------------------------------- */

static void
send_reply(void *arg, uint32_t id, bool ok, const char *text)
{
	struct worker *w = arg;
	struct buf payload = { 0 }, msg = { 0 };
	struct err err = ERR_INIT;	/* nothing here can fail */

	on_publish(-1, 0, w);		/* what the answer speaks of is seen by a status that follows it */
	buf_printf(&payload, "%s\n%s", ok ? "OK" : "ERR", text);
	ipc_put(&msg, IPC_REPLY, id, (const char *)payload.p, payload.n);
	if (!msg.bad && w->socket != NULL)
		bufferevent_write(w->socket, msg.p, msg.n);
	(void)!FAULT("ctl.answered", &err);
	buf_done(&payload);
	buf_done(&msg);
}

static void
on_stopped(void *arg)
{
	struct worker *w = arg;

	on_publish(-1, 0, w);
	event_base_loopexit(w->base, NULL);
}

/* The supervisor has read the same text with the same code before: what fails here fails for want of memory, and comes back by itself. */
static struct conf *
parse_conf(struct worker *w, const struct ipc_msg *m, struct err *err)
{
	struct conf_errors errors = { 0 };
	char *text = xzalloc(m->n + 1);
	struct conf *c;

	memcpy(text, m->payload, m->n);
	c = conf_parse(text, CONF_NO_FILE, &errors);
	if (c != NULL && conf_task(c, w->name) == NULL) {
		conf_free(c);
		c = NULL;
		buf_str(&errors.text, "the task is not in it");
	}
	if (c == NULL)
		err_set(err, ERR_SYSTEM, "configuration from the supervisor: %s", errors.text.bad ? "out of memory" : buf_cstr(&errors.text));
	conf_errors_done(&errors);
	free(text);
	return c;
}

static void
on_config(struct worker *w, const struct ipc_msg *m)
{
	struct err err = ERR_INIT;
	struct conf *c = parse_conf(w, m, &err);

	if (c != NULL) {
		log_set_level(c->log_level);
		w->task = task_new(w->base, c, send_reply, w, &err);
	}
	if (w->task == NULL) {
		log_err(LOG_LEVEL_ERROR, "worker can't start", &err);
		w->status = err.kind == ERR_SYSTEM ? WORKER_EXIT_FAILED : WORKER_EXIT_USAGE;
		event_base_loopexit(w->base, NULL);
		return;
	}
	task_start(w->task);
	on_publish(-1, 0, w);
}

static void
on_tune(struct worker *w, const struct ipc_msg *m)
{
	struct err err = ERR_INIT;
	struct conf *c = parse_conf(w, m, &err);

	if (c == NULL)
		send_reply(w, m->id, false, err.msg);
	else
		task_tune(w->task, m->id, c);
}

static void
on_prepare(struct worker *w, const struct ipc_msg *m)
{
	struct err err = ERR_INIT;
	struct conf *c = parse_conf(w, m, &err);

	if (c == NULL)
		send_reply(w, m->id, false, err.msg);
	else
		task_prepare(w->task, m->id, c);
}

static void
on_resync(struct worker *w, const struct ipc_msg *m)
{
	char *tables = xasprintf("%.*s", (int)m->n, m->payload);

	task_resync(w->task, m->id, tables);
	free(tables);
}

static void
on_text(struct worker *w, const struct ipc_msg *m)
{
	char text[256];
	struct err err = ERR_INIT;
	enum log_level level;
	int64_t timeout;

	snprintf(text, sizeof(text), "%.*s", (int)m->n, m->payload);
	if (m->type == IPC_RESTART)
		task_restart(w->task, m->id, text);
	else if (m->type == IPC_SYNC && num_int(text, INT64_MIN, INT64_MAX, &timeout, &err))
		task_sync(w->task, m->id, timeout);
	else if (m->type == IPC_LOG_LEVEL && log_level_parse(text, &level))
		log_set_level(level);
	else
		send_reply(w, m->id, false, "the worker does not understand this");
}

static void
on_message(struct worker *w, const struct ipc_msg *m)
{
	struct err err = ERR_INIT;

	if (m->type == IPC_CONFIG && w->task == NULL) {
		on_config(w, m);
		return;
	}
	if (w->task == NULL || w->stopping) {
		send_reply(w, m->id, false, "the task is stopping");
		return;
	}
	if (m->type != IPC_STOP && !FAULT("ctl.asked", &err)) {
		send_reply(w, m->id, false, err.msg);
		return;
	}
	switch (m->type) {
	case IPC_TUNE: on_tune(w, m); break;
	case IPC_PREPARE: on_prepare(w, m); break;
	case IPC_PAUSE: task_pause(w->task, m->id); break;
	case IPC_RESUME: task_resume(w->task, m->id); break;
	case IPC_RESYNC: on_resync(w, m); break;
	case IPC_STOP:
		(void)!FAULT("stop.asked", &err);	/* a stop is not refused */
		w->stopping = true;
		task_stop(w->task, on_stopped, w);
		break;
	default: on_text(w, m); break;
	}
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct worker *w = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	struct err err = ERR_INIT;
	struct ipc_msg m;
	size_t used;
	int rc;

	while ((rc = ipc_get(evbuffer_pullup(in, -1), evbuffer_get_length(in), &m, &used, &err)) == 1) {
		on_message(w, &m);
		evbuffer_drain(in, used);
	}
	if (rc < 0) {
		log_err(LOG_LEVEL_ERROR, "the supervisor's message", &err);
		_Exit(WORKER_EXIT_FAILED);	/* threads run; the target rolls back what is open */
	}
}

/* The supervisor is gone: so are we, at once; the target rolls back what is open. */
static void
on_socket_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	(void)arg;
	_Exit(WORKER_EXIT_FAILED);
}

static bool
worker_init(struct worker *w, struct err *err)
{
	struct timeval every = { 0, PUBLISH_EVERY };

	if ((w->shm = shm_open_writer(WORKER_SHM_FD, err)) == NULL)
		return false;
	if ((w->base = event_base_new()) == NULL)
		return err_set(err, ERR_SYSTEM, "event_base_new failed");
	evutil_make_socket_nonblocking(WORKER_SOCKET_FD);
	w->socket = bufferevent_socket_new(w->base, WORKER_SOCKET_FD, 0);
	w->publish = event_new(w->base, -1, EV_PERSIST, on_publish, w);
	if (w->socket == NULL || w->publish == NULL)
		return err_set(err, ERR_SYSTEM, "out of memory");
	bufferevent_setcb(w->socket, on_read, NULL, on_socket_event, w);
	bufferevent_enable(w->socket, EV_READ | EV_WRITE);
	return event_add(w->publish, &every) == 0 || err_set(err, ERR_SYSTEM, "event_add failed");
}

int
worker_main(const char *task)
{
	struct worker w = { .name = task };
	struct err err = ERR_INIT;

	log_init(LOG_LEVEL_INFO);
	log_set_task(task);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);	/* a terminal's ctrl-c reaches the group; the supervisor ends us */
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	endpoint_clean_environment();
	if (worker_init(&w, &err)) {
		event_base_dispatch(w.base);
	} else {
		log_err(LOG_LEVEL_ERROR, "worker can't start", &err);
		w.status = WORKER_EXIT_FAILED;
	}
	if (w.stopping && w.task != NULL) {
		task_free(w.task);
		bufferevent_free(w.socket);
		event_free(w.publish);
		event_base_free(w.base);
		shm_close(w.shm);
	}
	return w.status;
}
