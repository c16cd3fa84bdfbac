# Each relation of the log must be of a shape that is known, be its rows needed or not.
### daemon/stream.c
/^resolve/,/^}/s/if \(snapshot_is_ahead\(s, known\)\)/if (false \&\& snapshot_is_ahead(s, known))/
