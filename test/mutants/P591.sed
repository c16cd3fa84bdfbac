# Temporary tables of sessions are not told apart.
### cdc/binlog_query.c
s/ours = \(ev->flags/ours = false \&\& (ev->flags/
