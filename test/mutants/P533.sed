# The stream opens one of its own.
### endpoints/my_snapshot.c
/^my_snapshot_dump/,/^}/s/if \(same && !c->lost\)/if (same \&\& c->lost)/
