# Names are enough.
### cdc/wal2json_row.c
s/ \|\| \(col < next && !e->known->any_order\)\)/ || (col < next \&\& e->known->ncols == 0))/
