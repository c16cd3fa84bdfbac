# The names of a resync are forgotten.
### daemon/run.c
/^is_resynced/,/^}/s/resync_names\(r->c->resync, /resync_names(NULL, /
