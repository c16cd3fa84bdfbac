# NUL bytes pass.
### staging/convert_text.c
/^text_fits/,/^}/s/c->target_family == FAMILY_POSTGRESQL && memchr.*!= NULL/false/
