# What waits is left in memory.
### daemon/apply_xa.c
/^apply_xa_write\(/,/^}/s/if \(!write_txn\(a, t, err\)\)/if (false \&\& !write_txn(a, t, err))/
