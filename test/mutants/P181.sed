# Every rewrite computes values.
### staging/facts.c
/^look_for_rewrite/,/^}/s/k->rewritten = !kept;/k->rewritten = true;/
