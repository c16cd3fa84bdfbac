# The server makes UTF-8 of texts, and question marks of what it has no character for.
### endpoints/my_scan.c
s/SET character_set_results = NULL/DO 0/
/^form_of/,/^}/s/READ_CHARS/READ_TEXT/
