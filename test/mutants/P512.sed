# Nobody is asked.
### cdc/wal2json_row.c
s/if \(dec->p\.strangers == NULL \|\| !dec->in_txn \|\| dec->strangers_known\)/if (dec->p.strangers == NULL || dec->in_txn || dec->strangers_known)/
