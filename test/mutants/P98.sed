# Tables change hands in the middle of a transaction.
### daemon/apply_join.c
/^apply_meet_group/,/^}/{
s/ \|\| a->in_txn \|\|/ ||/
s/if \(a->boundary != NULL && !apply_commit\(a, err\)\)/a->in_txn = false;\n	&/
}
