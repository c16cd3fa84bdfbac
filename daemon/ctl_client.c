/* ctl_client.c - `repld ctl`: one request, the answer as it comes, the exit status from its last
 * line. Lines are printed as soon as the next one has come, since the last line of all is the
 * verdict. Blocking; a process of its own. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>
#include "daemon/base/clock.h"
#include "daemon/commands.h"
#include "daemon/ctl_line.h"

#define DEFAULT_SOCKET "/run/repld/control.sock"
#define EXIT_UNREACHED 3
#define ANSWER_SECONDS 75	/* a reload takes up to 60; a sync may take longer */
#define BUSY_TRIES     30
#define BUSY_WAIT      500000	/* microseconds */
#define READ_SIZE      65536

static volatile sig_atomic_t interrupted;

/* ---- one exchange ---- */

static bool
unreached(const char *path, int errnum, struct err *err)
{
	err_errno(err, errnum, "can't reach the daemon at %s", path);
	if (errnum == EACCES || errnum == EPERM)
		return err_remedy(err, "join the group repld, or use sudo");
	if (errnum == ENOENT || errnum == ECONNREFUSED)
		return err_remedy(err, "is it running (systemctl status repld)? another socket: -s "
				       "SOCKET or REPLD_SOCKET");
	return false;
}

static int
reach(const char *path, struct err *err)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(sa.sun_path)) {
		err_set(err, ERR_CONFIG, "%s: a socket's path has at most %zu bytes", path,
		    sizeof(sa.sun_path) - 1);
		return -1;
	}
	memcpy(sa.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	unreached(path, errno, err);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* An error of sending is no error yet: the daemon may have said why before it hung up. */
static void
send_line(int fd, const struct buf *line)
{
	size_t off = 0;

	while (off < line->n) {
		ssize_t n = send(fd, line->p + off, line->n - off, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR && !interrupted)
			continue;
		if (n <= 0)
			return;
		off += (size_t)n;
	}
}

struct receiver {
	struct buf in;		/* from the last whole line on: what may be the verdict */
	struct buf *keep;	/* NULL: print; else gather (the screen of --watch) */
};

static void
deliver(struct receiver *rc, size_t n)
{
	if (n == 0)
		return;
	if (rc->keep != NULL)
		buf_put(rc->keep, rc->in.p, n);
	else if (fwrite(rc->in.p, 1, n, stdout) < n)
		interrupted = 1;	/* nobody reads any more */
	memmove(rc->in.p, rc->in.p + n, rc->in.n - n);
	rc->in.n -= n;
}

/* All but the last line, which stands in rc->in[at..]. */
static size_t
last_line_at(const struct buf *b)
{
	size_t at = b->n;

	if (at > 0)
		at--;		/* its own newline */
	while (at > 0 && b->p[at - 1] != '\n')
		at--;
	return at;
}

static bool
receive(int fd, struct receiver *rc, int64_t limit_usec, struct err *err)
{
	struct usec start = clock_mono();

	for (;;) {
		int64_t left = limit_usec < 0 ? -1 : limit_usec - usec_since(start);
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;
		int rv;

		if (limit_usec >= 0 && left <= 0)
			return err_set(err, ERR_RETRY, "the daemon did not answer within %d s",
			    ANSWER_SECONDS);
		rv = poll(&p, 1, limit_usec < 0 ? -1 : (int)(left / 1000) + 1);
		if (interrupted)
			return err_set(err, ERR_CANCELLED, "interrupted");
		if (rv == 0 || (rv < 0 && errno == EINTR))
			continue;
		if (!buf_reserve(&rc->in, READ_SIZE))
			return err_set(err, ERR_SYSTEM, "out of memory");
		n = recv(fd, rc->in.p + rc->in.n, READ_SIZE, 0);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return true;
		if (n < 0)
			return err_errno(err, errno, "read the daemon's answer");
		rc->in.n += (size_t)n;
		deliver(rc, last_line_at(&rc->in));
	}
}

/* The exit status that the last line says. */
static int
verdict(struct receiver *rc, char *ret_text, size_t size, struct err *err)
{
	size_t at = last_line_at(&rc->in), n = 0;
	const char *text = "";
	int code = ctl_verdict_parse((const char *)rc->in.p + at, rc->in.n - at, &text, &n);

	if (rc->in.n == 0 || code < 0) {
		deliver(rc, rc->in.n);
		err_set(err, ERR_RETRY, "the daemon hung up before its answer was complete");
		return -1;
	}
	deliver(rc, at);
	snprintf(ret_text, size, "%.*s", (int)n, text);
	return code;
}

/* Sends and prints; exit status, or -1 with err where there was no answer. What an ERR says is in
 * ret_text, empty for OK. */
static int
exchange_once(const char *path, const struct ctl_request *r, struct buf *keep, char *ret_text,
    size_t size, struct err *err)
{
	int64_t limit = r->command->verb == CTL_SYNC ? -1 : (int64_t)ANSWER_SECONDS * 1000000;
	struct receiver rc = { .keep = keep };
	struct buf line = { 0 };
	int fd, code = -1;

	ret_text[0] = '\0';
	ctl_request_print(r, &line);
	if ((fd = reach(path, err)) >= 0) {
		send_line(fd, &line);
		if (receive(fd, &rc, limit, err))
			code = verdict(&rc, ret_text, size, err);
		close(fd);
	}
	buf_done(&line);
	buf_done(&rc.in);
	return code;
}

/* A daemon with all its connections taken says "busy"; they are freed within seconds. */
static int
exchange(const char *path, const struct ctl_request *r, struct buf *keep, char *ret_text,
    size_t size, struct err *err)
{
	int code = -1;

	for (int i = 0; i < BUSY_TRIES && !interrupted; i++) {
		code = exchange_once(path, r, keep, ret_text, size, err);
		if (code != 1 || strcmp(ret_text, "busy") != 0)
			break;
		usleep(BUSY_WAIT);
	}
	return code;
}

static int
complain(int code, const char *text, const struct err *err)
{
	if (code < 0 && err->kind == ERR_CANCELLED)
		return 1;
	if (code < 0) {
		fprintf(stderr, "repld ctl: %s%s%s\n", err->msg, err->remedy[0] != '\0' ? "; " : "",
		    err->remedy);
		return err->kind == ERR_CONFIG ? 2 : EXIT_UNREACHED;
	}
	if (text[0] != '\0')
		fprintf(stderr, "repld ctl: %s\n", text);
	return code;
}

static int
run_once(const char *path, const struct ctl_request *r)
{
	struct err err = ERR_INIT;
	char text[4096];
	int code = exchange(path, r, NULL, text, sizeof(text), &err);

	if (fflush(stdout) != 0 && code >= 0)
		return 1;
	return complain(code, text, &err);
}

/* ---- --watch ---- */

static void
on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

/* From the top left corner, each line cleared behind its end: no flicker. */
static void
show_screen(const struct buf *text, bool terminal)
{
	const char *p = (const char *)text->p;
	struct buf out = { 0 };

	if (terminal)
		buf_str(&out, "\033[H");
	for (size_t i = 0; i < text->n; i++) {
		if (terminal && p[i] == '\n')
			buf_str(&out, "\033[K");
		buf_u8(&out, (uint8_t)p[i]);
	}
	buf_str(&out, terminal ? "\033[J" : "\n");
	if (fwrite(out.p, 1, out.n, stdout) < out.n || fflush(stdout) != 0)
		interrupted = 1;
	buf_done(&out);
}

/* Waits, and looks for "q". */
static void
pause_between(int64_t usec, bool keys)
{
	struct usec start = clock_mono();

	for (int64_t left = usec; left > 0 && !interrupted; left = usec - usec_since(start)) {
		struct pollfd p = { .fd = keys ? STDIN_FILENO : -1, .events = POLLIN };
		char c;

		if (poll(&p, 1, (int)(left / 1000) + 1) > 0 &&
		    (read(STDIN_FILENO, &c, 1) <= 0 || c == 'q' || c == 'Q'))
			interrupted = 1;
	}
}

/* One look; what keeps it from an answer is shown in its place, as the daemon may come back. */
static int
look(const char *path, const struct ctl_request *r, bool terminal, bool first)
{
	struct buf screen = { 0 };
	struct err err = ERR_INIT;
	char text[4096];
	int code = exchange(path, r, &screen, text, sizeof(text), &err);

	if (interrupted) {
		code = 0;
	} else if (first && code != 0 && code != 1) {
		code = complain(code, text, &err);
		interrupted = 1;
	} else {
		if (code < 0 || text[0] != '\0') {
			buf_reset(&screen);
			buf_printf(&screen, "%s\n", code < 0 ? err.msg : text);
			code = code < 0 ? EXIT_UNREACHED : code;
		}
		if (first && terminal)
			fputs("\033[2J", stdout);
		show_screen(&screen, terminal);
	}
	buf_done(&screen);
	return code;
}

static int
run_watch(const char *path, const struct ctl_request *r)
{
	bool terminal = isatty(STDOUT_FILENO) == 1, keys = terminal && isatty(STDIN_FILENO) == 1;
	struct sigaction stop = { .sa_handler = on_interrupt };
	struct termios before, raw;
	int code = 0, last;

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	keys = keys && tcgetattr(STDIN_FILENO, &before) == 0;
	if (keys) {
		raw = before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		keys = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	}
	for (bool first = true; !interrupted; first = false) {
		last = look(path, r, terminal, first);
		if (!interrupted || first)
			code = last;
		pause_between(r->every > 100000 ? r->every : 100000, keys);
	}
	if (keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	return code;
}

/* ---- the command line ---- */

static void
ask_resync(const struct ctl_request *r)
{
	fprintf(stderr, "Empty on the target, and load again from the source:");
	for (int i = 0; i < r->nnames; i++)
		fprintf(stderr, "%s %s", i > 0 ? "," : "", r->names[i]);
	fprintf(stderr, "? Who reads there sees them grow again. [y/N] ");
}

static void
ask_restart(const struct ctl_request *r)
{
	if (r->reload)
		fprintf(stderr,
		    "Load all tables of %s again, with what full_load.target_tables does to those "
		    "on the target? [y/N] ",
		    r->task);
	else
		fprintf(stderr,
		    "Go on with %s at %s? What lies between its checkpoint and there is lost or "
		    "applied twice. [y/N] ",
		    r->task,
		    strcmp(r->from, "now") == 0 ? "the source's present position" : r->from);
}

static bool
asks(const struct ctl_request *r)
{
	if (r->command->verb == CTL_RESYNC)
		return !r->yes;
	return r->command->verb == CTL_RESTART && !r->yes && (r->reload || r->from != NULL);
}

/* restart --reload, --from and resync give something up. 0: go on; else the exit status. */
static int
confirm(const struct ctl_request *r)
{
	char answer[16] = "";

	if (!asks(r))
		return 0;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		fprintf(stderr,
		    "repld ctl: %s%s asks before it does this; without a terminal: --yes\n",
		    r->command->name,
		    r->reload ? " --reload" : r->from != NULL ? " --from" : "");
		return 2;
	}
	if (r->command->verb == CTL_RESYNC)
		ask_resync(r);
	else
		ask_restart(r);
	if (fgets(answer, sizeof(answer), stdin) == NULL ||
	    (strcmp(answer, "y\n") != 0 && strcmp(answer, "yes\n") != 0)) {
		fprintf(stderr, "repld ctl: nothing was done\n");
		return 1;
	}
	return 0;
}

static void
help(void)
{
	printf("usage: repld ctl [-s SOCKET] COMMAND ...\n\n");
	for (const struct ctl_command *c = ctl_commands; c->name != NULL; c++)
		printf("  %s%s%s\n        %s\n", c->name, c->args[0] != '\0' ? " " : "", c->args,
		    c->help);
	printf("\nSOCKET is $REPLD_SOCKET or " DEFAULT_SOCKET " where it is not given.\n");
}

static int
usage(const char *text)
{
	fprintf(stderr, "repld ctl: %s; see: repld ctl --help\n", text);
	return 2;
}

int
command_ctl(int argc, char **argv)
{
	const char *env = getenv("REPLD_SOCKET"),
		   *path = env != NULL && env[0] != '\0' ? env : DEFAULT_SOCKET;
	struct err err = ERR_INIT;
	struct ctl_request r;
	int i = 0, status;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			help();
			return 0;
		}
		if (strcmp(argv[i], "-s") != 0)
			return usage("unknown option");
		if (++i == argc)
			return usage("-s needs a socket's path");
		path = argv[i];
	}
	if (!ctl_request_parse(argc - i, argv + i, &r, &err))
		return usage(err.msg);
	if ((status = confirm(&r)) != 0)
		return status;
	return r.watch ? run_watch(path, &r) : run_once(path, &r);
}
