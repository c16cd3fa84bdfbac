# It takes memory.
### staging/table.c
s/return make_key\(&key, schema, name\) \?/struct err none; void *p = mem_zalloc(1, \&none); free(p); return p != NULL \&\& make_key(\&key, schema, name) ?/
