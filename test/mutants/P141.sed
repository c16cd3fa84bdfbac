# The half of a move that counts is left out.
### staging/ranges.c
/^moved/,/^}/s/return RANGES_DELETE;/return RANGES_SKIP;/
