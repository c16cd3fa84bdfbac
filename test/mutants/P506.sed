# Any column may be missing.
### cdc/wal2json_row.c
s/if \(m->action == 'I' \|\| v->fixed\[i\]\)/if (m->action == 'I' \&\& v->fixed[i])/
