# An unlogged table is taken as it is.
### endpoints/pg_source_check.c
/^check_leaf/,/^}/s/if \(persistence == 'u'\)/if (false)/
