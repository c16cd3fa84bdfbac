# Changes of a suspended table are written.
### daemon/apply.c
/^is_suspended/,/^}/s/return ts == NULL \|\| .*/return ts == NULL;/
