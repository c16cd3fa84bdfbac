# A sync does not wait for the barrier.
### daemon/task.c
/^sync_look/,/^}/s/return v\.applied\.kind != POSITION_NONE && position_reached\(&v\.applied, &barrier\);/return barrier.kind != POSITION_NONE;/
