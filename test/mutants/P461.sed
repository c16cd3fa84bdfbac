# What the policy changed is not told.
### staging/convert.c
/^apply_policy/,/^}/s/\*ret_changed = true;//
