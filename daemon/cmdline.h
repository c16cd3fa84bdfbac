/* cmdline.h - what the commands that run in the caller's process share: words, options, the configuration, a question. */
#ifndef REPLD_DAEMON_CMDLINE_H
#define REPLD_DAEMON_CMDLINE_H

#include "daemon/conf.h"

struct cmd_option {
	const char *name;		/* "--json"; NULL ends the list */
	bool *flag;			/* set, or */
	const char **value;		/* takes the next word, or what follows "=" */
};

/* Sorts argv into options and at most max words (words[0..max-1], NULL where missing). False: the usage was printed. */
bool cmdline_parse(const char *usage, int argc, char **argv, const struct cmd_option *options, const char **words, int max) MUST_CHECK;
/* Loads the file and looks for the task (NULL: none wanted). NULL: the errors were printed. */
struct conf *cmdline_conf(const char *path, const char *task) MUST_CHECK;
/* Asks on the terminal. 0: "yes"; 1: no; 2: there is no terminal (said that --yes is needed): also the exit status. */
int cmdline_ask(const char *question);
/* A failure, printed as an error with its remedy. The exit status: 3 for a server that can't be reached, else 1. */
int cmdline_fail(const char *what, const struct err *err);

#endif
