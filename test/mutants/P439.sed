# Work is free.
### cdc/binlog_json.c
s/^\tif \(n > pr->budget\)$/\tif (n > pr->budget \&\& pr->n == SIZE_MAX)/
