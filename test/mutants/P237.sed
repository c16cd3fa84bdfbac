# Heirs are searched too.
### endpoints/pg_statement.c
/^put_rows_of/,/^}/s/if \(plan->target->kind == 'r'\)/if (false)/
