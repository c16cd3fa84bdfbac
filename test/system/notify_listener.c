/* notify_listener.c - the other end of sd_notify(): binds a datagram socket and prints each message on one line, newlines as spaces.
 * usage: notify_listener SOCKET >LOG      Runs until it is killed. Threads: one. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int
bind_at(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(at.sun_path))
		return -1;
	memcpy(at.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		return -1;
	return fd;
}

int
main(int argc, char **argv)
{
	char msg[4096];
	ssize_t n;
	int fd;

	if (argc != 2 || (fd = bind_at(argv[1])) < 0) {
		perror("notify_listener");
		return 2;
	}
	while ((n = recv(fd, msg, sizeof(msg), 0)) >= 0) {
		for (ssize_t i = 0; i < n; i++)
			putchar(msg[i] == '\n' ? ' ' : msg[i]);
		putchar('\n');
		fflush(stdout);
	}
	return 1;
}
