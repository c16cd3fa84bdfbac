/* clock.c - the two clocks, and a fake one for tests. */
#include "daemon/base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

static atomic_bool fake_on;
static _Atomic int64_t fake_mono, fake_wall;

static int64_t
read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

struct usec
clock_mono(void)
{
	if (atomic_load_explicit(&fake_on, memory_order_acquire))
		return (struct usec){ atomic_load(&fake_mono) };
	return (struct usec){ read_clock(CLOCK_MONOTONIC) };
}

struct wall
clock_wall(void)
{
	if (atomic_load_explicit(&fake_on, memory_order_acquire))
		return (struct wall){ atomic_load(&fake_wall) };
	return (struct wall){ read_clock(CLOCK_REALTIME) };
}

void
clock_fake(bool on, int64_t mono_usec, int64_t wall_usec)
{
	atomic_store(&fake_mono, mono_usec);
	atomic_store(&fake_wall, wall_usec);
	atomic_store_explicit(&fake_on, on, memory_order_release);
}

static const char *
wall_format(struct wall t, bool ms, char out[WALL_TEXT])
{
	int64_t frac = t.v % 1000000;
	time_t sec = t.v / 1000000;
	struct tm tm;
	size_t n;

	if (frac < 0) {		/* before 1970: the second below */
		frac += 1000000;
		sec--;
	}
	if (t.v == 0 || gmtime_r(&sec, &tm) == NULL) {
		snprintf(out, WALL_TEXT, "-");
		return out;
	}
	n = strftime(out, WALL_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	if (ms)
		snprintf(out + n, WALL_TEXT - n, ".%03dZ", (int)(frac / 1000));
	else
		snprintf(out + n, WALL_TEXT - n, "Z");
	return out;
}

const char *
wall_text(struct wall t, char out[WALL_TEXT])
{
	return wall_format(t, false, out);
}

const char *
wall_text_ms(struct wall t, char out[WALL_TEXT])
{
	return wall_format(t, true, out);
}
