# Digits of a second are cut.
### staging/convert_time.c
/^keep_digits/,/^}/s/!= '0'/== 0/
