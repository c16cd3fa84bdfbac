# TRUNCATE is TRUNCATE.
### endpoints/my_apply.c
/^truncate_one/,/^}/s/"DELETE FROM "/tr->where != NULL ? "DELETE FROM " : "TRUNCATE "/
