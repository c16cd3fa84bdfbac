# It is passed over.
### daemon/apply.c
/^on_truncate/,/^}/s/if \(tt.items\[i\].untold != NULL \&\& .*$/if (tt.items[i].untold != NULL) continue; if (false)/
