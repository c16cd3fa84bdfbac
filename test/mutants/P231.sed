# Changes in order have no second form.
### daemon/apply.c
s/\(mode == BATCH_NET \|\| \(mode == BATCH_ORDERED && !a->c\.in_order\)\)/mode == BATCH_NET/
