# Digits behind the point are left to the target.
### staging/convert_number.c
/^decimal_to_decimal/,/^}/s/!at\.zero && at\.last < -scale/false/
