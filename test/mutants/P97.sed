# From where the group has written is not noted.
### daemon/apply_join.c
s/ts->snapshot = snapshot_at\(there\);/ts->snapshot = snapshot_at(here);/
