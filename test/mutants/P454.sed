# Years before 1 are years after it.
### staging/convert_time.c
/^moment_to_moment/,/^}/s/if \(m\.bc \|\|/if (/
