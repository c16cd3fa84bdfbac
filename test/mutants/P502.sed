# Numbers stay numbers.
### endpoints/pg_wal2json.c
s/^\tif \(strings\)$/\tif (strings \&\& w->ntables == 0)/
