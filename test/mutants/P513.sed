# Another name is nothing.
### staging/facts.c
/^compare_unpublished/,/^}/s/if \(differ\(was->schema, is->schema\) \|\| differ\(was->name, is->name\)\)/if (differ(was->schema, was->schema))/
