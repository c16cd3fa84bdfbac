# NaN passes.
### staging/convert_number.c
/^is_special/,/^}/s/in->len < 3 \|\|/true ||/
