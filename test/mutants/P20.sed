# Limits of the role end what takes long.
### endpoints/pg_conn.c
s/ -c statement_timeout=0 -c idle_in_transaction_session_timeout=0//
