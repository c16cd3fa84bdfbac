# It stays.
### endpoints/pg_state.c
s/return finish\(t, pg_forget_prepared\(t, cp, err\) && update_source/return finish(t, update_source/
