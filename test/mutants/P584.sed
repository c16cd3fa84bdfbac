# Every refused password is waited for once the target was met.
### daemon/run.c
/^meet_source/,/^}/s/err->password = false;/(void)0;/
