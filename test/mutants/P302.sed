# What the target remembers of a table outlives its leaving.
### daemon/run.c
/^forget_gone/,/^}/s/i < r->gone.n/i < 0 * r->gone.n/
