# A row that the target refuses is tried again and again.
### daemon/task.c
/^judge/,/^}/s/err->kind == ERR_CANCELLED/err->kind == ERR_CANCELLED || err->kind == ERR_DATA/
