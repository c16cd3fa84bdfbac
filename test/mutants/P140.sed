# All ranges count as read at the first one's snapshot.
### staging/ranges.c
/^moved/,/^}/s/snapshot_has\(&r->snapshots\[(from|to)\], mark\)/snapshot_has(\&r->snapshots[0], mark)/g
