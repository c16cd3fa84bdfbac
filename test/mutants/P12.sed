# A fenced task starts again by itself.
### daemon/task.c
/^judge/,/^}/s/again\.kind == ERR_CANCELLED/again.kind == ERR_CANCELLED || again.kind == ERR_FENCED/
