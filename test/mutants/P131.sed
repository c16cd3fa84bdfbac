# What was seen last goes on to count.
### daemon/watch.c
/^forget_monitor/,/^}/s/monitor_known = false/monitor_known = b->monitor_known/
