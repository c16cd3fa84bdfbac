# A checkpoint that went back is taken as it is.
### staging/progress.c
/^progress_applied/,/^}/s/ok = position_reached\(pos, &p->view\.applied\);/ok = true;/
