# It is believed.
### endpoints/my_stream.c
/^look_at/,/^}/s/i < LOOK_EVENTS \&\& n > 0/i < (p->lsn.v != 0 ? 0 : LOOK_EVENTS) \&\& n > 0/
