/* notify.h - what the service manager is told (sd_notify); nothing where NOTIFY_SOCKET is not set.
 * Threads: the supervisor's only one. */
#ifndef REPLD_DAEMON_NOTIFY_H
#define REPLD_DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

void notify_ready(void);
void notify_reloading(void);		/* notify_ready() must follow, whatever comes of it */
void notify_stopping(void);
void notify_status(const char *text);	/* one line for `systemctl status` */
bool notify_watchdog(int64_t *ret_usec);	/* true: notify_alive() is expected at least so often */
void notify_alive(void);

#endif
