# Nothing captured, nothing told.
### cdc/binlog_group.c
/^group_on_xa_prepare/,/^}/s/return group_begin_rows\(dec, err\) && /return /
