# A run goes on without its lock.
### daemon/watch.c
/^guard_main/,/^}/s/stop_request\(g->run_stop\);/;/
