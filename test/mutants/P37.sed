# The files are noted after the slot is made.
### daemon/lane.c
/^lane_open_log/,/^}/{
s/if \(!note_filenodes\(l, err\)\)/if (false)/
s/return make_slot\(l, err\);/return make_slot(l, err) \&\& note_filenodes(l, err);/
}
