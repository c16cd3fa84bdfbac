# The same number again.
### endpoints/my_stream.c
s/return n == 0 \? p->server_id : .*/return p->server_id + 0 * n;/
