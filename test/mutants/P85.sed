# A full load that is done begins again with the daemon.
### daemon/run.c
/^run_steps/,/^}/s/if \(!streams\(r\) && r->cp\.load_done && /if (false \&\& r->cp.load_done \&\& /
