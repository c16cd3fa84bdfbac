# A role whose transactions are read only stays so.
### endpoints/pg_conn.c
s/ -c default_transaction_read_only=off//
