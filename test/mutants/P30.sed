# A slot that is gone is made again.
### daemon/lane.c
/^slot_continues/,/^}/s/return hole\(l, err, "is gone", .*\);/return l->cp.position.kind = POSITION_NONE, true;/
