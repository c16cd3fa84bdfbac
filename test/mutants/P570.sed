# A table that failed in the middle of its rows leaves its scan to the next one.
### daemon/load.c
s/if \(!ok && \(ranged_collided\(t->ranges, err\) \|\| concerns_table\(err\)\)\)/if (false)/
