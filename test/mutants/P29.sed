# A slot ahead of the checkpoint is read on from where it stands.
### daemon/run.c
/^slot_continues/,/^}/s/if \(!position_reached\(&r->cp\.position, &r->log\.confirmed\)\)/if (false)/
