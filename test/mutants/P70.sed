# A trigger that would fire is no matter.
### endpoints/pg_preflight.c
/^check_triggers/,/^}/s/\} else if \(!p->t->fire_triggers && when != 'R'\)/} else if (false)/
