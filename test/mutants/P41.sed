# A table cut short counts as loaded.
### daemon/run.c
/^queue_tables/,/^}/s/\(ts->phase == TABLE_LOADING && /(false \&\& /
