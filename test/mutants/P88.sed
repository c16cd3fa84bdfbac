# The escapes of a load's text stay in the values.
### endpoints/pg_scan.c
/^text_value/,/^}/s/(\(out = memchr\(p, .*\)\)) == NULL\)/\1 == NULL || true)/
