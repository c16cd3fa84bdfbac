# The identity is the known one.
### cdc/wal2json_row.c
/^follow_identity/,/^}/s/\tif \(same\)$/\tif (same || letter != 0)/
