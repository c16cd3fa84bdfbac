# All who look do so under one number.
### endpoints/my_stream.c
/^my_look_id/,/^}/s/p->server_id \^ \(uint32_t\)what << 24/(uint32_t)what/
