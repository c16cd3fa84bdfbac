# Unique values that move are written one by one for good.
### daemon/apply.c
/^next_mode/,/^}/s/mode == BATCH_NET && strcmp\(err->sqlstate, "23505"\) == 0 \? BATCH_CAREFUL : BATCH_SINGLE/BATCH_SINGLE/
