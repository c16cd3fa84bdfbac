# A hole leaves no mark.
### daemon/suspect.c
/^suspect_start/,/^}/s/mark_now\(s, states, checkpoint, dirty\);//
### daemon/apply_news.c
/^apply_take_news/,/^}/s/if \(suspect_take\((.*), &halt\)\) \{/if (suspect_take(\1, \&halt) \&\& halt.kind == ERR_NONE) {/
