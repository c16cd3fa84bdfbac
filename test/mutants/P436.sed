# A value that is not there is null.
### cdc/binlog_row.c
s/^\tif \(before\.p == NULL\) \{/\tif (before.p == NULL \&\& before.n > 0) {/
