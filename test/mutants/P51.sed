# A partition made later is not ours.
### daemon/stream.c
/^unknown_relation/,/^}/s/if \(leaf\)/if (false)/
