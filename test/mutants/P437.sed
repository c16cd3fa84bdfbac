# Longer keys come first.
### cdc/binlog_json_apply.c
s/return m->nkey < key\.n \? -1 : 1;/return m->nkey < key.n ? 1 : -1;/
