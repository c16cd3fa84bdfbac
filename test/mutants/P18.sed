# A table may have two owners.
### endpoints/pg_preflight.c
/^check_owner/,/^}/s/if \(other\[0\] != '\\0'\)/if (false)/
### endpoints/pg_own.c
s/" CONSTRAINT table_state_target UNIQUE \(target_schema, target_name\)\) WITH/" CONSTRAINT table_state_target UNIQUE (target_schema, target_name, task)) WITH/
