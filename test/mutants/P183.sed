# A partition that is gone is forgotten.
### staging/facts.c
/^compare_leaves/,/^}/s/say\(k, FACTS_SUSPECT, "%s was detached or dropped/say(k, FACTS_SAME, "%s was detached or dropped/
