# A keepalive counts, wherever the last COMMIT ended.
### endpoints/pg_stream.c
/^take_keepalive/,/^}/s/if \(s->told < decoded_end\(s\)\)/if (false \&\& s->told < decoded_end(s))/
