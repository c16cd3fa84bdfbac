# A float's own digits.
### endpoints/my_statement.c
/^floating_text/,/^}/s/if \(type->code != MY_TYPE_FLOAT\)/if (v->len > 0)/
