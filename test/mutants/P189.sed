# What the session is in already is not looked at.
### endpoints/pg_target.c
/^set_replica_role/,/^}/s/if \(replica \|\| pg_exec/if (pg_exec/
