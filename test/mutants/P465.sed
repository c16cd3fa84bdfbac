# Short bytes are filled up.
### staging/convert_bytes.c
/^bytes_to_bytes/,/^}/s/c->to\.pads_zeros && ret->len < c->to\.length/false/
