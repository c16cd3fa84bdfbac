# Indexes are made when the last range is there.
### daemon/load.c
/^finish_table/,/^}/s/finish_table\(target, t->table, !mixed, err\)/finish_table(target, t->table, true, err)/
