# Indexes keep their names.
### endpoints/table_ddl_foreign.c
/^pg_index_name/,/^}/s/t->source_family == FAMILY_POSTGRESQL/!index->primary/
