# An absent value takes the place of what is there.
### staging/batch.c
/^merge\(/,/^}/s/if \(value_present\(&vals\[i\]\)\)/if (true)/
