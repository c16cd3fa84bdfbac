# The word comes with the end.
### endpoints/my_prepare.c
s/write_made\(t, ts, p\.before != NULL \? p\.before : p\.done, err\)/(p.before != NULL || write_made(t, ts, p.done, err))/
