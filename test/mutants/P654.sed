# They stay.
### daemon/task.c
/^task_tick/,/^}/s/if \(bulk == 0/if (true || bulk == 0/
