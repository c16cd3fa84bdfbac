/* child.c - starting a worker and talking with it: fork and fexecve of our own
 * program, a socketpair, a memfd. Between fork and exec only system calls are made; whatever
 * needs memory is built before. */
#include "daemon/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "daemon/base/arena.h"
#include "daemon/worker.h"

extern char **environ;

#define READ_SIZE 65536

int
child_open_program(struct err *err)
{
	int fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);

	if (fd < 0)
		err_errno(err, errno, "open /proc/self/exe");
	return fd;
}

/* ---- start ---- */

/* What a worker may see of our environment. */
static bool
passed_on(const char *var, const char *const *names)
{
	static const char *const fixed[] = { "PATH", "CREDENTIALS_DIRECTORY", "JOURNAL_STREAM",
		"REPLD_FAULT", "REPLD_FAULT_ONCE", "REPLD_FAULT_SMALL", "ASAN_OPTIONS", "UBSAN_OPTIONS",
		"LSAN_OPTIONS", "TSAN_OPTIONS",
		"MSAN_OPTIONS", "LLVM_PROFILE_FILE", NULL };
	const char *const *lists[] = { fixed, names };
	size_t n = strcspn(var, "=");

	for (size_t l = 0; l < 2; l++)
		for (const char *const *name = lists[l]; name != NULL && *name != NULL; name++)
			if (strlen(*name) == n && memcmp(*name, var, n) == 0)
				return true;
	return false;
}

/* One allocation for the array; the strings are environ's own. */
static char **
worker_environment(const char *const *names, struct err *err)
{
	static char lang[] = "LANG=C.UTF-8";
	size_t n = 0, have = 0;
	char **env;

	while (environ != NULL && environ[have] != NULL)
		have++;
	if ((env = mem_zalloc((have + 2) * sizeof(*env), err)) == NULL)
		return NULL;
	env[n++] = lang;
	for (size_t i = 0; i < have; i++)
		if (passed_on(environ[i], names))
			env[n++] = environ[i];
	return env;
}

struct start {
	int program, sock, shm;
	pid_t parent;
	char **argv, **env;
};

static _Noreturn void
start_failed(const char *what)
{
	char text[160];
	int n =
	    snprintf(text, sizeof(text), "repld: worker: %s: %s\n", what, strerrordesc_np(errno));

	if (n > 0 && write(STDERR_FILENO, text, (size_t)n) < 0)
		_exit(126);
	_exit(127);
}

/* Above the numbers that the worker expects, so that no dup2() runs over another. */
static int
move_up(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, WORKER_SHM_FD + 1);

	if (moved < 0)
		start_failed("descriptors");
	return moved;
}

/* In the child. */
static _Noreturn void
become_worker(const struct start *st)
{
	int program = move_up(st->program), sock = move_up(st->sock), shm = move_up(st->shm);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		start_failed("PR_SET_PDEATHSIG");
	if (getppid() != st->parent)
		_exit(0);	/* the supervisor died before the signal was asked for */
	if (dup2(sock, WORKER_SOCKET_FD) < 0 || dup2(shm, WORKER_SHM_FD) < 0)
		start_failed("dup2");
	/* All is O_CLOEXEC already; this catches what a library may have opened without. */
	close_range(WORKER_SHM_FD + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	fexecve(program, st->argv, st->env);
	start_failed("fexecve");
}

static bool
fork_worker(struct child *c, int program, int theirs, int shm, const char *task,
    const char *const *env_names, struct err *err)
{
	char word[] = "repld-worker", *name = mem_strdup(task, err);
	char *argv[] = { word, name, NULL };
	struct start st = {
		.program = program, .sock = theirs, .shm = shm, .parent = getpid(), .argv = argv
	};
	pid_t pid = -1;

	if (name != NULL && (st.env = worker_environment(env_names, err)) != NULL) {
		if ((pid = fork()) == 0)
			become_worker(&st);
		if (pid < 0)
			err_errno(err, errno, "fork");
	}
	free(st.env);
	free(name);
	if (pid < 0)
		return false;
	c->pid = pid;
	return true;
}

bool
child_start(
    struct child *c, int program, const char *task, const char *const *env_names, struct err *err)
{
	int pair[2] = { -1, -1 }, shm = -1;
	struct shm *reader = NULL;
	bool ok = false;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		err_errno(err, errno, "socketpair");
		goto out;
	}
	if ((shm = shm_create(err)) < 0 || (reader = shm_open_reader(shm, err)) == NULL)
		goto out;
	if (fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0) {
		err_errno(err, errno, "socketpair");
		goto out;
	}
	if (!fork_worker(c, program, pair[1], shm, task, env_names, err))
		goto out;
	shm_close(c->shm);
	c->shm = reader;
	c->sock = pair[0];
	c->started = clock_mono();
	buf_done(&c->in);
	buf_done(&c->out);
	reader = NULL;
	pair[0] = -1;
	ok = true;
out:
	shm_close(reader);
	for (int i = 0; i < 2; i++)
		if (pair[i] >= 0)
			close(pair[i]);
	if (shm >= 0)
		close(shm);
	return ok;
}

/* ---- messages ---- */

static void
close_socket(struct child *c)
{
	if (c->sock >= 0)
		close(c->sock);
	c->sock = -1;
	buf_done(&c->in);
	buf_done(&c->out);
}

static void
drop_front(struct buf *b, size_t n)
{
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

/* What could not be told to it, its configuration perhaps, never will be: another one is told anew. */
static void
lose(struct child *c)
{
	child_kill(c);
	buf_reset(&c->out);
}

void
child_flush(struct child *c)
{
	size_t sent = 0;

	while (c->sock >= 0 && sent < c->out.n) {
		ssize_t n =
		    send(c->sock, c->out.p + sent, c->out.n - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			lose(c);	/* it is gone, or there is no memory; SIGCHLD tells the rest */
			return;
		}
		if (n < 0)
			break;
		sent += (size_t)n;
	}
	if (sent > 0)
		drop_front(&c->out, sent);
}

void
child_send(struct child *c, enum ipc_type type, uint32_t id, const char *payload, size_t n)
{
	if (c->sock < 0)
		return;
	ipc_put(&c->out, type, id, payload, n);
	if (c->out.bad)
		lose(c);
	else
		child_flush(c);
}

/* All whole messages that have come. */
static bool
take_messages(
    struct child *c, void (*fn)(void *arg, const struct ipc_msg *m), void *arg, struct err *err)
{
	size_t off = 0, used;
	struct ipc_msg m;
	int rc;

	while ((rc = ipc_get(c->in.p + off, c->in.n - off, &m, &used, err)) > 0) {
		if (m.type != IPC_REPLY)
			return err_set(
			    err, ERR_PROTOCOL, "the worker sent a message of type %u", m.type);
		off += used;
		fn(arg, &m);
	}
	if (off > 0)
		drop_front(&c->in, off);
	return rc == 0;
}

bool
child_read(
    struct child *c, void (*fn)(void *arg, const struct ipc_msg *m), void *arg, struct err *err)
{
	bool ok = false;
	ssize_t n;

	if (c->sock < 0)
		return err_set(err, ERR_SYSTEM, "the socket is closed");
	if (!buf_reserve(&c->in, READ_SIZE)) {
		err_set(err, ERR_SYSTEM, "out of memory");
	} else if ((n = recv(c->sock, c->in.p + c->in.n, READ_SIZE, MSG_DONTWAIT)) > 0) {
		c->in.n += (size_t)n;
		ok = take_messages(c, fn, arg, err);
	} else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		ok = true;
	} else if (n < 0) {
		err_errno(err, errno, "read from the worker");
	} else {
		err_set(err, ERR_SYSTEM, "the worker closed its socket");
	}
	if (!ok)
		close_socket(c);
	return ok;
}

/* ---- end ---- */

void
child_kill(struct child *c)
{
	if (c->pid > 0)
		kill(c->pid, SIGKILL);
}

bool
child_reap(struct child *c, int *ret_status)
{
	pid_t pid;

	if (c->pid <= 0)
		return false;
	do {
		pid = waitpid(c->pid, ret_status, WNOHANG);
	} while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return false;
	if (pid < 0)
		*ret_status = 0;	/* not ours any more: gone all the same */
	c->pid = 0;
	return true;
}

void
child_close(struct child *c, void (*fn)(void *arg, const struct ipc_msg *m), void *arg)
{
	struct err err = ERR_INIT;

	/* Bounded by the largest message: nothing else holds the other end, but who knows. */
	for (uint32_t i = 0; i < IPC_MAX_PAYLOAD / READ_SIZE + 2; i++)
		if (!child_read(c, fn, arg, &err))
			break;
	close_socket(c);
}

void
child_done(struct child *c)
{
	child_kill(c);
	close_socket(c);
	shm_close(c->shm);
	*c = (struct child)CHILD_INIT;
}

const char *
child_end_text(int status, char out[CHILD_END_TEXT])
{
	if (WIFSIGNALED(status)) {
		const char *name = sigabbrev_np(WTERMSIG(status));

		snprintf(out, CHILD_END_TEXT, "signal %d (SIG%s)", WTERMSIG(status),
		    name != NULL ? name : "?");
	} else {
		snprintf(out, CHILD_END_TEXT, "exit status %d", WEXITSTATUS(status));
	}
	return out;
}
