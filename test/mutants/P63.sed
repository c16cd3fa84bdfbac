# A changed key is set where the row stands.
### staging/batch_steps.c
/^classify_update/,/^}/s/bool moved = !batch_same_key\(s->plan, r->pub\.key, r->now\);/bool moved = false;/
