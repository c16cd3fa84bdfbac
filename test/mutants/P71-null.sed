# A row that lacks a value is copied, the value as NULL.
### endpoints/pg_copy.c
/^put_value/,/^}/s/if \(\(value_kinds/if (v->kind != VALUE_ABSENT \&\& (value_kinds/
/^put_value/,/^}/s/if \(v->kind == VALUE_NULL\)/if (v->kind <= VALUE_NULL)/
