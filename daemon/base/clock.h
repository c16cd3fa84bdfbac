/* clock.h - monotonic time drives every timer; wall time is only for people and for comparing with a source's clock.
 * Threads: any. Tests replace both with clock_fake(). */
#ifndef REPLD_BASE_CLOCK_H
#define REPLD_BASE_CLOCK_H

#include <stdint.h>
#include <stdbool.h>

struct usec { int64_t v; };	/* monotonic microseconds */
struct wall { int64_t v; };	/* microseconds since 1970-01-01 UTC; 0: unknown */

struct usec clock_mono(void);
struct wall clock_wall(void);
void clock_fake(bool on, int64_t mono_usec, int64_t wall_usec);	/* tests only; atomic */

static inline int64_t
usec_since(struct usec then)
{
	return clock_mono().v - then.v;
}

#define WALL_TEXT 32
const char *wall_text(struct wall t, char out[WALL_TEXT]);	/* 2026-11-22T07:40:00Z; "-" for unknown */
const char *wall_text_ms(struct wall t, char out[WALL_TEXT]);	/* 2026-11-22T07:40:00.123Z */

#endif
