# Rows are read by a former version of their relation.
### cdc/pgoutput.c
/^decode_relation\(/,/^}/s/dec->last = NULL;/;/
