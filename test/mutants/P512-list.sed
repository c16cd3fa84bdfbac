# Known tables alone are asked for.
### endpoints/pg_wal2json.c
/^pg_wal2json_options/,/^}/s/if \(w->partitioned\)/if (w->partitioned \&\& w->ntables == 0)/
