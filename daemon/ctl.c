/* ctl.c - the control socket's server over bufferevents. Clients are foreign: each has a slot, a
 * time and a size that it can't pass. */
#include "daemon/ctl.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "daemon/base/arena.h"
#include "daemon/base/fault.h"
#include "daemon/base/log.h"
#include "daemon/ctl_line.h"

#define CONNECTIONS_MAX 64
#define QUEUED_MAX	((size_t)8 << 20)	/* of an answer, in our memory */
#define QUEUED_GOAL	((size_t)256 << 10)	/* an answer in parts stays about here */
#define LINE_SECONDS	10
#define SEND_SECONDS	30			/* without a byte taken */

enum conn_state { CONN_READING, CONN_WORKING, CONN_SENDING };

struct ctl_conn {
	struct ctl *ctl;
	struct ctl_conn *next, **link;	/* in ctl->conns */
	enum conn_state state;
	struct bufferevent *bev; /* NULL: the client has gone, the verdict is still to come */
	struct event *timer;
	size_t looked_at;		/* bytes of the line */
	char peer[96];
	bool (*pull)(void *arg, struct buf *out);
	void (*pull_done)(void *arg, struct ctl_conn *c);
	void *pull_arg;
};

struct ctl {
	struct event_base *base;
	struct ctl_handler handler;
	struct evconnlistener *listener;
	struct event *retry;		/* after accept failed */
	struct ctl_conn *conns;
	unsigned nconns;
	int lock;
	char *path, *lock_path;
	dev_t dev;			/* of the socket's file, so that only our own is removed */
	ino_t ino;
	bool locked, bound;
};

/* ---- connections ---- */

/* Takes the slot back. A request under way keeps the rest until its verdict. */
static void
conn_hang_up(struct ctl_conn *c)
{
	if (c->bev == NULL)
		return;
	bufferevent_free(c->bev);
	event_free(c->timer);
	c->bev = NULL;
	c->timer = NULL;
	c->ctl->nconns--;
}

static void
conn_free(struct ctl_conn *c)
{
	conn_hang_up(c);
	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	free(c);
}

/* The client has gone, or is sent away. */
static void
conn_drop(struct ctl_conn *c)
{
	void (*done)(void *, struct ctl_conn *) = c->pull_done;

	conn_hang_up(c);
	c->pull = NULL;
	c->pull_done = NULL;
	if (done != NULL)
		done(c->pull_arg, c);	/* gives the verdict, which frees */
	else if (c->state != CONN_WORKING)
		conn_free(c);
}

static size_t
queued(const struct ctl_conn *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev));
}

void
ctl_say_bytes(struct ctl_conn *c, const void *p, size_t n)
{
	if (c->bev == NULL)
		return;
	if (queued(c) + n > QUEUED_MAX || bufferevent_write(c->bev, p, n) < 0) {
		log_warning(
		    "control socket: %s reads too slowly, or asks for too much; cut off", c->peer);
		conn_hang_up(c);
	}
}

void
ctl_say(struct ctl_conn *c, const char *text)
{
	size_t n = strlen(text);

	ctl_say_bytes(c, text, n);
	if (n > 0 && text[n - 1] != '\n')
		ctl_say_bytes(c, "\n", 1);
}

/* Parts until enough is queued. */
static void
conn_pull(struct ctl_conn *c)
{
	struct buf part = { 0 };
	bool more = true;

	while (more && c->bev != NULL && queued(c) < QUEUED_GOAL) {
		buf_reset(&part);
		more = c->pull(c->pull_arg, &part);
		if (part.bad)
			more = false;
		else if (part.n > 0)
			ctl_say_bytes(c, part.p, part.n);
	}
	buf_done(&part);
	if (!more || c->bev == NULL) {
		void (*done)(void *, struct ctl_conn *) = c->pull_done;

		c->pull = NULL;
		c->pull_done = NULL;
		done(c->pull_arg, c);
	}
}

void
ctl_pull(struct ctl_conn *c, bool (*next)(void *arg, struct buf *out),
    void (*done)(void *arg, struct ctl_conn *c), void *arg)
{
	c->pull = next;
	c->pull_done = done;
	c->pull_arg = arg;
	conn_pull(c);
}

/* The last line is queued: what is left is to send. */
static void
conn_finish(struct ctl_conn *c)
{
	c->state = CONN_SENDING;
	if (c->bev == NULL) {
		conn_free(c);
		return;
	}
	event_del(c->timer);
	if (queued(c) == 0)
		conn_free(c);
}

static void
verdict(struct ctl_conn *c, const char *text)
{
	assert(c->state != CONN_SENDING && c->pull == NULL);
	ctl_say(c, text);
	conn_finish(c);
}

void
ctl_ok(struct ctl_conn *c, int code)
{
	char text[16] = "OK";

	assert(code >= 0 && code <= 9);
	if (code != 0)
		snprintf(text, sizeof(text), "OK %d", code);
	verdict(c, text);
}

void
ctl_err(struct ctl_conn *c, int code, const char *fmt, ...)
{
	struct buf text = { 0 };
	char said[2048];
	va_list ap;

	assert(code > 0 && code <= 9);
	va_start(ap, fmt);
	if (vsnprintf(said, sizeof(said), fmt, ap) < 0)
		said[0] = '\0';
	va_end(ap);
	for (char *p = said; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';	/* one line it must stay */
	buf_printf(&text, "ERR %d %s\n", code, said);
	verdict(c, buf_cstr(&text));
	buf_done(&text);
}

/* ---- events ---- */

static const char *
user_name(uid_t uid, char out[33])
{
	/* The local file only: a directory service may let us wait. */
	FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *pw;

	snprintf(out, 33, "?");
	while (f != NULL && (pw = fgetpwent(f)) != NULL) {
		if (pw->pw_uid == uid) {
			snprintf(out, 33, "%.32s", pw->pw_name);
			break;
		}
	}
	if (f != NULL)
		fclose(f);
	return out;
}

static void
conn_learn_peer(struct ctl_conn *c, int fd)
{
	struct ucred cred = { .pid = 0, .uid = (uid_t)-1 };
	socklen_t n = sizeof(cred);
	char name[33];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) < 0)
		cred.uid = (uid_t)-1;
	snprintf(c->peer, sizeof(c->peer), "%s (uid %d, pid %d)", user_name(cred.uid, name),
	    (int)cred.uid, (int)cred.pid);
}

const char *
ctl_peer(const struct ctl_conn *c)
{
	return c->peer;
}

static void
on_line(struct ctl_conn *c, const char *p, size_t n)
{
	const struct timeval second = { 1, 0 };
	struct ctl_handler h = c->ctl->handler;
	struct err err = ERR_INIT;
	char *line;

	c->state = CONN_WORKING;
	bufferevent_disable(c->bev, EV_READ);
	event_add(
	    c->timer, &second); /* looks from time to time whether the client is still there */
	/* out of the buffer, which goes when the connection does */
	if ((line = mem_zalloc(n + 1, &err)) == NULL) {
		ctl_err(c, 1, "%s", err.msg);
		return;
	}
	memcpy(line, p, n);
	conn_learn_peer(c, bufferevent_getfd(c->bev));
	if (FAULT("ctl.line", &err))
		h.request(h.arg, c, line, n);
	else
		ctl_err(c, 1, "%s", err.msg);
	free(line);
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct ctl_conn *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t n = evbuffer_get_length(in), len;
	const char *p = (const char *)evbuffer_pullup(in, -1);
	struct err err = ERR_INIT;

	if (c->state != CONN_READING || n == 0)
		return;
	switch (p != NULL ? ctl_take_line(p, n, c->looked_at, &len, &err) : -1) {
	case 0: c->looked_at = n; break;
	case 1: on_line(c, p, len); break;
	default:
		c->state = CONN_WORKING;
		bufferevent_disable(bev, EV_READ);
		ctl_err(c, 2, "%s", err.msg);
	}
}

static void
on_write(struct bufferevent *bev, void *arg)
{
	struct ctl_conn *c = arg;

	(void)bev;
	if (c->pull != NULL)
		conn_pull(c);
	else if (c->state == CONN_SENDING && queued(c) == 0)
		conn_free(c);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct ctl_conn *c = arg;

	(void)bev;
	(void)what;
	conn_drop(c);	/* gone, broken, or too slow */
}

/* A client that has closed both ways does not want the answer; one that only closed its writing
 * side waits for it. */
static bool
client_is_there(const struct ctl_conn *c)
{
	struct pollfd p = { .fd = bufferevent_getfd(c->bev) };

	return poll(&p, 1, 0) <= 0 || (p.revents & (POLLHUP | POLLERR)) == 0;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval second = { 1, 0 };
	struct ctl_conn *c = arg;

	(void)fd;
	(void)what;
	if (c->state == CONN_READING || !client_is_there(c))
		conn_drop(c);	/* no line in time; or no one waits any more */
	else
		event_add(c->timer, &second);
}

static void
conn_new(struct ctl *ctl, int fd)
{
	const struct timeval line = { LINE_SECONDS, 0 }, sending = { SEND_SECONDS, 0 };
	struct ctl_conn *c = xzalloc(sizeof(*c));

	c->ctl = ctl;
	c->bev = bufferevent_socket_new(ctl->base, fd, BEV_OPT_CLOSE_ON_FREE);
	c->timer = event_new(ctl->base, -1, 0, on_timer, c);
	if (c->bev == NULL || c->timer == NULL) {
		if (c->bev != NULL)
			bufferevent_free(c->bev);
		else
			close(fd);
		if (c->timer != NULL)
			event_free(c->timer);
		free(c);
		return;
	}
	c->link = &ctl->conns;
	if ((c->next = ctl->conns) != NULL)
		c->next->link = &c->next;
	ctl->conns = c;
	ctl->nconns++;
	bufferevent_setcb(c->bev, on_read, on_write, on_event, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, CTL_LINE_MAX);
	bufferevent_set_timeouts(c->bev, NULL, &sending);
	event_add(c->timer, &line);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static void
on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa, int n, void *arg)
{
	static const char busy[] = "ERR 1 busy\n";
	struct ctl *ctl = arg;

	(void)l;
	(void)sa;
	(void)n;
	if (ctl->nconns < CONNECTIONS_MAX) {
		conn_new(ctl, fd);
		return;
	}
	if (send(fd, busy, sizeof(busy) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("control socket: busy, and the client has gone");
	close(fd);
}

/* No descriptors, no memory: wait a little instead of turning round and round. */
static void
on_accept_error(struct evconnlistener *l, void *arg)
{
	const struct timeval second = { 1, 0 };
	struct ctl *ctl = arg;

	log_warning("control socket: accept: %s; next try in 1 s", strerrordesc_np(errno));
	evconnlistener_disable(l);
	event_add(ctl->retry, &second);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct ctl *ctl = arg;

	(void)fd;
	(void)what;
	evconnlistener_enable(ctl->listener);
}

/* ---- the socket ---- */

/* Whoever holds the lock owns the socket's name. The file may have been removed by its former
 * owner between open and flock. */
static bool
take_lock(struct ctl *ctl, struct err *err)
{
	struct stat ours, there;

	for (int tries = 0; tries < 10; tries++) {
		ctl->lock = open(
		    ctl->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
		if (ctl->lock < 0) {
			err_errno(err, errno, "control socket: %s", ctl->lock_path);
			return err_remedy(err, "make its folder, writable for this user (systemd: "
					       "RuntimeDirectory=repld), or set "
					       "daemon.control_socket");
		}
		if (flock(ctl->lock, LOCK_EX | LOCK_NB) < 0)
			return err_set(err, ERR_SYSTEM,
			    "control socket %s: another repld runs with it", ctl->path);
		if (fstat(ctl->lock, &ours) == 0 && lstat(ctl->lock_path, &there) == 0 &&
		    ours.st_ino == there.st_ino && ours.st_dev == there.st_dev)
			return ctl->locked = true;
		close(ctl->lock);
		ctl->lock = -1;
	}
	return err_set(
	    err, ERR_SYSTEM, "control socket: %s is replaced all the time", ctl->lock_path);
}

/* False: somebody listens there. */
static bool
nobody_listens(const struct sockaddr_un *sa)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused = fd >= 0 && connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) < 0 &&
		       errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return refused;
}

/* What a daemon that was killed has left, and nothing else. */
static bool
remove_stale(const struct sockaddr_un *sa, struct err *err)
{
	struct stat st;

	if (lstat(sa->sun_path, &st) < 0)
		return errno == ENOENT ? true
				       : err_errno(err, errno, "control socket %s", sa->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, ERR_SYSTEM,
		    "control socket %s: there is something else of that name, which is left alone",
		    sa->sun_path);
	if (!nobody_listens(sa))
		return err_set(err, ERR_SYSTEM, "control socket %s: another process listens there",
		    sa->sun_path);
	if (unlink(sa->sun_path) < 0)
		return err_errno(err, errno,
		    "control socket %s: remove what is left of the last one", sa->sun_path);
	return true;
}

/* Its members may do everything. */
static void
give_to_group(const char *path)
{
	const struct group *gr = getgrnam("repld");

	if (gr != NULL && gr->gr_gid != getegid() && chown(path, (uid_t)-1, gr->gr_gid) < 0)
		log_warning("control socket %s: can't be given to group repld: %s", path,
		    strerrordesc_np(errno));
}

static int
bind_socket(struct ctl *ctl, const struct sockaddr_un *sa, struct err *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t before = umask(0117);
	bool ok = fd >= 0 && bind(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0;
	struct stat st;

	umask(before);
	if (!ok) {
		err_errno(err, errno, "control socket %s", sa->sun_path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (lstat(sa->sun_path, &st) == 0) {
		ctl->dev = st.st_dev;
		ctl->ino = st.st_ino;
		ctl->bound = true;
	}
	give_to_group(sa->sun_path);
	return fd;
}

static bool
listen_on(struct ctl *ctl, struct err *err)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(ctl->path) >= sizeof(sa.sun_path))
		return err_set(err, ERR_CONFIG,
		    "control socket %s: a socket's path has at most %zu bytes", ctl->path,
		    sizeof(sa.sun_path) - 1);
	memcpy(sa.sun_path, ctl->path, strlen(ctl->path) + 1);
	if (!take_lock(ctl, err) || !remove_stale(&sa, err) ||
	    (fd = bind_socket(ctl, &sa, err)) < 0)
		return false;
	ctl->listener = evconnlistener_new(
	    ctl->base, on_accept, ctl, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 1024, fd);
	ctl->retry = event_new(ctl->base, -1, 0, on_retry, ctl);
	if (ctl->listener == NULL || ctl->retry == NULL) {
		err_errno(err, errno, "control socket %s: listen", ctl->path);
		if (ctl->listener == NULL)
			close(fd);
		return false;
	}
	evconnlistener_set_error_cb(ctl->listener, on_accept_error);
	return true;
}

struct ctl *
ctl_new(struct event_base *base, const char *path, struct ctl_handler handler, struct err *err)
{
	struct ctl *ctl = xzalloc(sizeof(*ctl));

	ctl->base = base;
	ctl->handler = handler;
	ctl->lock = -1;
	ctl->path = xstrdup(path);
	ctl->lock_path = xasprintf("%s.lock", path);
	if (!listen_on(ctl, err)) {
		ctl_free(ctl);
		return NULL;
	}
	return ctl;
}

/* Last words to who still waits. */
static void
send_rest(struct ctl_conn *c)
{
	if (c->bev != NULL && queued(c) > 0 &&
	    evbuffer_write(bufferevent_get_output(c->bev), bufferevent_getfd(c->bev)) < 0)
		log_debug("control socket: %s did not wait", c->peer);
}

void
ctl_free(struct ctl *ctl)
{
	struct stat st;

	if (ctl == NULL)
		return;
	while (ctl->conns != NULL) {
		struct ctl_conn *c = ctl->conns;

		send_rest(c);
		c->state = CONN_SENDING;
		c->pull_done = NULL;
		conn_free(c);
	}
	if (ctl->listener != NULL)
		evconnlistener_free(ctl->listener);
	if (ctl->retry != NULL)
		event_free(ctl->retry);
	if (ctl->bound && lstat(ctl->path, &st) == 0 && st.st_dev == ctl->dev &&
	    st.st_ino == ctl->ino)
		unlink(ctl->path);
	if (ctl->lock >= 0) {
		if (ctl->locked)
			unlink(ctl->lock_path);
		close(ctl->lock);
	}
	free(ctl->path);
	free(ctl->lock_path);
	free(ctl);
}
