# A commit record that starts at S counts as part of the snapshot.
### cdc/position.c
s/return snap_lsn_has\(s->lsn, mark->lsn\);/return mark->lsn.v <= s->lsn.v;/
