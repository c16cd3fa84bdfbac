# Each relation has its own section.
### staging/batch.c
/^conflicts/,/^}/s/ \|\| p->table->source_family == FAMILY_MYSQL \|\|/ ||/
