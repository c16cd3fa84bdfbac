# A full load that is done begins again with the daemon.
### daemon/run.c
/^run_steps/,/^}/s/if \(!lane_streams\(&r->l\) && r->l\.cp\.load_done && /if (false \&\& r->l.cp.load_done \&\& /
/^queue_tables/,/^}/s/\(ts->phase == TABLE_LOADING && /((ts->phase == TABLE_LOADING || ts->phase == TABLE_LOADED) \&\& /
