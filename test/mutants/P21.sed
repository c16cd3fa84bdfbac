# What is committed is confirmed, on disk or not.
### staging/progress.c
/^progress_applied/,/^}/s/if \(token == 0\)/if (true)/
