# The log says nothing of it.
### daemon/base/log.c
/^tell_lost/,/^}/s/if \(lost > told\)/if (false \&\& lost > told)/
