# Any end of the log will do.
### endpoints/pg_identity.c
/^pg_source_reaches/,/^}/s/if \(end_lsn_reached\(.*$/if (true)/
