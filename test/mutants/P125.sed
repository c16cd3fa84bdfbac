# A busy slot is an error.
### endpoints/pg_source_check.c
/^check_slot/,/^}/s/finding_add\(k->f, FINDING_BLOCKER, ERR_RETRY, "", "",$/finding_add(k->f, FINDING_BLOCKER, ERR_CONFIG, "", "",/
