# Blanks at the end are left to the target.
### staging/convert_text.c
/^loses_blanks/,/^}/s/return \(bytes.*/return false;/
