# The waits grow until a run has lasted a minute.
### daemon/task.c
s/applied > t->came_to \|\| //
