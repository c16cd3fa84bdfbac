/* no_memory.c - see no_memory.h. The daemon's own allocating modules, compiled with their fault points; a test program links this before
 * the archive, whose members of these names then stay out. */
#ifndef REPLD_FAULTS
#define REPLD_FAULTS
#endif
#include "daemon/base/arena.c"
#include "daemon/base/bytes.c"
#include "daemon/base/map.c"

#include "test/fake/no_memory.h"

static unsigned passed, fails_at;	/* of allocations; 0: none fails */

bool
fault_hit(const char *name, struct err *err)
{
	(void)name, (void)err;
	return true;
}

bool
fault_memory(void)
{
	return ++passed != fails_at;
}

void
no_memory_at(unsigned n)
{
	passed = 0;
	fails_at = n;
}

bool
no_memory_done(void)
{
	const bool failed = fails_at > 0 && passed >= fails_at;

	fails_at = 0;
	return failed;
}
