# Binary goes wherever it looks alike.
### cdc/pg_type.c
s/if \(type == NULL \|\| source->base_oid != target->base_oid\)/if (type == NULL)/
