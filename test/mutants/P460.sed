# NULL for a column that is not null.
### staging/convert.c
/^apply_policy/,/^}/s/ && !c->notnull//
