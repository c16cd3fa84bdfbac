# The last transaction is not looked for, nor would another one be noticed.
### endpoints/pg_stream.c
/^prove_log/,/^}/s/s->p\.last_end\.kind != POSITION_LSN/true/
### endpoints/pg_proof.c
/^[a-z_]*\(.*struct proof/,/^}/s/p->other = .*;/p->other = false;/
