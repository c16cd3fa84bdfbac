# 0 goes as it is.
### staging/convert_number.c
/^int_to_year/,/^}/s/set_text\(ret, \"0000\", 4\)/*ret = *in/
