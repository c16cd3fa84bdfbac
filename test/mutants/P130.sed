# Lag counts from the first look that found the source ahead.
### daemon/watch.c
/^note_monitor/,/^}/s/ \|\| position_reached\(&reached, &b->monitor\.ahead_end\)//
