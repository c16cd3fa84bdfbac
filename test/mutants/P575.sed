# It takes numbers that it rounds.
### staging/convert_number.c
/c->to\.rounds && !is_rounded/s/if \(/if (false \&\& /
