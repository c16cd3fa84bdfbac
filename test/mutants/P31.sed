# A slot that lost its log is read on.
### daemon/run.c
/^slot_continues/,/^}/s/if \(r->log\.lost\)/if (false)/
