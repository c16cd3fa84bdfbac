# Each comes alone.
### cdc/wal2json.c
s/if \(\(m\.action != 'T' \|\| m\.lsn != dec->truncated\.lsn\) && /if (m.action != 0 \&\& /
