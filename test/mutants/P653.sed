# What could not be told is dropped.
### daemon/child.c
/^lose\(/,/^}/s/child_kill\(c\);/(void)c;/
