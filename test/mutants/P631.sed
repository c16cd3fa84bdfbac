# The server is not asked.
### endpoints/pg_conn.c
s/c->looks = kind == PG_CONN_TARGET;/c->looks = false;/
