/* status.c - the words of a task's state and phase. Pure. */
#include "daemon/status.h"

#include <assert.h>

const char *
task_state_name(enum task_state s)
{
	static const char *const names[] = {
#define X(name, text) [TASK_##name] = text,
		TASK_STATES(X)
#undef X
	};

	assert((size_t)s < sizeof(names) / sizeof(names[0]));
	return names[s];
}

const char *
task_phase_name(enum task_phase p)
{
	static const char *const names[] = {
#define X(name, text) [PHASE_##name] = text,
		TASK_PHASES(X)
#undef X
	};

	assert((size_t)p < sizeof(names) / sizeof(names[0]));
	return names[p];
}
