# A sync waits for the log alone.
### daemon/watch.c
/^tables_are_due/,/^}/s/asked != w->looked_for/false/
