# A keepalive inside a transaction is a resume point.
### endpoints/pg_stream.c
/^take_keepalive/,/^}/s/if \(pgoutput_in_transaction\(s->dec\)\)/if (false)/
