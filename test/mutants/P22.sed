# A commit counts as durable at once.
### endpoints/pg_commit.c
s/\*ret_token = t->token;/*ret_token = 0;/
