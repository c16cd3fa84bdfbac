# It is one that passes.
### endpoints/pg_err.c
/^too_large/,/^}/s/if \(strcmp\(state, "XX000"\) == 0\)/if (false)/
