# An end is compared with a beginning.
### daemon/stream.c
s/\} else if \(snapshot_has\(&read, &mark\)\) \{/} else if (snapshot_has(\&read, \&mark) || position_reached(\&t->source->as_of, at)) {/
