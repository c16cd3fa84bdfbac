# Any index of the target finds rows.
### staging/plan.c
/^unique_on_source/,/^}/s/return false;/return true;/
