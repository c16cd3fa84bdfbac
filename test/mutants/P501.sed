# A null is NULL.
### cdc/wal2json_row.c
s/if \(dec->p\.strings \|\| !has_nan\(col->oid\)\)/if (dec->p.strings || has_nan(col->oid) || true)/
