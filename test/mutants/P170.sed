# Any unique index of the target finds rows.
### staging/plan.c
s/\(hint \|\| unique_on_source\(b, ix\)\)/(hint || true || unique_on_source(b, ix))/
