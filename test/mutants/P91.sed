# A slot that another made is dropped before a load.
### daemon/run.c
/^begin_reload/,/^}/s/if \(streams\(r\) && r->log\.exists && r->cp\.slot_made\)/if (streams(r) \&\& r->log.exists)/
