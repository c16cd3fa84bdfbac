# A slot that lost its log is read on.
### daemon/lane.c
/^slot_continues/,/^}/s/if \(l->log\.lost\)/if (false)/
