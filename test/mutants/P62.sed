# Unique values that move are written one by one for good.
### daemon/apply.c
/^next_mode/,/^}/s/rows_met\(err\) \? BATCH_CAREFUL/rows_met(err) ? BATCH_SINGLE/
