# The position of an idle stream is never written.
### daemon/apply.c
/^note_position/,/^}/s/if \(!now && bytes < NOTE_BYTES && .*/if (!now)/
