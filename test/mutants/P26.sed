# The end leaves the position of an idle stream where it was.
### daemon/apply.c
/^apply_finish/,/^}/s/note_position\(a, true, err\)/note_position(a, false, err)/
