# A load group's stream needs the columns of tables that are not its own.
### daemon/stream.c
/^needed_from/,/^}/s/s->group != 0\)/false)/
