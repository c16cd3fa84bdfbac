# The insert is tried with what is there; a TRUNCATE that some have is left out.
### staging/ranges.c
/^moved/,/^}/s/is_whole\(c\) \? RANGES_INSERT : RANGES_AGAIN/RANGES_INSERT + 0 * is_whole(c)/
/^ranges_truncate/,/^}/s/return RANGES_AGAIN;/return RANGES_SKIP;/
