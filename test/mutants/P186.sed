# A start takes it for one that streams.
### daemon/lane.c
/^lane_begin_catch_up/,/^}/s/ && was != TABLE_SUSPECT//
