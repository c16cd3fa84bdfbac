# A narrower column takes binary values.
### cdc/pg_type.c
/^typmod_fits/,/^}/s/if \(rule == MOD_NONE \|\| target < 0\)/if (true)/
