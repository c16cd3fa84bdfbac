/* fault.h - named places where a test makes the process die, fail or wait. Compiled in with -DREPLD_FAULTS only.
 * REPLD_FAULT="name=kill[@N]|error[@N]|delay:MS[@N],..." acts at the N-th passage (1 without @N). Threads: any. */
#ifndef REPLD_BASE_FAULT_H
#define REPLD_BASE_FAULT_H

#include "daemon/base/err.h"

#ifdef REPLD_FAULTS
bool fault_hit(const char *name, struct err *err);	/* false: act as if the place failed with *err (ERR_RETRY) */
#define FAULT(name, err) fault_hit(name, err)
#else
#define FAULT(name, err) ((void)(name), (void)(err), true)
#endif

#endif
