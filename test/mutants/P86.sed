# A table without identity is taken as it is.
### endpoints/pg_source_check.c
/^check_identity/,/^}/s/\} else if \(!has_index\)/} else if (false)/
