/* fault.h - named places where a test makes the process die, fail or wait. Compiled in with -DREPLD_FAULTS only.
 * REPLD_FAULT="name=kill[@N]|error[@N]|delay:MS[@N],..." acts at the N-th passage (1 without @N) of each process that inherits it.
 * REPLD_FAULT_ONCE=FOLDER: once for all of them, at the N-th passage or the first one after it: who acts makes FOLDER/NAME, and where that is,
 * nothing happens. Who takes it away arms the fault again. REPLD_FAULT_SMALL=yes: small tables are loaded in as many parts as large ones.
 * Threads: any. */
#ifndef REPLD_BASE_FAULT_H
#define REPLD_BASE_FAULT_H

#include "daemon/base/err.h"

#ifdef REPLD_FAULTS
#include <stdlib.h>

bool fault_hit(const char *name, struct err *err);	/* false: act as if the place failed with *err (ERR_RETRY) */
#define FAULT(name, err) fault_hit(name, err)
bool fault_memory(void);				/* the fault "mem", passed by each allocation of arena.h, bytes.h and map.h; false: none */
#define FAULT_MEMORY() fault_memory()
#define FAULT_SMALL(bytes) (getenv("REPLD_FAULT_SMALL") != NULL ? 128u << 10 : (bytes))
#else
#define FAULT(name, err) ((void)(name), (void)(err), true)
#define FAULT_MEMORY() true
#define FAULT_SMALL(bytes) (bytes)
#endif

#endif
