# No index helps to find a content.
### staging/plan.c
s/hint = choose_index\(b, true\);/hint = NULL;/
