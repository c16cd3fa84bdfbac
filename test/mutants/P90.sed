# Row-level security is not looked at.
### endpoints/pg_source_check.c
/^check_shape/,/^}/s/if \(d->row_security\)/if (false)/
