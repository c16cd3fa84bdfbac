/* target.c - what all targets have in common: the list of tasks' rows. Threads: plain values. */
#include "endpoints/target.h"

#include <stdlib.h>

void
task_rows_done(struct task_rows *r)
{
	free(r->rows);
	*r = (struct task_rows){ 0 };
}
