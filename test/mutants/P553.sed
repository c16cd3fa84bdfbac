# The place of the next transaction is taken for its own.
### daemon/apply_xa.c
/^apply_xa_commit\(/,/^}/s/end->lsn\.v - 1/end->lsn.v/
