# A sync does not wait for the barrier.
### daemon/task_view.c
/^sync_look/,/^}/s/position_reached\(&v\.applied, &barrier\)/barrier.kind != POSITION_NONE/
