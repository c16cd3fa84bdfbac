# What the slot waits for is not said.
### endpoints/pg_snapshot.c
/^report\(/,/^}/s/if \(w->on_wait == NULL\)/if (true)/
