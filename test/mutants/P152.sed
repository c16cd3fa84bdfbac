# Rows that other rules have made are taken for ours.
### daemon/rule_change.c
/^rule_change_check/,/^}/s/if \(conf->mode == MODE_CDC\)/if (conf != NULL)/
