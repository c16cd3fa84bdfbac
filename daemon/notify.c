/* notify.c - the only file that knows libsystemd. Failures are of no consequence here: the
 * service manager draws its own conclusions. */
#include "daemon/notify.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>
#include "daemon/base/clock.h"

void
notify_ready(void)
{
	sd_notify(0, "READY=1");
}

/* MONOTONIC_USEC lets systemd 253 and later match this message with the READY that follows. */
void
notify_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_mono().v);
}

void
notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

void
notify_status(const char *text)
{
	sd_notifyf(0, "STATUS=%s", text);
}

bool
notify_watchdog(int64_t *ret_usec)
{
	uint64_t usec = 0;

	if (sd_watchdog_enabled(0, &usec) <= 0 || usec == 0 || usec > INT64_MAX)
		return false;
	*ret_usec = (int64_t)usec;
	return true;
}

void
notify_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}
