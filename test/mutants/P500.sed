# The position behind COMMIT is where its record starts.
### cdc/wal2json.c
/^decode_commit/,/^}/s/\.lsn = \{ m->nextlsn \}/.lsn = { m->lsn }/
