# Whichever server answers counts.
### endpoints/my_conn.c
/^my_conn_beside/,/^}/s/strcmp\(server, c->server\) == 0/server[0] != '\\0'/
