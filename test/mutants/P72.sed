# What a whole old row holds is not used.
### cdc/pgoutput.c
/^fill_unchanged/,/^}/s/new_values\[i\] = old_values\[i\];/continue;/
