# A relation of another number is a stranger.
### daemon/stream.c
/^unknown_relation/,/^}/s/!leaf && same_name != NULL/false \&\& same_name != NULL/
