# A position that the log has not reached is taken.
### daemon/run.c
/^from_where/,/^}/s/else if \(!position_reached\(&m\.end, ret\)\)/else if (false)/
