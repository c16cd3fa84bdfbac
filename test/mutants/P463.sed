# Each text of a key takes all of it.
### endpoints/my_layout.c
/^share_key/,/^}/s/each = \(most - fixed\) \/ n /each = (most - fixed) /
