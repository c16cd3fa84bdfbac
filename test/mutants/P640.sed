# Ranges meet with a commit or in a pause of the stream alone.
### daemon/apply.c
s/return note_position\(a, false, err\) && apply_finish_ranged\(a, err\);/return note_position(a, false, err);/
