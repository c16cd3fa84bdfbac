# A refused row ends the load of all tables.
### daemon/load.c
/^concerns_table/,/^}/s/return err->kind == ERR_DATA \|\| err->kind == ERR_LIMIT;/return err == NULL;/
