# Whose a table is goes to the target with a later transaction.
### daemon/apply_join.c
/^take_table/,/^}/s/a->dirty\[ts - a->c\.states->rows\] = true;/;/
