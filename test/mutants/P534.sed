# The lock is waited for.
### endpoints/my_conn.c
s/writes\(c->kind\) \? FOREVER_SECONDS : 5\)/writes(c->kind) ? FOREVER_SECONDS : 300)/
