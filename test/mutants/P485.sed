# What runs, runs.
### endpoints/my_conn.c
/^my_conn_close/,/^}/s/if \(c->busy \&\& c->id != 0\)/if (c->busy \&\& c->id == 0)/
