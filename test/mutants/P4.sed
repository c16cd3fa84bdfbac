# A keepalive inside a transaction is a resume point.
### endpoints/pg_stream.c
/^take_keepalive/,/^}/s/if \(in_transaction\(s\)\) \{/if (false) {/
