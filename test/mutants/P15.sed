# The checkpoint row is locked by the first statement of a transaction.
### endpoints/pg_pipe.c
/^pg_pipe_begin/,/^}/s/return (pg_pipe_plain\(t, PG_BEGIN_SQL, \(struct pg_sent\)\{ \.kind = SENT_BEGIN \}, err\)) &&/return \1 \&\&\n	       pg_pipe_plain(t, "SELECT FROM repld.checkpoint FOR UPDATE", (struct pg_sent){ .kind = SENT_PLAIN }, err) \&\&/
