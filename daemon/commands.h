/* commands.h - the commands that run in the caller's process: check, discover, cleanup. Exit status: 0 fine, 1 the answer is no, 2 usage, 3 a server out of reach.
 * argv starts after the command's word. */
#ifndef REPLD_DAEMON_COMMANDS_H
#define REPLD_DAEMON_COMMANDS_H

int command_check(const char *conf_path, int argc, char **argv);
int command_discover(const char *conf_path, int argc, char **argv);
int command_run(const char *conf_path, int argc, char **argv);
int command_cleanup(const char *conf_path, int argc, char **argv);
int command_ctl(int argc, char **argv);

#endif
