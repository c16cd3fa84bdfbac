# Any text is a label.
### staging/convert_text.c
/^is_label/,/^}/s/return false;/return true;/
