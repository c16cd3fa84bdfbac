# The row is not locked before the chunks are looked at.
### endpoints/pg_load.c
/^pg_target_resume_table/,/^}/s/ && pg_lock_state\(t, ts, err\);/;/
