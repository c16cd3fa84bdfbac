# Both are a limit.
### daemon/base/arena.c
s/return a->failed \? err_set\(err, ERR_SYSTEM, "out of memory"\) : /return /
