# A leaf without identity is as good as any.
### staging/facts.c
s/else if \(!is->published && k->publication == NULL\)/else if (k->publication == NULL)\n\t\treturn;\n\telse if (false)/
