/* preload.c - makes one system call fail, or all of them short, in a daemon that does not know it: an object for LD_PRELOAD.
 * Flow: each call of a kind is counted; the count lies in a file that all processes share, so that a fault acts once, whoever makes that call.
 *	REPLD_IO_STATE=FILE	the counts (struct state); made by whoever is first
 *	REPLD_IO=KIND:N:WHAT	the N-th call of that kind fails with WHAT (EIO, ENOSPC, ECONNRESET, EINTR, ENOMEM, EMFILE), or is cut short (SHORT)
 *	REPLD_IO=all:0:SHORT	every call that may be short is
 *	REPLD_IO_WHO=repld-worker	only in processes that go by this name
 * Kinds: read write recv send open mmap. `cc -shared -fPIC -o preload.so preload.c`; compiled as a program it prints the counts of FILE.
 * The daemon gives its workers an environment of its own: the variables are put back where one process becomes another.
 * Threads: any; counts are atomics. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { READ, WRITE, RECV, SEND, OPEN, MMAP, KINDS };
static const char *const names[] = { "read", "write", "recv", "send", "open", "mmap" };

struct state {
	_Atomic uint64_t passed[KINDS], acted;
};

#ifndef PRELOAD_PROGRAM

enum { SHORT = -1 };

static struct state *state;
static bool on;
static int fault_kind = -1, fault_errno;	/* fault_kind KINDS: all */
static uint64_t fault_at;

/* ---- what is asked for -------------------------------------------------------------------------------------------- */

static int
errno_of(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} known[] = { { "EIO", EIO }, { "ENOSPC", ENOSPC }, { "ECONNRESET", ECONNRESET }, { "EINTR", EINTR },
		{ "ENOMEM", ENOMEM }, { "EMFILE", EMFILE }, { "SHORT", SHORT } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].number;
	fprintf(stderr, "preload: no error %s\n", name);
	abort();
}

static void
parse(const char *spec)
{
	char kind[16], what[16];
	unsigned long long at;

	if (sscanf(spec, "%15[a-z]:%llu:%15[A-Z]", kind, &at, what) != 3)
		abort();
	fault_kind = KINDS;
	for (int k = 0; k < KINDS; k++)
		if (strcmp(names[k], kind) == 0)
			fault_kind = k;
	fault_at = at;
	fault_errno = errno_of(what);
}

static bool
is_meant(int argc, char **argv)
{
	const char *who = getenv("REPLD_IO_WHO");

	return who == NULL || (argc > 0 && strcmp(argv[0], who) == 0);
}

__attribute__((constructor)) static void
begin(int argc, char **argv)
{
	const char *path = getenv("REPLD_IO_STATE"), *spec = getenv("REPLD_IO");
	int fd;

	if (path == NULL || (fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0666)) < 0)
		return;
	if (ftruncate(fd, sizeof(*state)) == 0)
		state = (void *)syscall(SYS_mmap, NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0L);
	close(fd);
	if (state == NULL || (intptr_t)state < 0)
		abort();
	if (spec != NULL)
		parse(spec);
	on = is_meant(argc, argv);
}

/* 0: as ever; SHORT; else the error. */
static int
turn(enum kind kind)
{
	uint64_t now;

	if (!on)
		return 0;
	now = atomic_fetch_add(&state->passed[kind], 1) + 1;
	if (fault_kind == KINDS && fault_errno == SHORT)
		return SHORT;
	if (fault_kind != (int)kind || now != fault_at)
		return 0;
	atomic_fetch_add(&state->acted, 1);
	return fault_errno;
}

/* How much of n bytes is done; -1: none, with errno. */
static bool
may(enum kind kind, size_t *n)
{
	const int what = turn(kind);

	if (what == 0)
		return true;
	if (what == SHORT) {
		*n = *n > 1 ? 1 + *n / 3 : *n;
		return true;
	}
	errno = what;
	return false;
}

static void *
real(const char *name)
{
	void *f = dlsym(RTLD_NEXT, name);

	if (f == NULL)
		abort();
	return f;
}

#define REAL(ret, name, ...) static ret (*f)(__VA_ARGS__); if (f == NULL) *(void **)&f = real(name)

/* The end of a connection is one: nothing comes on it any more either. */
static ssize_t
reset(int fd)
{
	const int why = errno;

	if (why == ECONNRESET)
		shutdown(fd, SHUT_RDWR);
	errno = why;
	return -1;
}

/* ---- the calls ---------------------------------------------------------------------------------------------------------- */
/* An eventfd's eight bytes are whole or none. */

ssize_t
read(int fd, void *p, size_t n)
{
	REAL(ssize_t, "read", int, void *, size_t);

	return n == 8 || may(READ, &n) ? f(fd, p, n) : -1;
}

ssize_t __read_chk(int fd, void *p, size_t n, size_t room);
ssize_t
__read_chk(int fd, void *p, size_t n, size_t room)
{
	if (n > room)
		abort();
	return read(fd, p, n);
}

ssize_t
readv(int fd, const struct iovec *v, int nv)
{
	REAL(ssize_t, "readv", int, const struct iovec *, int);
	size_t n = nv > 0 ? v[0].iov_len : 0;
	const size_t all = n;

	if (!may(READ, &n))
		return -1;
	return n < all ? readv(fd, &(struct iovec){ v[0].iov_base, n }, 1) : f(fd, v, nv);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	REAL(ssize_t, "write", int, const void *, size_t);

	return n == 8 || may(WRITE, &n) ? f(fd, p, n) : -1;
}

ssize_t
writev(int fd, const struct iovec *v, int nv)
{
	REAL(ssize_t, "writev", int, const struct iovec *, int);
	size_t n = nv > 0 ? v[0].iov_len : 0;
	const size_t all = n;

	if (!may(WRITE, &n))
		return -1;
	return n < all ? write(fd, v[0].iov_base, n) : f(fd, v, nv);
}

ssize_t
recv(int fd, void *p, size_t n, int flags)
{
	REAL(ssize_t, "recv", int, void *, size_t, int);

	return may(RECV, &n) ? f(fd, p, n, flags) : reset(fd);
}

ssize_t __recv_chk(int fd, void *p, size_t n, size_t room, int flags);
ssize_t
__recv_chk(int fd, void *p, size_t n, size_t room, int flags)
{
	if (n > room)
		abort();
	return recv(fd, p, n, flags);
}

ssize_t
recvmsg(int fd, struct msghdr *m, int flags)
{
	REAL(ssize_t, "recvmsg", int, struct msghdr *, int);
	size_t n = 1;

	return may(RECV, &n) ? f(fd, m, flags) : reset(fd);
}

ssize_t
send(int fd, const void *p, size_t n, int flags)
{
	REAL(ssize_t, "send", int, const void *, size_t, int);

	return may(SEND, &n) ? f(fd, p, n, flags) : reset(fd);
}

ssize_t
sendmsg(int fd, const struct msghdr *m, int flags)
{
	REAL(ssize_t, "sendmsg", int, const struct msghdr *, int);
	size_t n = 1;

	return may(SEND, &n) ? f(fd, m, flags) : reset(fd);
}

#define OPENS(name, to)									\
	int name(const char *path, int flags, ...);					\
	int name(const char *path, int flags, ...)					\
	{										\
		REAL(int, to, const char *, int, ...);					\
		size_t n = 1;								\
		va_list ap;								\
		mode_t mode;								\
											\
		va_start(ap, flags);							\
		mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(ap, mode_t) : 0;	\
		va_end(ap);								\
		return may(OPEN, &n) ? f(path, flags, mode) : -1;			\
	}
OPENS(open, "open")
OPENS(open64, "open64")
OPENS(__open_2, "open")
OPENS(__open64_2, "open64")

int
openat(int at, const char *path, int flags, ...)
{
	REAL(int, "openat", int, const char *, int, ...);
	size_t n = 1;
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return may(OPEN, &n) ? f(at, path, flags, mode) : -1;
}

void *
mmap(void *at, size_t n, int prot, int flags, int fd, off_t off)
{
	REAL(void *, "mmap", void *, size_t, int, int, int, off_t);
	size_t one = 1;

	return may(MMAP, &one) ? f(at, n, prot, flags, fd, off) : MAP_FAILED;
}

/* ---- the next process ---------------------------------------------------------------------------------------------------- */

static bool
is_ours(const char *var)
{
	return strncmp(var, "LD_PRELOAD=", 11) == 0 || strncmp(var, "REPLD_IO", 8) == 0;
}

int
execve(const char *path, char *const argv[], char *const envp[])
{
	REAL(int, "execve", const char *, char *const *, char *const *);
	extern char **environ;
	static char *env[512];		/* the child of a fork, which has one thread */
	size_t n = 0;

	for (size_t i = 0; envp != NULL && envp[i] != NULL && n < 500; i++)
		if (!is_ours(envp[i]))
			env[n++] = envp[i];
	for (size_t i = 0; environ[i] != NULL && n < 511; i++)
		if (is_ours(environ[i]))
			env[n++] = environ[i];
	env[n] = NULL;
	return f(path, argv, env);
}

int
fexecve(int fd, char *const argv[], char *const envp[])
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return execve(path, argv, envp);
}

#else

int
main(int argc, char **argv)
{
	struct state s;
	FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;

	if (f == NULL || fread(&s, sizeof(s), 1, f) != 1)
		return 1;
	for (int k = 0; k < KINDS; k++)
		printf("%s %llu\n", names[k], (unsigned long long)s.passed[k]);
	printf("acted %llu\n", (unsigned long long)s.acted);
	return fclose(f) != 0;
}

#endif
