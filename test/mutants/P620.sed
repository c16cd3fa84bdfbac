# A snapshot whose sessions are all gone counts as one that was never open.
### endpoints/my_snapshot.c
/^my_snapshot_close/,/^}/s/s->opened \?/s->alive > 0 ?/
