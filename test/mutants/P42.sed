# A table that is complete is loaded again.
### daemon/run.c
/^queue_tables/,/^}/s/\(ts->phase == TABLE_LOADING && /((ts->phase == TABLE_LOADING || ts->phase == TABLE_LOADED) \&\& /
