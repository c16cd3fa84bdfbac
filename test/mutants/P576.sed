# An enum passes to an enum of the same labels as it is.
### staging/convert_text.c
/class == CLASS_ENUM && c->target_family == FAMILY_MYSQL/s/if \(/if (false \&\& /
