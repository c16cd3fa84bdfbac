# A table that left is remembered as it was.
### daemon/run.c
/^forget_gone/,/^}/s/if \(!r->l\.to->forget_state\(.*\)\)$/if (false)/
