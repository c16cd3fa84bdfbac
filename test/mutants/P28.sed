# fsync = off is fine with everybody.
### endpoints/pg_preflight.c
s/p->t->relaxed \? FINDING_RISK : FINDING_BLOCKER, ERR_CONFIG/FINDING_RISK, ERR_CONFIG/
