# A narrower column takes binary values.
### cdc/pg_type.c
/^typmod_fits/,/^}/s/if \(target < 0\)/if (true)/
