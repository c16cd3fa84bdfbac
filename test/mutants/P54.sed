# Types are not compared.
### daemon/tables.c
/^is_type_of/,/^}/s/return rc->oid == c->type\.oid &&.*/return rc->oid != 0 || c == NULL;/
