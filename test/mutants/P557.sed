# Only what the stream writes at that time.
### daemon/apply_xa.c
/^apply_xa_row\(/,/^}/s/if \(!prepared_add/const struct table *mine = c->rel->table;\n\n\tif (a->by_table[mine->index] != NULL \&\& !apply_is_ours(a, a->by_table[mine->index]))\n\t\treturn true;\n\tif (!prepared_add/
