# The catalog's names hold everywhere.
### endpoints/my_shape.c
/^reading_at/,/^}/s/if \(k->first == 0\)/if (true)/
