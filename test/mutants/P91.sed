# A slot that another made is dropped before a load.
### daemon/run.c
/^begin_reload/,/^}/s/ && r->l\.cp\.slot_made\)/)/
