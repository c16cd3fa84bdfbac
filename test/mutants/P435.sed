# A question mark is a question mark.
### cdc/my_type.c
s/if \(strchr\(t->labels\[i\], '\?'\) != NULL\)/if (t->labels[i] == NULL)/
