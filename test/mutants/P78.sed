# The totals are not kept with the checkpoint.
### daemon/apply.c
/commit_at\(struct apply \*a, const struct position/,/^}/s/totals_add\(&cp\.totals, &a->pending\);/;/
