# Rows without a key are compared by the equality of their types.
### endpoints/pg_statement.c
/^equality_is_exact/,/^}/s/default: return false;/default: return true;/
