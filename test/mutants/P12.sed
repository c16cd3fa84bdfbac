# A fenced task starts again by itself.
### daemon/task.c
/^judge/,/^}/s/err->kind == ERR_CANCELLED/err->kind == ERR_CANCELLED || err->kind == ERR_FENCED/
