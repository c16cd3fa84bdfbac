# Null goes to the server.
### endpoints/my_statement.c
/^check_written/,/^}/s/if \(v->kind != VALUE_NULL \|\| !pc->notnull\)/if (v->kind != VALUE_ABSENT || !pc->notnull)/
