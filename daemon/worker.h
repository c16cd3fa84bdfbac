/* worker.h - the process of one task. Started by the supervisor (fork and fexecve of the own binary, argv "repld-worker TASK"), or in the
 * foreground by `repld run`. */
#ifndef REPLD_DAEMON_WORKER_H
#define REPLD_DAEMON_WORKER_H

#include "daemon/conf.h"

#define WORKER_SOCKET_FD 3	/* the socketpair's end and the memfd, as the child finds them */
#define WORKER_SHM_FD 4

enum worker_exit { WORKER_EXIT_OK = 0, WORKER_EXIT_FAILED = 1, WORKER_EXIT_USAGE = 2 };

int worker_main(const char *task);	/* exit status; takes its configuration from WORKER_SOCKET_FD */

enum run_until { RUN_FOR_EVER, RUN_UNTIL_LOADED, RUN_UNTIL_CAUGHT_UP };
/* One task in the foreground, with a progress bar on a terminal. */
int worker_run(const struct conf *conf, const struct task_conf *task, enum run_until until);

#endif
