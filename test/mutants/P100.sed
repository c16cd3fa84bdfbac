# The names of a resync are forgotten.
### daemon/run.c
/^queue_tables/,/^}/s/resync_names\(r->c->resync, /resync_names(NULL, /
