# The files are noted after the slot is made.
### daemon/run.c
/^prepare_log/,/^}/{
s/if \(!note_filenodes\(r, err\)\)/if (false)/
s/return make_slot\(r, err\);/return make_slot(r, err) \&\& note_filenodes(r, err);/
}
