# What was not sent is not missed.
### cdc/wal2json_row.c
s/bool there = !v->rel->cols\[i\]\.identity \|\| v->fixed\[i\];/bool there = v->rel != NULL;/
