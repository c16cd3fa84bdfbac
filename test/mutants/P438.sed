# An element may stand anywhere in its container.
### cdc/binlog_json_form.c
s/if \(offset < header_size\(c\) \|\| offset >= c->n\)/if (offset >= c->n)/
