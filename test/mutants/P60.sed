# A row that the target refuses is tried again and again.
### daemon/task.c
/^judge/,/^}/s/again\.kind == ERR_CANCELLED/again.kind == ERR_CANCELLED || again.kind == ERR_DATA/
