# Bytes end where the log's end.
### cdc/binlog_row.c
s/^\t\t\t\*ret = f->most;$/\t\t\t*ret = v.n;/
