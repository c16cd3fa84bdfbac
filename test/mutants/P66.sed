# Rows of two shapes of a table share a section.
### staging/batch.c
/^conflicts/,/^}/s/if \(s->plan->table == p->table &&/if (false \&\& s->plan->table == p->table \&\&/
