# A publication that is gone is not looked for.
### endpoints/pg_stream.c
/^check_start/,/^}/s/\|\| published\)/|| published || (published = true))/
