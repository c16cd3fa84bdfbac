# Members stand in the order of their bytes alone.
### cdc/binlog_json_apply.c
s/return m->nkey != key\.n \? \(m->nkey < key\.n \? -1 : 1\) : key\.n > 0 \? memcmp\(m->key, key\.p, key\.n\) : 0;/const size_t n = m->nkey < key.n ? m->nkey : key.n;\n\tconst int order = n > 0 ? memcmp(m->key, key.p, n) : 0;\n\n\treturn order != 0 ? order : (m->nkey > key.n) - (m->nkey < key.n);/
