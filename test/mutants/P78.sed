# The totals are not kept with the checkpoint.
### daemon/apply.c
/^commit_at/,/^}/s/add_totals\(&cp\.totals, &a->pending\);/;/
