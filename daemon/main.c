/* main.c - the command line: which command, with which file; exit status. Nothing else.
 * Before anything of it: no core, no debugger, no file for others, no signal for a closed pipe,
 * no closed standard descriptors. The locale stays "C". */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon/commands.h"
#include "daemon/conf.h"
#include "daemon/supervisor.h"
#include "daemon/worker.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
/* Sanitizers look at their own process as a debugger would; so do the tests of builds with
 * faults. */
#if defined(REPLD_FAULTS) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||      \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define DUMPABLE 1
#else
#define DUMPABLE 0
#endif

#define EXIT_USAGE 2

static const char help_text[] =
    "repld " REPLD_VERSION ": copies relational databases and keeps the copies current\n"
    "\n"
    "  repld [-c FILE]                         run the daemon in the foreground\n"
    "  repld check [-c FILE] [TASK] [--offline] [--json]\n"
    "                                          the configuration, then the servers: all that would "
    "stop a task\n"
    "  repld discover [-c FILE] ENDPOINT schemas|tables|columns|counts [PATTERN] [--exact] "
    "[--json]\n"
    "  repld run [-c FILE] TASK [--until full_load|caught_up]\n"
    "                                          one task in the foreground\n"
    "  repld cleanup [-c FILE] TASK [--yes]    drop what repld made for a task\n"
    "  repld ctl [-s SOCKET] COMMAND           the running daemon; repld ctl --help lists the "
    "commands\n"
    "  repld --version | --help\n"
    "\n"
    "FILE is " CONF_DEFAULT_FILE " where it is not given.\n"
    "Exit status: 0 fine; 1 it ran and the answer is no; 2 usage or configuration; 3 can't reach a "
    "daemon or server.\n";

/* The three numbers are never left to the first file or socket that is opened. */
static bool
standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", O_RDWR | O_NOCTTY) != fd)
			return false;
	return true;
}

static void
harden(void)
{
	const struct rlimit none = { 0, 0 };

	umask(077);
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, DUMPABLE, 0, 0, 0);
}

static int
usage(const char *what, const char *word)
{
	fprintf(
	    stderr, "repld: %s%s%s; see: repld --help\n", what, word[0] != '\0' ? " " : "", word);
	return EXIT_USAGE;
}

static int
worker(const char *task)
{
	prctl(PR_SET_NAME, "repld-worker");
	return worker_main(task);
}

/* Takes "-c FILE" out of the words, wherever it stands before "--". False: FILE is missing. */
static bool
take_conf(int *argc, char **argv, const char **path)
{
	int n = 0;

	for (int i = 0; i < *argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			while (i < *argc)
				argv[n++] = argv[i++];
			break;
		}
		if (strcmp(argv[i], "-c") != 0) {
			argv[n++] = argv[i];
			continue;
		}
		if (++i == *argc)
			return false;
		*path = argv[i];
	}
	*argc = n;
	return true;
}

static const struct {
	const char *name;
	int (*run)(const char *conf_path, int argc, char **argv);
} commands[] = {
	{ "check", command_check },
	{ "discover", command_discover },
	{ "run", command_run },
	{ "cleanup", command_cleanup },
};

static int
dispatch(int argc, char **argv)
{
	const char *path = CONF_DEFAULT_FILE;

	if (argc > 0 && strcmp(argv[0], "ctl") == 0)
		return command_ctl(argc - 1, argv + 1);
	if (!take_conf(&argc, argv, &path))
		return usage("-c needs a file", "");
	if (argc == 0)
		return supervisor_main(path);
	if (strcmp(argv[0], "ctl") == 0)
		return usage("ctl takes -s SOCKET, not -c FILE", "");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[0], commands[i].name) == 0)
			return commands[i].run(path, argc - 1, argv + 1);
	return usage(argv[0][0] == '-' ? "unknown option" : "unknown command", argv[0]);
}

int
main(int argc, char **argv)
{
	if (!standard_descriptors())
		return 1;
	harden();
	if (argc == 2 && strcmp(argv[0], "repld-worker") == 0)
		return worker(argv[1]);
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("repld " REPLD_VERSION);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(help_text, stdout);
		return 0;
	}
	return dispatch(argc - 1, argv + 1);
}
