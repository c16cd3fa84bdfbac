/* no_memory.h - a unit test says which allocation finds no memory: of arena.h, bytes.h, map.h and mem_*(), where they are built FAULTS=1 (the build for
 * AddressSanitizer is one, which sees what is then left behind). Elsewhere there is always enough.
 * It stands for daemon/base/fault.c, which is then not linked. Threads: one. */
#ifndef REPLD_TEST_NO_MEMORY_H
#define REPLD_TEST_NO_MEMORY_H

#include <limits.h>

#include "daemon/base/fault.h"

static unsigned long memory_left = ULONG_MAX;	/* so many allocations more find some; none after them */

#ifdef REPLD_FAULTS
bool
fault_memory(void)
{
	if (memory_left == ULONG_MAX)
		return true;
	if (memory_left == 0)
		return false;
	memory_left--;
	return true;
}

bool
fault_hit(const char *name, struct err *err)
{
	(void)name;
	(void)err;
	return true;
}
#endif

/* With memory for no allocation, for one, and so on, until `run` comes through: false from it is want of memory, and says so. */
static inline void
no_memory_anywhere(bool (*run)(struct err *err))
{
	for (unsigned long n = 0;; n++) {
		struct err err = ERR_INIT;
		bool ok;

		memory_left = n;
		ok = run(&err);
		memory_left = ULONG_MAX;
		if (ok)
			return;
		if (err.kind != ERR_SYSTEM || err.msg[0] == '\0')
			ck_abort_msg("after %lu allocations: %s: %s", n, err_kind_name(err.kind), err.msg);
		if (n == 100000)
			ck_abort_msg("never enough");
	}
}

#endif
