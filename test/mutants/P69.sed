# Triggers and foreign keys of the target act on what is written.
### endpoints/pg_target.c
/^set_replica_role/,/^}/s/if \(t->fire_triggers\)/if (true)/
