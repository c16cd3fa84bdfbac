# What has no character becomes a question mark.
### cdc/charset.c
s/if \(\(len = next_character\(cs, p \+ i, n - i, &c\)\) == 0\) \{/if ((len = next_character(cs, p + i, n - i, \&c)) == 0 \&\& (c = (uint32_t)'?', len = 1) == 0) {/
