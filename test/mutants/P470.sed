# The checkpoint's row may be any.
### endpoints/my_commit.c
/^write_checkpoint/,/^}/s/return rows == 1 \|\|/return rows <= 1 ||/
