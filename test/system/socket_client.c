/* socket_client.c - a client of a unix socket that does not behave: what the control socket has to bear.
 * usage: socket_client SOCKET send [SECONDS]      stdin goes to the socket, what comes back within SECONDS (5) to stdout
 *        socket_client SOCKET many COUNT SECONDS  COUNT connections, each with half a line, held SECONDS; prints how many were taken
 *        socket_client SOCKET deaf LINE SECONDS   sends LINE 2000 times and reads nothing
 * Exit 0 unless the socket can't be reached at all. Threads: one. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int
reach(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(at.sun_path))
		return -1;
	memcpy(at.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Copies what has come to stdout. False: the other side has closed. */
static bool
drain(int fd)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, (size_t)n, stdout);
	return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

/* Writes all of it, reading meanwhile. False: the other side has closed. */
static bool
push(int fd, const char *p, size_t n)
{
	while (n > 0) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT };
		ssize_t put;

		if (poll(&pfd, 1, 5000) <= 0)
			return false;
		if ((pfd.revents & POLLIN) && !drain(fd))
			return false;
		if (!(pfd.revents & POLLOUT))
			continue;
		put = write(fd, p, n);
		if (put < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
			return false;
		if (put > 0) {
			p += put;
			n -= (size_t)put;
		}
	}
	return true;
}

static int
send_stdin(int fd, int seconds)
{
	char buf[65536];
	size_t n;

	while ((n = fread(buf, 1, sizeof(buf), stdin)) > 0) {
		if (!push(fd, buf, n))
			return 0;
	}
	for (int left = seconds * 10; left > 0; left--) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };

		if (poll(&pfd, 1, 100) > 0 && !drain(fd))
			break;
	}
	return 0;
}

static int
open_many(const char *path, int count, unsigned seconds)
{
	static const char half[] = "stat";
	struct rlimit files;
	int taken = 0;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	for (int i = 0; i < count; i++) {
		int fd = reach(path);

		if (fd >= 0 && write(fd, half, sizeof(half) - 1) > 0)
			taken++;
		if (fd < 0)
			usleep(1000);
	}
	printf("%d\n", taken);
	fflush(stdout);
	sleep(seconds);
	return 0;
}

static int
be_deaf(int fd, const char *line, unsigned seconds)
{
	char buf[256];
	int n = snprintf(buf, sizeof(buf), "%s\n", line);

	for (int i = 0; i < 2000; i++) {
		if (write(fd, buf, (size_t)n) < 0 && errno != EAGAIN)
			break;
	}
	sleep(seconds);
	return 0;
}

int
main(int argc, char **argv)
{
	int fd;

	signal(SIGPIPE, SIG_IGN);
	if (argc < 3)
		return 2;
	if (strcmp(argv[2], "many") == 0 && argc == 5)
		return open_many(argv[1], (int)strtol(argv[3], NULL, 10), (unsigned)strtoul(argv[4], NULL, 10));
	fd = reach(argv[1]);
	if (fd < 0) {
		perror("socket_client");
		return 2;
	}
	if (strcmp(argv[2], "send") == 0)
		return send_stdin(fd, argc > 3 ? (int)strtol(argv[3], NULL, 10) : 5);
	if (strcmp(argv[2], "deaf") == 0 && argc == 5)
		return be_deaf(fd, argv[3], (unsigned)strtoul(argv[4], NULL, 10));
	return 2;
}
