# A duplicate's value stays.
### endpoints/my_err.c
/^safe_text/,/^}/s/case 1062:/case 1061:/
