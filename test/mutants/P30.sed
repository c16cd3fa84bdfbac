# A slot that is gone is made again.
### daemon/run.c
/^slot_continues/,/^}/s/return hole\(r, err, "is gone", ""\);/return r->cp.position.kind = POSITION_NONE, true;/
