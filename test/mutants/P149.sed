# The stream does not tell what it knows of a table that joins.
### daemon/apply_join.c
/^take_table/,/^}/s/!suspect_tell\(a->c.board, t->shown, ts->facts, err\)/false/
