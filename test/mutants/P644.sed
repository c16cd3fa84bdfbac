# It is answered as soon as the run has begun.
### daemon/task.c
/^run_start_asked/,/^}/s/!t->stores/true/
