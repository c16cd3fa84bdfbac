# What the snapshot of a table holds is applied to it again.
### daemon/apply.c
s/return a->catching_up && ts != NULL && snapshot_has\(&ts->snapshot, &a->mark\);/return false \&\& ts != NULL;/
