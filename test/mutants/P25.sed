# Much log alone is no reason to write the position.
### daemon/apply.c
/^note_position/,/^}/s/!now && bytes < NOTE_BYTES && /!now \&\& /
