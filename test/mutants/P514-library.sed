# A library that is not there is log that is gone.
### endpoints/pg_wal2json.c
/^is_library/,/^}/s/return strcmp\(err->sqlstate, "58P01"\) == 0/return strcmp(err->sqlstate, "58P0x") == 0/
