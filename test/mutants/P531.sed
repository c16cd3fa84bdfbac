# No lock.
### endpoints/my_snapshot.c
/^lock_tables/,/^}/s/lock_by\(s, s->admin, buf_cstr\(&sql\), on_wait, arg, ret_got, err\)/(*ret_got = true) \&\& on_wait != NULL \&\& (arg == NULL || arg != NULL)/
