# Half-width katakana begin one code later.
### cdc/charset.c
s/\*c = 0xff61 \+/*c = 0xff62 +/
