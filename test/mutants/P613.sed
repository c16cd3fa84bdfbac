# What comes again is tried for ever.
### daemon/task.c
/^judge/,/^}/s/if \(err->once && /if (false \&\& err->once \&\& /
