# Such a table is a risk at most.
### endpoints/my_source_check.c
/^check_engine/,/^}/s/keyed \? FINDING_RISK : FINDING_BLOCKER/FINDING_RISK/
