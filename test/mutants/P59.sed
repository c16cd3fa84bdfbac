# Parts that are no longer in the ring are not missed.
### daemon/apply.c
/^apply_failed/,/^}/s/if \(a->marked\)/if (false)/
