# A resync of what is not known, or appended to, is accepted.
### daemon/resync.c
/^resync_pick/,/^}/s/return why->n == 0;/return true;/
