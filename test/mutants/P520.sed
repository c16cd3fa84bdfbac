# Generated columns are columns as others.
### cdc/binlog_tables.c
/^is_left_out/,/^}/s/return cap->left_out/return false \&\& cap->left_out/
