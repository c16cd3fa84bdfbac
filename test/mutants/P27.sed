# Relaxed commits are confirmed at once.
### daemon/apply.c
/^look_flushed/,/^}/s/if \(!a->c\.relaxed\)/if (true)/
