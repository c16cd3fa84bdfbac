# Rows are not counted.
### endpoints/my_apply.c
/^check_count/,/^}/s/if \(!x->counted \|\| n == x->rows\)/if (!x->counted || n <= x->rows)/
