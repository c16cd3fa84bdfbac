# A truncated partition empties the table.
### daemon/tables.c
/^fill_item/,/^}/s/if \(t->source->kind != 'p'\)/if (true)/
