# The last range of pages ends where the table ended.
### endpoints/pg_scan.c
s/\.end_page = k \+ 1 < parts \? \(k \+ 1\) \* per : 0/.end_page = (k + 1) * per/
