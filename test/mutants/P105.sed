# The slot of another task is read as if it were ours.
### daemon/claim.c
/^claim_slot_free/,/^}/s/if \(cp->exists \|\|/if (true || cp->exists ||/
