# The start position is confirmed at once.
### staging/progress.c
/^progress_hold_start/,/^}/s/p->view\.confirmable\.kind = POSITION_NONE;//
