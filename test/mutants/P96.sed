# A load group that was taken over is not marked in the same transaction.
### daemon/apply_join.c
s/if \(!a->c\.ops->hand_over\(a->c\.target, cp, err\) \|\|/if (/
