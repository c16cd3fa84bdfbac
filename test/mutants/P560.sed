# The dump session has the server's net_write_timeout, or close to it.
### endpoints/my_conn.c
s/net_write_timeout = %d/net_write_timeout = %d DIV 6000000/
