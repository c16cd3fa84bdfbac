# A worker that dies has accepted.
### daemon/keeper.c
/^pending_lost/,/^}/s/offer_settled\(k, false\)/offer_settled(k, true)/
