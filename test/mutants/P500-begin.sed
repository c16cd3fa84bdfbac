# BEGIN's mark is the end of the record.
### cdc/wal2json.c
/^decode_begin/,/^}/s/\(struct commit_lsn\)\{ m->lsn \}/(struct commit_lsn){ m->nextlsn }/
