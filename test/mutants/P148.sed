# Years before Christ come in the order of their numbers; bytes are compared as signed.
### staging/ranges.c
/^take_date/,/^}/s/bc \? 1 - y : y/y + 0 * bc/
/^compare_bytes/,/^}/s/\(c > with->p\[i\]\) - \(c < with->p\[i\]\)/((int8_t)c > (int8_t)with->p[i]) - ((int8_t)c < (int8_t)with->p[i])/
