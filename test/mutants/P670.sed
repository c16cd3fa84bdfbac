# The old name of a session's table that was renamed stays the session's.
### cdc/binlog_query.c
/^mind_temporary/,/^}/s/^\ttemporary_drop\(dec, at\);/\t;/
