# It is taken for unchanged where there is no old row.
### endpoints/pg_statement.c
s/\(row->key == row->vals \|\| !identity_always\(plan, col\)\)/!identity_always(plan, col)/
