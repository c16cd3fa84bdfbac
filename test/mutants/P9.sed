# The former session is left alone.
### endpoints/pg_own.c
/^end_session/,/^}/s/if \(s->pid\[0\] == '\\0'\)/if (true)/
