/* supervisor.h - the daemon's first process: configuration, signals, control socket, HTTP listener, sd_notify, workers. One thread, one loop;
 * it never waits for a database, a worker or a client. */
#ifndef REPLD_DAEMON_SUPERVISOR_H
#define REPLD_DAEMON_SUPERVISOR_H

int supervisor_main(const char *conf_path);	/* runs until SIGTERM or SIGINT; exit status: 0, or 2 for a bad configuration, 1 else */

#endif
