# A reload starts a task that is paused.
### daemon/task.c
/^switch_to/,/^}/s/if \(t->state == TASK_PAUSED \|\|/if (false \&\& t->state == TASK_PAUSED \&\&/
