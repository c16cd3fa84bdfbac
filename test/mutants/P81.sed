# A pause is forgotten with the daemon.
### daemon/run.c
/^obey_pause/,/^}/s/\*ret_paused = want \|\| .*/*ret_paused = want;/
