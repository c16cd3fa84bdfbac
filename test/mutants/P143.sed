# Ranges of before the stream's beginning stay.
### daemon/ranged.c
/^note_done/,/^}/s/ \|\| !position_reached\(&at, start\)/ || start == NULL/
