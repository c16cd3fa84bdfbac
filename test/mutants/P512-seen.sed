# What was committed can be seen.
### endpoints/pg_wal2json.c
/^is_over/,/^}/s/if \(w->xmax == 0 \|\| ahead >= 0\)/if (w->xmax == 0 || ahead == INT32_MAX)/
